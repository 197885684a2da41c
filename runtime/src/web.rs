//! The web edge: a tower layer that finds a request's tenant, and axum extractors that hand out its rows.
//!
//! This is the only place that knows of HTTP. It finds out which tenant is meant and lets a request
//! through or not; what a tenant may see is decided further down, by its [`TenantDb`](crate::TenantDb).

mod admin;
mod body;
mod context;
mod cost;
mod count;
mod even;
mod exclude;
mod extract;
mod future;
mod layer;
mod limit;
mod problem;
mod request_id;

#[cfg(test)]
mod tests;

#[cfg(feature = "config")]
pub(crate) use self::exclude::unusable;
pub use self::{
    admin::Authorise,
    extract::{CurrentTenant, MissingTenant},
    future::ResponseFuture,
    layer::{TenancyLayer, TenancyService},
    request_id::RequestId,
};
