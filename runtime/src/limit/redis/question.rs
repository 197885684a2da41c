//! What the script is asked, and what its answer means.

use tenancy_core::{
    TenantId,
    limit::{Decision, Kind, Limits, Micros, Policy, Ring, Standing, Tat, Window},
};

/// What a process says of what it runs of a tenant's, this request included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    /// The process.
    pub(super) me: [u8; 8],
    pub(super) count: u32,
    /// The later of two sayings counts.
    pub(super) said: u64,
    /// For how long it holds, in microseconds.
    pub(super) lease: Micros,
}

/// One question about one request.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) limits: &'a Limits,
    pub(super) cost: u32,
    /// Whether it may be used up to a part of a window later.
    pub(super) ahead: bool,
    pub(super) running: Option<Running>,
}

/// The key under which a policy's use by a tenant is kept.
///
/// What is in braces is what Redis Cluster places keys by ([cluster specification]), so all of a
/// tenant's are in one place. Neither a tenant's id nor a policy's name can have a brace or a colon.
///
/// [cluster specification]: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
pub(super) fn key(prefix: &str, tenant: &TenantId, policy: &Policy) -> String {
    let kind = match policy.kind() {
        Kind::Window(_) => 'w',
        Kind::Rate(_) => 'r',
        _ => 'c',
    };
    format!("{prefix}:{kind}:{{{}}}:{}", tenant.as_str(), policy.name())
}

impl Question<'_> {
    /// The policies, as the script reads them.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(32 * self.limits.policies().len());
        for policy in self.limits.policies() {
            let cost = policy.kind().cost(self.cost);
            let shadow = u8::from(policy.is_shadow());
            match policy.kind() {
                Kind::Window(window) => {
                    packed.extend([1, shadow]);
                    packed.extend(window.width().to_be_bytes());
                    packed.extend(window.limit().to_be_bytes());
                    packed.extend(cost.to_be_bytes());
                    packed.push(u8::from(self.ahead));
                }
                Kind::Rate(rate) => {
                    packed.extend([2, shadow]);
                    packed.extend(rate.count().max(1).to_be_bytes());
                    for time in [rate.time_of(cost), rate.time_of(rate.capacity())] {
                        packed.extend(time.micros().to_be_bytes());
                        packed.extend(time.part().to_be_bytes());
                    }
                }
                kind => {
                    packed.extend([3, shadow]);
                    let running =
                        self.running.unwrap_or(Running { me: [0; 8], count: 1, said: 0, lease: 1 });
                    packed.extend(running.me);
                    packed.extend(running.count.to_be_bytes());
                    packed.extend(running.said.to_be_bytes());
                    packed.extend(kind.capacity().to_be_bytes());
                    packed.extend(running.lease.to_be_bytes());
                }
            }
        }
        packed
    }

    /// What the answer means; `None` if it is none of ours.
    pub(super) fn read(&self, answer: &[Option<Vec<u8>>]) -> Option<Decision> {
        let [now, through, kept @ ..] = answer else { return None };
        let now = Micros::from_be_bytes(now.as_deref()?.try_into().ok()?);
        let mut standings = [Standing::default(); Limits::MAX];
        if kept.len() != self.limits.policies().len() {
            return None;
        }
        for ((standing, policy), kept) in standings.iter_mut().zip(self.limits.policies()).zip(kept)
        {
            *standing = self.standing(policy, kept.as_deref(), now)?;
        }
        let decision = Decision::new(self.limits, standings);
        let through = through.as_deref() == Some(b"1");
        debug_assert_eq!(through, decision.is_admitted(), "the script and the model disagree");
        (through == decision.is_admitted()).then_some(decision)
    }

    /// The part of each window that tokens taken in advance were counted in, and how long it is:
    /// where they are to be given back.
    pub(super) fn parts(&self, answer: &[Option<Vec<u8>>]) -> Option<Vec<(u64, Micros)>> {
        let [now, _, kept @ ..] = answer else { return None };
        let now = Micros::from_be_bytes(now.as_deref()?.try_into().ok()?);
        let windows = self.limits.policies().iter().zip(kept).map(|(policy, kept)| {
            let Kind::Window(window) = policy.kind() else { return None };
            let ring = ring(kept.as_deref(), window, now)?;
            Some((ring.head() + 1, window.width()))
        });
        windows.collect()
    }

    fn standing(&self, policy: &Policy, kept: Option<&[u8]>, now: Micros) -> Option<Standing> {
        let cost = policy.kind().cost(self.cost);
        Some(match policy.kind() {
            Kind::Window(window) => ring(kept, window, now)?.standing(now, window.limit(), cost),
            Kind::Rate(rate) => {
                let tat = match kept {
                    Some(bytes) => Tat::from_bytes(bytes)?.counted_by(rate),
                    None => Tat::zero(rate),
                };
                rate.standing(tat, now, cost)
            }
            kind => {
                let others = u32::from_be_bytes(kept?.try_into().ok()?);
                let admits = others < kind.capacity();
                let used = others.saturating_add(u32::from(admits));
                let remaining = kind.capacity().saturating_sub(used);
                Standing { admits, remaining, ..Standing::default() }
            }
        })
    }
}

/// What was kept of a window, as it is now.
fn ring(kept: Option<&[u8]>, window: &Window, now: Micros) -> Option<Ring> {
    let mut ring = match kept {
        Some(bytes) => Ring::from_bytes(bytes)?,
        None => Ring::new(window),
    };
    ring.advance(now, window);
    Some(ring)
}
