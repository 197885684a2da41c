//! Rows of a tenant, one by one.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::Stream;
use sea_orm::{DbErr, QueryResult};
use tenancy_core::Tenant;
use tokio::sync::RwLockReadGuard;

use super::place::explained;
use crate::{pool::Rows, usage::Count};

/// The rows of a statement, one by one as they arrive.
///
/// As long as one from a [`TenantTransaction`](super::TenantTransaction) lives, the transaction
/// can neither run another statement nor begin a nested one. One from a
/// [`TenantDb`](super::TenantDb) has a connection of its own, and may outlive that handle.
///
/// It may be dropped before its end. The connection is used again only when the database has sent
/// the rest, or noticed that it is not wanted.
pub struct TenantStream<'a> {
    // Dropped in this order: the rows before the turn that keeps others off the connection.
    rows: Rows<'a>,
    _turn: Option<RwLockReadGuard<'a, ()>>,
    tenant: Option<Arc<Tenant>>,
    count: Option<Arc<Count>>,
}

impl<'a> TenantStream<'a> {
    pub(super) fn in_turn(rows: Rows<'a>, turn: RwLockReadGuard<'a, ()>) -> Self {
        Self { rows, _turn: Some(turn), tenant: None, count: None }
    }
}

impl TenantStream<'_> {
    /// Counts the rows of a tenant.
    pub(super) fn noted(self, tenant: &Arc<Tenant>, count: Option<Arc<Count>>) -> Self {
        Self { tenant: Some(Arc::clone(tenant)), count, ..self }
    }
}

impl<'a> From<Rows<'a>> for TenantStream<'a> {
    fn from(rows: Rows<'a>) -> Self {
        Self { rows, _turn: None, tenant: None, count: None }
    }
}

impl Stream for TenantStream<'_> {
    type Item = Result<QueryResult, DbErr>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        Pin::new(&mut this.rows).poll_next(cx).map(|row| match (row?, &this.tenant) {
            (Err(error), Some(tenant)) => Some(Err(explained(tenant, error))),
            (row, _) => {
                if let (Ok(_), Some(count)) = (&row, &this.count) {
                    count.rows(1);
                }
                Some(row)
            }
        })
    }
}

impl fmt::Debug for TenantStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantStream").finish_non_exhaustive()
    }
}
