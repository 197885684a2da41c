//! A database for each tenant: on SQLite a file.

use std::path::PathBuf;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tenancy_core::{DatabaseName, IsolationKind, Location, Secret, Tenant};

use super::{
    Grounds, IsolationProvider, Session, address, check_override,
    erase::{self, quoted},
    misplaced, owner, rights,
};
use crate::{
    Error, Result,
    audit::Report,
    migrate::{
        Site,
        structure::{Layout, Tables},
    },
    pool::{Connection, PoolOptions},
};

/// Keeps each tenant's tables in a database of its own, on the server of the shared one or at the
/// tenant's [own address](Tenant::database_url); on SQLite in a file.
///
/// Connections are opened when they are needed and closed when they are not, within one budget for
/// all tenants; see [`Builder::connection_budget`](crate::Builder::connection_budget).
///
/// The tables all tenants share stay in the shared database. A statement that names only such
/// tables is sent there; one that names both is refused, since no engine reads two databases
/// alike. Foreign keys to them are not made. In a transaction they can be read, beside it, and not
/// written.
///
/// The database's name is made from the tenant's id, not from its slug, and stored with the tenant.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Database, NewTenant, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("tenancy-doc-database-{}", std::process::id()));
/// let tenancy = Tenancy::builder()
///     .database("sqlite::memory:")
///     .isolation(Database::new().folder(&dir))
///     .connect()
///     .await?;
/// tenancy.create_tenant(NewTenant::new("acme")?.id("acme")?).await?;
/// assert!(dir.join("t_acme.db").exists());
/// # tenancy.close().await?;
/// # let _ = std::fs::remove_dir_all(dir);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Database {
    prefix: String,
    folder: Option<PathBuf>,
}

impl Database {
    /// The strategy, with names such as `t_acme`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a prefix before each name: `shop_t_acme`. Needed where several applications keep
    /// tenants on one server.
    ///
    /// A prefix of more than 20 bytes, or one that could not begin a name, makes the creation of
    /// tenants fail.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets where the files of SQLite are. Unless set, beside the shared one: those of `shop.db`
    /// are in `shop.tenants`. Other engines have no folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Where a tenant's database is, seen from an address of the shared one. `mode` is SQLite's.
    fn address(&self, shared: &Secret, tenant: &Tenant, mode: &str) -> Result<Secret> {
        match &tenant.database_url {
            Some(own) => Ok(own.clone()),
            None => address::database(shared, name(tenant)?, self.folder.as_deref(), mode),
        }
    }

    /// The operator's connection to a tenant's database.
    async fn enter(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Connection> {
        let mut options = grounds.operator_options().clone();
        options.url = self.address(&options.url, tenant, "rw")?;
        options.max_connections = 1;
        #[cfg(feature = "postgres")]
        {
            options.probe = None;
        }
        open(&options, grounds.backend()).await
    }

    /// Makes the database, if it is ours to make. It may be there.
    async fn make(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        if tenant.database_url.is_some() {
            return Ok(());
        }
        let name = name(tenant)?;
        let operator = grounds.operator_connection();
        match grounds.backend() {
            DbBackend::Postgres => {
                let create =
                    format!("CREATE DATABASE {}", quoted(DbBackend::Postgres, name.as_str()));
                if there(operator, name).await? {
                    return Ok(());
                }
                match operator.execute_unprepared(&create).await {
                    // Somebody else was faster.
                    Err(_) if there(operator, name).await? => Ok(()),
                    outcome => Ok(outcome.map(drop)?),
                }
            }
            DbBackend::MySql => {
                let name = quoted(DbBackend::MySql, name.as_str());
                let create = format!("CREATE DATABASE IF NOT EXISTS {name}");
                Ok(operator.execute_unprepared(&create).await.map(drop)?)
            }
            _ => {
                let options = grounds.operator_options();
                let file = address::file(&options.url, name, self.folder.as_deref())?;
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| unmade(folder, &error))?;
                }
                let mut options = options.clone();
                options.url = self.address(&options.url, tenant, "rwc")?;
                options.max_connections = 1;
                Ok(Connection::open(&options).await?.close().await?)
            }
        }
    }

    /// Drops the database, which is the tenant's.
    async fn drop(&self, grounds: &Grounds, name: &DatabaseName) -> Result<()> {
        let operator = grounds.operator_connection();
        let backend = grounds.backend();
        match backend {
            DbBackend::Sqlite => {
                let shared = &grounds.operator_options().url;
                let file = address::file(shared, name, self.folder.as_deref())?;
                // The log goes first: without it, the file alone is a database still.
                for end in ["-wal", "-shm", ""] {
                    let mut path = file.clone().into_os_string();
                    path.push(end);
                    match std::fs::remove_file(&path) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(unmade(&file, &error));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            _ => {
                // Other processes may have idle connections to it.
                let force = if backend == DbBackend::Postgres { " WITH (FORCE)" } else { "" };
                let name = quoted(backend, name.as_str());
                let sql = format!("DROP DATABASE IF EXISTS {name}{force}");
                Ok(operator.execute_unprepared(&sql).await.map(drop)?)
            }
        }
    }

    /// Whether there is something to drop.
    async fn exists(&self, grounds: &Grounds, name: &DatabaseName) -> Result<bool> {
        match grounds.backend() {
            DbBackend::Sqlite => {
                let shared = &grounds.operator_options().url;
                Ok(address::file(shared, name, self.folder.as_deref())?.exists())
            }
            _ => there(grounds.operator_connection(), name).await,
        }
    }
}

fn name(tenant: &Tenant) -> Result<&DatabaseName> {
    match &tenant.location {
        Some(Location::Database(name)) => Ok(name),
        _ => Err(misplaced(tenant, "databases of their own")),
    }
}

fn unmade(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::config(format!("the place `{}` of tenants' databases: {error}", path.display()))
}

async fn open(options: &PoolOptions, backend: DbBackend) -> Result<Connection> {
    let conn = Connection::open(options).await?;
    if conn.get_database_backend() != backend {
        return Err(Error::config(
            "the tenant's own database is of another kind than the shared one; statements are \
             written for one engine: give the tenant a database of the same kind",
        ));
    }
    Ok(conn)
}

/// Whether the server has a database of that name.
async fn there(operator: &Connection, name: &DatabaseName) -> Result<bool> {
    let backend = operator.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1",
        _ => "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?",
    };
    let statement = Statement::from_sql_and_values(backend, sql, [name.as_str().into()]);
    Ok(operator.query_one_raw(statement).await?.is_some())
}

#[async_trait::async_trait]
impl IsolationProvider for Database {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        check_override(tenant, IsolationKind::Database)?;
        Ok(Location::Database(DatabaseName::for_tenant_of(&self.prefix, &tenant.id)?))
    }

    async fn provision(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        let name = name(tenant)?;
        let mut statements = grounds.tables_apart()?;
        if tenant.database_url.is_none() {
            statements.extend(rights::in_database(grounds, name.as_str()).await?);
        }
        self.make(grounds, tenant).await?;
        let conn = self.enter(grounds, tenant).await?;
        let outcome = owner::settle(conn.unguarded(), name.as_str(), &tenant.id, statements).await;
        conn.close().await?;
        outcome
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        let url = self.address(grounds.url(), tenant, "rw")?;
        grounds.database(&tenant.id, url)
    }

    fn site(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Option<Site>> {
        let url = self.address(&grounds.operator_options().url, tenant, "rw")?;
        Ok(Some(grounds.site_in_database(name(tenant)?, url)))
    }

    fn layout(&self) -> Option<Layout> {
        Some(Layout { shared: Tables::Shared, place: Some(Tables::Alone) })
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        let name = name(tenant)?;
        let given = tenant.database_url.is_some();
        if !given && !self.exists(grounds, name).await? {
            return Ok(());
        }
        let conn = self.enter(grounds, tenant).await?;
        let mut outcome = owner::check(conn.unguarded(), name.as_str(), &tenant.id).await;
        if given && outcome.is_ok() {
            // A database that was given is not ours to drop.
            outcome = erase::rows(grounds, conn.unguarded(), &tenant.id, None).await;
        }
        conn.close().await?;
        outcome?;
        if given {
            return Ok(());
        }
        grounds.leave(&tenant.id, self.address(grounds.url(), tenant, "rw")?).await;
        self.drop(grounds, name).await
    }

    async fn verify_tenant(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Report> {
        let url = self.address(grounds.url(), tenant, "rw")?;
        grounds.audit_database(&tenant.id, url).await
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        grounds.create_shared_tables().await
    }
}
