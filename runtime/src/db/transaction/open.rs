//! A transaction or savepoint in somebody's hands.

use std::sync::Arc;

use sea_orm::{DbErr, ExecResult, QueryResult, Statement, TransactionOptions};

use super::level::{Execute, Level, QueryAll, QueryOne, Unprepared};
use crate::db::{Link, TenantStream};

/// A transaction or savepoint in somebody's hands. It takes statements as they are.
pub(super) struct Open {
    level: Arc<Level>,
    /// Shows the outer transaction that this nested one is still in somebody's hands.
    handle: Arc<()>,
}

impl Open {
    pub(super) async fn begin(link: &Link, options: TransactionOptions) -> Result<Self, DbErr> {
        let level = Level::open(link, options).await?;
        Ok(Self { level, handle: Arc::default() })
    }

    pub(super) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        let handle = Arc::default();
        let level = Level::nested(Arc::clone(&self.level), &handle, options).await?;
        Ok(Self { level, handle })
    }

    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let Self { level, handle } = self;
        let result = Level::commit(level).await;
        drop(handle);
        result
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        let Self { level, handle } = self;
        let result = Level::rollback(level).await;
        drop(handle);
        result
    }

    pub(super) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        Level::run(&self.level, Execute(stmt)).await
    }

    pub(super) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        Level::run(&self.level, Unprepared(sql.to_owned())).await
    }

    pub(super) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        Level::run(&self.level, QueryOne(stmt)).await
    }

    pub(super) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        Level::run(&self.level, QueryAll(stmt)).await
    }

    pub(super) async fn stream(&self, stmt: Statement) -> Result<TenantStream<'_>, DbErr> {
        let (rows, turn) = Level::stream(&self.level, stmt).await?;
        Ok(TenantStream::in_turn(rows, turn))
    }
}
