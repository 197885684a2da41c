use std::time::Duration;

use axum::{
    Router,
    body::Body,
    response::IntoResponse,
    routing::{get, post},
};
use futures_util::stream;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use sfv::{ListEntry, Parser};
use tenancy_core::{
    NewTenant,
    limit::{Account, Concurrent, Limits, Window},
};
use tower::ServiceExt as _;

use super::*;
use crate::{
    MemoryStore,
    limit::{RateLimits, Standing},
};

/// acme and globex under the same limits, and a router with one path of each kind.
async fn app(limits: impl Into<RateLimits>) -> (Tenancy, Router) {
    let tenancy = Tenancy::builder()
        .database("sqlite::memory:")
        .store(MemoryStore::new())
        .rate_limits(limits)
        .connect()
        .await
        .unwrap();
    for slug in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
    }
    let endless =
        || async { Body::from_stream(stream::pending::<Result<String, std::io::Error>>()) };
    let layer = tenancy
        .layer()
        .exclude("/health")
        .cost("/reports", 5)
        .cost("/ping", 0)
        .cost_by(|parts| (parts.method == Method::POST).then_some(2));
    let router = Router::new()
        .route("/orders", get(async || "orders"))
        .route("/orders", post(async || "made"))
        .route("/reports", get(async || "report"))
        .route("/ping", get(async || "pong"))
        .route("/health", get(async || "fine"))
        .route("/stream", get(async move || endless().await.into_response()))
        .route("/own", get(async || [("ratelimit", "\"mine\";r=1")]))
        .layer(layer);
    (tenancy, router)
}

async fn send(app: &Router, method: Method, path: &str, tenant: &str) -> Response {
    let request = Request::builder().method(method).uri(path).header("x-tenant-id", tenant);
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn read(app: &Router, path: &str, tenant: &str) -> Response {
    send(app, Method::GET, path, tenant).await
}

/// What a structured list says of each of its items.
fn list(response: &Response, name: &HeaderName) -> Vec<(String, Vec<(String, i64)>)> {
    let text = response.headers()[name].to_str().unwrap();
    let list: sfv::List = Parser::new(text).parse().unwrap();
    let item = |entry: ListEntry| {
        let ListEntry::Item(item) = entry else { panic!("a list of lists: {text}") };
        let name = item.bare_item.as_string().unwrap().as_str().to_owned();
        let numbers = item.params.iter().filter_map(|(key, value)| {
            Some((key.as_str().to_owned(), i64::from(value.as_integer()?)))
        });
        (name, numbers.collect())
    };
    list.into_iter().map(item).collect()
}

fn number(of: &(String, Vec<(String, i64)>), key: &str) -> Option<i64> {
    of.1.iter().find(|(name, _)| name == key).map(|(_, number)| *number)
}

/// EDGE 17.
#[tokio::test]
async fn responses_say_how_the_policies_stand() {
    let limits = Limits::from(Window::per_hour(10)).and(Concurrent::new(3)).unwrap();
    let (_tenancy, app) = app(limits).await;
    let first = read(&app, "/orders", "acme").await;
    assert_eq!(first.status(), StatusCode::OK);
    let policies = list(&first, &POLICY);
    assert_eq!(policies[0].0, "hour");
    assert_eq!((number(&policies[0], "q"), number(&policies[0], "w")), (Some(10), Some(3_600)));
    assert_eq!((number(&policies[1], "q"), number(&policies[1], "w")), (Some(3), None));
    let text = first.headers()[&POLICY].to_str().unwrap();
    assert!(text.ends_with("\"concurrent\";q=3;qu=\"concurrent-requests\""), "{text}");
    let limits = list(&first, &LIMIT);
    assert_eq!((limits[0].0.as_str(), number(&limits[0], "r")), ("hour", Some(9)));
    let more_in = number(&limits[0], "t").unwrap();
    assert!((3_600..=3_600 + 180).contains(&more_in), "{more_in}");
    assert_eq!((number(&limits[1], "r"), number(&limits[1], "t")), (Some(2), None));
    // Nothing in it tells who it is for.
    assert!(!format!("{:?}", first.headers()).contains("acme"));
}

/// EDGE 17.
#[tokio::test]
async fn whoever_is_over_the_limit_learns_when_to_come_again_and_the_neighbour_is_served() {
    let (_tenancy, app) = app(Window::per_minute(3)).await;
    for _ in 0..3 {
        assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::OK);
    }
    let refused = read(&app, "/orders", "acme").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let limit = &list(&refused, &LIMIT)[0];
    assert_eq!(number(limit, "r"), Some(0));
    let wait: i64 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait >= number(limit, "t").unwrap() && (57..=63).contains(&wait), "{wait}");
    assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let mut body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let id = body.as_object_mut().unwrap().remove("request-id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 32);
    assert_eq!(
        body,
        serde_json::json!({
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Too Many Requests",
            "status": 429,
            "violated-policies": ["minute"],
        })
    );
    let neighbour = read(&app, "/orders", "globex").await;
    assert_eq!(neighbour.status(), StatusCode::OK);
    assert_eq!(number(&list(&neighbour, &LIMIT)[0], "r"), Some(2));
}

#[tokio::test]
async fn requests_cost_what_their_path_and_method_say() {
    let (_tenancy, app) = app(Window::per_hour(20)).await;
    let left = |response: Response| number(&list(&response, &LIMIT)[0], "r");
    assert_eq!(left(read(&app, "/reports", "acme").await), Some(15));
    assert_eq!(left(send(&app, Method::POST, "/orders", "acme").await), Some(13));
    for path in ["/ping", "/health"] {
        let free = read(&app, path, "acme").await;
        assert!(!free.headers().contains_key(&LIMIT) && !free.headers().contains_key(&POLICY));
    }
    assert_eq!(left(read(&app, "/orders", "acme").await), Some(12));
    let own = read(&app, "/own", "acme").await;
    assert_eq!(own.headers()[&LIMIT], "\"mine\";r=1");
    assert!(!own.headers().contains_key(&POLICY));
}

#[tokio::test]
async fn what_costs_more_than_there_is_gets_no_time_to_wait() {
    let (_tenancy, app) = app(Window::per_hour(4)).await;
    let refused = read(&app, "/reports", "acme").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.headers().contains_key(header::RETRY_AFTER));
}

/// EDGE 15: a stream counts until it has ended, and not longer where nobody reads it on.
#[tokio::test]
async fn a_stream_runs_until_its_body_is_dropped() {
    let (_tenancy, app) = app(Concurrent::new(1)).await;
    let streaming = read(&app, "/stream", "acme").await;
    assert_eq!(streaming.status(), StatusCode::OK);
    let refused = read(&app, "/orders", "acme").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert_eq!(read(&app, "/orders", "globex").await.status(), StatusCode::OK);
    drop(streaming);
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::OK);
    // Requests that have ended hold nothing either.
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::OK);
}

/// A body whose length is known is on its way until it was read all the same.
#[tokio::test]
async fn a_response_runs_until_it_was_sent() {
    let (_tenancy, app) = app(Concurrent::new(1)).await;
    let sent = read(&app, "/orders", "acme").await;
    assert_eq!(sent.status(), StatusCode::OK);
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(sent.into_body().collect().await.unwrap().to_bytes(), "orders");
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::OK);
}

/// EDGE 16.
#[tokio::test]
async fn limits_change_at_once_and_what_was_used_stays() {
    let pro = RateLimits::new(Window::per_hour(2)).tier("pro", Window::per_hour(100));
    let (tenancy, app) = app(pro).await;
    for _ in 0..2 {
        assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::OK);
    }
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::TOO_MANY_REQUESTS);
    tenancy.set_rate_limits(Window::per_hour(3));
    let last = read(&app, "/orders", "acme").await;
    assert_eq!(number(&list(&last, &LIMIT)[0], "r"), Some(0));
    assert_eq!(read(&app, "/orders", "acme").await.status(), StatusCode::TOO_MANY_REQUESTS);
    tenancy.set_rate_limits(RateLimits::default());
    assert!(!read(&app, "/orders", "acme").await.headers().contains_key(&LIMIT));
}

/// EDGE 17: whatever the names and numbers, a reader of structured fields reads them.
#[test]
fn every_decision_is_written_so_that_it_is_read() {
    let policies = [
        Policy::new("a-b_9", Window::new(u32::MAX, Duration::from_secs(31_622_400)).unwrap()),
        Policy::new("r", Rate::per_second(7).burst(100)),
        Policy::new("shadow", Window::per_second(1)).map(Policy::shadow),
    ];
    let limits = policies.into_iter().fold(Limits::none(), |all, it| all.and(it.unwrap()).unwrap());
    let mut account = Account::default();
    for cost in [1, 50, 99, 2] {
        let decision = account.decide(9_000_000, &limits, cost).unwrap();
        let mut response = Response::new(Body::empty());
        describe(response.headers_mut(), &decision);
        let (policies, standings) = (list(&response, &POLICY), list(&response, &LIMIT));
        assert_eq!(policies.len(), 2, "shadows are not shown");
        assert_eq!(number(&policies[1], "q"), Some(100));
        assert_eq!(number(&policies[1], "w"), Some(15));
        let shown: Vec<_> = standings.iter().map(|it| number(it, "r").unwrap()).collect();
        let real: Vec<_> = decision.standings().map(|(_, it)| i64::from(it.remaining)).collect();
        assert_eq!(shown, real[..2]);
    }
    let nothing = Decision::new(&Limits::none(), [Standing::default(); Limits::MAX]);
    let mut headers = HeaderMap::new();
    describe(&mut headers, &nothing);
    assert!(headers.is_empty());
}
