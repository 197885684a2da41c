//! Routes for operators.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::Deserialize;
use serde_json::{Value, json};
use tenancy_core::{
    Tenant, TenantId,
    limit::{Kind, Policy},
};

use super::problem;
use crate::{Actor, AuditEvent, Error, Result, Tenancy};

/// Says who an operator is.
///
/// A function of the request's head is one, too.
///
/// # Example
///
/// ```standalone_crate
/// use http::request::Parts;
/// use tenancy::{Actor, Secret, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// // For one operator; where there are several, ask your own sign-in.
/// let token = Secret::new("Bearer a-long-random-text");
/// let authorise = move |parts: &Parts| {
///     let sent = parts.headers.get("authorization")?.to_str().ok()?;
///     (Secret::new(sent) == token).then(|| Actor::new("the operator"))
/// };
/// let app: axum::Router = axum::Router::new().nest("/admin", tenancy.admin_router(authorise));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[async_trait::async_trait]
pub trait Authorise: Send + Sync + 'static {
    /// Who sent a request, if it is somebody who may do everything here.
    async fn authorise(&self, parts: &Parts) -> Option<Actor>;
}

#[async_trait::async_trait]
impl<F> Authorise for F
where
    F: Fn(&Parts) -> Option<Actor> + Send + Sync + 'static,
{
    async fn authorise(&self, parts: &Parts) -> Option<Actor> {
        self(parts)
    }
}

impl Tenancy {
    /// Routes for operators, to be nested where tenants do not come: beside the
    /// [layer](Self::layer), not inside.
    ///
    /// There is none without somebody who says who may use them; everybody else gets the same 404 as
    /// for a path that is not there.
    ///
    /// | route | what |
    /// |---|---|
    /// | `GET /tenants?after=id&limit=100` | tenants in the order of their ids |
    /// | `GET /tenants/{id}` | one, with the limits it is under and what it has of connections |
    /// | `POST /tenants/{id}/suspend`, `…/activate`, `…/invalidate` | with `{"reason": "…"}`, which is recorded |
    /// | `GET /tenants/{id}/events`, `GET /events` | what is on record, the latest first |
    /// | `GET /cache` | how many changes this process knows of, and how far it may be behind |
    /// | `GET /connections` | who has how many connections of its own |
    /// | `GET /health` | whether tenants can be found |
    ///
    /// Nothing tells an address of a database, or what is in a tenant's metadata.
    ///
    /// # Example
    ///
    /// See [`Authorise`](crate::web::Authorise).
    pub fn admin_router(&self, authorise: impl Authorise) -> Router {
        let authorise: Arc<dyn Authorise> = Arc::new(authorise);
        Router::new()
            .route("/tenants", get(list))
            .route("/tenants/{id}", get(one))
            .route("/tenants/{id}/suspend", post(suspend))
            .route("/tenants/{id}/activate", post(activate))
            .route("/tenants/{id}/invalidate", post(invalidate))
            .route("/tenants/{id}/events", get(events_of))
            .route("/events", get(events))
            .route("/cache", get(cache))
            .route("/connections", get(connections))
            .route("/health", get(health))
            .with_state(self.clone())
            .fallback(async || problem::not_found())
            .method_not_allowed_fallback(async || problem::not_found())
            .layer(middleware::from_fn_with_state(authorise, guard))
    }
}

/// Lets operators through, and says who they are.
async fn guard(
    State(authorise): State<Arc<dyn Authorise>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(actor) = authorise.authorise(&parts).await else {
        tracing::warn!(target: "tenancy::web", path = parts.uri.path(), "no operator");
        return problem::not_found();
    };
    let actor = actor.or_from(origin(&parts));
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(actor);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The address of the peer, and what it says it is.
fn origin(parts: &Parts) -> Option<String> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    // As much as tells programs apart.
    let agent: String = agent.unwrap_or_default().chars().take(200).collect();
    Some(if agent.is_empty() { peer.to_string() } else { format!("{peer} ({agent})") })
}

#[derive(Deserialize)]
struct Page {
    after: Option<TenantId>,
    limit: Option<u32>,
}

/// Most that are listed at a time.
const MOST: u32 = 1_000;

async fn list(State(tenancy): State<Tenancy>, Query(page): Query<Page>) -> Result<Json<Value>> {
    let limit = page.limit.unwrap_or(100).clamp(1, MOST);
    let tenants = tenancy.tenants_after(page.after.as_ref(), limit).await?;
    Ok(Json(json!({ "tenants": tenants.iter().map(shown).collect::<Vec<_>>() })))
}

async fn one(State(tenancy): State<Tenancy>, Path(id): Path<TenantId>) -> Result<Json<Value>> {
    let tenant = tenancy.by_id(&id).await?;
    let mut value = shown(&tenant);
    let limits = tenancy.limits_of(&tenant);
    value["limits"] = limits.policies().iter().map(policy).collect();
    let connections = tenancy.connections();
    let own = connections.tenants.iter().find(|own| *own.tenant == *id.as_str());
    value["connections"] = own.map_or(Value::Null, |own| {
        json!({ "lane": own.lane, "held": own.held, "idle": own.idle, "waiting": own.waiting })
    });
    Ok(Json(value))
}

fn shown(tenant: &Tenant) -> Value {
    json!({
        "id": tenant.id, "slug": tenant.slug, "name": tenant.name, "tier": tenant.tier,
        "status": tenant.status,
        "isolation": tenant.location.as_ref().map(|location| location.isolation()),
        "created_at": tenant.created_at, "updated_at": tenant.updated_at,
    })
}

fn policy(policy: &Policy) -> Value {
    let mut value = match policy.kind() {
        Kind::Window(window) => {
            json!({ "limit": window.limit(), "per_seconds": window.per().as_secs() })
        }
        Kind::Rate(rate) => json!({
            "rate": rate.count(), "per_seconds": rate.per().as_secs(), "burst": rate.capacity()
        }),
        kind => json!({ "concurrent": kind.capacity() }),
    };
    value["name"] = policy.name().into();
    value["shadow"] = policy.is_shadow().into();
    value
}

/// Why something is done.
#[derive(Deserialize)]
struct Why {
    reason: String,
}

/// What an operator wants done, by whom and why.
struct Order {
    actor: Actor,
    tenant: Tenant,
}

impl Order {
    async fn read(tenancy: &Tenancy, id: &TenantId, request: Request) -> Result<Self, Response> {
        let actor = request.extensions().get::<Actor>().cloned();
        let why = axum::body::to_bytes(request.into_body(), 16 * 1024).await.ok();
        let why: Option<Why> = why.and_then(|body| serde_json::from_slice(&body).ok());
        let why = why.filter(|why| !why.reason.trim().is_empty());
        let (Some(actor), Some(why)) = (actor, why) else {
            let body = json!({
                "type": "about:blank", "title": "Bad Request", "status": 400,
                "detail": "say why, as in {\"reason\": \"the invoice of May is unpaid\"}",
            });
            return Err(problem::respond(StatusCode::BAD_REQUEST, body.to_string()));
        };
        let tenant = tenancy.by_id(id).await.map_err(Error::into_response)?;
        Ok(Self { actor: actor.reason(why.reason), tenant })
    }
}

async fn suspend(
    State(tenancy): State<Tenancy>,
    Path(id): Path<TenantId>,
    request: Request,
) -> Result<Response, Response> {
    let order = Order::read(&tenancy, &id, request).await?;
    done(order.actor.scope(tenancy.suspend(&id)).await)
}

async fn activate(
    State(tenancy): State<Tenancy>,
    Path(id): Path<TenantId>,
    request: Request,
) -> Result<Response, Response> {
    let order = Order::read(&tenancy, &id, request).await?;
    done(order.actor.scope(tenancy.activate(&id)).await)
}

async fn invalidate(
    State(tenancy): State<Tenancy>,
    Path(id): Path<TenantId>,
    request: Request,
) -> Result<Response, Response> {
    let Order { actor, tenant } = Order::read(&tenancy, &id, request).await?;
    let forgotten = actor.scope(tenancy.invalidate(&tenant)).await;
    done(forgotten.map(|()| Arc::new(tenant)))
}

#[expect(clippy::result_large_err, reason = "either is a response, and goes on at once")]
fn done(outcome: Result<Arc<Tenant>>) -> Result<Response, Response> {
    match outcome {
        Ok(tenant) => Ok(Json(shown(&tenant)).into_response()),
        // An operator may know why.
        Err(error) if error.is_wrong_step() => {
            let body = json!({
                "type": "about:blank", "title": "Conflict", "status": 409, "detail": error.to_string(),
            });
            Err(problem::respond(StatusCode::CONFLICT, body.to_string()))
        }
        Err(error) => Err(error.into_response()),
    }
}

async fn events_of(
    State(tenancy): State<Tenancy>,
    Path(id): Path<TenantId>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    let limit = page.limit.unwrap_or(100).clamp(1, MOST);
    Ok(Json(told(&tenancy.audit_events(Some(&id), limit).await?)))
}

async fn events(State(tenancy): State<Tenancy>, Query(page): Query<Page>) -> Result<Json<Value>> {
    let limit = page.limit.unwrap_or(100).clamp(1, MOST);
    Ok(Json(told(&tenancy.audit_events(None, limit).await?)))
}

fn told(events: &[AuditEvent]) -> Value {
    let event = |event: &AuditEvent| {
        json!({
            "id": event.id, "at": event.at, "tenant": event.tenant, "slug": event.slug,
            "action": event.action, "detail": event.detail, "actor": event.actor,
            "reason": event.reason, "origin": event.origin, "process": event.process,
            "outcome": event.outcome,
        })
    };
    json!({ "events": events.iter().map(event).collect::<Vec<_>>() })
}

async fn cache(State(tenancy): State<Tenancy>) -> Json<Value> {
    let view = tenancy.cache_view();
    Json(json!({
        "version": view.version, "channel": view.told, "lag_seconds": view.lag.as_secs_f64(),
    }))
}

async fn connections(State(tenancy): State<Tenancy>) -> Json<Value> {
    let all = tenancy.connections();
    let own = all.tenants.iter().map(|own| {
        json!({
            "tenant": own.tenant, "lane": own.lane, "held": own.held, "idle": own.idle,
            "waiting": own.waiting,
        })
    });
    Json(json!({
        "budget": all.budget, "per_tenant": all.per_tenant, "open": all.open,
        "waiting": all.waiting, "tenants": own.collect::<Vec<_>>(),
    }))
}

async fn health(State(tenancy): State<Tenancy>) -> Response {
    let health = tenancy.health().await;
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": health.is_ready(), "degraded": health.is_degraded() });
    (status, Json(body)).into_response()
}
