//! From a request to a response.

use axum::{
    Json, Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};
use tenancy::{CurrentTenant, NewTenant, Repo, Status, TenantDb};
use tenancy_tests::{Shop, each_engine, entity::order};
use tower::ServiceExt;

fn app(shop: &Shop) -> Router {
    Router::new()
        .route(
            "/whoami",
            get(|CurrentTenant(tenant): CurrentTenant| async move { tenant.slug.to_string() }),
        )
        .route("/orders", get(orders))
        .route("/count", get(count))
        .route("/health", get(|| async { "fine" }))
        .route("/health/db", get(count))
        .layer(shop.tenancy.layer().exclude("/health").exclude("/health/db"))
        .route("/outside", get(count))
}

async fn orders(orders: Repo<order::Entity>) -> tenancy::Result<Json<Vec<i64>>> {
    let orders = orders.find().order_by_asc(order::Column::Id).all().await?;
    Ok(Json(orders.iter().map(|order| order.total).collect()))
}

async fn count(db: TenantDb) -> tenancy::Result<String> {
    Ok(order::Entity::find().count(&db).await?.to_string())
}

/// Status, headers but for those of each request alone, and body.
async fn ask(
    app: &Router,
    path: &str,
    tenants: &[&str],
) -> (StatusCode, Vec<(String, String)>, String) {
    let mut request = Request::get(path);
    for tenant in tenants {
        request = request.header("x-tenant-id", *tenant);
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let headers = headers.collect();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8_lossy(&body).into_owned())
}

each_engine! {
    async fn each_tenant_sees_its_own(shop) {
        let app = app(&shop);
        assert_eq!(ask(&app, "/orders", &["acme"]).await.2, "[1,2,3,4,5,6]");
        assert_eq!(ask(&app, "/orders", &["globex"]).await.2, "[1000,2000,3000,4000,5000,6000]");
        assert_eq!(ask(&app, "/whoami", &["globex"]).await.2, "globex");
        assert_eq!(ask(&app, "/count", &["acme"]).await.2, "6");
    }

    async fn strangers_cannot_tell_why(shop) {
        let app = app(&shop);
        let unknown = ask(&app, "/orders", &["nobody"]).await;
        assert_eq!(unknown.0, StatusCode::NOT_FOUND);
        assert!(unknown.1.contains(&("content-type".to_owned(), "application/problem+json".to_owned())));
        let globex = shop.tenancy.tenant("globex").await.unwrap();
        for status in [Status::Suspended, Status::Maintenance, Status::Deleted] {
            shop.tenancy.set_status(&globex.id, status).await.unwrap();
            assert_eq!(ask(&app, "/orders", &["globex"]).await, unknown, "{status}");
            assert_eq!(ask(&app, "/orders", &["acme"]).await.0, StatusCode::OK);
        }
        let begun = NewTenant::new("begun").unwrap().status(Status::Provisioning);
        shop.tenancy.create_tenant(begun).await.unwrap();
        assert_eq!(ask(&app, "/orders", &["begun"]).await, unknown);
        for header in ["", "Acme", "ac me", "acme\u{e9}", "../acme", "acme,globex"] {
            assert_eq!(ask(&app, "/orders", &[header]).await, unknown, "{header:?}");
        }
        assert_eq!(ask(&app, "/orders", &[]).await, unknown);
        assert_eq!(ask(&app, "/orders", &["acme", "globex"]).await, unknown);
        assert_eq!(ask(&app, "/orders", &["acme", "acme"]).await, unknown);
    }

    async fn excluded_paths_have_no_tenant(shop) {
        let app = app(&shop);
        assert_eq!(ask(&app, "/health", &[]).await.2, "fine");
        assert_eq!(ask(&app, "/health", &["nobody"]).await.2, "fine");
        assert_eq!(ask(&app, "/healthz", &[]).await.0, StatusCode::NOT_FOUND);
        // An extractor where there is no tenant: nothing is served, and nothing breaks.
        let outside = ask(&app, "/outside", &["acme"]).await;
        assert!(!outside.0.is_success() && outside.2 != "6", "{outside:?}");
        let excluded = ask(&app, "/health/db", &["acme"]).await;
        assert!(!excluded.0.is_success() && excluded.2 != "6", "{excluded:?}");
    }
}
