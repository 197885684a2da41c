//! Who was told to wait, and until when: whoever asks again before that need not ask Redis.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tenancy_core::{
    TenantId,
    limit::{Decision, Limits},
};

/// Tenants that are remembered. One that is not asks Redis.
const TENANTS: usize = 10_000;

/// Refusals that hold for a while.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waits: Mutex<HashMap<TenantId, Wait>>,
}

#[derive(Debug)]
struct Wait {
    limits: Limits,
    cost: u32,
    since: Instant,
    until: Instant,
    decision: Decision,
}

impl Waits {
    /// The refusal that holds for this request too, if there is one: the limits are the same, and
    /// it costs no less.
    pub(super) fn refusal(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
        now: Instant,
    ) -> Option<Decision> {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = waits.get(tenant)?;
        if now >= wait.until {
            waits.remove(tenant);
            return None;
        }
        let holds = wait.cost <= cost && wait.limits.is_same(limits);
        holds.then(|| wait.decision.clone().later(micros(now - wait.since)))
    }

    /// Remembers a refusal, if waiting helps. `asked` is when Redis was asked: the wait begins then
    /// at the earliest.
    pub(super) fn remember(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
        decision: &Decision,
        asked: Instant,
    ) {
        // Of what runs at the same time nobody can say when it ends.
        if decision.violated().any(|(_, standing)| standing.retry_in == 0) {
            return;
        }
        let until = asked + Duration::from_micros(decision.retry_in());
        let (limits, decision) = (limits.clone(), decision.clone());
        let wait = Wait { limits, cost, since: asked, until, decision };
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.len() >= TENANTS && !waits.contains_key(tenant) {
            waits.retain(|_, wait| wait.until > asked);
            if waits.len() >= TENANTS {
                return;
            }
        }
        waits.insert(tenant.clone(), wait);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tenancy_core::limit::{Account, Concurrent, Window};

    use super::*;

    fn refused(limits: &Limits, cost: u32) -> Decision {
        let mut account = Account::default();
        while account.decide(0, limits, 1).unwrap().is_admitted() {}
        account.decide(0, limits, cost).unwrap()
    }

    #[test]
    fn it_holds_until_then_for_what_costs_as_much() {
        let (waits, now) = (Waits::default(), Instant::now());
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::new(id).unwrap());
        let limits = Limits::from(Window::per_second(9));
        let decision = refused(&limits, 3);
        let wait = Duration::from_micros(decision.retry_in());
        waits.remember(&acme, &limits, 3, &decision, now);
        let later = now + wait / 2;
        let still = waits.refusal(&acme, &limits, 3, later).unwrap();
        assert_eq!(still.retry_in(), decision.retry_in().div_ceil(2));
        assert!(waits.refusal(&acme, &limits, 4, later).is_some());
        assert!(waits.refusal(&acme, &limits, 2, later).is_none(), "it might fit");
        assert!(waits.refusal(&globex, &limits, 3, later).is_none());
        let raised = Limits::from(Window::per_second(90));
        assert!(waits.refusal(&acme, &raised, 3, later).is_none());
        assert!(waits.refusal(&acme, &limits, 3, now + wait).is_none());
    }

    #[test]
    fn nobody_waits_for_what_may_end_at_any_time() {
        let (waits, now) = (Waits::default(), Instant::now());
        let acme = TenantId::new("acme").unwrap();
        let limits = Limits::from(Concurrent::new(1));
        waits.remember(&acme, &limits, 1, &refused(&limits, 1), now);
        assert!(waits.refusal(&acme, &limits, 1, now).is_none());
    }

    /// EDGE 20.
    #[test]
    fn there_are_never_more_than_its_capacity() {
        let (waits, now) = (Waits::default(), Instant::now());
        let limits = Limits::from(Window::per_second(1));
        let decision = refused(&limits, 1);
        for stranger in 0..TENANTS as i64 + 500 {
            waits.remember(&TenantId::from(stranger), &limits, 1, &decision, now);
        }
        assert_eq!(waits.waits.lock().unwrap().len(), TENANTS);
        assert!(waits.refusal(&TenantId::from(0), &limits, 1, now).is_some());
        let later = now + Duration::from_secs(9);
        waits.remember(&TenantId::from(-1), &limits, 1, &decision, later);
        assert_eq!(waits.waits.lock().unwrap().len(), 1);
    }
}
