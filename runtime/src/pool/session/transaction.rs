//! A transaction on a leased connection, and the savepoints in it.

use std::sync::{Arc, PoisonError};

use sea_orm::{DbErr, ExecResult, QueryResult, Statement, TransactionOptions};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    Lease, Until, execute, execute_unprepared, modes, query_all, query_error, query_one, read,
};
use crate::pool::Sender;

/// An open transaction, or a savepoint in one. Dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct PgTransaction {
    shared: Arc<Shared>,
    /// 0 for the transaction itself, then one more for each savepoint within the other.
    depth: u32,
    open: bool,
}

/// What a transaction and its savepoints share.
#[derive(Debug)]
struct Shared {
    // Rolls back when it is dropped.
    lease: Mutex<Lease>,
    /// The outermost savepoint that was dropped, to be rolled back to before anything else.
    undo: std::sync::Mutex<Option<u32>>,
    /// Whether statements stay prepared.
    named: bool,
}

impl Shared {
    fn undo(&self) -> std::sync::MutexGuard<'_, Option<u32>> {
        self.undo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn roll_back_to(depth: u32) -> String {
    format!("ROLLBACK TO SAVEPOINT tenancy_{depth}; RELEASE SAVEPOINT tenancy_{depth}")
}

impl PgTransaction {
    pub(super) fn new(lease: Lease, named: bool) -> Self {
        let (lease, undo) = (Mutex::new(lease), std::sync::Mutex::default());
        Self { shared: Arc::new(Shared { lease, undo, named }), depth: 0, open: true }
    }

    /// The connection, without what was dropped.
    async fn lease(&self) -> Result<MutexGuard<'_, Lease>, DbErr> {
        let mut lease = self.shared.lease.lock().await;
        let undo = *self.shared.undo();
        if let Some(depth) = undo {
            lease.send(roll_back_to(depth)).await.map_err(query_error)?;
            *self.shared.undo() = None;
        }
        Ok(lease)
    }

    pub(crate) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        execute(&mut *self.lease().await?, stmt, self.shared.named).await
    }

    /// Sends text without values, which may hold several statements.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        execute_unprepared(&mut *self.lease().await?, sql).await
    }

    pub(crate) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        query_one(&mut *self.lease().await?, stmt, self.shared.named).await
    }

    pub(crate) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        query_all(&mut *self.lease().await?, stmt, self.shared.named).await
    }

    /// Sends on the rows of a statement.
    pub(crate) async fn read(&self, stmt: Statement, to: &Sender) -> Result<(), DbErr> {
        read(&mut *self.lease().await?, stmt, self.shared.named, to, Until::End).await;
        Ok(())
    }

    /// Not to be dropped half-way.
    pub(crate) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        let depth = self.depth + 1;
        let modes = modes(options);
        let mut savepoint = format!("SAVEPOINT tenancy_{depth}");
        if !modes.is_empty() {
            // The server has the last word on what a savepoint may change.
            savepoint.push_str(&format!("; SET TRANSACTION {modes}"));
        }
        self.lease().await?.send(savepoint).await.map_err(query_error)?;
        Ok(Self { shared: Arc::clone(&self.shared), depth, open: true })
    }

    pub(crate) async fn commit(mut self) -> Result<(), DbErr> {
        let mut lease = self.lease().await?;
        let result = match self.depth {
            0 => lease.commit().await,
            depth => lease.send(format!("RELEASE SAVEPOINT tenancy_{depth}")).await,
        };
        drop(lease);
        result.map_err(query_error)?;
        self.open = false;
        Ok(())
    }

    pub(crate) async fn rollback(mut self) -> Result<(), DbErr> {
        // Whatever else is to be undone lies within.
        let mut lease = self.shared.lease.lock().await;
        let result = match self.depth {
            0 => lease.rollback().await,
            depth => lease.send(roll_back_to(depth)).await,
        };
        drop(lease);
        result.map_err(query_error)?;
        *self.shared.undo() = None;
        self.open = false;
        Ok(())
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        if self.open && self.depth > 0 {
            let mut undo = self.shared.undo();
            *undo = Some(undo.map_or(self.depth, |depth| depth.min(self.depth)));
        }
    }
}
