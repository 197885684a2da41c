//! The web edge: a tower layer that finds a request's tenant, and axum extractors that hand out its rows.
//!
//! This is the only place that knows of HTTP. It finds out which tenant is meant and lets a request
//! through or not; what a tenant may see is decided further down, by its [`TenantDb`](crate::TenantDb).

mod body;
mod context;
mod cost;
mod exclude;
mod extract;
mod future;
mod layer;
mod limit;
mod problem;

#[cfg(test)]
mod tests;

pub use self::{
    extract::{CurrentTenant, MissingTenant},
    future::ResponseFuture,
    layer::{TenancyLayer, TenancyService},
};
