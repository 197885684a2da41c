//! The layer: finds the tenant of a request, and lets it through or not.

use std::{
    fmt::{self, Display},
    mem,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, Request, header, request::Parts};
use tenancy_core::{Status, Tenant};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use super::{
    body::keep_tenant,
    context::Context,
    cost::Costs,
    count, even,
    exclude::Exclusions,
    future::ResponseFuture,
    limit, problem,
    request_id::{RequestId, RequestIds},
};
use crate::{
    Error, Tenancy, TenantDb, TrustedProxies,
    resolve::{self, Resolved, Resolver, Unresolved},
    tenancy,
};

impl Tenancy {
    /// The layer that finds the tenant of each request, for an axum router.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use axum::{Router, routing::get};
    /// use tenancy::{CurrentTenant, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let app: Router = Router::new()
    ///     .route("/whoami", get(async |CurrentTenant(tenant): CurrentTenant| tenant.name.clone()))
    ///     .route("/health", get(async || "fine"))
    ///     .layer(tenancy.layer().exclude("/health"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    #[must_use]
    pub fn layer(&self) -> TenancyLayer {
        let edge = self.edge();
        let layer = TenancyLayer {
            tenancy: self.clone(),
            excluded: Arc::default(),
            resolver: self.resolver(),
            vary: vary(&*self.resolver()),
            challenge: None,
            expose_status: edge.expose_status,
            costs: Arc::default(),
            ids: Arc::default(),
        };
        let layer = edge.exclude.iter().fold(layer, |layer, path| layer.exclude(path));
        let prefixes = edge.exclude_prefixes.iter();
        let layer = prefixes.fold(layer, |layer, path| layer.exclude_prefix(path));
        let costs = edge.costs.iter();
        let layer = costs.fold(layer, |layer, (path, cost)| layer.cost(path, *cost));
        edge.challenge.iter().fold(layer, |layer, challenge| layer.challenge(challenge))
    }
}

/// Finds the tenant of each request; [`Tenancy::layer`] makes it.
///
/// The resolver says which tenant a request names, and the store whether there is one that is
/// active. Then the request goes on, with the tenant for the extractors and in a tracing span with
/// `tenant.id`, `tenant.slug` and `request.id`. The [id of the request](crate::RequestId) is in the field
/// `x-request-id` of its response, too. Every other request ends here, with the same problem document of status
/// 404 whether its tenant is missing, malformed, unknown or not active; the reason is logged under
/// the target `tenancy::web`. Where the store cannot be read, the status is 503.
///
/// A request over its tenant's [limit](crate::Builder::rate_limits) ends with a problem document of
/// status 429, and says when to come again in `Retry-After`. Responses tell how the policies stand in
/// `RateLimit` and `RateLimit-Policy`.
///
/// A tenant's responses get `Cache-Control: private, no-store` unless the handler set its own, and
/// `Vary` with the headers the resolver reads.
///
/// It sees the path as the router around it does: within [`Router::nest`](axum::Router::nest), the
/// part after the prefix. A layer that answers for everybody, such as CORS, goes outside of it.
#[derive(Clone)]
pub struct TenancyLayer {
    tenancy: Tenancy,
    excluded: Arc<Exclusions>,
    resolver: Arc<dyn Resolver>,
    vary: Option<HeaderValue>,
    challenge: Option<HeaderValue>,
    expose_status: bool,
    costs: Arc<Costs>,
    ids: Arc<RequestIds>,
}

impl TenancyLayer {
    /// Lets requests for exactly this path through without a tenant.
    ///
    /// `/health` frees neither `/healthz` nor `/health/` nor `/health/deep`. The extractors fail there.
    ///
    /// # Panics
    ///
    /// If the path does not begin with `/`, or holds a pattern, a query or white space.
    #[must_use]
    pub fn exclude(mut self, path: &str) -> Self {
        Arc::make_mut(&mut self.excluded).exact(path);
        self
    }

    /// Lets requests of one method for exactly this path through without a tenant.
    ///
    /// # Panics
    ///
    /// As [`exclude`](Self::exclude).
    #[must_use]
    pub fn exclude_method(mut self, method: Method, path: &str) -> Self {
        Arc::make_mut(&mut self.excluded).method(method, path);
        self
    }

    /// Lets requests for this path and all below it through without a tenant.
    ///
    /// `/public` frees `/public/logo.png` and not `/publicity`.
    ///
    /// # Panics
    ///
    /// As [`exclude`](Self::exclude), and if nothing would be left for tenants.
    #[must_use]
    pub fn exclude_prefix(mut self, path: &str) -> Self {
        Arc::make_mut(&mut self.excluded).prefix(path);
        self
    }

    /// Sets what requests at this path and below it cost; every other costs one. Of several paths the
    /// longest counts. What costs nothing is not counted at all.
    ///
    /// # Panics
    ///
    /// If the path does not begin with `/`, or holds a pattern, a query or white space.
    #[must_use]
    pub fn cost(mut self, path: &str, cost: u32) -> Self {
        Arc::make_mut(&mut self.costs).path(path, cost);
        self
    }

    /// Sets how the cost of a request is found, as by its method; `None` leaves it to its path.
    #[must_use]
    pub fn cost_by(mut self, cost: impl Fn(&Parts) -> Option<u32> + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.costs).by_request(cost);
        self
    }

    /// Sets how a request names its tenant here; as set by
    /// [`Builder::resolver`](crate::Builder::resolver) unless set. Parts of an application that are
    /// for people and for programs can so have a layer each.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.vary = vary(&resolver);
        self.resolver = Arc::new(resolver);
        self
    }

    /// Answers every request that is not let through with a status 401 that asks for this, such as
    /// `Bearer`, in `WWW-Authenticate` ([RFC 9110], section 11.6.1), instead of a 404.
    ///
    /// It is as neutral: a request without a token, one with a wrong token and one for a tenant that
    /// is not there or not active get the same bytes.
    ///
    /// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110
    ///
    /// # Panics
    ///
    /// If the text cannot be the value of a header.
    #[must_use]
    pub fn challenge(mut self, challenge: &str) -> Self {
        match HeaderValue::from_str(challenge) {
            Ok(value) if !value.is_empty() => self.challenge = Some(value),
            _ => panic!("`{challenge}` cannot be a challenge"),
        }
        self
    }

    /// Tells strangers that a tenant is suspended, with a status 403, or that somebody works on it,
    /// with a 503 and `Retry-After`, instead of the answer all others get.
    ///
    /// Whoever guesses names then learns which are those of such tenants. Unknown, deleted and
    /// malformed ones are answered alike all the same.
    #[must_use]
    pub fn expose_status(mut self) -> Self {
        self.expose_status = true;
        self
    }

    /// Takes ids of requests from the field `x-request-id` of those that come from these proxies, if
    /// there is exactly one of 1 to 128 letters and digits of ASCII, `-`, `_`, `.` and `:`. Unless set, each
    /// request gets one of our own, whatever it brought.
    #[must_use]
    pub fn request_ids_from(mut self, proxies: TrustedProxies) -> Self {
        self.ids = Arc::new(RequestIds::Proxies(proxies));
        self
    }

    /// Takes ids of requests from whoever sends them, if they are
    /// [well-formed](Self::request_ids_from): for a server that only proxies reach.
    #[must_use]
    pub fn request_ids_from_anybody(mut self) -> Self {
        self.ids = Arc::new(RequestIds::Anybody);
        self
    }

    /// Puts the layer around a whole router: each of its requests is resolved, and changed if the
    /// resolver changes it, before the router looks at the path.
    ///
    /// A resolver such as [`Path`](crate::Path) takes the tenant out of the path, which a router
    /// must not have seen before. [`Router::layer`] is too late for that: it comes after the
    /// decision which route is meant. Paths to [exclude](Self::exclude) are those of whole requests.
    /// What is [nested](Router::nest) or [merged](Router::merge) into the router is inside as well,
    /// and so is its fallback. The router that is returned can be nested itself; for
    /// [`MatchedPath`](axum::extract::MatchedPath) to have the prefix, nest
    /// `tenancy.layer().layer(router)` [as a service](Router::nest_service) instead.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use axum::{Router, routing::get};
    /// use tenancy::{Path, Tenancy, TenantDb};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let tenancy = Tenancy::builder()
    ///     .database("sqlite::memory:")
    ///     .resolver(Path::new("/t"))
    ///     .connect()
    ///     .await?;
    /// let orders = Router::new().route("/orders", get(async |_: TenantDb| "orders"));
    /// // Answers to `/shop/t/acme/orders`.
    /// let app: Router = Router::new().nest("/shop", tenancy.layer().around(orders));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn around(&self, router: Router) -> Router {
        Router::new().fallback_service(self.layer(router))
    }

    /// What a request gets that is not let through.
    fn refusal(&self) -> Response {
        self.challenge.as_ref().map_or_else(problem::not_found, problem::unauthorized)
    }

    /// The same for a request whose tenant was not found out, with the reason in the log.
    fn unresolved(&self, reason: Unresolved) -> Response {
        count::unresolved(reason);
        if reason == Unresolved::Disagreement {
            tracing::warn!(target: "tenancy::web", %reason, "a request was not let through");
        } else {
            tracing::info!(target: "tenancy::web", %reason, "a request was not let through");
        }
        self.refusal()
    }
}

/// The headers the resolver reads, for caches on the way.
fn vary(resolver: &dyn Resolver) -> Option<HeaderValue> {
    let names = resolver.vary();
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    HeaderValue::try_from(names.join(", ")).ok().filter(|value| !value.is_empty())
}

impl fmt::Debug for TenancyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenancy, excluded, resolver: _, vary, challenge, expose_status, costs, ids } =
            self;
        let mut debug = f.debug_struct("TenancyLayer");
        debug.field("tenancy", tenancy).field("excluded", excluded).field("vary", vary);
        debug.field("challenge", challenge).field("expose_status", expose_status);
        debug.field("costs", costs).field("ids", ids).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for TenancyLayer {
    type Service = TenancyService<S>;

    fn layer(&self, inner: S) -> TenancyService<S> {
        TenancyService { inner, layer: self.clone() }
    }
}

/// The service of a [`TenancyLayer`].
#[derive(Debug, Clone)]
pub struct TenancyService<S> {
    inner: S,
    layer: TenancyLayer,
}

impl<S, B> Service<Request<B>> for TenancyService<S>
where
    S: Service<Request<B>, Response: IntoResponse, Future: Send> + Clone + Send + 'static,
    B: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.layer.excluded.contains(request.method(), request.uri().path()) {
            return ResponseFuture::excluded(self.inner.call(request));
        }
        let (mut parts, body) = request.into_parts();
        let id = self.layer.ids.of(&parts);
        let resolved = match self.layer.resolver.resolve(&parts) {
            Err(reason) if reason != Unresolved::Stale => {
                count::resolved(Err(reason));
                return ResponseFuture::refused(id.mark(self.layer.unresolved(reason)));
            }
            resolved => resolved,
        };
        parts.extensions.insert(id.clone());
        // The one that was polled ready is the one to be called; its clone may not be ready.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let served = id.scope(serve(self.layer.clone(), id.clone(), resolved, inner, parts, body));
        ResponseFuture::named(Box::pin(async move { Ok(id.mark(served.await?)) }))
    }
}

/// Loads the tenant, and serves the request for it.
async fn serve<S, B>(
    layer: TenancyLayer,
    id: RequestId,
    mut resolved: Result<Resolved, Unresolved>,
    mut inner: S,
    mut parts: Parts,
    body: B,
) -> Result<Response, S::Error>
where
    S: Service<Request<B>, Response: IntoResponse>,
{
    if resolved.is_err() {
        layer.resolver.refresh().await;
        resolved = layer.resolver.resolve(&parts);
    }
    count::resolved(resolved.as_ref().map(drop).map_err(|reason| *reason));
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(reason) => return Ok(layer.unresolved(reason)),
    };
    let begun = Instant::now();
    let (tenant, db) = match admitted(&layer, &resolved).await {
        Ok(admitted) => admitted,
        Err(refusal) => {
            even::out(begun).await;
            return Ok(refusal);
        }
    };
    if let Some(uri) = resolved.uri() {
        resolve::rewrite(&mut parts, uri);
    }
    let cost = layer.costs.of(&parts);
    let (decision, permit) = match limit::admitted(&layer.tenancy, &tenant, cost).await {
        Ok(admitted) => admitted,
        Err(refusal) => return Ok(refusal),
    };
    if let Some(used_up) = layer.tenancy.used_up(&tenant).await {
        return Ok(limit::used_up(&tenant, used_up));
    }
    layer.tenancy.count_request(&tenant.id);
    let span = tenancy::span(&tenant);
    span.record("request.id", id.as_str());
    let context = Context { tenant: Arc::clone(&tenant), db, permit: permit.clone() };
    parts.extensions.insert(context);
    let request = Request::from_parts(parts, body);
    // `call` is inside too: it may do work before it returns its future.
    let served = tenancy::scope(&tenant.id, async { inner.call(request).await });
    let mut response = served.instrument(span.clone()).await?.into_response();

    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    if let Some(names) = &layer.vary {
        headers.append(header::VARY, names.clone());
    }
    if let Some(decision) = &decision {
        limit::describe(headers, decision);
    }
    Ok(response.map(|body| keep_tenant(body, &tenant.id, &span, permit)))
}

/// The tenant and its connection, if it is there and served; otherwise what to answer.
async fn admitted(
    layer: &TenancyLayer,
    resolved: &Resolved,
) -> Result<(Arc<Tenant>, TenantDb), Response> {
    let mut admitted: Option<Arc<Tenant>> = None;
    for key in resolved.keys() {
        let found = layer.tenancy.named(key).await;
        let found = found.and_then(|found| found.ok_or_else(Error::tenant_not_found));
        let tenant = found.map_err(|error| refused(layer, key, &error))?;
        match &admitted {
            Some(other) if other.id != tenant.id => {
                return Err(layer.unresolved(Unresolved::Disagreement));
            }
            Some(_) => {}
            None => admitted = Some(tenant),
        }
    }
    // A `Resolved` has at least one key.
    let tenant = admitted.ok_or_else(|| layer.refusal())?;
    match layer.tenancy.db_for(&tenant) {
        Ok(db) => Ok((tenant, db)),
        Err(error) => Err(refused(layer, &tenant.slug, &error)),
    }
}

/// What to answer where a tenant could not be loaded, or is not served.
fn refused(layer: &TenancyLayer, key: &dyn Display, error: &Error) -> Response {
    count::unserved(error);
    if error.is_tenant_not_found() || error.is_inactive() {
        tracing::info!(target: "tenancy::web", %key, reason = %error, "a request was not let through");
        match error.status() {
            Some(Status::Suspended) if layer.expose_status => problem::suspended(),
            Some(Status::Maintenance) if layer.expose_status => problem::maintained(),
            _ => layer.refusal(),
        }
    } else {
        tracing::error!(target: "tenancy::web", %key, %error, "a tenant could not be loaded");
        problem::unavailable()
    }
}
