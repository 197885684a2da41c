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
    let (kind, name) = match policy.kind() {
        Kind::Window(_) => ('w', policy.name()),
        Kind::Rate(_) => ('r', policy.name()),
        // There is one at most, and what is running stays counted whatever it is called.
        _ => ('c', ""),
    };
    format!("{prefix}:{kind}:{{{}}}:{name}", tenant.as_str())
}

impl Question<'_> {
    /// The policies, as the script reads them.
    pub(super) fn pack(&self) -> Vec<u8> {
        let policies = self.limits.policies();
        let mut packed = Vec::with_capacity(1 + 48 * policies.len());
        // Eight at most.
        packed.push(u8::try_from(policies.len()).unwrap_or(u8::MAX));
        for policy in policies {
            let cost = policy.kind().cost(self.cost);
            let kind = match policy.kind() {
                Kind::Window(_) => 1,
                Kind::Rate(_) => 2,
                _ => 3,
            };
            packed.extend([kind, u8::from(policy.is_shadow())]);
            // A text for the server, which would have to make one of a number.
            packed.extend(self.life(policy).div_ceil(1_000).to_string().into_bytes());
            packed.push(0);
            match policy.kind() {
                Kind::Window(window) => {
                    packed.extend(window.width().to_be_bytes());
                    packed.extend(window.limit().to_be_bytes());
                    packed.extend(cost.to_be_bytes());
                    packed.push(u8::from(self.ahead));
                }
                Kind::Rate(rate) => {
                    packed.extend(rate.count().max(1).to_be_bytes());
                    for time in [rate.time_of(cost), rate.time_of(rate.capacity())] {
                        packed.extend(time.micros().to_be_bytes());
                        packed.extend(time.part().to_be_bytes());
                    }
                }
                kind => {
                    let running = self.running();
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

    /// After how long what is kept means nothing any more, in microseconds.
    fn life(&self, policy: &Policy) -> Micros {
        match policy.kind() {
            Kind::Window(window) => window.width() * Ring::SLOTS as u64,
            Kind::Rate(rate) => rate.time_of(rate.capacity()).micros() + 1_000,
            _ => self.running().lease,
        }
    }

    fn running(&self) -> Running {
        // Whoever has no place says that it has one for an instant.
        self.running.unwrap_or(Running { me: [0; 8], count: 1, said: 0, lease: 1_000 })
    }

    /// What the answer means; `None` if it is none of ours.
    pub(super) fn read(&self, answer: &Answer) -> Option<Decision> {
        let mut standings = [Standing::default(); Limits::MAX];
        let mut rest = &answer.text[..];
        let through = take(&mut rest, 1)? == [1];
        for (standing, policy) in standings.iter_mut().zip(self.limits.policies()) {
            *standing = self.standing(policy, kept(&mut rest)?, answer.now)?;
        }
        let decision = Decision::new(self.limits, standings);
        (through == decision.is_admitted()).then_some(decision)
    }

    /// The part of each window that tokens taken in advance were counted in, and how long it is:
    /// where they are to be given back.
    pub(super) fn parts(&self, answer: &Answer) -> Option<Vec<(u64, Micros)>> {
        let mut rest = answer.text.get(1..)?;
        let windows = self.limits.policies().iter().map(|policy| {
            let Kind::Window(window) = policy.kind() else { return None };
            let ring = ring(kept(&mut rest)?, window, answer.now)?;
            Some((ring.head() + 1, window.width()))
        });
        windows.collect()
    }

    fn standing(&self, policy: &Policy, kept: &[u8], now: Micros) -> Option<Standing> {
        let cost = policy.kind().cost(self.cost);
        Some(match policy.kind() {
            Kind::Window(window) => ring(kept, window, now)?.standing(now, window.limit(), cost),
            Kind::Rate(rate) => {
                let tat = match kept {
                    [] => Tat::zero(rate),
                    bytes => Tat::from_bytes(bytes)?.counted_by(rate),
                };
                rate.standing(tat, now, cost)
            }
            kind => {
                let others = u32::from_be_bytes(kept.try_into().ok()?);
                let admits = others < kind.capacity();
                let used = others.saturating_add(u32::from(admits));
                let remaining = kind.capacity().saturating_sub(used);
                Standing { admits, remaining, ..Standing::default() }
            }
        })
    }
}

/// What was kept of a window, as it is now.
fn ring(kept: &[u8], window: &Window, now: Micros) -> Option<Ring> {
    let mut ring = match kept {
        [] => Ring::new(window),
        bytes => Ring::from_bytes(bytes)?,
    };
    ring.advance(now, window);
    Some(ring)
}

/// What the script says of one request.
#[derive(Debug)]
pub(super) struct Answer {
    /// The server's time.
    now: Micros,
    text: Vec<u8>,
}

/// Takes a reply apart: what it says of each request, of which these are the numbers of policies.
pub(super) fn answers(
    reply: &[u8],
    policies: impl IntoIterator<Item = usize>,
) -> Option<Vec<Answer>> {
    let mut rest = reply;
    let now = Micros::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?);
    let mut answers = Vec::new();
    for policies in policies {
        let begin = rest;
        take(&mut rest, 1)?;
        for _ in 0..policies {
            kept(&mut rest)?;
        }
        answers.push(Answer { now, text: begin[..begin.len() - rest.len()].to_vec() });
    }
    rest.is_empty().then_some(answers)
}

fn kept<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take(rest, 1)?[0];
    take(rest, length.into())
}

fn take<'a>(rest: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(bytes)?;
    *rest = left;
    Some(taken)
}
