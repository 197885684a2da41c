//! EDGE 35: a tenant in the path, whatever is around and inside of the layer.

use axum::{
    extract::{MatchedPath, OriginalUri, Path as PathParams},
    routing::any,
};
use http::Uri;
use tower_http::normalize_path::NormalizePathLayer;

use super::*;
use crate::Path;

/// Who is asked, what the handler sees, what was sent, and by which route.
async fn seen(
    CurrentTenant(tenant): CurrentTenant,
    uri: Uri,
    OriginalUri(original): OriginalUri,
    matched: Option<MatchedPath>,
) -> String {
    let matched = matched.map_or("nothing".to_owned(), |matched| matched.as_str().to_owned());
    format!("{} {uri} {original} {matched}", tenant.slug)
}

/// Routes that know nothing of tenants in paths.
fn inner() -> Router {
    let items = Router::new().route("/", any(seen)).route("/{id}", any(seen));
    let merged = Router::new().route("/merged", any(seen));
    Router::new()
        .route("/", any(seen))
        .route("/orders/{id}", any(seen))
        .nest("/items", items)
        .merge(merged)
        .route("/health", any(async || "fine"))
        .fallback(seen)
}

async fn layer() -> crate::web::TenancyLayer {
    connect(MemoryStore::new()).await.layer().resolver(Path::new("/t")).exclude("/health")
}

async fn body(app: &Router, path: &str) -> String {
    let (status, _, body) = send(app, path, &[]).await;
    if status == StatusCode::OK { body } else { status.as_u16().to_string() }
}

#[tokio::test]
async fn the_router_inside_sees_the_rest() {
    for app in [
        layer().await.around(inner()),
        // The same by hand.
        Router::new().fallback_service(layer().await.layer(inner())),
    ] {
        for (path, expected) in [
            ("/t/acme", "acme / /t/acme /"),
            ("/t/acme/", "acme / /t/acme/ /"),
            ("/t/acme?x=1", "acme /?x=1 /t/acme?x=1 /"),
            ("/t/acme/orders/7", "acme /orders/7 /t/acme/orders/7 /orders/{id}"),
            ("/t/globex/orders/7?x", "globex /orders/7?x /t/globex/orders/7?x /orders/{id}"),
            ("/t/acme/items", "acme / /t/acme/items /items"),
            ("/t/acme/items/7", "acme /7 /t/acme/items/7 /items/{id}"),
            ("/t/acme/merged", "acme /merged /t/acme/merged /merged"),
            ("/t/acme/elsewhere", "acme /elsewhere /t/acme/elsewhere nothing"),
            ("/t/acme/t/globex", "acme /t/globex /t/acme/t/globex nothing"),
            ("/t/acme/health", "fine"),
            ("/health", "fine"),
        ] {
            assert_eq!(body(&app, path).await, expected, "{path}");
        }
        for path in [
            "/",
            "/orders/7",
            "/merged",
            "/t",
            "/t/",
            "/t/nobody",
            "/t/suspended",
            "/t//acme",
            "/t/acme//merged",
            "/t/acme/../globex",
            "/t/%61cme",
            "/t/Acme",
            "/elsewhere",
            "//t/acme",
            "/health/",
            "/t/nobody/health",
        ] {
            assert_eq!(body(&app, path).await, "404", "{path}");
        }
    }
}

#[tokio::test]
async fn it_can_be_served_without_a_router_around() {
    let mut service = layer().await.layer(inner());
    for (path, expected) in [
        ("/t/acme/orders/7", "acme /orders/7 /t/acme/orders/7 /orders/{id}"),
        ("/t/acme/items/7", "acme /7 /t/acme/items/7 /items/{id}"),
    ] {
        let request = request(path, &[]);
        let ready = ServiceExt::<Request<Body>>::ready(&mut service).await.unwrap();
        let response = ready.call(request).await.unwrap();
        assert_eq!(read(response).await.2, expected);
    }
}

#[tokio::test]
async fn it_can_be_nested() {
    let around = layer().await.around(inner());
    let nested = Router::new().nest("/api", around.clone()).route("/t/acme", any(async || "other"));
    let service = Router::new().nest_service("/api", layer().await.layer(inner()));
    let deep = Router::new().nest("/api", Router::new().merge(around.clone()));
    // A router that is nested has no route of its own for what goes around, only a fallback, so the
    // route that matched is the inner one; nested as a service it is the whole.
    for (app, prefix) in [(nested.clone(), ""), (service, "/api"), (deep, "")] {
        for (path, seen, route) in [
            ("/api/t/acme/orders/7", "acme /orders/7 /api/t/acme/orders/7", "/orders/{id}"),
            ("/api/t/acme/items/7", "acme /7 /api/t/acme/items/7", "/items/{id}"),
            ("/api/t/globex/merged?x", "globex /merged?x /api/t/globex/merged?x", "/merged"),
        ] {
            assert_eq!(body(&app, path).await, format!("{seen} {prefix}{route}"), "{path}");
        }
        for path in ["/api/orders/7", "/api", "/api/t/nobody", "/api/api/t/acme", "/x/t/acme"] {
            assert_eq!(body(&app, path).await, "404", "{path}");
        }
        assert_eq!(body(&app, "/api/health").await, "fine");
    }
    assert_eq!(body(&nested, "/t/acme").await, "other");
}

/// A layer outside that mends paths is done before the tenant is looked for.
#[tokio::test]
async fn paths_that_were_mended_outside_are_what_counts() {
    let mended = NormalizePathLayer::trim_trailing_slash().layer(layer().await.around(inner()));
    let app = Router::new().fallback_service(mended);
    for (path, expected) in [
        ("/t/acme/orders/7/", "acme /orders/7 /t/acme/orders/7/ /orders/{id}"),
        ("//t/acme/orders/7", "acme /orders/7 //t/acme/orders/7 /orders/{id}"),
        ("/t/acme/", "acme / /t/acme/ /"),
        ("/t/acme/health/", "fine"),
        ("/health/", "fine"),
        ("/t/acme/orders/../7", "404"),
        ("/t//acme/orders/7", "404"),
    ] {
        let found = body(&app, path).await;
        // The router outermost keeps what was sent.
        assert_eq!(found, expected, "{path}");
    }
}

/// Behind the router's decision it is too late for the path, and early enough for the tenant.
#[tokio::test]
async fn as_a_layer_of_routes_it_finds_the_tenant() {
    let app = Router::new()
        .route(
            "/t/{slug}/orders/{id}",
            any(async |PathParams((slug, id)): PathParams<(String, u32)>, db: TenantDb| {
                format!("{slug} {id} {}", db.tenant().slug)
            }),
        )
        .layer(layer().await);
    assert_eq!(body(&app, "/t/acme/orders/7").await, "acme 7 acme");
    assert_eq!(body(&app, "/t/globex/orders/7").await, "globex 7 globex");
    assert_eq!(body(&app, "/t/nobody/orders/7").await, "404");
    assert_eq!(body(&app, "/t/%61cme/orders/7").await, "404");
}
