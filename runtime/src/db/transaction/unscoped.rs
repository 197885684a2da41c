//! Transactions that see all tenants, as safe against dropped futures as those of one tenant.

use std::{fmt, pin::Pin};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
    TransactionOptions, TransactionSession,
};

use super::{Open, transaction_trait};
use crate::{
    db::{Context, Link, TenantStream},
    pool::Connection,
};

/// A transaction that sees every tenant's rows; from [`UnscopedDb`](crate::UnscopedDb), by `begin`
/// or `transaction`.
///
/// Nothing is rewritten and nothing refused. In all else it is like a
/// [`TenantTransaction`](crate::TenantTransaction): dropping it rolls back, `begin` on it opens a
/// savepoint that must be finished first, and its futures may be dropped in the same way.
pub struct UnscopedTransaction {
    open: Open,
    backend: DbBackend,
}

impl UnscopedTransaction {
    pub(crate) async fn begin(
        conn: &Connection,
        options: TransactionOptions,
    ) -> Result<Self, DbErr> {
        let link = Link::new(conn, &Context::None)?;
        let open = Open::begin(&link, options).await?;
        Ok(Self { open, backend: conn.get_database_backend() })
    }

    async fn open(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        Ok(Self { open: self.open.nested(options).await?, backend: self.backend })
    }

    /// Makes permanent what was done; for a nested transaction, part of the outer one.
    ///
    /// # Errors
    ///
    /// A [`DbErr`] if the database could not, if a nested transaction is still open, or if a
    /// statement was dropped before its answer. The transaction is rolled back then, unless the
    /// connection broke during the commit itself: what happened is then unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.open.commit().await
    }

    /// Undoes what was done.
    ///
    /// # Errors
    ///
    /// A [`DbErr`] if the database did not answer, or if a nested transaction is still open.
    /// Nothing becomes permanent in either case.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.open.rollback().await
    }
}

impl fmt::Debug for UnscopedTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnscopedTransaction").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl TransactionSession for UnscopedTransaction {
    async fn commit(self) -> Result<(), DbErr> {
        UnscopedTransaction::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        UnscopedTransaction::rollback(self).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for UnscopedTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.open.execute(stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.open.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.open.query_one(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.open.query_all(stmt).await
    }
}

impl StreamTrait for UnscopedTransaction {
    type Stream<'a> = TenantStream<'a>;

    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<TenantStream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(self.open.stream(stmt))
    }
}

transaction_trait!(UnscopedTransaction => UnscopedTransaction);
