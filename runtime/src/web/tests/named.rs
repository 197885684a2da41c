//! What requests are called.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;

use super::*;
use crate::{RequestId, TrustedProxies};

async fn told(id: RequestId) -> String {
    id.to_string()
}

fn named(layer: crate::TenancyLayer) -> Router {
    Router::new()
        .route("/id", get(told))
        .route("/failed", get(async || Err::<(), _>(Error::conflict("the slug `x`"))))
        .route("/absent", get(async || Err::<(), _>(Error::tenant_not_found())))
        .route("/health", get(async || "fine"))
        .layer(layer.exclude("/health"))
}

/// The status, the field and the body.
async fn ask(app: &Router, path: &str, peer: &str, ids: &[&str]) -> (u16, Option<String>, String) {
    let mut request = Request::builder().uri(path).header("x-tenant-id", "acme");
    for id in ids {
        request = request.header("x-request-id", *id);
    }
    let peer: SocketAddr = peer.parse().unwrap();
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let field = response.headers().get("x-request-id");
    let field = field.map(|id| id.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, field, String::from_utf8(body.to_vec()).unwrap())
}

fn is_fresh(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

const PROXY: &str = "10.1.2.3:4";
const STRANGER: &str = "192.0.2.7:4";

#[tokio::test]
async fn each_request_has_an_id_of_its_own_that_nobody_else_chooses() {
    let tenancy = connect(MemoryStore::new()).await;
    let app = named(tenancy.layer());
    let (_, first, body) = ask(&app, "/id", PROXY, &["chosen"]).await;
    let first = first.unwrap();
    assert!(is_fresh(&first) && body == first, "{first} {body}");
    assert_ne!(ask(&app, "/id", PROXY, &[]).await.1.unwrap(), first);
    // One that belongs to no tenant has none.
    assert_eq!(ask(&app, "/health", PROXY, &["chosen"]).await.1, None);
    // A problem tells it, but for those that look the same for everybody.
    let (status, id, body) = ask(&app, "/failed", PROXY, &[]).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, body["request-id"].as_str()), (409, id.as_deref()));
    let (_, id, body) = ask(&app, "/absent", PROXY, &[]).await;
    assert!(is_fresh(&id.unwrap()));
    assert_eq!(body, r#"{"type":"about:blank","title":"Not Found","status":404}"#);
}

#[tokio::test]
async fn an_id_is_taken_from_proxies_if_it_is_well_formed() {
    let tenancy = connect(MemoryStore::new()).await;
    let layer = || tenancy.layer();
    let proxies = TrustedProxies::x_forwarded_host(["10.0.0.0/8"]);
    let behind = named(layer().request_ids_from(proxies));
    let open = named(layer().request_ids_from_anybody());
    let sound = "req_1.2:3-A";
    let longest = "x".repeat(128);
    let long = "x".repeat(129);
    for (app, peer, ids, taken) in [
        (&behind, PROXY, &[sound][..], true),
        (&behind, PROXY, &[&*longest], true),
        (&behind, STRANGER, &[sound], false),
        (&open, STRANGER, &[sound], true),
        (&open, PROXY, &[sound, sound], false),
        (&open, PROXY, &[""], false),
        (&open, PROXY, &[&*long], false),
        (&open, PROXY, &["a b"], false),
        (&open, PROXY, &["a\"}"], false),
        (&open, PROXY, &["a,b"], false),
        (&open, PROXY, &["a\tb"], false),
    ] {
        let (_, id, body) = ask(app, "/id", peer, ids).await;
        let id = id.unwrap();
        assert_eq!(id, body);
        assert_eq!(id == ids[0], taken, "{ids:?} from {peer}: {id}");
        assert!(taken || is_fresh(&id), "{id}");
    }
}
