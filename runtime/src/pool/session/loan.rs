//! A connection lent by an engine, without anything around its statements: it leads to one tenant's
//! rows only, by its database or by its startup options.

use sea_orm::{
    DbErr, ExecResult, QueryResult, Statement, TransactionOptions,
    sqlx::{AssertSqlSafe, Executor as _},
};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    Lease, PgTransaction, exec_error, execute, modes, query_all, query_error, query_one, read,
};
use crate::pool::{Rows, engine};

/// A connection lent by an engine.
pub(crate) struct PgLoan {
    lease: Mutex<Lease>,
    /// Whether statements stay prepared on it. If not, each is in a transaction, which is as long as
    /// a pooler lends the same connection.
    named: bool,
}

impl PgLoan {
    pub(in crate::pool) fn new(lease: engine::Lease, named: bool) -> Self {
        Self { lease: Mutex::new(Lease::of_engine(lease)), named }
    }

    /// The connection for one statement.
    async fn enter(&self) -> Result<MutexGuard<'_, Lease>, DbErr> {
        let mut lease = self.lease.lock().await;
        if self.named {
            lease.set_busy();
        } else {
            lease.begin("BEGIN".to_owned()).await.map_err(query_error)?;
        }
        Ok(lease)
    }

    /// The statement was answered, and did not fail.
    async fn done(&self, lease: &mut Lease) -> Result<(), DbErr> {
        if self.named {
            lease.set_clean();
            return Ok(());
        }
        lease.commit().await.map_err(query_error)
    }

    pub(in crate::pool) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.enter().await?;
        let done = execute(lease.conn(), stmt, self.named).await?;
        self.done(&mut lease).await?;
        Ok(done)
    }

    /// Sends text without values, which may hold several statements.
    pub(in crate::pool) async fn execute_unprepared(
        &self,
        sql: &str,
    ) -> Result<ExecResult, DbErr> {
        let mut lease = self.enter().await?;
        let done = lease.conn().execute(AssertSqlSafe(sql)).await.map_err(exec_error)?;
        self.done(&mut lease).await?;
        Ok(done.into())
    }

    pub(in crate::pool) async fn query_one(
        &self,
        stmt: Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let mut lease = self.enter().await?;
        let row = query_one(lease.conn(), stmt, self.named).await?;
        self.done(&mut lease).await?;
        Ok(row)
    }

    pub(in crate::pool) async fn query_all(
        &self,
        stmt: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.enter().await?;
        let rows = query_all(lease.conn(), stmt, self.named).await?;
        self.done(&mut lease).await?;
        Ok(rows)
    }

    /// The rows of a statement, read to the end by a task.
    pub(in crate::pool) fn stream(self, stmt: Statement) -> Rows<'static> {
        Rows::by(move |sender| async move {
            let read = async {
                let mut lease = self.enter().await?;
                if read(lease.conn(), stmt, self.named, &sender).await {
                    self.done(&mut lease).await?;
                }
                Ok(())
            };
            if let Err(error) = read.await {
                sender.fail(error).await;
            }
        })
    }

    /// Not to be dropped half-way.
    pub(crate) async fn begin(self, options: TransactionOptions) -> Result<PgTransaction, DbErr> {
        let mut lease = self.lease.into_inner();
        let begin = format!("BEGIN {}", modes(options));
        lease.begin(begin).await.map_err(query_error)?;
        Ok(PgTransaction::new(lease, self.named))
    }
}
