//! The layer: finds the tenant of a request, and lets it through or not.

use std::{
    mem,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Request, header, request::Parts};
use tenancy_core::{Slug, Tenant};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use super::{
    body::keep_tenant, context::Context, cost::Costs, exclude::Exclusions, future::ResponseFuture,
    limit, problem,
};
use crate::{Error, Tenancy, TenantDb, tenancy};

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
        TenancyLayer { tenancy: self.clone(), excluded: Arc::default(), costs: Arc::default() }
    }
}

/// Finds the tenant of each request; [`Tenancy::layer`] makes it.
///
/// The resolver says which tenant a request names, and the store whether there is one that is
/// active. Then the request goes on, with the tenant for the extractors and in a tracing span whose
/// field `tenant` is its id. Every other request ends here, with the same problem document of status
/// 404 whether its tenant is missing, malformed, unknown or not active; the reason is logged under
/// the target `tenancy::web`. Where the store cannot be read, the status is 503.
///
/// A request over its tenant's [limit](crate::Builder::rate_limits) ends with a problem document of
/// status 429, and says when to come again in `Retry-After`. Responses tell how the policies stand in
/// `RateLimit` and `RateLimit-Policy`.
///
/// A tenant's responses get `Cache-Control: private, no-store` unless the handler set its own, and
/// `Vary` with the header the resolver reads.
///
/// It sees the path as the router around it does: within [`Router::nest`](axum::Router::nest), the
/// part after the prefix. A layer that answers for everybody, such as CORS, goes outside of it.
#[derive(Debug, Clone)]
pub struct TenancyLayer {
    tenancy: Tenancy,
    excluded: Arc<Exclusions>,
    costs: Arc<Costs>,
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
        if self.layer.excluded.contains(request.uri().path()) {
            return ResponseFuture::excluded(self.inner.call(request));
        }
        let (parts, body) = request.into_parts();
        let slug = match self.layer.tenancy.resolver().resolve(&parts) {
            Ok(slug) => slug,
            Err(reason) => {
                tracing::info!(target: "tenancy::web", %reason, "a request was not let through");
                return ResponseFuture::refused(problem::not_found());
            }
        };
        // The one that was polled ready is the one to be called; its clone may not be ready.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let cost = self.layer.costs.of(&parts);
        let request = Request::from_parts(parts, body);
        let tenancy = self.layer.tenancy.clone();
        ResponseFuture::named(Box::pin(serve(tenancy, slug, cost, inner, request)))
    }
}

/// Loads the tenant, and serves the request for it.
async fn serve<S, B>(
    tenancy: Tenancy,
    slug: Slug,
    cost: u32,
    mut inner: S,
    mut request: Request<B>,
) -> Result<Response, S::Error>
where
    S: Service<Request<B>, Response: IntoResponse>,
{
    let (tenant, db) = match admitted(&tenancy, &slug).await {
        Ok(admitted) => admitted,
        Err(refusal) => return Ok(refusal),
    };
    let (decision, permit) = match limit::admitted(&tenancy, &tenant, cost).await {
        Ok(admitted) => admitted,
        Err(refusal) => return Ok(refusal),
    };
    let span = tenancy::span(&tenant);
    let context = Context { tenant: Arc::clone(&tenant), db, permit: permit.clone() };
    request.extensions_mut().insert(context);
    // `call` is inside too: it may do work before it returns its future.
    let served = tenancy::scope(&tenant.id, async { inner.call(request).await });
    let mut response = served.instrument(span.clone()).await?.into_response();

    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    if let Some(name) = tenancy.resolver().vary() {
        headers.append(header::VARY, name.into());
    }
    if let Some(decision) = &decision {
        limit::describe(headers, decision);
    }
    Ok(response.map(|body| keep_tenant(body, &tenant.id, &span, permit)))
}

/// The tenant and its connection, if it is there and served; otherwise what to answer.
async fn admitted(tenancy: &Tenancy, slug: &Slug) -> Result<(Arc<Tenant>, TenantDb), Response> {
    let found = match tenancy.find(slug).await {
        Ok(Some(tenant)) => tenancy.db_for(&tenant).map(|db| (tenant, db)),
        Ok(None) => Err(Error::tenant_not_found()),
        Err(error) => Err(error),
    };
    found.map_err(|error| {
        if error.is_tenant_not_found() || error.is_inactive() {
            tracing::info!(target: "tenancy::web", %slug, reason = %error, "a request was not let through");
            problem::not_found()
        } else {
            tracing::error!(target: "tenancy::web", %slug, %error, "a tenant could not be loaded");
            problem::unavailable()
        }
    })
}
