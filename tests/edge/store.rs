//! Stores of tenants: each does what the contract says, on every engine.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::ConnectionTrait as _;
use tenancy::{MemoryStore, NewTenant, Redis, RedisStore, SqlStore, Tenancy, TenantStore, testkit};
use tenancy_tests::engine::Engine;

use crate::server::Server;

/// Stores on a server, each with a prefix of its own.
pub(crate) fn redis_store(server: &Server) -> RedisStore {
    store_in(Redis::new(server.url()).unwrap())
}

/// The same, wherever it is.
pub(crate) fn store_in(redis: Redis) -> RedisStore {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("store-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    RedisStore::new(redis.prefix(&prefix).unwrap())
}

/// On an engine, in one database, which is emptied for each case.
async fn on(engine: Engine) {
    let scratch = engine.scratch().await;
    let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
    TenantStore::prepare(&store).await.unwrap();
    let eye = scratch.eye().await;
    let make = async || {
        for table in ["tenancy_tenants", "tenancy_unscoped", "tenancy_domains", "tenancy_api_keys"]
        {
            eye.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
        }
        store.clone()
    };
    testkit::store::check(make).await.assert();
    eye.close().await.unwrap();
    drop(store);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    testkit::store::check(async || MemoryStore::new()).await.assert();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    testkit::store::check(async || SqlStore::connect("sqlite::memory:").await.unwrap())
        .await
        .assert();
    on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract() {
    on(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_keeps_the_contract() {
    on(Engine::MySql).await;
}

/// EDGE 18.
#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let server = Server::started();
    testkit::store::check(async || redis_store(&server)).await.assert();
    let mut keys = redis_client(&server).await;
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut keys).await.unwrap();
    assert!(keys.len() > 10 && keys.iter().all(|key| key.contains(":{tenants}:")), "{keys:?}");
}

async fn redis_client(server: &Server) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_that_may_forget_tenants_is_refused() {
    let server = Server::started();
    let mut client = redis_client(&server).await;
    for (memory, policy, refused) in [
        ("0", "allkeys-lru", false),
        ("100mb", "allkeys-lru", true),
        ("100mb", "volatile-lru", false),
        ("100mb", "noeviction", false),
    ] {
        for (name, value) in [("maxmemory", memory), ("maxmemory-policy", policy)] {
            let set = redis::cmd("CONFIG").arg("SET").arg(name).arg(value).to_owned();
            set.exec_async(&mut client).await.unwrap();
        }
        let prepared = redis_store(&server).prepare().await;
        assert_eq!(prepared.is_err_and(|error| error.is_config()), refused, "{memory} {policy}");
    }
}

/// What is kept in Redis is served, by whatever process.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_in_redis_are_served_by_all_processes() {
    let server = Server::started();
    let store = redis_store(&server);
    let connect = async || {
        let builder = Tenancy::builder().database("sqlite::memory:").store(store.clone());
        builder.max_tenants(2).connect().await.unwrap()
    };
    let [one, other] = [connect().await, connect().await];
    let acme = one.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
    other.create_tenant(NewTenant::new("globex").unwrap()).await.unwrap();
    assert_eq!(other.tenant("acme").await.unwrap(), acme);
    let third = one.create_tenant(NewTenant::new("initech").unwrap()).await.unwrap_err();
    assert!(third.is_full(), "{third}");
    // Who is there already is completed all the same.
    assert!(
        one.create_tenant(NewTenant::new("acme").unwrap()).await.is_err_and(|e| e.is_conflict())
    );
}
