//! What one process changes, others see: over a channel, and without it when their time is over.

use std::time::Duration;

use tenancy::{MemoryStore, NewTenant, Redis, Slug, Status, Tenancy, TenantCache, TenantId};
use tenancy_tests::wait::until;

use crate::server::Server;

const HOUR: Duration = Duration::from_secs(3_600);

/// One of several processes: they share the store and the channel, and nothing else.
async fn process(store: &MemoryStore, cache: TenantCache) -> Tenancy {
    let builder = Tenancy::builder().database("sqlite::memory:").store(store.clone());
    builder.tenant_cache(cache).connect().await.unwrap()
}

fn over(server: &Server) -> TenantCache {
    let redis = Redis::new(server.url()).unwrap().deadline(Duration::from_secs(5));
    TenantCache::new().told_life(HOUR).life(HOUR).unknown_life(HOUR).channel(redis)
}

async fn status(process: &Tenancy, slug: &str) -> Option<Status> {
    let found = process.find_tenant(&Slug::new(slug).unwrap()).await.unwrap();
    found.map(|tenant| tenant.status)
}

/// Waits until a process sees it so.
async fn sees(process: &Tenancy, slug: &str, wanted: Option<Status>) {
    let what = format!("{slug} is {wanted:?}");
    until(&what, async || status(process, slug).await == wanted).await;
}

/// Waits until a process says so of its channel; it is ready all the time.
async fn hears(process: &Tenancy, wanted: bool) {
    until(&format!("the channel is there: {wanted}"), async || {
        let health = process.health().await;
        assert!(health.is_ready());
        health.channel == Some(wanted) && health.is_degraded() != wanted
    })
    .await;
}

/// acme and globex.
async fn two(process: &Tenancy) -> TenantId {
    for slug in ["acme", "globex"] {
        process.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
    }
    TenantId::new("acme").unwrap()
}

/// Waits until both hear each other.
async fn tuned_in(one: &Tenancy, other: &Tenancy, id: &TenantId) {
    for process in [one, other] {
        hears(process, true).await;
    }
    for (from, to) in [(one, other), (other, one)] {
        for next in [Status::Maintenance, Status::Active] {
            from.set_status(id, next).await.unwrap();
            sees(to, "acme", Some(next)).await;
        }
    }
}

/// EDGE 25 and 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_seen_by_other_processes_over_the_channel() {
    let (server, store) = (Server::started(), MemoryStore::new());
    let [one, other] = [process(&store, over(&server)).await, process(&store, over(&server)).await];
    let acme = two(&one).await;
    tuned_in(&one, &other, &acme).await;
    assert_eq!(status(&other, "globex").await, Some(Status::Active));

    one.suspend(&acme).await.unwrap();
    sees(&other, "acme", Some(Status::Suspended)).await;
    assert!(other.db("acme").await.is_err_and(|error| error.is_inactive()));
    assert!(other.db("globex").await.is_ok(), "the neighbour is served on");

    assert_eq!(status(&other, "apex").await, None);
    one.rename(&acme, Slug::new("apex").unwrap()).await.unwrap();
    sees(&other, "apex", Some(Status::Suspended)).await;
    sees(&other, "acme", None).await;

    assert_eq!(status(&other, "fresh").await, None);
    one.create_tenant(NewTenant::new("fresh").unwrap()).await.unwrap();
    sees(&other, "fresh", Some(Status::Active)).await;
}

/// EDGE 26 and 60: whoever loses the channel forgets what it cannot be told about any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_channel_makes_everybody_forget_and_look_again() {
    let (mut server, store) = (Server::started(), MemoryStore::new());
    let brief = Duration::from_millis(200);
    let [one, other] =
        [process(&store, over(&server)).await, process(&store, over(&server).life(brief)).await];
    let acme = two(&one).await;
    tuned_in(&one, &other, &acme).await;
    for lost in ["killed", "hanging"] {
        sees(&other, "acme", Some(Status::Active)).await;
        if lost == "killed" {
            server.kill();
        } else {
            server.hang();
        }
        hears(&other, false).await;
        // Nobody can be told; the other one looks again within its own time.
        one.suspend(&acme).await.unwrap();
        sees(&other, "acme", Some(Status::Suspended)).await;
        if lost == "killed" {
            server.start();
        } else {
            server.wake();
        }
        hears(&other, true).await;
        one.activate(&acme).await.unwrap();
        tuned_in(&one, &other, &acme).await;
    }
}

/// Without a channel a change is seen when the time is over, which is said where it is set.
#[tokio::test]
async fn without_a_channel_a_change_is_seen_within_the_life_of_what_is_remembered() {
    let store = MemoryStore::new();
    let cache = TenantCache::new().life(Duration::from_millis(300));
    let [one, other] = [process(&store, cache.clone()).await, process(&store, cache).await];
    let acme = two(&one).await;
    assert_eq!(status(&other, "acme").await, Some(Status::Active));
    one.suspend(&acme).await.unwrap();
    assert_eq!(status(&one, "acme").await, Some(Status::Suspended), "at once where it was made");
    sees(&other, "acme", Some(Status::Suspended)).await;
    one.activate(&acme).await.unwrap();
    other.forget_tenant(&acme, None);
    assert_eq!(status(&other, "acme").await, Some(Status::Active));
}
