//! Private connection pools: opening one from a URL, set up so that what the scoper understood is what the engine does.
//!
//! Nothing outside the crate ever gets a pool: [`TenantDb`](crate::TenantDb) owns its way to one and shows only
//! SeaORM's connection traits. URLs hold passwords, so they are never handed to anything that prints them.

// Without an engine the crate compiles, for tools that check features one by one, and opens nothing.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, unused, unreachable_code)
)]

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend};
use tenancy_core::{Dialect, Secret};

pub(crate) use self::{
    connection::Connection,
    direct::{Direct, DirectTransaction},
    finish::{finish, finish_knowing},
    gate::{Door, Gate, Pass},
    rows::{Rows, Sender},
};
#[cfg(feature = "postgres")]
pub(crate) use self::{
    health::Health,
    lane::Startup,
    probe::Probe,
    session::{PgSession, PgTransaction, Standing},
    token::Token,
};
use crate::{Error, Result};

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod cancel;
mod connection;
mod direct;
pub(crate) mod engine;
mod finish;
mod gate;
#[cfg(feature = "postgres")]
mod health;
#[cfg(feature = "postgres")]
pub(crate) mod lane;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod members;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod probe;
mod rows;
#[cfg(feature = "postgres")]
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "postgres")]
mod token;

/// What transactions are told besides their tenant, and lanes' connections when they start: names
/// and values.
pub(crate) type Settings = Arc<[(&'static str, String)]>;

/// How to open a pool.
#[derive(Debug, Clone)]
pub(crate) struct PoolOptions {
    /// Address of the database; may hold a password.
    pub(crate) url: Secret,
    /// Most connections at a time. An in-memory SQLite database always has one.
    pub(crate) max_connections: u32,
    /// Longest wait for a free connection.
    pub(crate) acquire_timeout: Duration,
    /// Tries out each connection, where transactions have settings.
    #[cfg(feature = "postgres")]
    pub(crate) probe: Option<Probe>,
    /// Of the server: clones lead to the same one.
    #[cfg(feature = "postgres")]
    pub(crate) health: Health,
    /// What each connection says when it starts.
    #[cfg(feature = "postgres")]
    pub(crate) startup: Option<Startup>,
}

impl PoolOptions {
    /// Connections of a pool unless told otherwise.
    pub(crate) const MAX_CONNECTIONS: u32 = 10;
    /// Longest wait for a connection unless told otherwise.
    pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

    /// Options with the defaults.
    pub(crate) fn new(url: Secret) -> Self {
        Self {
            url,
            max_connections: Self::MAX_CONNECTIONS,
            acquire_timeout: Self::ACQUIRE_TIMEOUT,
            #[cfg(feature = "postgres")]
            probe: None,
            #[cfg(feature = "postgres")]
            health: Health::default(),
            #[cfg(feature = "postgres")]
            startup: None,
        }
    }

    fn check(&self) -> Result<()> {
        if self.max_connections == 0 {
            return Err(Error::config(
                "max_connections is 0, and a pool needs one connection at least",
            ));
        }
        Ok(())
    }

    #[cfg(feature = "postgres")]
    fn is_postgres(&self) -> bool {
        let scheme = self.url.expose().split(':').next();
        matches!(scheme, Some("postgres" | "postgresql"))
    }

    #[cfg(feature = "mysql")]
    fn is_mysql(&self) -> bool {
        let scheme = self.url.expose().split(':').next();
        matches!(scheme, Some("mysql" | "mariadb"))
    }

    /// Whether another pool would be another database, gone with its connections.
    pub(crate) fn is_in_memory(&self) -> bool {
        let url = self.url.expose();
        url.starts_with("sqlite:") && (url.contains(":memory:") || url.contains("mode=memory"))
    }

    /// Whether statements stay prepared on their connection; not where the URL says
    /// `statement-cache-capacity=0`, as it must for poolers that lose prepared statements.
    #[cfg(feature = "postgres")]
    pub(crate) fn named(&self) -> bool {
        let query = self.url.expose().split_once('?').map_or("", |(_, query)| query);
        !query.split('&').any(|pair| pair == "statement-cache-capacity=0")
    }
}

/// How long a connection may have been idle before it is tried out when it is taken from the pool.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const PING_AFTER: Duration = Duration::from_secs(30);

/// Opens a pool and proves it with one connection.
pub(crate) async fn open(options: &PoolOptions) -> Result<DatabaseConnection> {
    options.check()?;
    let scheme = options.url.expose().split(':').next().unwrap_or_default();
    let connect: ConnectOptions = match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::options(options)?,
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres::options(options)?,
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => mysql::options(options)?,
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => return Err(feature_missing("sqlite")),
        #[cfg(not(feature = "postgres"))]
        "postgres" | "postgresql" => return Err(feature_missing("postgres")),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => return Err(feature_missing("mysql")),
        // The text may be a password put in the wrong place: it is not repeated.
        _ => {
            return Err(Error::config(
                "the database URL begins with none of `sqlite:`, `postgres://`, `mysql://`",
            ));
        }
    };
    let conn = patiently(connect, options.acquire_timeout).await?;
    #[cfg(feature = "postgres")]
    if let Some(probe) = &options.probe {
        probe.verdict()?;
    }
    Ok(conn)
}

/// Connects. Whoever is the first to open a new SQLite file changes how it keeps its journal, and
/// others that come at this moment are told that it is locked, however patient they are.
async fn patiently(connect: ConnectOptions, longest: Duration) -> Result<DatabaseConnection> {
    let begun = Instant::now();
    loop {
        match Database::connect(connect.clone()).await {
            Err(error)
                if error.to_string().contains("database is locked")
                    && begun.elapsed() < longest =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return Ok(outcome?),
        }
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn feature_missing(engine: &str) -> Error {
    Error::config(format!(
        "the database URL is one of {engine}: switch on tenancy's feature `{engine}`"
    ))
}

/// SeaORM's options around a URL that holds no secret: SeaORM shows the URL in errors and at trace level.
///
/// The real options take its place when SeaORM asks for them.
fn stand_in(url: &'static str, options: &PoolOptions) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .record_stmt_in_spans(false)
        .sqlx_logging(false);
    connect
}

/// A URL the driver could not read. Its message may quote a value; that is left out.
fn unreadable(error: &dyn fmt::Display) -> Error {
    let mut text = error.to_string();
    if let (Some(first), Some(last)) = (text.find('"'), text.rfind('"')) {
        text.replace_range(first..=last, "…");
    }
    Error::config(format!("the database URL could not be read: {text}"))
}

/// The engine statements of a dialect are for.
pub(crate) fn backend(dialect: Dialect) -> DbBackend {
    match dialect {
        Dialect::Sqlite => DbBackend::Sqlite,
        Dialect::Postgres => DbBackend::Postgres,
        Dialect::MySql => DbBackend::MySql,
    }
}

/// The dialect statements for an engine are written in.
pub(crate) fn dialect(backend: DbBackend) -> Dialect {
    match backend {
        DbBackend::Sqlite => Dialect::Sqlite,
        DbBackend::Postgres => Dialect::Postgres,
        DbBackend::MySql => Dialect::MySql,
        // `open` lets no other engine in, and the scoper must not guess at a dialect.
        other => unreachable!("there is no dialect for the engine {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

    use super::*;

    async fn refused(url: &str) -> String {
        let mut options = PoolOptions::new(Secret::new(url));
        options.acquire_timeout = Duration::from_millis(200);
        let error = open(&options).await.unwrap_err();
        format!("{error} {error:?}")
    }

    #[tokio::test]
    async fn errors_never_show_the_url() {
        for url in [
            "oracle://app:hunter2@db/shop",
            "hunter2",
            "sqlite:",
            "sqlite://hunter2-is-not-here.db",
            "sqlite://shop.db?mode=hunter2",
            "postgres://app:hunter2@db:port/shop",
            "mysql://app:hunter2@db:port/shop",
            "postgres://app:hunter2@127.0.0.1:1/shop?sslmode=hunter2",
            "postgres://app:hunter2@127.0.0.1:1/shop",
            "mysql://app:hunter2@127.0.0.1:1/shop",
        ] {
            let text = refused(url).await;
            assert!(!text.contains("hunter2"), "{url}: {text}");
        }
    }

    #[cfg(feature = "sqlite")]
    async fn pragma(conn: &DatabaseConnection, name: &str, column: &str) -> String {
        let select = format!("SELECT CAST({column} AS TEXT) FROM pragma_{name}");
        let select = sea_orm::Statement::from_string(DbBackend::Sqlite, select);
        let row = conn.query_one_raw(select).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn sqlite_is_set_up() {
        let path = std::env::temp_dir().join(format!("tenancy-{}-pragmas.db", std::process::id()));
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let file = open(&PoolOptions::new(Secret::new(url))).await.unwrap();
        assert_eq!(pragma(&file, "foreign_keys", "foreign_keys").await, "1");
        assert_eq!(pragma(&file, "journal_mode", "journal_mode").await, "wal");
        assert_eq!(pragma(&file, "busy_timeout", "timeout").await, "5000");
        file.close().await.unwrap();
        std::fs::remove_file(path).unwrap();
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn an_in_memory_database_is_one_for_the_whole_pool() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://?mode=memory&cache=private"] {
            let mut options = PoolOptions::new(Secret::new(url));
            options.acquire_timeout = Duration::from_millis(100);
            let conn = open(&options).await.unwrap();
            conn.execute_unprepared("CREATE TABLE kept (id INTEGER)").await.unwrap();
            let held = conn.begin().await.unwrap();
            assert!(conn.begin().await.is_err(), "{url} has a second connection");
            held.rollback().await.unwrap();
            conn.execute_unprepared("INSERT INTO kept VALUES (1)").await.unwrap();
        }
    }

    /// What each connection of a server is told.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn setting(variable: &str, usual: &str, select: &str) -> String {
        let url = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
        let conn = open(&PoolOptions::new(Secret::new(url))).await.unwrap();
        let select = sea_orm::Statement::from_string(conn.get_database_backend(), select);
        conn.query_one_raw(select).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    #[cfg(feature = "postgres")]
    #[tokio::test]
    async fn postgres_reads_strings_by_the_standard() {
        let usual = "postgres://postgres@127.0.0.1:5432/postgres?options=-c%20standard_conforming_strings%3Doff";
        let select = "SELECT current_setting('standard_conforming_strings')";
        assert_eq!(setting("TENANCY_TEST_POSTGRES_URL", usual, select).await, "on");
    }

    #[cfg(feature = "mysql")]
    #[tokio::test]
    async fn mysql_runs_in_one_mode() {
        let usual = "mysql://root@127.0.0.1:3306/mysql";
        let mode =
            setting("TENANCY_TEST_MYSQL_URL", usual, "SELECT CAST(@@sql_mode AS CHAR)").await;
        let (_, wanted) = mysql::SQL_MODE.split_once('\'').unwrap();
        let sorted = |modes: &str| {
            let mut modes: Vec<_> = modes.split(',').map(str::to_owned).collect();
            modes.sort();
            modes
        };
        assert_eq!(sorted(&mode), sorted(wanted.trim_end_matches('\'')));
    }
}
