//! What a request costs that belongs to no tenant, and what finding a tenant costs that is remembered. In a
//! program of its own, whose allocations are counted.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "axum", feature = "sqlite"))]

use std::convert::Infallible;

use allocation_counter::measure;
use axum::{body::Body, response::Response};
use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use tenancy::{NewTenant, Slug, Tenancy, TenantCache};
use tower::service_fn;
use tower_layer::Layer as _;
use tower_service::Service;

/// Answers with the body it was sent.
async fn answer(request: Request<Body>) -> Result<Response, Infallible> {
    Ok(Response::new(request.into_body()))
}

fn request(path: &str) -> Request<Body> {
    let request = Request::builder().uri(path).header("x-tenant-id", "acme");
    request.body(Body::empty()).unwrap()
}

/// What a request allocates, from the call to the response.
fn allocated(
    service: &mut impl Service<Request<Body>, Response = Response, Error = Infallible>,
    path: &str,
) -> u64 {
    let (mut request, mut response) = (Some(request(path)), None);
    let counted = measure(|| {
        response = service.call(request.take().unwrap()).now_or_never();
    });
    // Where the store is asked, it is not there at once.
    let status = response.map(|response| response.unwrap().status());
    assert!(status.is_none_or(|status| status == StatusCode::OK));
    counted.count_total
}

#[tokio::test]
async fn an_excluded_request_allocates_nothing() {
    let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await.unwrap();
    tenancy.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
    let layer = tenancy.layer().exclude("/health").exclude_prefix("/public");
    let (mut bare, mut layered) = (service_fn(answer), layer.layer(service_fn(answer)));
    for path in ["/health", "/public", "/public/logo.png"] {
        assert_eq!(allocated(&mut layered, path), allocated(&mut bare, path), "{path}");
    }
    // It would be seen.
    assert!(allocated(&mut layered, "/orders") > allocated(&mut bare, "/orders"));
}

/// EDGE 24: whoever is remembered is found without an allocation, its end and what has changed looked at.
/// How long it takes is measured by `cargo xtask bench cache`.
#[tokio::test]
async fn finding_who_is_remembered_allocates_nothing() {
    let cache = TenantCache::new().capacity(20_000);
    let builder = Tenancy::builder().database("sqlite::memory:").store(tenancy::MemoryStore::new());
    let tenancy = builder.tenant_cache(cache).connect().await.unwrap();
    let mut slugs = Vec::new();
    for number in 0..10_000 {
        let new = NewTenant::new(format!("tenant-{number}")).unwrap();
        slugs.push(tenancy.create_tenant(new).await.unwrap().slug.clone());
    }
    let find = |slug: &Slug| {
        let mut found = None;
        let counted = measure(|| found = tenancy.find_tenant(slug).now_or_never());
        // Where the store is asked, it is not there at once.
        let found = found.map(|found| found.unwrap().is_some_and(|tenant| tenant.slug == *slug));
        (counted.count_total, found)
    };
    for slug in &slugs {
        assert!(find(slug).0 > 0, "it would be seen");
        assert!(tenancy.find_tenant(slug).await.unwrap().is_some());
    }
    for slug in &slugs {
        assert_eq!(find(slug), (0, Some(true)));
    }
}
