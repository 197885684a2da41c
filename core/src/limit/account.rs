//! What one tenant has used, counted in one process.

use super::{Decision, Kind, Limits, Micros, Policy, Ring, Standing, Tat, TooCostly};

/// What one tenant has used of its limits.
///
/// Where the limits change, what was used stays, by the names of the policies.
///
/// # Example
///
/// ```
/// use tenancy_core::limit::{Account, Limits, Window};
///
/// let limits = Limits::from(Window::per_second(2));
/// let mut account = Account::default();
/// assert!(account.decide(0, &limits, 1)?.is_admitted());
/// assert!(account.decide(0, &limits, 1)?.is_admitted());
///
/// let third = account.decide(100_000, &limits, 1)?;
/// assert!(!third.is_admitted());
/// let later = 100_000 + third.retry_in();
/// assert!(account.decide(later, &limits, 1)?.is_admitted());
/// # Ok::<(), tenancy_core::limit::TooCostly>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Account {
    limits: Limits,
    meters: Vec<Meter>,
}

/// What was used of one policy.
#[derive(Debug, Clone)]
enum Meter {
    Window(Ring),
    Rate(Tat),
    Concurrent(u32),
}

impl Meter {
    fn new(policy: &Policy) -> Self {
        match policy.kind() {
            Kind::Window(window) => Self::Window(Ring::new(window)),
            Kind::Rate(rate) => Self::Rate(Tat::zero(rate)),
            Kind::Concurrent(_) => Self::Concurrent(0),
        }
    }

    fn fits(&self, policy: &Policy) -> bool {
        matches!(
            (self, policy.kind()),
            (Self::Window(_), Kind::Window(_))
                | (Self::Rate(_), Kind::Rate(_))
                | (Self::Concurrent(_), Kind::Concurrent(_))
        )
    }
}

impl Account {
    /// Decides about one request at `now`, and charges it to every policy if all let it through.
    ///
    /// What is concurrent is given back with [`release`](Self::release).
    ///
    /// # Errors
    ///
    /// [`TooCostly`] if no waiting makes it affordable.
    pub fn decide(
        &mut self,
        now: Micros,
        limits: &Limits,
        cost: u32,
    ) -> Result<Decision, TooCostly> {
        limits.afford(cost)?;
        self.adopt(limits);
        let mut standings = [Standing::default(); Limits::MAX];
        for ((standing, meter), policy) in
            standings.iter_mut().zip(&mut self.meters).zip(limits.policies())
        {
            let cost = policy.kind().cost(cost);
            *standing = match (meter, policy.kind()) {
                (Meter::Window(ring), Kind::Window(window)) => {
                    // Who is refused has not even moved it on.
                    let mut ring = ring.clone();
                    ring.advance(now, window);
                    ring.standing(now, window.limit(), cost)
                }
                (Meter::Rate(tat), Kind::Rate(rate)) => {
                    rate.standing(tat.counted_by(rate), now, cost)
                }
                (Meter::Concurrent(used), Kind::Concurrent(concurrent)) => {
                    let admits = *used < concurrent.limit();
                    let kept = *used + u32::from(admits);
                    let remaining = concurrent.limit().saturating_sub(kept);
                    Standing { admits, remaining, ..Standing::default() }
                }
                _ => unreachable!("a meter of another kind was given up"),
            };
        }
        let decision = Decision::new(limits, standings);
        if decision.is_admitted() {
            self.charge(now, limits, cost, &standings);
        }
        Ok(decision)
    }

    /// Charges a request that all policies let through. A shadow policy counts what it would have
    /// let through.
    fn charge(
        &mut self,
        now: Micros,
        limits: &Limits,
        cost: u32,
        standings: &[Standing; Limits::MAX],
    ) {
        for ((meter, policy), standing) in
            self.meters.iter_mut().zip(limits.policies()).zip(standings)
        {
            match (meter, policy.kind()) {
                // Whoever was let in is running, and is given back.
                (Meter::Concurrent(used), _) => *used += 1,
                _ if !standing.admits => {}
                (Meter::Window(ring), Kind::Window(window)) => {
                    ring.advance(now, window);
                    ring.charge(cost);
                }
                (Meter::Rate(tat), Kind::Rate(rate)) => {
                    *tat = rate.next(tat.counted_by(rate), now, cost);
                }
                (Meter::Window(_) | Meter::Rate(_), _) => {}
            }
        }
    }

    /// Gives back what is concurrent, once a request has ended.
    pub fn release(&mut self) {
        for meter in &mut self.meters {
            if let Meter::Concurrent(used) = meter {
                *used = used.saturating_sub(1);
            }
        }
    }

    /// Whether nothing that was used counts any more: such an account can be forgotten.
    #[must_use]
    pub fn is_idle(&self, now: Micros) -> bool {
        self.meters.iter().zip(self.limits.policies()).all(|(meter, policy)| {
            match (meter, policy.kind()) {
                (Meter::Window(ring), Kind::Window(window)) => {
                    let mut ring = ring.clone();
                    ring.advance(now, window);
                    ring.used() == 0
                }
                (Meter::Rate(tat), _) => tat.micros() < now,
                (Meter::Concurrent(used), _) => *used == 0,
                (Meter::Window(_), _) => false,
            }
        })
    }

    /// Goes over to other limits; what was used under a name stays under it.
    fn adopt(&mut self, limits: &Limits) {
        if self.limits.is_same(limits) {
            return;
        }
        let old: Vec<_> = self.limits.policies().iter().zip(self.meters.drain(..)).collect();
        self.meters = limits
            .policies()
            .iter()
            .map(|policy| {
                let kept = old
                    .iter()
                    .find(|(former, meter)| former.name() == policy.name() && meter.fits(policy));
                kept.map_or_else(|| Meter::new(policy), |(_, meter)| meter.clone())
            })
            .collect();
        self.limits = limits.clone();
    }
}
