//! What statements that were scoped before can be run on.

use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use sea_orm::{DbErr, ExecResult, QueryResult};

use super::TenantSql;
use crate::db::{TenantDb, TenantTransaction};

/// What a [`TenantSql`] runs on: a [`TenantDb`] or a [`TenantTransaction`], and nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection of a tenant",
    label = "not a `TenantDb` or `TenantTransaction`",
    note = "a statement from `tenant_sql!` runs for one tenant: ask a `Tenancy` for its connection"
)]
pub trait TenantConnection: Sealed {}

impl TenantConnection for TenantDb {}
impl TenantConnection for TenantTransaction {}

/// Rows as they arrive.
type Rows<'a> = BoxStream<'a, Result<QueryResult, DbErr>>;

/// Runs what is scoped already. Nobody else can call it.
#[doc(hidden)]
pub trait Sealed: Send + Sync {
    /// Runs it for its effect.
    fn run(&self, sql: TenantSql) -> BoxFuture<'_, Result<ExecResult, DbErr>>;
    /// Runs it for its first row.
    fn query_one(&self, sql: TenantSql) -> BoxFuture<'_, Result<Option<QueryResult>, DbErr>>;
    /// Runs it for its rows.
    fn query_all(&self, sql: TenantSql) -> BoxFuture<'_, Result<Vec<QueryResult>, DbErr>>;
    /// Runs it for its rows, one by one.
    fn query_stream(&self, sql: TenantSql) -> BoxFuture<'_, Result<Rows<'_>, DbErr>>;
}

impl Sealed for TenantDb {
    fn run(&self, sql: TenantSql) -> BoxFuture<'_, Result<ExecResult, DbErr>> {
        Box::pin(async move { self.send(self.session.scope_sql(sql)?).await })
    }

    fn query_one(&self, sql: TenantSql) -> BoxFuture<'_, Result<Option<QueryResult>, DbErr>> {
        Box::pin(async move { self.send_one(self.session.scope_sql(sql)?).await })
    }

    fn query_all(&self, sql: TenantSql) -> BoxFuture<'_, Result<Vec<QueryResult>, DbErr>> {
        Box::pin(async move { self.send_all(self.session.scope_sql(sql)?).await })
    }

    fn query_stream(&self, sql: TenantSql) -> BoxFuture<'_, Result<Rows<'_>, DbErr>> {
        Box::pin(async move { Ok(self.send_stream(self.session.scope_sql(sql)?).await?.boxed()) })
    }
}

impl Sealed for TenantTransaction {
    fn run(&self, sql: TenantSql) -> BoxFuture<'_, Result<ExecResult, DbErr>> {
        Box::pin(async move { self.send(self.session().scope_sql(sql)?).await })
    }

    fn query_one(&self, sql: TenantSql) -> BoxFuture<'_, Result<Option<QueryResult>, DbErr>> {
        Box::pin(async move { self.send_one(self.session().scope_sql(sql)?).await })
    }

    fn query_all(&self, sql: TenantSql) -> BoxFuture<'_, Result<Vec<QueryResult>, DbErr>> {
        Box::pin(async move { self.send_all(self.session().scope_sql(sql)?).await })
    }

    fn query_stream(&self, sql: TenantSql) -> BoxFuture<'_, Result<Rows<'_>, DbErr>> {
        Box::pin(async move { Ok(self.send_stream(self.session().scope_sql(sql)?).await?.boxed()) })
    }
}
