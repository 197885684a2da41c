//! Connecting, with everything that was set.

use std::sync::{Arc, RwLock, atomic::AtomicBool};

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend};
use tenancy_core::catalog::{Catalog, CatalogError};
use tokio::sync::OnceCell;

use super::{Builder, PER_TENANT, record::Records, standing};
#[cfg(feature = "encryption")]
use crate::store::EncryptedStore;
#[cfg(feature = "redis")]
use crate::store::SharedStore;
use crate::{
    Error, Result, Tenancy,
    audit::OWN_TABLES,
    cache::Tenants,
    entity,
    isolation::{Grounds, Setup, TierTimeouts},
    pool::{Connection, Gate, PoolOptions, engine::Limits},
    schema::own_enumerations,
    store::{SqlStore, TenantStore},
    tenancy::Inner,
};

impl Builder {
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
    pub async fn connect(self) -> Result<Tenancy> {
        // Deep as it is, it would bring the futures that await it to the compiler's limit of recursion.
        self.connected().boxed().await
    }

    async fn connected(mut self) -> Result<Tenancy> {
        if let Some(refused) = self.refused.take() {
            return Err(refused);
        }
        if self.pool.url.expose().is_empty() {
            return Err(Error::config(
                "no database was named; call `Builder::database` with its URL",
            ));
        }
        let gate = self.closed_gate()?;
        self.standing_can_be_asked()?;
        let misconfigured = |error: CatalogError| Error::config(error.to_string());
        let mut catalog = Catalog::new(entity::registered()).map_err(misconfigured)?;
        catalog = catalog.with_enumerations(own_enumerations().iter().cloned());
        for (name, reason) in self.functions {
            catalog = catalog.allow_function(&name, &reason).map_err(misconfigured)?;
            tracing::info!(target: "tenancy::scope", function = name, reason, "allowed to tenants");
        }
        let heads = self.migrations.as_ref().map(|migrations| migrations.version_table_name());
        let heads = heads.transpose()?.map(str::to_owned);
        let ours = |table: &str| OWN_TABLES.contains(&table) || heads.as_deref() == Some(table);
        if let Some(entity) = catalog.iter().find(|entity| ours(&entity.table)) {
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
        let records = Records {
            audit: self.audit_log,
            usage: self.usage_log,
            every: self.metered,
            journal: self.usage_journal,
            quotas: self.quotas,
        };
        let control = match (&self.store, &self.control_plane) {
            (Some(_), None) => None,
            (None, Some(url)) => Some(Connection::open(&PoolOptions::new(url.clone())).await?),
            (None, None) => Some(operator.clone()),
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "tenants are kept by `Builder::store` and by `Builder::control_plane`; leave one \
                     of them out",
                ));
            }
        };
        let store: Option<Arc<dyn TenantStore>> = match &control {
            Some(control) => Some(Arc::new(SqlStore::new(control.clone()))),
            None => self.store,
        };
        // One of them is there.
        let store = store.unwrap_or_else(|| Arc::new(SqlStore::new(operator.clone())));
        #[cfg(feature = "redis")]
        let store = match self.tenant_cache.sharing() {
            Some((redis, life)) => Arc::new(SharedStore::new(store, redis.clone(), *life)),
            None => store,
        };
        #[cfg(feature = "encryption")]
        let encrypted =
            self.encryption.map(|it| Arc::new(EncryptedStore::new(Arc::clone(&store), it)));
        #[cfg(feature = "encryption")]
        let store = match &encrypted {
            Some(encrypted) => Arc::clone(encrypted) as Arc<dyn TenantStore>,
            None => store,
        };
        store.prepare().await?;
        let standing = match self.isolation.checks_status() {
            true => Some(standing::function(&conn, &operator).await?),
            false => None,
        };
        let (log, meter) = records.prepare(control).await?;
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
            heads_table: heads,
            standing,
        };
        let grounds = Grounds::new(setup).await?;
        let tenancy = Tenancy {
            inner: Arc::new(Inner {
                grounds,
                isolation: self.isolation,
                tenants: Tenants::new(Arc::clone(&store), self.tenant_cache),
                store,
                max_tenants: self.max_tenants,
                #[cfg(feature = "encryption")]
                encrypted,
                trail,
                operator_role: OnceCell::new(),
                log,
                meter,
                hooks: self.hooks,
                migrations: self.migrations,
                gate,
                ways: OnceCell::new(),
                allowances: self.allowances,
                rate_limits: RwLock::new(Arc::new(self.rate_limits)),
                limiter: self.limiter,
                key_uses: super::super::api_keys::Uses::default(),
                #[cfg(feature = "axum")]
                resolver: self.resolver,
                #[cfg(feature = "axum")]
                edge: self.edge,
                #[cfg(feature = "axum")]
                own_domains: self.own_domains,
                closed: AtomicBool::new(false),
            }),
        };
        tenancy.judge().await?;
        tenancy.look_at_places().await?;
        tenancy.inner.tenants.listen();
        if let Some(every) = self.metered {
            tenancy.flush_every(every);
        }
        Ok(tenancy)
    }
}
