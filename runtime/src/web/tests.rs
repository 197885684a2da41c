//! The layer and the extractors, by requests.

mod admin;
mod named;
mod path;
mod proxy;
mod refusal;
#[cfg(feature = "jwt")]
mod token;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tenancy_core::{NewTenant, Slug, Status, Tenant, TenantId};
use tower::{Service, ServiceExt};
use tower_layer::Layer;

use crate::{
    AuditTrail, CurrentTenant, Error, MemoryStore, Result, Tenancy, TenantDb, TenantStore,
    current_tenant,
};

async fn over(store: impl TenantStore) -> Tenancy {
    Tenancy::builder().database("sqlite::memory:").store(store).connect().await.unwrap()
}

async fn connect(store: impl TenantStore) -> Tenancy {
    let tenancy = over(store).await;
    for (slug, status) in [
        ("acme", Status::Active),
        ("globex", Status::Active),
        ("suspended", Status::Suspended),
        ("deleted", Status::Deleted),
        ("provisioning", Status::Provisioning),
        ("maintenance", Status::Maintenance),
    ] {
        let new = NewTenant::new(slug).unwrap().id(slug).unwrap().status(status);
        tenancy.create_tenant(new).await.unwrap();
    }
    tenancy
}

async fn whoami(CurrentTenant(tenant): CurrentTenant, db: TenantDb) -> String {
    assert_eq!(tenant.id, db.tenant().id);
    tokio::task::yield_now().await;
    format!("{} {:?}", tenant.id, current_tenant())
}

/// A body that says, while it is sent, for whom.
async fn streamed() -> Response {
    let parts = stream::unfold(0, |number| async move {
        tokio::task::yield_now().await;
        (number < 3).then(|| (Ok::<_, Infallible>(format!("{:?};", current_tenant())), number + 1))
    });
    Body::from_stream(parts).into_response()
}

fn app(tenancy: &Tenancy) -> Router {
    Router::new()
        .route("/whoami", get(whoami))
        .route("/streamed", get(streamed))
        .route("/cached", get(async || ([(header::CACHE_CONTROL, "max-age=60")], "cached")))
        .route("/health", get(async || format!("{:?}", current_tenant())))
        .route("/healthz", get(async || "not excluded"))
        .route("/public/logo", get(async || "logo"))
        .route("/public/whoami", get(whoami))
        .route("/failed", get(async || Err::<(), _>(Error::conflict("the slug `x`"))))
        .layer(tenancy.layer().exclude("/health").exclude_prefix("/public"))
}

fn request(path: &str, tenants: &[&str]) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    for tenant in tenants {
        request = request.header("x-tenant-id", *tenant);
    }
    request.body(Body::empty()).unwrap()
}

async fn read(response: Response) -> (StatusCode, HeaderMap, Bytes) {
    let (mut parts, body) = response.into_parts();
    // Each request has its own.
    parts.headers.remove("x-request-id");
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

async fn send(app: &Router, path: &str, tenants: &[&str]) -> (StatusCode, HeaderMap, String) {
    let response = app.clone().oneshot(request(path, tenants)).await.unwrap();
    let (status, headers, body) = read(response).await;
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn each_request_is_served_for_its_own_tenant() {
    let app = app(&connect(MemoryStore::new()).await);
    let tasks = (0..40).map(|number| {
        let (app, slug) = (app.clone(), if number % 2 == 0 { "acme" } else { "globex" });
        tokio::spawn(async move {
            let (status, headers, body) = send(&app, "/whoami", &[slug]).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(body, format!("{slug} Some(TenantId({slug}))"));
            assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
            assert_eq!(headers[header::VARY], "x-tenant-id");
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(current_tenant(), None);
}

async fn refusals_are_alike(tenancy: Tenancy) {
    let app = app(&tenancy);
    let missing = send(&app, "/whoami", &[]).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    assert_eq!(missing.1[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(missing.2, r#"{"type":"about:blank","title":"Not Found","status":404}"#);
    for tenants in [
        &["ACME"][..],
        &["acme "],
        &["' OR 1=1 --"],
        &[""],
        &["nobody"],
        &["suspended"],
        &["deleted"],
        &["provisioning"],
        &["maintenance"],
        &["acme", "acme"],
        &["acme", "globex"],
    ] {
        assert_eq!(send(&app, "/whoami", tenants).await, missing, "{tenants:?}");
    }
    // So are an extractor without the layer, and one on an excluded path.
    assert_eq!(send(&app, "/public/whoami", &["acme"]).await, missing);
    let bare = Router::new().route("/whoami", get(whoami));
    assert_eq!(send(&bare, "/whoami", &["acme"]).await, missing);
}

#[tokio::test]
async fn refusals_are_alike_with_a_memory_store() {
    refusals_are_alike(connect(MemoryStore::new()).await).await;
}

#[tokio::test]
async fn refusals_are_alike_with_a_sql_store() {
    let store = crate::SqlStore::connect("sqlite::memory:").await.unwrap();
    refusals_are_alike(connect(store).await).await;
}

#[tokio::test]
async fn what_is_suspended_is_not_served_from_then_on() {
    let tenancy = connect(MemoryStore::new()).await;
    let app = app(&tenancy);
    assert_eq!(send(&app, "/whoami", &["acme"]).await.0, StatusCode::OK);
    let acme = tenancy.tenant("acme").await.unwrap();
    tenancy.set_status(&acme.id, Status::Suspended).await.unwrap();
    assert_eq!(send(&app, "/whoami", &["acme"]).await.0, StatusCode::NOT_FOUND);
    tenancy.set_status(&acme.id, Status::Active).await.unwrap();
    tenancy.rename(&acme.id, Slug::new("acme-north").unwrap()).await.unwrap();
    assert_eq!(send(&app, "/whoami", &["acme"]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&app, "/whoami", &["acme-north"]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_excluded_path_has_no_tenant() {
    let app = app(&connect(MemoryStore::new()).await);
    assert_eq!(send(&app, "/health", &[]).await.2, "None");
    assert_eq!(send(&app, "/health", &["acme"]).await.2, "None");
    assert_eq!(send(&app, "/public/logo", &[]).await.2, "logo");
    assert_eq!(send(&app, "/healthz", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&app, "/healthz", &["acme"]).await.2, "not excluded");
}

#[tokio::test]
async fn a_streamed_body_keeps_its_tenant() {
    let app = app(&connect(MemoryStore::new()).await);
    let acme = "Some(TenantId(acme));".repeat(3);
    assert_eq!(send(&app, "/streamed", &["acme"]).await.2, acme);
}

#[tokio::test]
async fn a_handler_decides_about_its_own_caching() {
    let app = app(&connect(MemoryStore::new()).await);
    let (_, headers, _) = send(&app, "/cached", &["acme"]).await;
    assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
    assert_eq!(headers[header::VARY], "x-tenant-id");
    assert_eq!(send(&app, "/failed", &["acme"]).await.0, StatusCode::CONFLICT);
}

/// A store that cannot be read.
#[derive(Debug)]
struct Broken;

#[async_trait::async_trait]
impl TenantStore for Broken {
    async fn insert(&self, _: &Tenant) -> Result<()> {
        Ok(())
    }

    async fn by_id(&self, _: &TenantId) -> Result<Option<Tenant>> {
        Err(sea_orm::DbErr::Custom("hunter2".into()).into())
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        self.by_id(&TenantId::new(slug)?).await
    }

    async fn list(&self, _: Option<&TenantId>, _: u32) -> Result<Vec<Tenant>> {
        Ok(vec![])
    }

    async fn update(&self, _: &Tenant, _: chrono::DateTime<chrono::Utc>) -> Result<bool> {
        Ok(false)
    }

    async fn remove(&self, _: &TenantId, _: chrono::DateTime<chrono::Utc>) -> Result<bool> {
        Ok(false)
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        Arc::new(MemoryStore::new())
    }
}

#[tokio::test]
async fn a_store_that_fails_is_not_a_tenant_that_is_not_there() {
    let app = app(&over(Broken).await);
    let (status, headers, body) = send(&app, "/whoami", &["acme"]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    let told = r#"{"type":"about:blank","title":"Service Unavailable","status":503,"request-id":""#;
    assert!(body.starts_with(told), "{body}");
    // What names no tenant is refused before the store is asked.
    assert_eq!(send(&app, "/whoami", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&app, "/health", &[]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn after_close_nobody_is_served() {
    let tenancy = connect(MemoryStore::new()).await;
    let app = app(&tenancy);
    tenancy.close().await.unwrap();
    assert_eq!(send(&app, "/whoami", &["acme"]).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn a_missing_tenant_says_what_to_do() {
    let parts = Request::new(()).into_parts().0;
    let text = super::extract::context(&parts, "TenantDb").unwrap_err().to_string();
    assert!(text.contains("the extractor `TenantDb`"), "{text}");
    assert!(text.contains("`.layer(tenancy.layer())`"), "{text}");
    assert!(text.contains("excluded path"), "{text}");
}

/// A service that may be called only after it said that it is ready, as tower wants it.
#[derive(Default)]
struct Strict {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response;
    type Error = Infallible;
    type Future = std::future::Ready<std::result::Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(self.ready, "called without being ready");
        self.ready = false;
        self.calls.fetch_add(1, Ordering::Relaxed);
        // `call` itself runs for the tenant, too.
        std::future::ready(Ok(format!("{:?}", current_tenant()).into_response()))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_called() {
    let tenancy = connect(MemoryStore::new()).await;
    let strict = Strict::default();
    let calls = Arc::clone(&strict.calls);
    let mut service = tenancy.layer().exclude("/health").layer(strict);
    let sent = Mutex::new(vec![]);
    for (path, tenants) in [
        ("/a", &["acme"][..]),
        ("/health", &[]),
        ("/b", &[]),
        ("/c", &["nobody"]),
        ("/d", &["globex"]),
    ] {
        let response = service.ready().await.unwrap().call(request(path, tenants)).await.unwrap();
        let (status, _, body) = read(response).await;
        sent.lock().unwrap().push((status.as_u16(), body));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let served: Vec<_> = sent.into_inner().unwrap();
    assert_eq!(
        served.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [200, 200, 404, 404, 200]
    );
    assert_eq!(served[0].1, "Some(TenantId(acme))");
    assert_eq!(served[1].1, "None");
    assert_eq!(served[4].1, "Some(TenantId(globex))");
}

#[test]
fn promises() {
    fn good<T: Send + Sync + Clone + 'static>() {}
    fn sent<T: Send>(_: &T) {}
    good::<Tenancy>();
    good::<super::TenancyLayer>();
    good::<super::TenancyService<Strict>>();
    let call = |mut service: super::TenancyService<Strict>| {
        let future = service.call(request("/", &[]));
        sent(&future);
    };
    let _ = call;
}
