//! PostgreSQL says which tenants have changed, and everybody hears it.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use tenancy::{NewTenant, Slug, SqlStore, Status, Tenancy, TenantCache, TenantId};
use tenancy_tests::{
    engine::{Engine, Scratch},
    wait::until,
};

use crate::secret::Log;

const HOUR: Duration = Duration::from_secs(3_600);

async fn process(scratch: &Scratch, life: Duration) -> Tenancy {
    let cache = TenantCache::new().told_life(HOUR).life(life).unknown_life(HOUR);
    let cache = cache.notified_by(scratch.url.as_str());
    let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
    let builder = Tenancy::builder().database("sqlite::memory:").store(store).tenant_cache(cache);
    builder.connect().await.unwrap()
}

async fn status(process: &Tenancy, slug: &str) -> Option<Status> {
    let found = process.find_tenant(&Slug::new(slug).unwrap()).await.unwrap();
    found.map(|tenant| tenant.status)
}

async fn sees(process: &Tenancy, slug: &str, wanted: Option<Status>) {
    let what = format!("{slug} is {wanted:?}");
    until(&what, async || status(process, slug).await == wanted).await;
}

async fn hears(process: &Tenancy, wanted: bool) {
    until(&format!("the channel is there: {wanted}"), async || {
        process.health().await.channel == Some(wanted)
    })
    .await;
}

async fn tenant(process: &Tenancy, name: &str) -> TenantId {
    let new = NewTenant::new(name).unwrap().id(name).unwrap();
    process.create_tenant(new).await.unwrap().id.clone()
}

/// EDGE 25, 27 and 30: other processes hear of what is committed, by whoever.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_heard() {
    let scratch = Engine::Postgres.scratch().await;
    let [one, other] = [process(&scratch, HOUR).await, process(&scratch, HOUR).await];
    for process in [&one, &other] {
        hears(process, true).await;
    }
    assert_eq!(status(&other, "acme").await, None);
    let (acme, globex) = (tenant(&one, "acme").await, tenant(&one, "globex").await);
    sees(&other, "acme", Some(Status::Active)).await;
    sees(&other, "globex", Some(Status::Active)).await;
    one.suspend(&acme).await.unwrap();
    sees(&other, "acme", Some(Status::Suspended)).await;
    assert_eq!(status(&other, "globex").await, Some(Status::Active));
    assert_eq!(status(&other, "apex").await, None);
    one.rename(&acme, Slug::new("apex").unwrap()).await.unwrap();
    sees(&other, "apex", Some(Status::Suspended)).await;
    sees(&other, "acme", None).await;

    // With SQL too, and not before it is committed.
    let eye = scratch.eye().await;
    let update = "UPDATE tenancy_tenants SET status = 'maintenance' WHERE id = 'globex'";
    eye.execute_unprepared(update).await.unwrap();
    for process in [&one, &other] {
        sees(process, "globex", Some(Status::Maintenance)).await;
    }
    one.activate(&globex).await.unwrap();
    sees(&other, "globex", Some(Status::Active)).await;

    let created = one.api_keys().create(&globex, "export", None).await.unwrap();
    let opens = async || other.api_keys().tenant_of(created.key.expose()).await.unwrap().is_some();
    until("the key opens", opens).await;
    eye.execute_unprepared("UPDATE tenancy_api_keys SET revoked_at = created_at").await.unwrap();
    until("the key opens nothing", async || !opens().await).await;
    eye.close().await.unwrap();
    one.close().await.unwrap();
    other.close().await.unwrap();
}

/// EDGE 26: whoever loses the connection forgets all, remembers for less time, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_makes_everybody_forget() {
    let scratch = Engine::Postgres.scratch().await;
    let process = process(&scratch, Duration::from_millis(200)).await;
    hears(&process, true).await;
    let acme = tenant(&process, "acme").await;
    sees(&process, "acme", Some(Status::Active)).await;
    let eye = scratch.eye().await;
    // What is heard is heard in order: of the making of acme nothing is on its way any more.
    for status in [Status::Maintenance, Status::Active] {
        let update = format!("UPDATE tenancy_tenants SET status = '{status}'");
        eye.execute_unprepared(&update).await.unwrap();
        sees(&process, "acme", Some(status)).await;
    }
    // Nobody hears what is said while the listener is gone.
    let mute = "ALTER TABLE tenancy_tenants DISABLE TRIGGER tenancy_tell";
    eye.execute_unprepared(mute).await.unwrap();
    let update = "UPDATE tenancy_tenants SET status = 'suspended'";
    eye.execute_unprepared(update).await.unwrap();
    assert_eq!(status(&process, "acme").await, Some(Status::Active), "nothing was said");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND (query LIKE '%tenancy_tell%' OR query LIKE 'LISTEN%' OR query = 'SELECT 1')";
    until("it forgets", async || {
        eye.execute_unprepared(end).await.unwrap();
        status(&process, "acme").await == Some(Status::Suspended)
    })
    .await;
    eye.execute_unprepared("ALTER TABLE tenancy_tenants ENABLE TRIGGER tenancy_tell")
        .await
        .unwrap();
    hears(&process, true).await;
    eye.execute_unprepared("UPDATE tenancy_tenants SET status = 'active'").await.unwrap();
    sees(&process, "acme", Some(Status::Active)).await;
    assert_eq!(acme.as_str(), "acme");
    eye.close().await.unwrap();
}

/// A database that says nothing is no channel.
#[tokio::test]
async fn a_database_that_tells_nothing_is_not_believed() {
    let log = Log::default();
    let _heard = log.hears(tracing::Level::ERROR);
    let (scratch, elsewhere) = (Engine::Postgres.scratch().await, Engine::Postgres.scratch().await);
    let cache = TenantCache::new().notified_by(elsewhere.url.as_str());
    let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
    let builder = Tenancy::builder().database("sqlite::memory:").store(store).tenant_cache(cache);
    let process = builder.connect().await.unwrap();
    until("it says so", async || log.text().contains("its tables do not tell of changes")).await;
    assert_eq!(process.health().await.channel, Some(false));
}
