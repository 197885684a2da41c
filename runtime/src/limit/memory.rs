//! Counting in this process.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use tenancy_core::{
    TenantId,
    limit::{Account, Decision, Limits, Micros, TooCostly},
};

use super::{Admission, Mode, Permit, RateLimiter, count};

/// Locks, so that requests of different tenants seldom wait for each other.
const SHARDS: usize = 64;

/// Tenants that are kept count of, unless set.
const TENANTS: usize = 100_000;

/// How often room is looked for where there is none, in microseconds.
const SWEEP: Micros = 100_000;

/// Counts in this process: exact for one process, and where several run, each lets the whole limit
/// through.
///
/// It keeps count of so many tenants. One too many shares an account with others of its kind until
/// somebody has used nothing for the length of its windows: whoever is counted stays counted.
#[derive(Clone)]
pub struct MemoryLimiter {
    accounts: Arc<Accounts>,
}

struct Accounts {
    began: Instant,
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    per_shard: usize,
}

#[derive(Default)]
struct Shard {
    accounts: HashMap<TenantId, Account>,
    /// For those for whom there is no room.
    rest: Account,
    swept: Micros,
}

impl MemoryLimiter {
    /// One that keeps count of up to 100,000 tenants.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(TENANTS)
    }

    /// One that keeps count of about so many tenants, in some 200 bytes each for one policy.
    #[must_use]
    pub fn with_capacity(tenants: usize) -> Self {
        let accounts = Accounts {
            began: Instant::now(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            per_shard: tenants.div_ceil(SHARDS).max(1),
        };
        Self { accounts: Arc::new(accounts) }
    }

    /// Decides now; there is nothing to wait for.
    pub(super) fn decide(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
    ) -> Result<(Decision, Permit), TooCostly> {
        let now = self.accounts.now();
        let mut shard = self.accounts.shard(tenant);
        let shard = &mut *shard;
        let mut own = true;
        let account = if let Some(account) = shard.accounts.get_mut(tenant) {
            account
        } else if shard.accounts.len() < self.accounts.per_shard || shard.sweep(now) {
            shard.accounts.entry(tenant.clone()).or_default()
        } else {
            own = false;
            metrics::counter!("tenancy_ratelimit_untracked_total").increment(1);
            &mut shard.rest
        };
        let decision = account.decide(now, limits, cost)?;
        if !decision.is_admitted() || !limits.is_concurrent() {
            return Ok((decision, Permit::none()));
        }
        let (accounts, tenant) = (Arc::clone(&self.accounts), tenant.clone());
        let permit = Permit::new(move || accounts.release(&tenant, own));
        Ok((decision, permit))
    }

    #[cfg(test)]
    fn tracked(&self) -> usize {
        let shards = self.accounts.shards.iter();
        shards.map(|shard| shard.lock().unwrap().accounts.len()).sum()
    }
}

impl Shard {
    /// Forgets accounts of which nothing counts any more; whether there is room now.
    fn sweep(&mut self, now: Micros) -> bool {
        if now < self.swept + SWEEP {
            return false;
        }
        self.swept = now;
        let before = self.accounts.len();
        self.accounts.retain(|_, account| !account.is_idle(now));
        self.accounts.len() < before
    }
}

impl Accounts {
    /// Microseconds, with a year before the beginning so that no window reaches back beyond it.
    fn now(&self) -> Micros {
        const YEAR: Micros = 366 * 24 * 3_600 * 1_000_000;
        YEAR + u64::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX / 2)
    }

    fn shard(&self, tenant: &TenantId) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(tenant.as_str());
        // The map within uses the lower bits.
        let shard = &self.shards[(hash >> 48) as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, tenant: &TenantId, own: bool) {
        let mut shard = self.shard(tenant);
        let shard = &mut *shard;
        if !own {
            shard.rest.release();
        } else if let Some(account) = shard.accounts.get_mut(tenant) {
            account.release();
        }
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn acquire(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
    ) -> Result<Admission, TooCostly> {
        let (decision, permit) = self.decide(tenant, limits, cost)?;
        count(&decision, Mode::Memory);
        Ok(if decision.is_admitted() {
            Admission::Admitted { decision: Some(decision), permit }
        } else {
            Admission::Refused(decision)
        })
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter")
            .field("capacity", &(self.accounts.per_shard * SHARDS))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tenancy_core::limit::{Concurrent, Window};

    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).unwrap()
    }

    fn admits(limiter: &MemoryLimiter, tenant: &TenantId, limits: &Limits) -> bool {
        limiter.decide(tenant, limits, 1).unwrap().0.is_admitted()
    }

    #[test]
    fn exactly_the_limit_goes_through_and_the_neighbour_has_its_own() {
        let limiter = MemoryLimiter::new();
        let limits = Limits::from(Window::per_hour(1_000));
        let acme = tenant("acme");
        let admitted: u32 = thread::scope(|scope| {
            let ask =
                || (0..1_000).map(|_| u32::from(admits(&limiter, &acme, &limits))).sum::<u32>();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
        });
        assert_eq!(admitted, 1_000);
        assert!(admits(&limiter, &tenant("globex"), &limits));
    }

    /// EDGE 15, in one process.
    #[test]
    fn what_runs_is_given_back_on_drop_and_on_panic() {
        let limiter = MemoryLimiter::new();
        let limits = Limits::from(Concurrent::new(2));
        let acme = tenant("acme");
        let hold = || limiter.decide(&acme, &limits, 1).unwrap();
        let (_first, (second, held)) = (hold(), hold());
        assert!(second.is_admitted() && !admits(&limiter, &acme, &limits));
        let clone = held.clone();
        drop(held);
        assert!(!admits(&limiter, &acme, &limits), "a clone still holds it");
        let panicked = thread::spawn(move || {
            let _held = clone;
            panic!("a handler fails");
        });
        assert!(panicked.join().is_err());
        let (decision, _third) = hold();
        assert!(decision.is_admitted());
        assert!(!admits(&limiter, &acme, &limits));
    }

    /// EDGE 20, with a smaller map.
    #[test]
    fn strangers_neither_grow_the_map_nor_free_whoever_is_counted() {
        let limiter = MemoryLimiter::with_capacity(640);
        let limits = Limits::from(Window::per_hour(3));
        let acme = tenant("acme");
        while admits(&limiter, &acme, &limits) {}
        let mut admitted = 0;
        for stranger in 0..100_000 {
            let stranger = TenantId::from(stranger);
            admitted += u32::from(admits(&limiter, &stranger, &limits));
        }
        assert!(limiter.tracked() <= 640);
        assert!(!admits(&limiter, &acme, &limits));
        // Each who is counted got one; the rest shared 3 for each lock.
        assert!(admitted <= 640 + 3 * 64, "{admitted} were let through");
    }

    #[test]
    fn room_is_made_by_those_who_have_rested() {
        let limiter = MemoryLimiter::with_capacity(1);
        let limits = Limits::from(Window::per_second(1));
        let mut shard = Shard::default();
        let now = limiter.accounts.now();
        shard.accounts.entry(tenant("acme")).or_default().decide(now, &limits, 1).unwrap();
        assert!(!shard.sweep(now + SWEEP));
        assert!(!shard.sweep(now + SWEEP + 1), "not so soon again");
        assert!(shard.sweep(now + 2_000_000));
        assert!(shard.accounts.is_empty());
    }
}
