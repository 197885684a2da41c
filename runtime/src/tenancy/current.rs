//! The tenant a task works for: ambient, for logs, and never asked by anything that routes a query.

use std::future::Future;

use tenancy_core::{Tenant, TenantId};
use tracing::Span;

tokio::task_local! {
    static CURRENT: TenantId;
}

/// The tenant this task works for, if it serves a request or was begun by [`Tenancy::spawn`](crate::Tenancy::spawn).
///
/// For log lines and metrics. No query is routed by it: that takes a [`TenantDb`](crate::TenantDb).
/// Tasks spawned with [`tokio::spawn`] do not inherit it; those of
/// [`Tenancy::spawn`](crate::Tenancy::spawn) and [`Tenancy::scope`](crate::Tenancy::scope) have it.
///
/// # Example
///
/// ```standalone_crate
/// assert_eq!(tenancy::current_tenant(), None);
/// ```
#[must_use]
pub fn current_tenant() -> Option<TenantId> {
    CURRENT.try_with(Clone::clone).ok()
}

/// The span work for a tenant is done in.
pub(crate) fn span(tenant: &Tenant) -> Span {
    tracing::info_span!(
        "tenant",
        tenant.id = %tenant.id,
        tenant.slug = %tenant.slug,
        request.id = tracing::field::Empty
    )
}

/// Runs a future for a tenant.
pub(crate) fn scope<F: Future>(
    id: &TenantId,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(id.clone(), future)
}

/// Runs a function for a tenant.
pub(crate) fn scope_sync<T>(id: &TenantId, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(id.clone(), work)
}
