//! Routes for operators.

use http::request::Parts;
use serde_json::{Value, json};

use super::*;
use crate::{
    Actor,
    limit::{Concurrent, Limits, RateLimits, Window},
};

fn authorise(parts: &Parts) -> Option<Actor> {
    let sent = parts.headers.get("authorization")?.to_str().ok()?;
    (sent == "let me in").then(|| Actor::new("ada"))
}

async fn ask(app: &Router, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("authorization", token);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (status, headers, body) = read(app.clone().oneshot(request).await.unwrap()).await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    (status.as_u16(), serde_json::from_slice(&body).unwrap())
}

/// EDGE 60: operators see effective limits, the cache and connections, and suspend and invalidate with a
/// record; strangers see a path that is not there.
#[tokio::test]
async fn operators_see_and_do_and_strangers_find_nothing() {
    let limits = Limits::from(Window::per_minute(60)).and(Concurrent::new(5)).unwrap();
    let store = MemoryStore::new();
    let tenancy = Tenancy::builder()
        .database("sqlite::memory:")
        .store(store.clone())
        .rate_limits(RateLimits::new(Window::per_minute(6)).tier("pro", limits))
        .connect()
        .await
        .unwrap();
    for (slug, tier) in [("acme", "pro"), ("globex", "free")] {
        let new = NewTenant::new(slug).unwrap().id(slug).unwrap().tier(tier);
        let new = new.metadata("api_key", "hunter2").database_url("postgres://app:hunter2@db/x");
        tenancy.create_tenant(new).await.unwrap();
    }
    let app = Router::new().nest("/admin", tenancy.admin_router(authorise));
    let get = async |path: &str| ask(&app, "GET", path, "let me in", "").await;
    let post = async |path: &str, body: &str| ask(&app, "POST", path, "let me in", body).await;

    let nothing = json!({ "type": "about:blank", "title": "Not Found", "status": 404 });
    for (method, path) in [
        ("GET", "/admin/tenants"),
        ("GET", "/admin/cache"),
        ("GET", "/admin/nowhere"),
        ("DELETE", "/admin/tenants"),
        ("POST", "/admin/tenants/acme/suspend"),
    ] {
        let stranger = ask(&app, method, path, "guessed", r#"{"reason": "why"}"#).await;
        assert_eq!(stranger, (404, nothing.clone()), "{method} {path}");
    }
    assert!(tenancy.tenant("acme").await.unwrap().is_active());

    let (_, listed) = get("/admin/tenants?limit=1").await;
    assert_eq!(listed["tenants"][0]["id"], "acme");
    assert_eq!(listed["tenants"].as_array().unwrap().len(), 1);
    let (_, rest) = get("/admin/tenants?after=acme").await;
    assert_eq!(rest["tenants"][0]["id"], "globex");
    let (_, acme) = get("/admin/tenants/acme").await;
    assert_eq!(
        acme["limits"][0],
        json!({ "name": "minute", "limit": 60, "per_seconds": 60, "shadow": false })
    );
    assert_eq!(acme["limits"][1]["concurrent"], 5);
    let (_, globex) = get("/admin/tenants/globex").await;
    assert_eq!((&globex["limits"][0]["limit"], &globex["status"]), (&json!(6), &json!("active")));
    assert!(!format!("{listed}{rest}{acme}{globex}").contains("hunter2"));
    assert_eq!(get("/admin/tenants/nobody").await, (404, nothing));
    assert_eq!(get("/admin/health").await, (200, json!({ "ready": true, "degraded": false })));
    assert_eq!(get("/admin/connections").await.1["open"], 0);

    for body in ["", "{}", r#"{"reason": " "}"#, "reason"] {
        let (status, told) = post("/admin/tenants/acme/suspend", body).await;
        assert_eq!(status, 400);
        assert!(told["detail"].as_str().unwrap().contains("say why"), "{told}");
    }
    let why = r#"{"reason": "the invoice of May"}"#;
    assert_eq!(post("/admin/tenants/acme/suspend", why).await.1["status"], "suspended");
    assert!(!tenancy.tenant("acme").await.unwrap().is_active());
    assert!(tenancy.tenant("globex").await.unwrap().is_active());
    assert_eq!(post("/admin/tenants/acme/activate", why).await.1["status"], "active");
    assert!(tenancy.tenant("acme").await.unwrap().is_active());

    // Somebody changed it with SQL.
    let (_, before) = get("/admin/cache").await;
    let mut changed = store.by_id(&TenantId::new("acme").unwrap()).await.unwrap().unwrap();
    let seen = changed.updated_at;
    changed.tier = Some("gold".to_owned());
    changed.updated_at = seen + chrono::Duration::seconds(1);
    assert!(store.update(&changed, seen).await.unwrap());
    assert_eq!(tenancy.tenant("acme").await.unwrap().tier.as_deref(), Some("pro"));
    assert_eq!(post("/admin/tenants/acme/invalidate", why).await.0, 200);
    assert_eq!(tenancy.tenant("acme").await.unwrap().tier.as_deref(), Some("gold"));
    let (_, after) = get("/admin/cache").await;
    assert!(after["version"].as_u64() > before["version"].as_u64(), "{before} {after}");
    assert_eq!(after["lag_seconds"], 5.0);

    let (_, events) = get("/admin/tenants/acme/events").await;
    let told: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["action"].as_str().unwrap(), event["actor"].as_str().unwrap()))
        .collect();
    let ada = |action| (action, "ada");
    assert_eq!(
        told,
        [ada("invalidate"), ada("activate"), ada("suspend"), ("create", "the program")]
    );
    assert_eq!(events["events"][2]["reason"], "the invoice of May");
    assert_eq!(get("/admin/events?limit=2").await.1["events"].as_array().unwrap().len(), 2);

    // A step that cannot be taken says why.
    tenancy.delete(&TenantId::new("globex").unwrap()).await.unwrap();
    let (status, told) = post("/admin/tenants/globex/activate", why).await;
    assert_eq!(status, 409);
    assert!(told["detail"].as_str().unwrap().contains("suspend it first"), "{told}");
}
