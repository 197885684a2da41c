//! A cache between two tenants and the application, as a content delivery network is one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::State, response::Response, routing::get};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use tower::ServiceExt as _;

use super::{connect, read, request, send};
use crate::{CurrentTenant, MemoryStore, Tenancy};

/// A shared cache (RFC 9111) in front of an application. It keeps every answer it may keep, and for
/// ever.
struct Proxy {
    behind: Router,
    kept: Mutex<HashMap<String, Vec<Kept>>>,
    asked: AtomicUsize,
}

/// An answer, and what a request must have in the fields it varies by.
struct Kept {
    fields: Vec<(HeaderName, Option<HeaderValue>)>,
    answer: (StatusCode, HeaderMap, Vec<u8>),
}

impl Kept {
    fn fits(&self, request: &HeaderMap) -> bool {
        self.fields.iter().all(|(name, value)| request.get(name) == value.as_ref())
    }
}

/// Whether a cache that many share may keep an answer. One that says nothing may be kept.
fn storable(status: StatusCode, headers: &HeaderMap) -> bool {
    let says = |word: &str| {
        let all = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|it| it.to_str().ok());
        all.flat_map(|text| text.split(',')).any(|it| it.trim() == word)
    };
    // Those that may be kept without being told to (RFC 9110, section 15.1).
    let status = [200, 203, 204, 300, 301, 404, 410].contains(&status.as_u16());
    status && !says("no-store") && !says("private")
}

fn varies_by(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let all = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split(',')).filter_map(|name| name.trim().parse().ok())
}

fn response((status, headers, body): (StatusCode, HeaderMap, Vec<u8>)) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request<Body>) -> Response {
    let (path, asks) = (request.uri().path().to_owned(), request.headers().clone());
    let known = |kept: &Vec<Kept>| {
        kept.iter().find(|kept| kept.fits(&asks)).map(|kept| kept.answer.clone())
    };
    let found = proxy.kept.lock().unwrap().get(&path).and_then(known);
    if let Some(answer) = found {
        return response(answer);
    }
    proxy.asked.fetch_add(1, Ordering::Relaxed);
    let (status, headers, body) = read(proxy.behind.clone().oneshot(request).await.unwrap()).await;
    let answer = (status, headers, body.to_vec());
    if storable(status, &answer.1) {
        let fields = varies_by(&answer.1).map(|name| (name.clone(), asks.get(&name).cloned()));
        let kept = Kept { fields: fields.collect(), answer: answer.clone() };
        proxy.kept.lock().unwrap().entry(path).or_default().push(kept);
    }
    response(answer)
}

/// The application behind a cache, and how to see how often it is asked.
fn cached(behind: Router) -> (Router, Arc<Proxy>) {
    let proxy = Proxy { behind, kept: Mutex::default(), asked: AtomicUsize::new(0) };
    let proxy = Arc::new(proxy);
    (Router::new().fallback(pass).with_state(Arc::clone(&proxy)), proxy)
}

/// Each page names its tenant; the second is one that the application wants kept.
fn app(tenancy: &Tenancy) -> Router {
    let page = async |CurrentTenant(tenant): CurrentTenant| tenant.id.to_string();
    let kept = async |CurrentTenant(tenant): CurrentTenant| {
        ([(header::CACHE_CONTROL, "public, max-age=60")], tenant.id.to_string())
    };
    let app = Router::new().route("/page", get(page)).route("/kept", get(kept));
    app.layer(tenancy.layer())
}

/// EDGE 51: a cache that many share gives nobody what belongs to another tenant.
#[tokio::test]
async fn two_tenants_behind_a_caching_proxy() {
    let (app, proxy) = cached(app(&connect(MemoryStore::new()).await));
    for path in ["/page", "/kept"] {
        assert_eq!(send(&app, path, &[]).await.0, StatusCode::NOT_FOUND);
        for _ in 0..2 {
            for tenant in ["acme", "globex"] {
                assert_eq!(send(&app, path, &[tenant]).await.2, tenant, "{path}");
            }
        }
        assert_eq!(send(&app, path, &["nobody"]).await.0, StatusCode::NOT_FOUND);
    }
    let kept: Vec<String> = proxy.kept.lock().unwrap().keys().cloned().collect();
    assert_eq!(kept, ["/kept"], "no other page is kept");
    // Two strangers and four visits, then two strangers and each tenant once.
    assert_eq!(proxy.asked.load(Ordering::Relaxed), 6 + 4);
}

/// The same cache gives everything to everybody where the layer's header fields are lost.
#[tokio::test]
async fn without_our_header_fields_the_proxy_would_leak() {
    async fn bare(mut response: Response) -> Response {
        response.headers_mut().remove(header::VARY);
        response.headers_mut().remove(header::CACHE_CONTROL);
        response
    }
    let app = app(&connect(MemoryStore::new()).await);
    let (app, _) = cached(app.layer(axum::middleware::map_response(bare)));
    for path in ["/page", "/kept"] {
        let first = app.clone().oneshot(request(path, &["acme"])).await.unwrap();
        assert_eq!(read(first).await.2, "acme");
        assert_eq!(send(&app, path, &["globex"]).await.2, "acme", "{path}");
    }
}
