//! A pool whose connections are always in step with their server, wherever a caller is dropped.
//!
//! What the driver leaves behind when the future of a statement is dropped differs:
//!
//! - PostgreSQL: it counts the answers it still awaits, and reads them before the connection is
//!   used again. Until the server is done with the statement the connection is busy, so it is told
//!   to [cancel](super::postgres) it.
//! - SQLite: a thread finishes the statement.
//! - MySQL and MariaDB: dropped within the answer, it loses its place, and the connection's next
//!   borrower waits for ever or reads what was meant for another. So no statement is dropped
//!   there: each runs in a task of its own, and so does whoever reads a stream. When its caller is
//!   gone, the task has the statement [cancelled](super::mysql) and reads what is left.
//!
//! On every engine, a `BEGIN` dropped before its answer is a transaction the driver does not know
//! of, which the next borrower would work in. It runs in a task of its own everywhere. What is
//! dropped while it waits for a connection has sent nothing of its caller's: the pool closes the
//! connection it was opening or trying out.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use sea_orm::{ConnAcquireErr, RuntimeErr, sqlx};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

#[cfg(feature = "mysql")]
use super::mysql;
use super::{Direct, PoolOptions, Rows, open};
#[cfg(feature = "postgres")]
use super::{PgSession, Probe, postgres::Pool};
#[cfg(feature = "postgres")]
use crate::Error;
use crate::Result;

/// A pool. All that runs for a request runs through this.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    conn: DatabaseConnection,
    #[cfg(feature = "postgres")]
    postgres: Option<Postgres>,
    #[cfg(feature = "mysql")]
    mysql: Option<mysql::Pool>,
}

/// What more there is on PostgreSQL.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone)]
struct Postgres {
    pool: Pool,
    probe: Option<Probe>,
    named: bool,
}

impl Connection {
    /// Opens a pool and proves it with one connection.
    pub(crate) async fn open(options: &PoolOptions) -> Result<Self> {
        #[cfg(feature = "postgres")]
        if options.is_postgres() {
            return Self::open_postgres(options).await;
        }
        #[cfg(feature = "mysql")]
        if options.is_mysql() {
            return Self::open_mysql(options).await;
        }
        Ok(Self::new(open(options).await?))
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres(options: &PoolOptions) -> Result<Self> {
        options.check()?;
        let pool = Pool::new(options)?;
        drop(pool.acquire().await?);
        if let Some(probe) = &options.probe {
            probe.verdict()?;
        }
        // Who has a single connection looks after it.
        if options.max_connections > 1 {
            pool.tend();
        }
        // What does not run for a request goes by a pool of SeaORM's, which has no connection
        // before it is used.
        let mut lazy = super::postgres::options(options)?;
        lazy.connect_lazy(true);
        let conn = sea_orm::Database::connect(lazy).await?;
        let postgres = Postgres { pool, probe: options.probe.clone(), named: options.named() };
        Ok(Self { postgres: Some(postgres), ..Self::new(conn) })
    }

    #[cfg(feature = "mysql")]
    async fn open_mysql(options: &PoolOptions) -> Result<Self> {
        options.check()?;
        let pool = mysql::Pool::new(options)?;
        drop(pool.acquire().await?);
        // Who has a single connection looks after it.
        if options.max_connections > 1 {
            pool.tend();
        }
        // As on PostgreSQL.
        let mut lazy = mysql::options(options)?;
        lazy.connect_lazy(true);
        let conn = sea_orm::Database::connect(lazy).await?;
        Ok(Self { mysql: Some(pool), ..Self::new(conn) })
    }

    /// A pool that is there already, whose statements stay prepared.
    #[cfg_attr(not(any(test, feature = "postgres")), allow(dead_code))]
    pub(crate) fn new(conn: DatabaseConnection) -> Self {
        Self {
            conn,
            #[cfg(feature = "postgres")]
            postgres: None,
            #[cfg(feature = "mysql")]
            mysql: None,
        }
    }

    /// The way to the database where transactions can have settings for policies to read.
    ///
    /// # Errors
    ///
    /// If there are none on this engine, or its connections were not tried out for them.
    #[cfg(feature = "postgres")]
    pub(crate) fn told_session(&self) -> Result<PgSession> {
        let missing = || Error::config("only PostgreSQL has settings for policies to read");
        let Postgres { pool, probe, named } = self.postgres.as_ref().ok_or_else(missing)?;
        let missing = || Error::config("the pool's connections were not tried out for settings");
        let probe = probe.as_ref().ok_or_else(missing)?;
        Ok(PgSession::silent(pool, *named).tried_out(probe))
    }

    /// The way to the database on PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn plain_session(&self) -> Option<PgSession> {
        let Postgres { pool, named, .. } = self.postgres.as_ref()?;
        Some(PgSession::silent(pool, *named))
    }

    /// How many connections there are, and how many of them nobody uses.
    pub(crate) fn usage(&self) -> (usize, usize) {
        match self.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => {
                let pool = self.conn.get_sqlite_connection_pool();
                (pool.size() as usize, pool.num_idle())
            }
            #[cfg(feature = "postgres")]
            DbBackend::Postgres => match &self.postgres {
                Some(postgres) => postgres.pool.usage(),
                None => {
                    let pool = self.conn.get_postgres_connection_pool();
                    (pool.size() as usize, pool.num_idle())
                }
            },
            #[cfg(feature = "mysql")]
            DbBackend::MySql => match &self.mysql {
                Some(pool) => pool.usage(),
                None => {
                    let pool = self.conn.get_mysql_connection_pool();
                    (pool.size() as usize, pool.num_idle())
                }
            },
            _ => (0, 0),
        }
    }

    /// Waits until a pool of one has its connection back.
    pub(crate) async fn taken_back(&self) -> Result<(), DbErr> {
        match self.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => taken(self.conn.get_sqlite_connection_pool().acquire().await),
            #[cfg(feature = "postgres")]
            DbBackend::Postgres => match &self.postgres {
                Some(postgres) => postgres.pool.acquire().await.map(drop),
                None => taken(self.conn.get_postgres_connection_pool().acquire().await),
            },
            #[cfg(feature = "mysql")]
            DbBackend::MySql => match &self.mysql {
                Some(pool) => pool.acquire().await.map(drop),
                None => taken(self.conn.get_mysql_connection_pool().acquire().await),
            },
            _ => Ok(()),
        }
    }

    /// Closes the pool, and waits until its connections were given back.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(postgres) = &self.postgres {
            postgres.pool.close().await;
        }
        #[cfg(feature = "mysql")]
        if let Some(pool) = &self.mysql {
            pool.close().await;
        }
        self.conn.close_by_ref().await
    }

    /// The pool itself, for work that is never dropped half-way.
    pub(crate) fn unguarded(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// The rows of a statement, one by one.
    pub(crate) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.plain_session() {
            return session.stream(stmt).await;
        }
        self.direct().stream(stmt).await
    }

    /// The way past the driver's own pool.
    pub(crate) fn direct(&self) -> Direct {
        let direct = Direct::new(self.conn.clone());
        #[cfg(feature = "mysql")]
        if let Some(pool) = &self.mysql {
            return direct.by(pool.clone());
        }
        direct
    }
}

/// Whether a pool of the driver's gave its connection.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn taken<T>(conn: Result<T, sqlx::Error>) -> Result<(), DbErr> {
    conn.map(drop).map_err(|error| match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    })
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(&self.conn)
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.plain_session() {
            return session.execute(stmt).await;
        }
        self.direct().execute(stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.plain_session() {
            return session.execute_unprepared(sql).await;
        }
        self.direct().execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.plain_session() {
            return session.query_one(stmt).await;
        }
        self.direct().query_one(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.plain_session() {
            return session.query_all(stmt).await;
        }
        self.direct().query_all(stmt).await
    }

    fn support_returning(&self) -> bool {
        self.conn.support_returning()
    }
}
