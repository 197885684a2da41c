//! Setting up a [`Tenancy`].

mod edge;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, RwLock, atomic::AtomicBool},
    time::Duration,
};

use sea_orm::{ConnectionTrait as _, DbBackend};
use tenancy_core::{
    Secret,
    catalog::{Catalog, CatalogError},
    scope::Scoper,
};
use tokio::sync::OnceCell;

use super::{Inner, Tenancy, TenantHook, startup::Allowance};
#[cfg(feature = "axum")]
use crate::resolve::{Header, Resolver};
use crate::{
    Error, IsolationProvider, Result, Row, TenantCache, Timeouts,
    cache::Tenants,
    entity,
    isolation::{Grounds, Setup, TierTimeouts},
    limit::{MemoryLimiter, RateLimiter, RateLimits},
    pool::{Connection, Gate, PoolOptions, engine::Limits},
    store::{AuditTrail, SqlStore, TenantStore},
};

/// Tables of the control plane, which no entity may map.
const RESERVED: [&str; 3] = ["tenancy_tenants", "tenancy_migrations", "tenancy_unscoped"];

/// Connections to databases of tenants' own, unless set.
const BUDGET: usize = 100;
/// How many of them one tenant may have, unless set.
const PER_TENANT: usize = 8;
/// How long they stay open unused, unless set.
const IDLE: Duration = Duration::from_secs(60);

/// Sets up a [`Tenancy`]; [`Tenancy::builder`] begins one.
pub struct Builder {
    pub(super) pool: PoolOptions,
    budget: usize,
    timeouts: Timeouts,
    tier_timeouts: BTreeMap<String, Timeouts>,
    share: Option<u32>,
    per_tenant: Option<usize>,
    idle: Duration,
    store: Option<Arc<dyn TenantStore>>,
    trail: Option<Arc<dyn AuditTrail>>,
    plan_cache: u64,
    functions: Vec<(String, String)>,
    isolation: Arc<dyn IsolationProvider>,
    operator: Option<Secret>,
    unscoped_apart: bool,
    hooks: Vec<Arc<dyn TenantHook>>,
    allowances: Vec<Allowance>,
    tenant_cache: TenantCache,
    rate_limits: RateLimits,
    limiter: Arc<dyn RateLimiter>,
    #[cfg(feature = "axum")]
    resolver: Arc<dyn Resolver>,
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
            trail: None,
            plan_cache: Scoper::PLAN_CACHE_BYTES,
            functions: Vec::new(),
            isolation: Arc::new(Row::new()),
            operator: None,
            unscoped_apart: true,
            hooks: Vec::new(),
            allowances: Vec::new(),
            tenant_cache: TenantCache::new(),
            rate_limits: RateLimits::default(),
            limiter: Arc::new(MemoryLimiter::new()),
            #[cfg(feature = "axum")]
            resolver: Arc::new(Header::default()),
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

    /// Sets how many connections the pool may hold; 10 unless set. That of the
    /// [operator](Self::operator) may hold as many, and so may that of
    /// [`unscoped`](Tenancy::unscoped), which is opened when it is first used. On PostgreSQL tables
    /// are made and tenants removed by a further one of that size, opened when it is needed, and a
    /// pool has one connection more for a second while it cancels statements nobody waits for.
    ///
    /// An in-memory SQLite database has one whatever is set here: each further one would lock the
    /// others out.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.pool.max_connections = connections;
        self
    }

    /// Sets how long a statement may wait for a free connection; 10 seconds unless set.
    #[must_use]
    pub fn acquire_timeout(mut self, longest: Duration) -> Self {
        self.pool.acquire_timeout = longest;
        self
    }

    /// Sets how many of the pool's [connections](Self::max_connections) one tenant may use at a
    /// time; half of them unless set, and two at least, so that the others find some that are free.
    ///
    /// A transaction uses one until it ends, and a stream until it is dropped. A tenant that wants
    /// more than its share waits, and so does everybody when all are in use; what comes free then
    /// goes to the next tenant, however many callers each of them has. Who waits for
    /// [too long](Self::acquire_timeout) is told [who has them](crate::Error::is_busy).
    ///
    /// This is for tenants that share a pool. One with a [`Database`](crate::Database) of its own has
    /// [`connections_per_tenant`](Self::connections_per_tenant), and what goes by a lane is not counted.
    #[must_use]
    pub fn pool_share(mut self, connections: u32) -> Self {
        self.share = Some(connections);
        self
    }

    /// Sets how many connections all databases of tenants' own and all lanes may have together; 100
    /// unless set.
    ///
    /// It is for tenants that have a [`Database`](crate::Database) or a lane; the pool of the shared one has
    /// its own number, [`max_connections`](Self::max_connections). When all are in use, whoever
    /// needs another one waits, for [as long as is set](Self::acquire_timeout); tenants take turns.
    /// What nobody uses is closed to make room, the least recently used first.
    #[must_use]
    pub fn connection_budget(mut self, connections: usize) -> Self {
        self.budget = connections;
        self
    }

    /// Sets how many of the [budget](Self::connection_budget) one tenant may have; 8 unless set,
    /// or the whole budget if that is less.
    #[must_use]
    pub fn connections_per_tenant(mut self, connections: usize) -> Self {
        self.per_tenant = Some(connections);
        self
    }

    /// Sets how long statements of all tenants may take, on PostgreSQL; as long as the server lets
    /// them unless set. Another engine is refused.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how long statements of a tier's tenants may take. What it leaves out is as for
    /// [all tenants](Self::timeouts).
    #[must_use]
    pub fn tier_timeouts(mut self, tier: impl Into<String>, timeouts: Timeouts) -> Self {
        self.tier_timeouts.insert(tier.into(), timeouts);
        self
    }

    /// Sets how long a connection to a tenant's own database, or of its lane, stays open when nobody
    /// uses it; 60 seconds unless set.
    #[must_use]
    pub fn idle_timeout(mut self, longest: Duration) -> Self {
        self.idle = longest;
        self
    }

    /// Sets where tenants are kept; a [`SqlStore`] in the same database unless set.
    #[must_use]
    pub fn store(mut self, store: impl TenantStore) -> Self {
        self.store = Some(Arc::new(store));
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
    /// for [`unscoped`](Tenancy::unscoped), which has a pool of its own there. The role of [`database`](Self::database), which serves
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

    /// Starts in spite of a finding of the [audit](Tenancy::audit), for the reason given: `code` and
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

    /// Connects to the database, makes the store ready, and looks whether the database keeps
    /// tenants apart.
    ///
    /// The catalog holds every annotated entity linked into the program; there is nothing to list.
    ///
    /// # Errors
    ///
    /// An error if the URL cannot be read or the database not reached, if entities disagree about a
    /// table or map one of the control plane's, if the store or the audit trail cannot be made
    /// ready, or if the [audit](Tenancy::audit) finds something with which rows could reach another
    /// tenant: the text then has what it is, the query that shows it and the statement that mends it.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use tenancy::{Header, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let tenancy = Tenancy::builder()
    ///     .database("sqlite::memory:")
    ///     .acquire_timeout(Duration::from_secs(2))
    ///     .resolver(Header::new("x-shop"))
    ///     .connect()
    ///     .await?;
    ///
    /// let refused = Tenancy::builder().connect().await;
    /// assert!(refused.is_err_and(|error| error.to_string().contains("Builder::database")));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn connect(
        #[cfg_attr(not(feature = "postgres"), expect(unused_mut))] mut self,
    ) -> Result<Tenancy> {
        if self.pool.url.expose().is_empty() {
            return Err(Error::config(
                "no database was named; call `Builder::database` with its URL",
            ));
        }
        let misconfigured = |error: CatalogError| Error::config(error.to_string());
        let mut catalog = Catalog::new(entity::registered()).map_err(misconfigured)?;
        for (name, reason) in self.functions {
            catalog = catalog.allow_function(&name, &reason).map_err(misconfigured)?;
            tracing::info!(target: "tenancy::scope", function = name, reason, "allowed to tenants");
        }
        if let Some(entity) =
            catalog.iter().find(|entity| RESERVED.contains(&entity.table.as_str()))
        {
            return Err(Error::config(format!(
                "the entity in `{}` maps `{}`, a table of the control plane, which tenants must \
                 not reach; use `Tenancy::unscoped` to read it",
                entity.module, entity.table
            )));
        }
        self.isolation.check()?;
        if self.share == Some(0) {
            return Err(Error::config(
                "a tenant may use 0 connections of the pool, and every statement needs one; raise \
                 `Builder::pool_share`, or leave it away",
            ));
        }
        let timeouts = TierTimeouts::new(self.timeouts, self.tier_timeouts)?;
        #[cfg(feature = "postgres")]
        if self.isolation.tells_database() {
            self.pool.probe = Some(crate::pool::Probe::new(crate::db::TENANT_SETTING));
        }
        let conn = Connection::open(&self.pool).await?;
        if self.isolation.tells_database() && conn.get_database_backend() != DbBackend::Postgres {
            return Err(Error::config(
                "row-level security is PostgreSQL's; keep tenants apart by `Row` or `Schema` on \
                 this engine, or by `Hybrid` of both",
            ));
        }
        if !timeouts.is_empty() && conn.get_database_backend() != DbBackend::Postgres {
            return Err(Error::config(
                "only PostgreSQL can be told with each transaction how long its statements may take; \
                 leave out `timeouts` and `tier_timeouts`, and set limits in the server's configuration",
            ));
        }
        #[cfg(feature = "postgres")]
        let lanes = match self.isolation.lanes() {
            Some(lanes) => {
                // Whatever cannot go together with lanes is refused here: what a connection says
                // when it starts holds until it ends, so what expires cannot be said there.
                crate::pool::lane::prove(&self.pool, crate::db::TENANT_SETTING).await?;
                Some(lanes.limits(self.budget, self.idle))
            }
            None => None,
        };
        #[cfg(not(feature = "postgres"))]
        let lanes = None;
        let mut operator_options = self.pool.clone();
        let operator = match self.operator {
            Some(url) => {
                operator_options = PoolOptions::new(url);
                operator_options.max_connections = self.pool.max_connections;
                operator_options.acquire_timeout = self.pool.acquire_timeout;
                Connection::open(&operator_options).await?
            }
            None => conn.clone(),
        };
        if operator.get_database_backend() != conn.get_database_backend() {
            return Err(Error::config("the operator's URL leads to another kind of database"));
        }
        let store = self.store.unwrap_or_else(|| Arc::new(SqlStore::new(operator.clone())));
        store.prepare().await?;
        let trail = self.trail.unwrap_or_else(|| store.audit_trail());
        trail.prepare().await?;
        let limits = Limits {
            budget: self.budget,
            per_engine: self.per_tenant.unwrap_or(PER_TENANT.min(self.budget)),
            idle: self.idle,
            wait: self.pool.acquire_timeout,
            lanes,
        };
        let room = if self.pool.is_in_memory() { 1 } else { self.pool.max_connections };
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let share = self.share.map_or(Gate::usual_share(room), |share| room.min(share as usize));
        let setup = Setup {
            conn,
            gate: Gate::new(room, share, self.pool.acquire_timeout),
            options: self.pool,
            limits,
            operator,
            operator_options,
            unscoped_apart: self.unscoped_apart,
            catalog,
            plan_cache: self.plan_cache,
            timeouts,
        };
        let grounds = Grounds::new(setup).await?;
        let tenancy = Tenancy {
            inner: Arc::new(Inner {
                grounds,
                isolation: self.isolation,
                tenants: Tenants::new(Arc::clone(&store), self.tenant_cache),
                store,
                trail,
                operator_role: OnceCell::new(),
                hooks: self.hooks,
                allowances: self.allowances,
                rate_limits: RwLock::new(Arc::new(self.rate_limits)),
                limiter: self.limiter,
                #[cfg(feature = "axum")]
                resolver: self.resolver,
                closed: AtomicBool::new(false),
            }),
        };
        tenancy.judge().await?;
        tenancy.inner.tenants.listen();
        Ok(tenancy)
    }
}
