//! Transactions, safe against futures that are dropped half-way.
//!
//! The driver keeps count of a connection's open transactions on our side of the wire. A `begin`,
//! `commit` or `rollback` whose future is dropped between the question and the answer makes that
//! count wrong, and the pool would hand out a connection with a transaction still open on it. So
//! none of the three is ever dropped: each runs in a task of its own, which finishes whatever
//! becomes of the caller. What nobody waits for any more is rolled back there.

mod begin;
mod level;
mod open;
mod unscoped;

use std::{fmt, pin::Pin, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
    TransactionOptions, TransactionSession,
};
use tenancy_core::Tenant;

pub(crate) use self::begin::{run, transaction_trait};
use self::open::Open;
pub use self::unscoped::UnscopedTransaction;
use super::{Handle, Link, TenantStream, place::explained, statement::Scoped};

/// A transaction that can only ever see one tenant.
///
/// From [`TenantDb`](super::TenantDb), by `begin` or `transaction`; scoped in the same way.
/// Dropping it rolls back. `begin` on it opens a nested one, a savepoint. While a nested one is
/// open the outer one takes no statements, and it can be finished only after it: anything else
/// would end up on the wrong side of the savepoint.
///
/// # Cancellation
///
/// - A dropped `begin` is finished and rolled back in the background.
/// - A dropped `commit` or `rollback` is finished in the background: what was asked for happens.
/// - After a dropped statement nobody can tell whether it took effect. The whole transaction,
///   with all its levels, then refuses further statements and commits; only rolling back is left.
///   The same holds after a nested `begin` that failed. A dropped stream is no such case.
pub struct TenantTransaction {
    session: Arc<Handle>,
    open: Open,
}

impl TenantTransaction {
    pub(super) async fn begin(
        session: &Arc<Handle>,
        options: TransactionOptions,
    ) -> Result<Self, DbErr> {
        let open = Open::begin(&session.link, options).await;
        let open = open.map_err(|error| explained(&session.tenant, error))?;
        Ok(Self { session: Arc::clone(session), open })
    }

    async fn open(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        Ok(Self { session: Arc::clone(&self.session), open: self.open.nested(options).await? })
    }

    /// The tenant whose data this is.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.session.tenant
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

    /// The way of a statement to another database than the transaction's, if it only reads there.
    fn beside(&self, scoped: &Scoped) -> Result<Option<&Link>, DbErr> {
        if !scoped.elsewhere {
            return Ok(None);
        }
        scoped.only_reads()?;
        Ok(Some(self.session.link(scoped)))
    }

    /// The rows of a statement as it is: what the database alone makes of it, for a proof.
    #[cfg(feature = "testkit")]
    pub(crate) fn past_the_scoper(
        &self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<QueryResult>, DbErr>> + Send + '_>> {
        // As those of SeaORM's traits: the compiler gives up on futures in futures that are too deep.
        Box::pin(self.open.query_all(stmt))
    }

    pub(super) fn session(&self) -> &Handle {
        &self.session
    }

    /// Runs a statement that is scoped already; so do the next three.
    pub(super) async fn send(&self, scoped: Scoped) -> Result<ExecResult, DbErr> {
        let noted = self.session.note(&scoped);
        if let Some(link) = self.beside(&scoped)? {
            return noted.changed(link.execute(scoped.stmt)).await;
        }
        noted.changed(self.open.execute(scoped.stmt)).await
    }

    pub(super) async fn send_one(&self, scoped: Scoped) -> Result<Option<QueryResult>, DbErr> {
        let noted = self.session.note(&scoped);
        if let Some(link) = self.beside(&scoped)? {
            return noted.one(link.query_one(scoped.stmt)).await;
        }
        noted.one(self.open.query_one(scoped.stmt)).await
    }

    pub(super) async fn send_all(&self, scoped: Scoped) -> Result<Vec<QueryResult>, DbErr> {
        let noted = self.session.note(&scoped);
        if let Some(link) = self.beside(&scoped)? {
            return noted.all(link.query_all(scoped.stmt)).await;
        }
        noted.all(self.open.query_all(scoped.stmt)).await
    }

    pub(super) async fn send_stream(&self, scoped: Scoped) -> Result<TenantStream<'_>, DbErr> {
        let noted = self.session.note(&scoped);
        if let Some(link) = self.beside(&scoped)? {
            let rows = noted.stream(link.stream(scoped.stmt)).await?;
            return Ok(noted.rows_of(rows.into()));
        }
        let stream = noted.stream(self.open.stream(scoped.stmt)).await?;
        Ok(noted.rows_of(stream))
    }
}

impl fmt::Debug for TenantTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTransaction")
            .field("tenant", &self.session.tenant.id)
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl TransactionSession for TenantTransaction {
    async fn commit(self) -> Result<(), DbErr> {
        TenantTransaction::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        TenantTransaction::rollback(self).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.session.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.send(self.session.scope(stmt)?).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.send(self.session.scope_text(sql)?).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.send_one(self.session.scope(stmt)?).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.send_all(self.session.scope(stmt)?).await
    }
}

impl StreamTrait for TenantTransaction {
    type Stream<'a> = TenantStream<'a>;

    fn get_database_backend(&self) -> DbBackend {
        self.session.backend
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<TenantStream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move { self.send_stream(self.session.scope(stmt)?).await })
    }
}

transaction_trait!(TenantTransaction => TenantTransaction);
