//! Keys of programs, from their making to the request.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use chrono::{SecondsFormat, Utc};
use http::{Request, StatusCode};
use sea_orm::{ConnectionTrait as _, Statement};
use tenancy::{
    ApiKey, Chain, CurrentTenant, Header, MemoryStore, NewTenant, Redis, SqlStore, Tenancy,
    TenantCache, TenantId, TenantStore,
};
use tenancy_tests::{engine::Engine, wait::until};
use tower::ServiceExt as _;

use crate::server::Server;

fn hour() -> TenantCache {
    let hour = Duration::from_secs(3_600);
    TenantCache::new().life(hour).unknown_life(hour)
}

async fn connect(store: impl TenantStore, cache: TenantCache) -> Tenancy {
    let builder = Tenancy::builder().database("sqlite::memory:").store(store).tenant_cache(cache);
    let tenancy = builder.resolver(ApiKey::default()).connect().await.unwrap();
    // What a purge empties.
    tenancy.create_tables().await.unwrap();
    tenancy
}

async fn tenant(tenancy: &Tenancy, name: &str) -> TenantId {
    let new = NewTenant::new(name).unwrap().id(name).unwrap();
    tenancy.create_tenant(new).await.unwrap().id.clone()
}

/// The whole answer: status, headers, body.
async fn answer(tenancy: &Tenancy, key: &str) -> (StatusCode, String, String) {
    let who = async |CurrentTenant(tenant): CurrentTenant| tenant.id.to_string();
    let app = Router::new().route("/", get(who)).layer(tenancy.layer().challenge("Bearer"));
    let request = Request::builder().uri("/").header("authorization", format!("Bearer {key}"));
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let mut headers = response.headers().clone();
    // Each request has one of its own.
    assert!(headers.remove("x-request-id").is_some());
    let (status, headers) = (response.status(), format!("{headers:?}"));
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

/// The same key with another secret.
fn guessed(key: &str) -> String {
    let (head, secret) = key.split_once('.').unwrap();
    let last = if secret.ends_with('0') { '1' } else { '0' };
    format!("{head}.{}{last}", &secret[..secret.len() - 1])
}

async fn a_key_opens_its_own_tenant_alone(store: impl TenantStore) {
    let tenancy = connect(store, hour()).await;
    let (acme, globex) = (tenant(&tenancy, "acme").await, tenant(&tenancy, "globex").await);
    let keys = tenancy.api_keys();
    let [one, other, theirs] = [
        keys.create(&acme, "export", None).await.unwrap(),
        keys.create(&acme, "büro ✨", None).await.unwrap(),
        keys.create(&globex, "export", None).await.unwrap(),
    ];
    for (created, whose) in [(&one, "acme"), (&other, "acme"), (&theirs, "globex")] {
        let (status, _, body) = answer(&tenancy, created.key.expose()).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, whose));
    }
    // Whatever is wrong looks the same from outside: an unknown id, a wrong secret, one of another key.
    let refused = answer(&tenancy, "tk_00000000000000000000.0").await;
    assert_eq!(refused.0, StatusCode::UNAUTHORIZED);
    let swapped = {
        let (id, _) = one.key.expose().split_once('.').unwrap();
        format!("{id}.{}", theirs.key.expose().split_once('.').unwrap().1)
    };
    let unknown = format!("tk_{}.{}", "0".repeat(20), "0".repeat(64));
    for wrong in [guessed(one.key.expose()), swapped, unknown, "x.y.z".to_owned()] {
        assert_eq!(answer(&tenancy, &wrong).await, refused, "{wrong}");
        assert_eq!(keys.tenant_of(&wrong).await.unwrap(), None);
    }

    let listed = keys.list(&acme).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["export", "büro ✨"]);
    assert_eq!((&listed[0], &listed[1]), (&one.record, &other.record));

    // Who is not its owner cannot take it back.
    assert!(!keys.revoke(&globex, &one.record.id).await.unwrap());
    assert_eq!(answer(&tenancy, one.key.expose()).await.0, StatusCode::OK);
    assert!(keys.revoke(&acme, &one.record.id).await.unwrap());
    assert!(keys.revoke(&acme, &one.record.id).await.unwrap(), "twice is fine");
    assert_eq!(answer(&tenancy, one.key.expose()).await, refused);
    assert_eq!(answer(&tenancy, other.key.expose()).await.2, "acme");
    assert!(keys.list(&acme).await.unwrap()[0].revoked_at.is_some());

    let past = keys.create(&acme, "old", Some(Utc::now())).await.unwrap();
    assert_eq!(answer(&tenancy, past.key.expose()).await, refused, "it has expired");
    let soon = Utc::now() + chrono::Duration::days(1);
    let fresh = keys.create(&acme, "new", Some(soon)).await.unwrap();
    assert_eq!(answer(&tenancy, fresh.key.expose()).await.2, "acme");

    tenancy.suspend(&acme).await.unwrap();
    assert_eq!(answer(&tenancy, other.key.expose()).await, refused, "suspended looks alike");
    tenancy.activate(&acme).await.unwrap();
    assert_eq!(answer(&tenancy, other.key.expose()).await.2, "acme");

    // When it was used is written down later, and by nobody who waits.
    keys.flush_uses().await.unwrap();
    let used = |name: &str, all: &[tenancy::ApiKeyRecord]| {
        all.iter().find(|key| key.name == name).unwrap().last_used_at
    };
    let listed = keys.list(&acme).await.unwrap();
    assert!(used("büro ✨", &listed).is_some() && used("old", &listed).is_none());

    tenancy.delete(&acme).await.unwrap();
    let slug = tenancy::Slug::new("acme").unwrap();
    tenancy.purge(&acme, &slug).await.unwrap();
    assert_eq!(answer(&tenancy, other.key.expose()).await, refused);
    assert!(keys.list(&acme).await.unwrap().is_empty());
    assert_eq!(answer(&tenancy, theirs.key.expose()).await.2, "globex");
    assert!(keys.create(&acme, "late", None).await.unwrap_err().is_tenant_not_found());
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_in_memory() {
    a_key_opens_its_own_tenant_alone(MemoryStore::new()).await;
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_on_every_engine() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::MySql] {
        let scratch = engine.scratch().await;
        let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
        a_key_opens_its_own_tenant_alone(store).await;
        scratch.remove().await;
    }
}

/// EDGE 52: the secret is not in the database, and a key that expires is refused though it is remembered.
#[tokio::test]
async fn the_store_has_no_secret_and_time_is_looked_at_each_time() {
    let scratch = Engine::Sqlite.scratch().await;
    let tenancy = connect(SqlStore::connect(scratch.url.as_str()).await.unwrap(), hour()).await;
    let acme = tenant(&tenancy, "acme").await;
    let expires = Utc::now() + chrono::Duration::milliseconds(400);
    let created = tenancy.api_keys().create(&acme, "brief", Some(expires)).await.unwrap();
    let secret = created.key.expose().split_once('.').unwrap().1.to_owned();
    assert!(!format!("{created:?}").contains(&secret[..8]));
    let eye = scratch.eye().await;
    let rows = Statement::from_string(eye.get_database_backend(), "SELECT * FROM tenancy_api_keys");
    let rows = eye.query_all_raw(rows).await.unwrap();
    let text = format!(
        "{:?}",
        rows.iter().map(|row| row.try_get::<String>("", "hash")).collect::<Vec<_>>()
    );
    assert!(rows.len() == 1 && !text.contains(&secret[..8]), "{text}");
    until("it expires", async || {
        tenancy.api_keys().tenant_of(created.key.expose()).await.unwrap().is_none()
    })
    .await;
    assert!(Utc::now() >= expires, "{}", expires.to_rfc3339_opts(SecondsFormat::Micros, true));
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// A bad key is not passed over in favour of a header.
#[tokio::test]
async fn a_chain_does_not_fall_through_a_bad_key() {
    let chain = Chain::first(ApiKey::default()).with(Header::default());
    let builder = Tenancy::builder().database("sqlite::memory:").resolver(chain);
    let tenancy = builder.connect().await.unwrap();
    let acme = tenant(&tenancy, "acme").await;
    let created = tenancy.api_keys().create(&acme, "export", None).await.unwrap();
    let who = async |CurrentTenant(tenant): CurrentTenant| tenant.id.to_string();
    let app = Router::new().route("/", get(who)).layer(tenancy.layer());
    let ask = async |key: Option<&str>| {
        let mut request = Request::builder().uri("/").header("x-tenant-id", "acme");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        let request = request.body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!(ask(None).await, StatusCode::OK);
    assert_eq!(ask(Some(created.key.expose())).await, StatusCode::OK);
    for bad in [guessed(created.key.expose()), "tk_".to_owned(), "?".to_owned()] {
        assert_eq!(ask(Some(&bad)).await, StatusCode::NOT_FOUND, "{bad}");
    }
}

/// EDGE 27: what one process revokes, others refuse as soon as they hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn other_processes_hear_of_revoked_keys() {
    let (server, store) = (Server::started(), MemoryStore::new());
    let redis = || Redis::new(server.url()).unwrap().deadline(Duration::from_secs(5));
    let cache = || hour().told_life(Duration::from_secs(3_600)).channel(redis());
    let [one, other] = [connect(store.clone(), cache()).await, connect(store, cache()).await];
    until("the channel is there", async || {
        one.health().await.channel == Some(true) && other.health().await.channel == Some(true)
    })
    .await;
    let acme = tenant(&one, "acme").await;
    let created = one.api_keys().create(&acme, "export", None).await.unwrap();
    let opens = async || other.api_keys().tenant_of(created.key.expose()).await.unwrap().is_some();
    until("it opens", opens).await;
    one.api_keys().revoke(&acme, &created.record.id).await.unwrap();
    until("it opens nothing", async || !opens().await).await;
}
