//! A pool whose connections are always in step with their server, wherever a caller is dropped.
//!
//! What the driver leaves behind when the future of a statement is dropped differs:
//!
//! - PostgreSQL: it counts the answers it still awaits, and reads them before the connection is
//!   used again; if the dropped statement fails meanwhile, the connection is closed. Until the
//!   server is done with the statement, the connection is busy.
//! - SQLite: a thread finishes the statement.
//! - MySQL and MariaDB: dropped within the answer, it loses its place, and the connection's next
//!   borrower waits for ever or reads what was meant for another. So no statement is dropped
//!   there: each runs in a task of its own, and so does whoever reads a stream.
//!
//! On every engine, a `BEGIN` dropped before its answer is a transaction the driver does not know
//! of, which the next borrower would work in. It runs in a task of its own everywhere. What is
//! dropped while it waits for a connection has sent nothing of its caller's: the pool closes the
//! connection it was opening or trying out.

#[cfg(feature = "postgres")]
use sea_orm::sqlx::PgPool;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, StreamTrait as _, TransactionOptions, TransactionTrait as _,
};

#[cfg(feature = "postgres")]
use super::{PgSession, Probe};
use super::{PoolOptions, Rows, finish, open};
#[cfg(feature = "postgres")]
use crate::Error;
use crate::Result;

/// A pool. All that runs for a request runs through this.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    conn: DatabaseConnection,
    #[cfg(feature = "postgres")]
    postgres: Option<Postgres>,
}

/// What more there is on PostgreSQL.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone)]
struct Postgres {
    pool: PgPool,
    probe: Option<Probe>,
    named: bool,
}

impl Connection {
    /// Opens a pool and proves it with one connection.
    pub(crate) async fn open(options: &PoolOptions) -> Result<Self> {
        let conn = open(options).await?;
        #[cfg(feature = "postgres")]
        let postgres = (conn.get_database_backend() == DbBackend::Postgres).then(|| Postgres {
            pool: conn.get_postgres_connection_pool().clone(),
            probe: options.probe.clone(),
            named: options.named(),
        });
        Ok(Self {
            conn,
            #[cfg(feature = "postgres")]
            postgres,
        })
    }

    /// A pool that is there already, whose statements stay prepared.
    #[cfg(test)]
    pub(crate) fn new(conn: DatabaseConnection) -> Self {
        Self {
            conn,
            #[cfg(feature = "postgres")]
            postgres: None,
        }
    }

    /// Transactions on this pool that have a setting.
    ///
    /// # Errors
    ///
    /// If there are none on this engine, or its connections were not tried out for them.
    #[cfg(feature = "postgres")]
    pub(crate) fn session(&self, name: &str, value: &str) -> Result<PgSession> {
        let missing = || Error::config("only PostgreSQL has settings for policies to read");
        let Postgres { pool, probe, named } = self.postgres.as_ref().ok_or_else(missing)?;
        let missing = || Error::config("the pool's connections were not tried out for settings");
        let probe = probe.as_ref().ok_or_else(missing)?;
        Ok(PgSession::telling(pool, *named, probe, name, value)?)
    }

    /// Where statements do not stay prepared, one is prepared and run in a transaction, which is
    /// as long as a pooler lends the same connection. Out of it, what is run might be what somebody
    /// else has prepared.
    #[cfg(feature = "postgres")]
    pub(crate) fn in_transaction(&self) -> Option<PgSession> {
        let Postgres { pool, named, .. } = self.postgres.as_ref()?;
        (!named).then(|| PgSession::silent(pool, *named))
    }

    /// The pool itself, for work that is never dropped half-way.
    pub(crate) fn unguarded(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// The rows of a statement, one by one.
    pub(crate) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        #[cfg(feature = "postgres")]
        if let Some(session) = self.in_transaction() {
            return session.stream(stmt).await;
        }
        // Nothing is sent before the first row is asked for.
        let rows = self.conn.stream_raw(stmt).await?;
        Ok(if in_task(self.get_database_backend()) { Rows::in_task(rows) } else { rows.into() })
    }

    /// Begins a transaction, whether or not somebody waits for it: it is rolled back if nobody does.
    pub(crate) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, DbErr> {
        let conn = self.conn.clone();
        finish(async move { conn.begin_with_options(options).await }).await
    }
}

/// Whether statements on this engine must not be dropped.
pub(crate) fn in_task(backend: DbBackend) -> bool {
    backend == DbBackend::MySql
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(&self.conn)
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        if in_task(self.get_database_backend()) {
            let conn = self.conn.clone();
            return finish(async move { conn.execute_raw(stmt).await }).await;
        }
        #[cfg(feature = "postgres")]
        if let Some(session) = self.in_transaction() {
            return session.execute(stmt).await;
        }
        self.conn.execute_raw(stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        if in_task(self.get_database_backend()) {
            let (conn, sql) = (self.conn.clone(), sql.to_owned());
            return finish(async move { conn.execute_unprepared(&sql).await }).await;
        }
        self.conn.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        if in_task(self.get_database_backend()) {
            let conn = self.conn.clone();
            return finish(async move { conn.query_one_raw(stmt).await }).await;
        }
        #[cfg(feature = "postgres")]
        if let Some(session) = self.in_transaction() {
            return session.query_one(stmt).await;
        }
        self.conn.query_one_raw(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if in_task(self.get_database_backend()) {
            let conn = self.conn.clone();
            return finish(async move { conn.query_all_raw(stmt).await }).await;
        }
        #[cfg(feature = "postgres")]
        if let Some(session) = self.in_transaction() {
            return session.query_all(stmt).await;
        }
        self.conn.query_all_raw(stmt).await
    }

    fn support_returning(&self) -> bool {
        self.conn.support_returning()
    }
}
