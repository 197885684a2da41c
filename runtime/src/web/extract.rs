//! Extractors: the tenant of a request, and its rows.

use std::{error, fmt, ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use tenancy_core::Tenant;

use super::{context::Context, problem};
use crate::{Repo, TenantDb, TenantEntity, limit::Permit};

/// The tenant of a request.
///
/// # Errors
///
/// As an extractor it fails with [`MissingTenant`] where the layer was not passed.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::CurrentTenant;
///
/// async fn greet(CurrentTenant(tenant): CurrentTenant) -> String {
///     format!("Welcome to {}", tenant.name)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CurrentTenant(
    /// The tenant, as it was loaded for this request.
    pub Arc<Tenant>,
);

impl Deref for CurrentTenant {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.0
    }
}

/// An extractor was used where no tenant is: the route is outside of
/// [`Tenancy::layer`](crate::Tenancy::layer), or its path is excluded.
///
/// That is a mistake in the program. The log says so at level ERROR, under the target
/// `tenancy::web`, with what to do; a stranger gets the same 404 as for a tenant that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingTenant {
    extractor: &'static str,
}

impl MissingTenant {
    pub(super) fn of(extractor: &'static str) -> Self {
        Self { extractor }
    }
}

impl fmt::Display for MissingTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the extractor `{}` was used on a route without `tenancy.layer()` or on an excluded path: \
             add `.layer(tenancy.layer())` to the router after this route, or exclude its path no more",
            self.extractor
        )
    }
}

impl error::Error for MissingTenant {}

impl IntoResponse for MissingTenant {
    fn into_response(self) -> Response {
        tracing::error!(target: "tenancy::web", "{self}");
        problem::not_found()
    }
}

pub(super) fn context<'a>(
    parts: &'a Parts,
    extractor: &'static str,
) -> Result<&'a Context, MissingTenant> {
    parts.extensions.get().ok_or(MissingTenant { extractor })
}

impl<S: Sync> FromRequestParts<S> for CurrentTenant {
    type Rejection = MissingTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingTenant> {
        context(parts, "CurrentTenant").map(|context| Self(Arc::clone(&context.tenant)))
    }
}

/// The connection of the request's tenant.
impl<S: Sync> FromRequestParts<S> for TenantDb {
    type Rejection = MissingTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingTenant> {
        context(parts, "TenantDb").map(|context| context.db.clone())
    }
}

/// The rows of the request's tenant.
impl<S: Sync, E: TenantEntity> FromRequestParts<S> for Repo<E> {
    type Rejection = MissingTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingTenant> {
        context(parts, "Repo").map(|context| Repo::new(context.db.clone()))
    }
}

/// What the request holds of what may run at the same time; for work that goes on after the
/// response, as on a WebSocket.
impl<S: Sync> FromRequestParts<S> for Permit {
    type Rejection = MissingTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingTenant> {
        context(parts, "Permit").map(|context| context.permit.clone())
    }
}
