//! Tokens taken in advance: one question to Redis for many requests.
//!
//! Tokens are charged before they are used, so processes together never let more through than the
//! limit. They are charged to the part of the window after the current one and used before that has
//! ended, so they count for as long as they must. What is not used by then is lost to everybody for
//! a window, or given back when the process ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tenancy_core::{
    TenantId,
    limit::{Decision, Kind, Limits, Micros},
};
use tokio::sync::Mutex as AsyncMutex;

/// The most tokens in one lease.
const MOST: u32 = 100;
/// The longest lease.
const LONGEST: Duration = Duration::from_secs(1);
/// Tenants that have leases. One that has none asks Redis each time.
const TENANTS: usize = 10_000;

/// The leases of this process.
#[derive(Debug)]
pub(super) struct Leases {
    processes: u32,
    tenants: Mutex<HashMap<TenantId, Arc<AsyncMutex<Lease>>>>,
}

/// What a tenant has in advance, in this process.
#[derive(Debug, Default)]
pub(super) struct Lease {
    limits: Limits,
    tokens: u32,
    ends: Option<Instant>,
    decision: Option<Decision>,
    /// Where they were charged.
    parts: Vec<(u64, Micros)>,
    /// Whether so little is left that nobody should have more than it needs.
    scarce: bool,
}

/// What is to be given back.
#[derive(Debug)]
pub(super) struct Unused {
    pub(super) tenant: TenantId,
    pub(super) limits: Limits,
    pub(super) tokens: u32,
    pub(super) parts: Vec<(u64, Micros)>,
}

impl Leases {
    pub(super) fn new(processes: u32) -> Self {
        Self { processes: processes.max(1), tenants: Mutex::default() }
    }

    /// A tenant's lease, if it may have one: rates and what runs at the same time cannot be taken in
    /// advance without going beyond their bound.
    pub(super) fn of(&self, tenant: &TenantId, limits: &Limits) -> Option<Arc<AsyncMutex<Lease>>> {
        if !limits.policies().iter().all(|policy| matches!(policy.kind(), Kind::Window(_))) {
            return None;
        }
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = tenants.get(tenant) {
            return Some(Arc::clone(lease));
        }
        if tenants.len() >= TENANTS {
            let now = Instant::now();
            tenants.retain(|_, lease| lease.try_lock().map_or(true, |lease| lease.is_alive(now)));
            if tenants.len() >= TENANTS {
                return None;
            }
        }
        let lease = Arc::<AsyncMutex<Lease>>::default();
        tenants.insert(tenant.clone(), Arc::clone(&lease));
        Some(lease)
    }

    /// How many tokens to take at once: a tenth of the smallest limit, shared out.
    pub(super) fn size(&self, limits: &Limits) -> u32 {
        let least = limits.policies().iter().map(|policy| policy.kind().capacity()).min();
        (least.unwrap_or(0) / self.processes.saturating_mul(10)).clamp(1, MOST)
    }

    /// All that nobody has used, which nobody can use any more.
    pub(super) async fn take_back(&self) -> Vec<Unused> {
        let leases: Vec<_> = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            tenants.drain().collect()
        };
        let mut unused = Vec::new();
        for (tenant, lease) in leases {
            let lease = std::mem::take(&mut *lease.lock().await);
            if lease.tokens > 0 {
                let Lease { limits, tokens, parts, .. } = lease;
                unused.push(Unused { tenant, limits, tokens, parts });
            }
        }
        unused
    }
}

impl Lease {
    fn is_alive(&self, now: Instant) -> bool {
        self.tokens > 0 && self.ends.is_some_and(|ends| now < ends)
    }

    /// Whether a single request should have more than it needs.
    pub(super) fn is_scarce(&self) -> bool {
        self.scarce
    }

    /// Uses what is there.
    pub(super) fn spend(&mut self, limits: &Limits, cost: u32, now: Instant) -> Option<Decision> {
        if !self.limits.is_same(limits) || !self.is_alive(now) {
            if self.tokens > 0 {
                metrics::counter!("tenancy_ratelimit_stranded_total").increment(self.tokens.into());
                self.tokens = 0;
            }
            return None;
        }
        self.tokens = self.tokens.checked_sub(cost)?;
        self.decision.clone()
    }

    /// Puts in what Redis has charged when it was `asked`.
    pub(super) fn fill(
        &mut self,
        limits: &Limits,
        tokens: u32,
        decision: &Decision,
        parts: Vec<(u64, Micros)>,
        asked: Instant,
    ) {
        let shortest = limits.policies().iter().filter_map(|policy| match policy.kind() {
            Kind::Window(window) => Some(Duration::from_micros(window.width())),
            _ => None,
        });
        let lasts = shortest.min().unwrap_or_default().min(LONGEST);
        *self = Self {
            limits: limits.clone(),
            tokens,
            ends: Some(asked + lasts),
            decision: Some(decision.clone()),
            parts,
            scarce: false,
        };
        self.learn(decision);
    }

    /// Remembers whether there is plenty.
    pub(super) fn learn(&mut self, decision: &Decision) {
        let scarce = decision.standings().any(|(policy, standing)| {
            !standing.admits || standing.remaining < policy.kind().capacity() / 10
        });
        self.scarce = scarce;
    }
}
