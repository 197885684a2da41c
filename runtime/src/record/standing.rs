//! How tenants stand to their quotas.
//!
//! What a tenant has used is what the log has, as it was read lately, and what this process has
//! counted that was not in the log then. Reading comes before a request now and then, never after a
//! flush, so what others have counted is known when they have put it away and it was read again.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use tenancy_core::{Tenant, TenantId};
use tokio::{sync::Mutex, time::Instant};

use super::Meter;
use crate::usage::{Count, Quota, Usage};

/// Tenants whose standing is remembered.
const REMEMBERED: usize = 100_000;

type Each = dyn Fn(&Tenant) -> Option<Quota> + Send + Sync;

/// A quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "it is requests that are told"))]
pub(crate) struct UsedUp {
    pub(crate) what: &'static str,
    /// When there is something again.
    pub(crate) until: DateTime<Utc>,
}

/// The quotas, and what is known of those that have one.
pub(crate) struct Standings {
    quotas: Arc<Each>,
    every: Duration,
    known: Cache<TenantId, Arc<Standing>>,
}

struct Standing {
    count: Arc<Count>,
    known: RwLock<Option<Known>>,
    /// Whose turn it is to read the log.
    turn: Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    from: DateTime<Utc>,
    recorded: Usage,
    /// What of this process's counts was in the log.
    ours: Usage,
    at: Instant,
}

impl Standing {
    fn known(&self) -> Option<Known> {
        *self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl Standings {
    pub(crate) fn new(quotas: Arc<Each>, every: Duration) -> Self {
        Self { quotas, every, known: Cache::new(REMEMBERED) }
    }

    /// What of a tenant's quota is used up, if anything is.
    pub(super) async fn used_up(&self, meter: &Meter, tenant: &Tenant) -> Option<UsedUp> {
        let quota = (self.quotas)(tenant)?;
        let (from, until) = quota.around(Utc::now());
        let standing = match self.known.get(&tenant.id) {
            Some(standing) => standing,
            None => {
                let (known, turn) = (RwLock::default(), Mutex::default());
                let new = Arc::new(Standing { count: meter.count(&tenant.id), known, turn });
                // Whoever comes first makes it.
                let made = self.known.get_or_insert_with(&tenant.id, || {
                    Ok::<_, std::convert::Infallible>(Arc::clone(&new))
                });
                made.unwrap_or(new)
            }
        };
        let known = self.read(meter, &tenant.id, &standing, from, until).await;
        let counted = standing.count.ever().beyond(known.ours);
        let mut used = known.recorded;
        used.add(counted);
        quota.used_up(used).map(|what| UsedUp { what, until })
    }

    /// What is known, read again where it is old. Others go on with what is old meanwhile.
    async fn read(
        &self,
        meter: &Meter,
        tenant: &TenantId,
        standing: &Standing,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Known {
        let fresh = |known: &Known| known.from == from && known.at.elapsed() < self.every;
        let before = standing.known();
        if let Some(known) = before.filter(fresh) {
            return known;
        }
        let _turn = match (before.filter(|known| known.from == from), standing.turn.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(old), Err(_)) => return old,
            (None, Err(_)) => standing.turn.lock().await,
        };
        if let Some(known) = standing.known().filter(fresh) {
            return known;
        }
        // Before the log is read: what is put away meanwhile is counted twice until the next time,
        // and never left out.
        let (ours, at) = (standing.count.put_away(), Instant::now());
        let known = match meter.log().total(tenant, from, until).await {
            Ok(recorded) => Known { from, recorded, ours, at },
            Err(error) => {
                tracing::warn!(
                    target: "tenancy::usage", %tenant, %error,
                    "it cannot be read what a tenant has used: what is known of it goes on"
                );
                let old = before.filter(|known| known.from == from);
                let nothing = Known { from, recorded: Usage::none(), ours, at };
                Known { at, ..old.unwrap_or(nothing) }
            }
        };
        standing.set(known);
        known
    }
}

impl fmt::Debug for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standings").field("every", &self.every).finish_non_exhaustive()
    }
}
