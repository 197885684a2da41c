//! Setting up a [`Tenancy`](crate::Tenancy).

mod connect;
mod edge;
mod record;
mod room;
mod standing;

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use tenancy_core::{Secret, scope::Scoper};

#[cfg(feature = "axum")]
pub(crate) use self::edge::EdgeOptions;
use super::{TenantHook, startup::Allowance};
#[cfg(feature = "axum")]
use crate::resolve::{Header, Resolver};
use crate::{
    Error, IsolationProvider, Row, TenantCache, Timeouts,
    limit::{MemoryLimiter, RateLimiter, RateLimits},
    migrate::{Migrations, RevisionGate},
    pool::PoolOptions,
    record::{AuditLog, UsageLog},
    store::{AuditTrail, TenantStore},
};

/// Connections to databases of tenants' own, unless set.
pub(crate) const BUDGET: usize = 100;
/// How many of them one tenant may have, unless set.
const PER_TENANT: usize = 8;
/// How long they stay open unused, unless set.
pub(crate) const IDLE: Duration = Duration::from_secs(60);

/// Sets up a [`Tenancy`](crate::Tenancy); [`Tenancy::builder`](crate::Tenancy::builder) begins one.
pub struct Builder {
    pub(super) pool: PoolOptions,
    budget: usize,
    timeouts: Timeouts,
    tier_timeouts: BTreeMap<String, Timeouts>,
    share: Option<u32>,
    per_tenant: Option<usize>,
    idle: Duration,
    store: Option<Arc<dyn TenantStore>>,
    audit_log: Option<Arc<dyn AuditLog>>,
    usage_log: Option<Arc<dyn UsageLog>>,
    metered: Option<Duration>,
    usage_journal: Option<PathBuf>,
    quotas: Option<record::Quotas>,
    control_plane: Option<Secret>,
    trail: Option<Arc<dyn AuditTrail>>,
    plan_cache: u64,
    functions: Vec<(String, String)>,
    isolation: Arc<dyn IsolationProvider>,
    operator: Option<Secret>,
    unscoped_apart: bool,
    hooks: Vec<Arc<dyn TenantHook>>,
    pub(super) migrations: Option<Arc<Migrations>>,
    pub(super) gate: Option<RevisionGate>,
    allowances: Vec<Allowance>,
    tenant_cache: TenantCache,
    max_tenants: Option<u64>,
    #[cfg(feature = "encryption")]
    encryption: Option<crate::Encryption>,
    rate_limits: RateLimits,
    limiter: Arc<dyn RateLimiter>,
    #[cfg(feature = "axum")]
    resolver: Arc<dyn Resolver>,
    #[cfg(feature = "axum")]
    own_domains: Vec<tenancy_core::Domain>,
    #[cfg(feature = "axum")]
    pub(super) edge: EdgeOptions,
    /// What was wrong with a configuration it was made of.
    pub(super) refused: Option<Error>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("pool", &self.pool)
            .field("store", &self.store)
            .field("plan_cache", &self.plan_cache)
            .field("functions", &self.functions)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            pool: PoolOptions::new(Secret::new("")),
            budget: BUDGET,
            timeouts: Timeouts::default(),
            tier_timeouts: BTreeMap::new(),
            share: None,
            per_tenant: None,
            idle: IDLE,
            store: None,
            audit_log: None,
            usage_log: None,
            metered: None,
            usage_journal: None,
            quotas: None,
            control_plane: None,
            trail: None,
            plan_cache: Scoper::PLAN_CACHE_BYTES,
            functions: Vec::new(),
            isolation: Arc::new(Row::new()),
            operator: None,
            unscoped_apart: true,
            hooks: Vec::new(),
            migrations: None,
            gate: None,
            allowances: Vec::new(),
            tenant_cache: TenantCache::new(),
            max_tenants: None,
            #[cfg(feature = "encryption")]
            encryption: None,
            rate_limits: RateLimits::default(),
            limiter: Arc::new(MemoryLimiter::new()),
            #[cfg(feature = "axum")]
            resolver: Arc::new(Header::default()),
            #[cfg(feature = "axum")]
            own_domains: Vec::new(),
            #[cfg(feature = "axum")]
            edge: EdgeOptions::default(),
            refused: None,
        }
    }

    /// Sets the database of the tenants' rows: `sqlite://shop.db?mode=rwc`, `sqlite::memory:`,
    /// `postgres://app@localhost/shop` or `mysql://app@localhost/shop`. Required.
    ///
    /// Each engine is a feature of this crate. The URL is never printed.
    ///
    /// Behind a pooler that lends connections for one transaction at a time, and does not keep track
    /// of prepared statements, add `?statement-cache-capacity=0` to the URL of PostgreSQL. Each
    /// statement then runs in a transaction of its own. Without it, a statement may run that another
    /// client of the pooler has prepared.
    #[must_use]
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.pool.url = Secret::new(url);
        self
    }

    /// Sets where tenants are kept; a [`SqlStore`](crate::SqlStore) in the same database unless set.
    #[must_use]
    pub fn store(mut self, store: impl TenantStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Keeps tenants in a [`SqlStore`](crate::SqlStore) in another database than their rows. The URL is never printed.
    #[must_use]
    pub fn control_plane(mut self, url: impl Into<String>) -> Self {
        self.control_plane = Some(Secret::new(url));
        self
    }

    /// Sets where it is recorded who takes a connection that sees all tenants; that of the
    /// [store](TenantStore::audit_trail) unless set.
    #[must_use]
    pub fn audit_trail(mut self, trail: impl AuditTrail) -> Self {
        self.trail = Some(Arc::new(trail));
        self
    }

    /// Sets how many bytes of scoped statements are remembered;
    /// [`PLAN_CACHE_BYTES`](Scoper::PLAN_CACHE_BYTES) unless set.
    #[must_use]
    pub fn plan_cache(mut self, bytes: u64) -> Self {
        self.plan_cache = bytes;
        self
    }

    /// Sets how tenants' rows are kept apart; [`Row`] unless set.
    #[must_use]
    pub fn isolation(mut self, provider: impl IsolationProvider) -> Self {
        self.isolation = Arc::new(provider);
        self
    }

    /// Sets the address under which the operator reaches the same database, with a role that may
    /// make schemas and tables and sees every tenant's rows.
    ///
    /// It is used to provision and purge tenants, to create tables, for the store of tenants, and
    /// for [`unscoped`](crate::Tenancy::unscoped), which has a pool of its own there. The role of [`database`](Self::database), which serves
    /// tenants, needs none of these rights then. Unless set, that one does everything.
    #[must_use]
    pub fn operator(mut self, url: impl Into<String>) -> Self {
        self.operator = Some(Secret::new(url));
        self
    }

    /// Lets connections that see all tenants come from the operator's pool, where a test can see
    /// what others have left on them. Not covered by semantic versioning.
    #[doc(hidden)]
    #[must_use]
    pub fn __unscoped_beside_others(mut self) -> Self {
        self.unscoped_apart = false;
        self
    }

    /// Adds somebody to be asked before, and told after, each step in a tenant's life.
    #[must_use]
    pub fn hook(mut self, hook: impl TenantHook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Lets tenants' statements call a function the scoper does not know, for the reason given.
    ///
    /// The function must compute from its arguments alone: one that reads tables reads the rows of
    /// all tenants. The reason is logged when the tenancy connects. A name that is no function's
    /// and an empty reason make [`connect`](Self::connect) fail.
    #[must_use]
    pub fn allow_function(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.functions.push((name.into(), reason.into()));
        self
    }

    /// Starts in spite of a finding of the [audit](crate::Tenancy::audit), for the reason given: `code` and
    /// `object` are the finding's. It is logged, at level WARN under the target `tenancy::audit`,
    /// each time the tenancy connects. An empty reason makes [`connect`](Self::connect) fail.
    #[must_use]
    pub fn allow(
        mut self,
        code: impl Into<String>,
        object: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (code, object, reason) = (code.into(), object.into(), reason.into());
        self.allowances.push(Allowance { code, object, reason });
        self
    }
}
