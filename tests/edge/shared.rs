//! Tenants in Redis before the store, and what becomes of them when Redis goes.

use std::time::Duration;

use redis::AsyncCommands as _;
use sea_orm::ConnectionTrait as _;
use tenancy::{
    Encryption, EncryptionKey, NewTenant, Redis, Slug, SqlStore, Status, Tenancy, TenantCache,
};
use tenancy_tests::engine::{Engine, Scratch};

use crate::server::Server;

const HOUR: Duration = Duration::from_secs(3_600);

/// One of several processes, which remembers nothing by itself.
async fn process(scratch: &Scratch, server: &Server) -> Tenancy {
    let redis = Redis::new(server.url()).unwrap().deadline(Duration::from_secs(5));
    let cache = TenantCache::new().life(Duration::ZERO).shared(redis, HOUR);
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let encryption = Encryption::new(EncryptionKey::from_hex("k1", hex).unwrap());
    let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
    let builder = Tenancy::builder().database("sqlite::memory:").store(store).tenant_cache(cache);
    let builder = builder.encryption(encryption.metadata("token"));
    let tenancy = builder.connect().await.unwrap();
    // What a purge empties.
    tenancy.create_tables().await.unwrap();
    tenancy
}

async fn status(process: &Tenancy, slug: &str) -> Option<Status> {
    let found = process.find_tenant(&Slug::new(slug).unwrap()).await.unwrap();
    found.map(|tenant| tenant.status)
}

/// What one process changes is what the other finds, at once; EDGE 27 and 30.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_changes_the_other_finds() {
    let (mut server, scratch) = (Server::started(), Engine::Sqlite.scratch().await);
    let [one, other] = [process(&scratch, &server).await, process(&scratch, &server).await];
    let new = NewTenant::new("acme").unwrap().id("acme").unwrap();
    let new = new.database_url("postgres://app:hunter2@db/acme").metadata("token", "hunter2");
    let acme = one.create_tenant(new).await.unwrap();
    one.create_tenant(NewTenant::new("globex").unwrap()).await.unwrap();
    assert_eq!(other.tenant("acme").await.unwrap(), acme);

    // It is Redis that is asked: behind the store's back nothing is seen. It holds nothing secret.
    let eye = scratch.eye().await;
    eye.execute_unprepared("UPDATE tenancy_tenants SET name = 'changed with SQL'").await.unwrap();
    assert_eq!(other.tenant("acme").await.unwrap().name, "acme");
    let mut client = redis::Client::open(server.url())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let kept: String = client.get("tenancy:tenant:{acme}").await.unwrap();
    assert!(kept.contains("sealed:v1:k1:") && !kept.contains("hunter2"), "{kept}");
    assert!(client.pttl::<_, i64>("tenancy:tenant:{acme}").await.unwrap() > 0, "it goes by itself");

    for (change, next) in
        [(&one, Status::Suspended), (&other, Status::Active), (&one, Status::Maintenance)]
    {
        change.set_status(&acme.id, next).await.unwrap();
        for process in [&one, &other] {
            assert_eq!(status(process, "acme").await, Some(next));
            assert_eq!(status(process, "globex").await, Some(Status::Active));
        }
    }
    one.rename(&acme.id, Slug::new("apex").unwrap()).await.unwrap();
    assert_eq!(status(&other, "acme").await, None);
    assert_eq!(status(&other, "apex").await, Some(Status::Maintenance));

    // Without Redis all goes on from the store.
    server.kill();
    assert_eq!(status(&other, "apex").await, Some(Status::Maintenance));
    one.set_status(&acme.id, Status::Active).await.unwrap();
    assert_eq!(status(&other, "apex").await, Some(Status::Active));
    // It comes back empty.
    server.start();
    assert_eq!(status(&other, "apex").await, Some(Status::Active));
    one.delete(&acme.id).await.unwrap();
    one.purge(&acme.id, &Slug::new("apex").unwrap()).await.unwrap();
    assert_eq!(status(&other, "apex").await, None);
    assert_eq!(status(&other, "globex").await, Some(Status::Active));
    eye.close().await.unwrap();
    scratch.remove().await;
}
