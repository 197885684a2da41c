//! Orders for many customers: what a larger application on `tenancy` is put together of.
//!
//! - settings in a file, `saas.toml`, and secrets in the environment
//! - PostgreSQL, where small customers share tables under row-level security and large ones have a
//!   schema
//! - a host that names the customer and a token that proves it
//! - limits by tier, counted in Redis by all processes
//! - WebSockets, server-sent events, jobs in the background
//! - metrics, spans, and routes for operators

mod entity;
mod feed;
mod routes;
pub mod telemetry;

use std::time::Duration;

use axum::{Router, http::request::Parts, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use tenancy::{Actor, Secret, Tenancy, TenancyConfig};

use self::{feed::Feed, routes::Shop};

/// Connects, and makes the tables that are not there.
///
/// # Errors
///
/// If a server cannot be reached, or does not keep tenants apart.
pub async fn connect(config: &TenancyConfig) -> tenancy::Result<Tenancy> {
    // What is no data is added in code.
    let tenancy = config.builder().meter(Duration::from_secs(10)).connect().await?;
    tenancy.create_tables().await?;
    Ok(tenancy)
}

/// The whole application. `operator` is what operators send as their token.
pub fn app(tenancy: &Tenancy, metrics: PrometheusHandle, operator: &Secret) -> Router {
    let expected = Secret::new(format!("Bearer {}", operator.expose()));
    let authorise = move |parts: &Parts| {
        let sent = parts.headers.get("authorization")?.to_str().ok()?;
        (Secret::new(sent) == expected).then(|| Actor::new("the operator"))
    };
    let readiness = tenancy.clone();
    let health = async move || {
        let ready = readiness.health().await.is_ready();
        if ready { axum::http::StatusCode::OK } else { axum::http::StatusCode::SERVICE_UNAVAILABLE }
    };
    let connections = tenancy.clone();
    let render = async move || {
        connections.set_gauges();
        metrics.render()
    };
    let customers = routes::router(Shop { tenancy: tenancy.clone(), feed: Feed::default() });
    customers
        .route("/health", get(health))
        .layer(tenancy.layer())
        // What operators use is beside the layer: no customer is meant there.
        .nest("/admin", tenancy.admin_router(authorise))
        .route("/metrics", get(render))
}
