//! The way around the walls, with its reason.

use std::{fmt, future::Future, pin::Pin};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
    TransactionOptions,
};

use crate::{
    Error, Result, UnscopedAccess, UnscopedTransaction,
    db::{TenantStream, transaction_trait},
    pool::Connection,
};

/// A SeaORM connection that sees every tenant's rows; [`Tenancy::unscoped`](crate::Tenancy::unscoped) gives it.
///
/// Nothing is rewritten and nothing refused: what a statement says is done, for all tenants. It
/// sees the database they share; one of a tenant's own is reached by
/// [`for_each_tenant`](crate::Tenancy::for_each_tenant).
///
/// Its futures may be dropped as those of a [`TenantDb`](crate::TenantDb) may.
#[derive(Clone)]
pub struct UnscopedDb {
    conn: Connection,
}

impl UnscopedDb {
    /// The connection whose use is on record.
    pub(super) fn new(conn: Connection, access: &UnscopedAccess) -> Self {
        let UnscopedAccess { id, reason, place, role, .. } = access;
        tracing::warn!(target: "tenancy::unscoped", id, reason, place, role, "a connection that sees all tenants was taken");
        Self { conn }
    }

    async fn open(&self, options: TransactionOptions) -> Result<UnscopedTransaction, DbErr> {
        UnscopedTransaction::begin(&self.conn, options).await
    }
}

/// Refuses a reason that says nothing.
pub(super) fn reasoned(reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::config(
            "an unscoped connection needs a reason; say what it is for, as in \
             `tenancy.unscoped(\"nightly billing\").await?`",
        ));
    }
    Ok(())
}

/// Whom the database takes a connection for.
pub(super) async fn role(conn: &Connection) -> Result<Option<String>> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT CAST(current_user AS TEXT)",
        DbBackend::MySql => "SELECT CURRENT_USER()",
        _ => return Ok(None),
    };
    let row = conn.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

impl fmt::Debug for UnscopedDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnscopedDb").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for UnscopedDb {
    fn get_database_backend(&self) -> DbBackend {
        self.conn.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.conn.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.conn.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.conn.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.conn.query_all_raw(statement).await
    }

    fn support_returning(&self) -> bool {
        self.conn.support_returning()
    }
}

impl StreamTrait for UnscopedDb {
    type Stream<'a> = TenantStream<'static>;

    fn get_database_backend(&self) -> DbBackend {
        self.conn.get_database_backend()
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move { Ok(self.conn.stream(statement).await?.into()) })
    }
}

transaction_trait!(UnscopedDb => UnscopedTransaction);
