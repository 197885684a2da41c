//! What a provider works with.

use std::{fmt, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tenancy_core::{
    DatabaseName, Dialect, SchemaName, Secret, Tenant, TenantId,
    catalog::Catalog,
    scope::{Mode, Scoper},
};
use tokio::sync::OnceCell;

#[cfg(feature = "postgres")]
use super::Signing;
use super::{Session, TierTimeouts, rights};
use crate::{
    Error, Result,
    db::{Context, Link},
    migrate::Site,
    pool::{
        self, Connection, Gate, PoolOptions, Settings,
        engine::{Engines, Limits},
    },
    schema::{self, Place},
};
#[cfg(feature = "postgres")]
use crate::{db::TENANT_SETTING, pool::engine::LaneSource};

/// What a provider works with: the ways to the shared tables, to schemas and to databases, and
/// the operator's connection that makes them.
pub struct Grounds {
    /// The pool that serves tenants.
    conn: Connection,
    options: PoolOptions,
    /// In front of that pool.
    gate: Gate,
    /// Connections to databases of tenants' own.
    engines: Engines,
    /// For the tables all tenants share.
    rows: Arc<Scoper>,
    /// For tables in a schema of a tenant's own.
    placed: Arc<Scoper>,
    operator: Connection,
    operator_options: PoolOptions,
    /// For connections that see all tenants, opened with the first of them.
    unscoped: OnceCell<Connection>,
    unscoped_apart: bool,
    shared: Option<String>,
    timeouts: TierTimeouts,
    /// Where revisions say how far a place is, if they make the tables, and not the entities.
    pub(super) heads_table: Option<String>,
    /// What sessions under policies ask when a transaction begins, if they do.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    standing: Option<StandingFunction>,
    /// The role that serves tenants, once the database was asked.
    pub(super) grantee: OnceCell<Option<String>>,
}

/// What serves tenants, and what the operator uses, as it was set up.
pub(crate) struct Setup {
    pub(crate) conn: Connection,
    pub(crate) options: PoolOptions,
    pub(crate) gate: Gate,
    pub(crate) limits: Limits,
    pub(crate) operator: Connection,
    pub(crate) operator_options: PoolOptions,
    pub(crate) unscoped_apart: bool,
    pub(crate) catalog: Catalog,
    pub(crate) plan_cache: u64,
    pub(crate) timeouts: TierTimeouts,
    pub(crate) heads_table: Option<String>,
    pub(crate) standing: Option<StandingFunction>,
}

/// The function of the control plane that says where a tenant stands.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "postgres"), allow(dead_code))]
pub(crate) struct StandingFunction {
    /// As it is called.
    pub(crate) call: String,
    /// As the audit names it.
    pub(crate) name: String,
}

impl fmt::Debug for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grounds").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl Grounds {
    pub(crate) async fn new(setup: Setup) -> Result<Self> {
        let Setup {
            conn,
            options,
            gate,
            limits,
            operator,
            operator_options,
            unscoped_apart,
            catalog,
            plan_cache,
            timeouts,
            heads_table,
            standing,
        } = setup;
        #[cfg(feature = "postgres")]
        let engines = Engines::with_lanes(limits, LaneSource::new(&options, TENANT_SETTING))?;
        #[cfg(not(feature = "postgres"))]
        let engines = Engines::new(limits)?;
        let dialect = pool::dialect(conn.get_database_backend());
        let shared = current_schema(&conn, dialect).await?;
        let mode = match dialect {
            Dialect::Sqlite => Mode::Prefix,
            Dialect::Postgres | Dialect::MySql => Mode::Schema { shared: shared.clone() },
        };
        let rows = Arc::new(Scoper::new(dialect, catalog.clone(), plan_cache));
        let placed = Arc::new(Scoper::new(dialect, catalog, plan_cache).with_mode(mode));
        let unscoped = OnceCell::new();
        Ok(Self {
            conn,
            options,
            gate,
            engines,
            rows,
            placed,
            operator,
            operator_options,
            unscoped,
            unscoped_apart,
            shared,
            timeouts,
            heads_table,
            standing,
            grantee: OnceCell::new(),
        })
    }

    /// The way to the tables all tenants share, narrowed to the tenant's rows.
    ///
    /// # Errors
    ///
    /// An error if the pool cannot be used.
    pub fn shared_tables(&self) -> Result<Session> {
        Ok(Session::new(self.link(&Context::None)?, &self.rows, None))
    }

    /// The way to the tables all tenants share, for policies that read the tenant from the
    /// transaction. The provider must [tell the database](super::IsolationProvider::tells_database).
    /// Where there are [lanes](super::IsolationProvider::lanes), a tenant that has one goes that way.
    ///
    /// # Errors
    ///
    /// An error if the pool's connections were not tried out for it, or on an engine without policies.
    #[cfg(feature = "postgres")]
    pub fn under_policies(&self, tenant: &Tenant) -> Result<Session> {
        let value = tenant.id.as_str().to_owned();
        let context = Context::Setting { name: TENANT_SETTING, value };
        let link = match self.engines.lane(tenant.id.as_str(), self.timeouts.of(tenant)) {
            Some(lane) => Link::lane(lane, &self.conn, &context)?,
            None => self.link(&context)?,
        };
        self.asking(Session::new(link, &self.rows, None), tenant)
    }

    /// The same, for policies that verify a token.
    ///
    /// # Errors
    ///
    /// As [`under_policies`](Self::under_policies).
    #[cfg(feature = "postgres")]
    pub fn under_signed_policies(&self, tenant: &Tenant, signing: &Signing) -> Result<Session> {
        let context = Context::Signed(signing.token(&tenant.id));
        self.asking(Session::new(self.link(&context)?, &self.rows, None), tenant)
    }

    #[cfg(feature = "postgres")]
    fn asking(&self, session: Session, tenant: &Tenant) -> Result<Session> {
        match &self.standing {
            Some(function) => Ok(session.asking(pool::Standing::new(&function.call, tenant)?)),
            None => Ok(session),
        }
    }

    /// The function that sessions under policies call, if they do.
    #[cfg(feature = "postgres")]
    pub(super) fn standing(&self) -> Option<&StandingFunction> {
        self.standing.as_ref()
    }

    /// A session that leaves room for other tenants: where they share a pool it passes its gate,
    /// and how long it may keep the database busy is said in each transaction.
    pub(crate) fn limited(&self, session: Session, tenant: &Tenant) -> Result<Session> {
        let session = session.behind(&self.gate.door(&tenant.id));
        match self.timeouts.of(tenant) {
            none if none.is_empty() => Ok(session),
            settings => session.with_settings(settings),
        }
    }

    /// The way to the tables in a tenant's schema: on MySQL a database, on SQLite a prefix.
    ///
    /// # Errors
    ///
    /// An error if the pool cannot be used.
    pub fn schema(&self, name: &SchemaName) -> Result<Session> {
        let place = Some(name.as_str().to_owned());
        Ok(Session::new(self.link(&Context::None)?, &self.placed, place))
    }

    /// The way to a database of a tenant's own, at that address. Connections to it are opened when
    /// they are needed, within the budget of all tenants; those to another address it had before
    /// are closed.
    ///
    /// Statements that name only tables all tenants share go to the database of those.
    ///
    /// # Errors
    ///
    /// An error if the pool cannot be used.
    pub fn database(&self, tenant: &TenantId, url: Secret) -> Result<Session> {
        let engine = Link::Engine(self.engines.engine(tenant.as_str(), url), Settings::default());
        Ok(Session::new(engine, &self.rows, None).with_shared(self.link(&Context::None)?))
    }

    /// Lets nobody to a tenant's database any more, and waits for a while until those who are there
    /// have left.
    pub async fn leave(&self, tenant: &TenantId, url: Secret) {
        let engine = self.engines.engine(tenant.as_str(), url);
        engine.retire();
        let left = async {
            while engine.is_open() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // Whoever is still there is cut off by what follows.
        let _ = tokio::time::timeout(self.options.acquire_timeout, left).await;
    }

    /// Closes the lane of a tenant that is no longer served: what is idle now, what is in use when it
    /// comes back. One who still has a connection of the tenant's goes on without a lane.
    #[cfg(feature = "postgres")]
    pub(crate) fn close_lane(&self, tenant: &TenantId) {
        self.engines.close_lane(tenant.as_str());
    }

    fn link(&self, context: &Context) -> Result<Link> {
        Link::new(&self.conn, context)
    }

    /// The address of the shared database, for the role that serves tenants.
    pub(super) fn url(&self) -> &Secret {
        &self.options.url
    }

    /// How the operator's pool was opened.
    pub(super) fn operator_options(&self) -> &PoolOptions {
        &self.operator_options
    }

    /// How the operator's pool was opened, without what its connections are tried out for.
    pub(crate) fn operator_connection_options(&self) -> PoolOptions {
        let options = self.operator_options.clone();
        #[cfg(feature = "postgres")]
        let options = PoolOptions { probe: None, ..options };
        options
    }

    /// In front of the pool that tenants share.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The engines of tenants' databases.
    pub(crate) fn engines(&self) -> &Engines {
        &self.engines
    }

    /// The pool that serves tenants.
    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }

    /// A tenant's schema, for [revisions](crate::migrate).
    #[must_use]
    pub fn site_in_schema(&self, name: &SchemaName) -> Site {
        Site::schema(name)
    }

    /// A tenant's database at that address, for [revisions](crate::migrate).
    #[must_use]
    pub fn site_in_database(&self, name: &DatabaseName, url: Secret) -> Site {
        Site::database(name.as_str(), url)
    }

    /// The schema of what all tenants share, on MySQL the database.
    pub(crate) fn shared_schema(&self) -> Option<&str> {
        self.shared.as_deref()
    }

    /// The statements that let the role that serves tenants use what is made in a place.
    pub(crate) async fn rights_at(&self, site: &Site) -> Result<Vec<String>> {
        // Beside what all tenants share are the tables of the control plane, which the role that
        // serves tenants must not read: revisions say themselves what is for whom there.
        let schema = match site.named() {
            _ if site.is_shared() => return Ok(Vec::new()),
            Some(name) => name,
            // A database of its own is used through its public schema.
            None if self.backend() == DbBackend::Postgres => "public",
            None => return Ok(Vec::new()),
        };
        let statements = rights::in_schema(self, schema).await?;
        Ok(statements.into_iter().map(|statement| statement.sql).collect())
    }

    /// Refuses to make tables from the entities where revisions make them.
    fn unmigrated(&self) -> Result<()> {
        if self.heads_table.is_some() {
            return Err(Error::config(
                "this tenancy has migrations, which make its tables: run `Tenancy::migrate`, or \
                 `tenancy migrate upgrade heads`, instead of `create_tables`",
            ));
        }
        Ok(())
    }

    /// Makes the tables of all annotated entities, those of tenants too, in the shared place.
    ///
    /// # Errors
    ///
    /// An error if the database refuses.
    pub async fn create_all_tables(&self) -> Result<()> {
        self.unmigrated()?;
        self.run(schema::create_all(self.backend())?).await
    }

    /// Makes the tables all tenants share.
    ///
    /// # Errors
    ///
    /// An error if the database refuses.
    pub async fn create_shared_tables(&self) -> Result<()> {
        self.unmigrated()?;
        self.run(schema::create_shared(self.backend())?).await
    }

    /// The statements that make a tenant's tables in a database of its own.
    pub(super) fn tables_apart(&self) -> Result<Vec<Statement>> {
        if self.heads_table.is_some() {
            return Ok(Vec::new());
        }
        schema::create_in(self.backend(), &Place::Database)
    }

    /// The statements that let the role that serves tenants use a schema.
    pub(super) async fn rights_in(&self, name: &SchemaName) -> Result<Vec<Statement>> {
        rights::in_schema(self, name.as_str()).await
    }

    /// The statements that make a tenant's tables in its schema.
    pub(super) fn tables_in(&self, name: &SchemaName) -> Result<Vec<Statement>> {
        if self.heads_table.is_some() {
            return Ok(Vec::new());
        }
        let place = Place::Named { name: name.as_str(), shared: self.shared.as_deref() };
        schema::create_in(self.backend(), &place)
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.operator.get_database_backend()
    }

    /// The operator's pool, for work that is never dropped half-way.
    pub(super) fn operator(&self) -> &DatabaseConnection {
        self.operator.unguarded()
    }

    /// The operator's connections.
    pub(crate) fn operator_connection(&self) -> &Connection {
        &self.operator
    }

    /// Connections that see all tenants.
    ///
    /// They have a pool of their own: a search path, an SQL mode or a temporary table that somebody
    /// leaves on one of them must meet neither tenants nor the store. An in-memory database has one
    /// connection for all.
    pub(crate) async fn unscoped_connection(&self) -> Result<&Connection> {
        if !self.unscoped_apart || self.operator_options.is_in_memory() {
            return Ok(&self.operator);
        }
        let open = || async {
            let options = self.operator_options.clone();
            #[cfg(feature = "postgres")]
            let options = PoolOptions { probe: None, ..options };
            Connection::open(&options).await
        };
        self.unscoped.get_or_try_init(open).await
    }

    /// The tables statements may name.
    pub(crate) fn catalog(&self) -> &Catalog {
        self.rows.catalog()
    }

    /// Closes the pools, and waits until their connections were given back.
    pub(crate) async fn close(&self) -> Result<()> {
        self.engines.close().await;
        self.conn.close().await?;
        if let Some(unscoped) = self.unscoped.get() {
            unscoped.close().await?;
        }
        Ok(self.operator.close().await?)
    }

    /// DDL has no values, and MySQL prepares no trigger.
    async fn run(&self, statements: Vec<Statement>) -> Result<()> {
        for statement in statements {
            self.operator.execute_unprepared(&statement.sql).await?;
        }
        Ok(())
    }
}

/// The schema, on MySQL the database, that bare names mean on a connection.
async fn current_schema(conn: &Connection, dialect: Dialect) -> Result<Option<String>> {
    let sql = match dialect {
        Dialect::Sqlite => return Ok(None),
        Dialect::Postgres => "SELECT current_schema()::text",
        Dialect::MySql => "SELECT DATABASE()",
    };
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    let row = conn.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten())
}
