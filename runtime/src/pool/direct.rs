//! Statements that go to a pool of the driver's as they are: those of SQLite, MySQL and MariaDB.

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, StreamTrait as _, TransactionOptions, TransactionTrait as _,
};

use super::{Door, Pass, Rows, finish};

/// A pool of the driver's, and a tenant's way to it.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    conn: DatabaseConnection,
    door: Option<Door>,
}

/// An open transaction, and leave to use its connection.
pub(crate) struct DirectTransaction {
    // Dropped in this order.
    txn: DatabaseTransaction,
    _pass: Option<Pass>,
}

/// Whether statements on this engine must not be dropped.
pub(crate) fn in_task(backend: DbBackend) -> bool {
    backend == DbBackend::MySql
}

impl Direct {
    pub(super) fn new(conn: DatabaseConnection) -> Self {
        Self { conn, door: None }
    }

    /// The same, as one of those who share the pool.
    pub(crate) fn behind(self, door: Door) -> Self {
        Self { door: Some(door), ..self }
    }

    async fn enter(&self) -> Result<Option<Pass>, DbErr> {
        match &self.door {
            Some(door) => door.enter().await.map(Some),
            None => Ok(None),
        }
    }

    fn in_task(&self) -> bool {
        in_task(self.conn.get_database_backend())
    }

    /// Runs a statement. Where it goes on without its caller, so does what it holds.
    async fn run<T, F>(&self, work: impl FnOnce(DatabaseConnection) -> F) -> Result<T, DbErr>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let pass = self.enter().await?;
        let work = work(self.conn.clone());
        let guarded = async move {
            let result = work.await;
            drop(pass);
            result
        };
        if self.in_task() { finish(guarded).await } else { guarded.await }
    }

    pub(crate) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.run(|conn| async move { conn.execute_raw(stmt).await }).await
    }

    /// Sends text without values.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = sql.to_owned();
        self.run(|conn| async move { conn.execute_unprepared(&sql).await }).await
    }

    pub(crate) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(|conn| async move { conn.query_one_raw(stmt).await }).await
    }

    pub(crate) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(|conn| async move { conn.query_all_raw(stmt).await }).await
    }

    /// The rows of a statement, one by one.
    pub(crate) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        let pass = self.enter().await?;
        // Nothing is sent before the first row is asked for.
        let rows = self.conn.stream_raw(stmt).await?;
        Ok(if self.in_task() { Rows::in_task(rows, pass) } else { Rows::by_caller(rows, pass) })
    }

    /// Begins a transaction, whether or not somebody waits for it: it is rolled back if nobody does.
    pub(crate) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<DirectTransaction, DbErr> {
        let pass = self.enter().await?;
        let conn = self.conn.clone();
        finish(async move {
            let txn = conn.begin_with_options(options).await?;
            Ok(DirectTransaction { txn, _pass: pass })
        })
        .await
    }
}

impl DirectTransaction {
    pub(crate) fn get(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// Opens a savepoint. Not to be dropped half-way.
    pub(crate) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        // The connection is the transaction's.
        Ok(Self { txn: self.txn.begin_with_options(options).await?, _pass: None })
    }

    /// Not to be dropped half-way.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.txn.commit().await
    }

    /// Not to be dropped half-way.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.txn.rollback().await
    }
}
