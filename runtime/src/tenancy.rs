//! The entry point: [`Tenancy`] knows the tenants and hands out their connections.

mod api_keys;
mod builder;
mod current;
mod directory;
#[cfg(feature = "axum")]
mod domains;
mod each;
mod gate;
mod gauges;
mod hook;
mod lifecycle;
mod limit;
mod migrate;
mod record;
mod startup;
mod tenants;
mod unscoped;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tenancy_core::{Slug, Tenant, TenantId};
use tokio::sync::OnceCell;

#[cfg(feature = "axum")]
pub(crate) use self::builder::EdgeOptions;
#[cfg(feature = "config")]
pub(crate) use self::builder::{BUDGET, IDLE};
#[cfg(feature = "axum")]
pub(crate) use self::current::{scope, scope_sync, span};
#[cfg(feature = "axum")]
pub use self::domains::{DnsTxt, DomainProof, Domains};
pub use self::{
    api_keys::{ApiKeys, CreatedKey},
    builder::Builder,
    current::current_tenant,
    each::{ForEachTenant, Outcome, Outcomes, TenantOutcome},
    hook::{Step, TenantHook},
    migrate::Migrate,
    unscoped::UnscopedDb,
};
#[cfg(feature = "axum")]
use crate::resolve::{Resolver, TenantRef};
use crate::{
    Error, Health, IsolationProvider, Result, TenantDb, UnscopedAccess,
    audit::Report,
    cache::{Name, Tenants},
    isolation::Grounds,
    limit::{RateLimiter, RateLimits},
    migrate::{Gate, Migrations, Ways},
    record::{AuditLog, Meter},
    store::{AuditTrail, TenantStore},
};

/// The tenants of an application, and the only source of their connections.
///
/// It owns a private pool, the catalog of all annotated entities, and the store of tenants. It is
/// cheap to clone, and every clone is the same.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{NewTenant, Status, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
/// let db = tenancy.db("acme").await?;
/// assert_eq!(db.tenant().id, acme.id);
///
/// tenancy.set_status(&acme.id, Status::Suspended).await?;
/// assert!(tenancy.db("acme").await.is_err_and(|error| error.is_inactive()));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone)]
pub struct Tenancy {
    inner: Arc<Inner>,
}

struct Inner {
    grounds: Grounds,
    isolation: Arc<dyn IsolationProvider>,
    store: Arc<dyn TenantStore>,
    max_tenants: Option<u64>,
    #[cfg(feature = "encryption")]
    encrypted: Option<Arc<crate::store::EncryptedStore>>,
    /// Those of the store, as requests look for them.
    tenants: Tenants,
    trail: Arc<dyn AuditTrail>,
    /// Whom the database takes the operator's connections for, once it was asked.
    operator_role: OnceCell<Option<String>>,
    log: Arc<dyn AuditLog>,
    meter: Option<Meter>,
    hooks: Vec<Arc<dyn TenantHook>>,
    migrations: Option<Arc<Migrations>>,
    gate: Option<Gate>,
    /// The ways to all tenants' places, once revisions were run.
    ways: OnceCell<Ways>,
    allowances: Vec<startup::Allowance>,
    rate_limits: RwLock<Arc<RateLimits>>,
    limiter: Arc<dyn RateLimiter>,
    key_uses: api_keys::Uses,
    #[cfg(feature = "axum")]
    resolver: Arc<dyn Resolver>,
    #[cfg(feature = "axum")]
    own_domains: Vec<tenancy_core::Domain>,
    #[cfg(feature = "axum")]
    edge: builder::EdgeOptions,
    closed: AtomicBool,
}

impl fmt::Debug for Tenancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenancy")
            .field("isolation", &self.inner.isolation)
            .field("closed", &self.inner.closed)
            .finish_non_exhaustive()
    }
}

impl Tenancy {
    /// Begins to set one up.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The connection of the tenant with a slug.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant, [inactive](Error::is_inactive)
    /// if it is not served, [closed](Error::is_closed) after [`close`](Self::close), or an error if
    /// the store cannot be read.
    pub async fn db(&self, slug: impl AsRef<str>) -> Result<TenantDb> {
        let tenant = self.tenant(slug).await?;
        self.look_at_places().await?;
        self.db_for(&tenant)
    }

    /// The connection of a tenant that was loaded before. Nothing is read again.
    ///
    /// # Errors
    ///
    /// [Inactive](Error::is_inactive) if the tenant, as it was loaded, is not served; one of
    /// [configuration](Error::is_config) if its rows are kept in a way the isolation does not know;
    /// [closed](Error::is_closed) after [`close`](Self::close).
    pub fn db_for(&self, tenant: &Arc<Tenant>) -> Result<TenantDb> {
        self.open()?;
        if !tenant.is_active() {
            return Err(Error::tenant_inactive(tenant.status));
        }
        self.pass_gate(tenant)?;
        self.connection(tenant)
    }

    /// The connection of a tenant, whether or not it is served.
    fn connection(&self, tenant: &Arc<Tenant>) -> Result<TenantDb> {
        let grounds = &self.inner.grounds;
        let session = grounds.limited(self.inner.isolation.session(grounds, tenant)?, tenant)?;
        let count = self.inner.meter.as_ref().map(|meter| meter.count(&tenant.id));
        Ok(TenantDb::new(session, Arc::clone(tenant)).counted(count))
    }

    /// Creates the tables of annotated entities that are not there yet, with their indexes: those
    /// all tenants use together. Where each tenant has tables of its own, those are made when it
    /// is created.
    ///
    /// For examples, tests and small applications; it changes no table that exists.
    ///
    /// # Errors
    ///
    /// An error if the database refuses, if a table that was there does not keep tenants apart, or
    /// after [`close`](Self::close).
    pub async fn create_tables(&self) -> Result<()> {
        self.open()?;
        self.inner.isolation.prepare(&self.inner.grounds).await?;
        self.judge().await
    }

    /// Refuses what does not keep tenants apart.
    async fn judge(&self) -> Result<()> {
        startup::judge(&self.audit().await?, &self.inner.allowances)
    }

    /// Looks whether the database keeps tenants apart as it should: through the connection that
    /// serves tenants, with its role and its rights. It is looked at as well when the tenancy
    /// connects, and after [`create_tables`](Self::create_tables).
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked. What is wrong is in the report.
    pub async fn audit(&self) -> Result<Report> {
        self.open()?;
        self.inner.isolation.verify(&self.inner.grounds).await
    }

    /// Looks whether the tables in a tenant's own place are as they should be. Where all tenants
    /// share tables, there is nothing to find.
    ///
    /// # Errors
    ///
    /// As [`audit`](Self::audit); an error if the place is not there.
    pub async fn audit_tenant(&self, tenant: &Tenant) -> Result<Report> {
        self.open()?;
        self.inner.isolation.verify_tenant(&self.inner.grounds, tenant).await
    }

    /// Who has how many connections of its own, to its own database or as a lane, for metrics; see
    /// [`Builder::connection_budget`]. Those of the pool to the shared database are not among them.
    #[must_use]
    pub fn connections(&self) -> crate::Connections {
        self.inner.grounds.engines().stats()
    }

    /// Work for many tenants, each with its own connection: all that are served, unless told
    /// otherwise.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// for slug in ["acme", "globex"] {
    ///     tenancy.create_tenant(NewTenant::new(slug)?.tier("pro")).await?;
    /// }
    /// let outcomes = tenancy
    ///     .for_each_tenant()
    ///     .tier("pro")
    ///     .concurrency(4)
    ///     .run(|db| async move { Ok(db.tenant().slug.to_string()) })
    ///     .await?;
    /// let slugs: Vec<String> = outcomes.into_result()?.into_iter().map(|(_, slug)| slug).collect();
    /// assert_eq!(slugs, ["acme", "globex"]);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn for_each_tenant(&self) -> ForEachTenant {
        ForEachTenant::new(self)
    }

    /// A connection that sees every tenant's rows: for migrations, seeding and operators.
    ///
    /// Each use is recorded in the [audit trail](Builder::audit_trail), with the reason, the line of
    /// the program and the role in the database, before the connection is handed out: a rollback on
    /// it does not take that back. It is logged as well, at level WARN under the target
    /// `tenancy::unscoped`. [`unscoped_accesses`](Self::unscoped_accesses) reads what was recorded.
    ///
    /// The connections are in a pool of their own: a search path, an SQL mode or a temporary table
    /// that a script leaves there meets no tenant, though it may meet the next script. Where the
    /// database is in memory there is one connection for all.
    ///
    /// # Errors
    ///
    /// An error if the reason is empty, if the use cannot be recorded, or after
    /// [`close`](Self::close).
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{Tenancy, sea_orm::ConnectionTrait};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let operator = tenancy.unscoped("nightly billing").await?;
    /// operator.execute_unprepared("CREATE TABLE invoices (total INTEGER)").await?;
    /// assert_eq!(tenancy.unscoped_accesses(10).await?[0].reason, "nightly billing");
    /// assert!(tenancy.unscoped(" ").await.is_err());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    #[track_caller]
    pub fn unscoped(&self, reason: &str) -> impl Future<Output = Result<UnscopedDb>> + Send {
        // Not in the future, which is polled elsewhere.
        let place = std::panic::Location::caller();
        async move {
            self.open()?;
            unscoped::reasoned(reason)?;
            let conn = self.inner.grounds.unscoped_connection().await?;
            if let Err(closed) = self.open() {
                // It may have been opened after everything else was closed.
                conn.unguarded().close_by_ref().await?;
                return Err(closed);
            }
            let role = self.inner.operator_role.get_or_try_init(|| unscoped::role(conn)).await?;
            let access = UnscopedAccess::new(reason, place).with_role(role.clone());
            self.inner.trail.record(&access).await?;
            Ok(UnscopedDb::new(conn.clone(), &access))
        }
    }

    /// The latest uses of connections that see all tenants, the latest first.
    ///
    /// # Errors
    ///
    /// An error if the trail cannot be read, or after [`close`](Self::close).
    pub async fn unscoped_accesses(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
        self.open()?;
        self.inner.trail.latest(limit).await
    }

    /// Closes the pools, and waits until its connections were given back.
    ///
    /// From the moment this is called no connection is handed out any more, by any clone; those
    /// that were finish their statement, and fail at the next one. Closing twice is fine. A store
    /// with a pool of its own keeps it.
    ///
    /// # Errors
    ///
    /// An error if the driver cannot close the pool.
    pub async fn close(&self) -> Result<()> {
        self.inner.closed.store(true, Ordering::Release);
        if let Some(meter) = &self.inner.meter
            && let Err(error) = meter.flush().await
        {
            tracing::error!(target: "tenancy::usage", %error, "what tenants used could not be put away");
        }
        self.inner.limiter.close().await;
        self.inner.tenants.close().await;
        if let Some(ways) = self.inner.ways.get() {
            ways.close().await?;
        }
        if let Some(keys) = self.inner.store.api_keys()
            && let Err(error) = self.inner.key_uses.flush(&*keys).await
        {
            tracing::warn!(
                target: "tenancy::keys", %error,
                "it could not be written down when keys were used last"
            );
        }
        self.inner.grounds.close().await
    }

    /// Refuses after `close`.
    fn open(&self) -> Result<()> {
        if self.inner.closed.load(Ordering::Acquire) { Err(Error::closed()) } else { Ok(()) }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::clone(&self.inner.resolver)
    }

    /// What layers begin with.
    #[cfg(feature = "axum")]
    pub(crate) fn edge(&self) -> &EdgeOptions {
        &self.inner.edge
    }

    /// The tenant a request names, if there is one.
    #[cfg(feature = "axum")]
    pub(crate) async fn named(&self, key: &TenantRef) -> Result<Option<Arc<Tenant>>> {
        let found = match key {
            TenantRef::Slug(slug) => self.find_tenant(slug).await,
            TenantRef::Id(id) => self.find_tenant_by_id(id).await,
            TenantRef::Domain(domain) => self.domains().tenant_of(domain).await,
            TenantRef::ApiKey(key) => self.of_key(key).await,
        };
        self.known(found?).await
    }

    /// The tenant with a slug, if there is one: as it is, or was up to the
    /// [life](crate::TenantCache::life) of what is remembered ago.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or after [`close`](Self::close).
    pub async fn find_tenant(&self, slug: &Slug) -> Result<Option<Arc<Tenant>>> {
        self.open()?;
        self.inner.tenants.find(Name::Slug(slug.clone())).await
    }

    /// The tenant with an id, if there is one; as [`find_tenant`](Self::find_tenant).
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or after [`close`](Self::close).
    pub async fn find_tenant_by_id(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>> {
        self.open()?;
        self.inner.tenants.find(Name::Id(id.clone())).await
    }

    /// How far what is remembered may be behind.
    #[cfg(feature = "axum")]
    pub(crate) fn cache_view(&self) -> crate::cache::View {
        self.inner.tenants.view()
    }

    /// Looks whether tenants can be found: for a check of readiness.
    ///
    /// It asks the store, for two seconds at most. A process whose store is away is ready as long as
    /// active tenants are served as they were known.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::Tenancy;
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let health = tenancy.health().await;
    /// assert!(health.is_ready() && !health.is_degraded());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn health(&self) -> Health {
        self.inner.tenants.health().await
    }

    /// Forgets what this process remembers of a tenant, for one that was changed elsewhere: by
    /// another process, or with SQL. Whoever asks after this returned gets what the store has.
    ///
    /// The slug is only needed for one that nobody had before.
    pub fn forget_tenant(&self, id: &TenantId, slug: Option<&Slug>) {
        let slug = slug.map(|slug| Name::Slug(slug.clone()));
        self.inner.tenants.forget(id, slug.as_slice());
    }

    /// Forgets what this process remembers of all tenants.
    pub fn forget_all_tenants(&self) {
        self.inner.tenants.forget_all();
    }
}
