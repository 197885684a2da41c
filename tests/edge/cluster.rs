//! EDGE 18: a cluster of Redis refuses whatever touches keys of two places at once, and nothing of
//! ours is refused: where one address stands for all of it, and where each of three servers has a
//! part and sends on whoever asks for another's.

use std::time::Duration;

use tenancy::{
    MemoryStore, NewTenant, Redis, Slug, Status, Tenancy, TenantCache, TenantId,
    limit::{Admission, Away, Concurrent, Limits, Policy, Rate, RateLimiter, RedisLimiter, Window},
    testkit,
};
use tenancy_tests::wait::until;

use crate::{
    server::{Cluster, Server},
    store::store_in,
};

const PATIENT: Duration = Duration::from_secs(20);

/// The ways to a cluster, and the servers that are it.
fn clusters() -> (Server, Cluster, [Redis; 2]) {
    let (one, three) = (Server::clustered(), Cluster::started());
    let ways = [Redis::new(one.url()).unwrap(), Redis::cluster(three.urls()).unwrap()];
    (one, three, ways.map(|redis| redis.deadline(PATIENT)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_the_contract_of_stores() {
    let (_one, _three, ways) = clusters();
    for redis in ways {
        testkit::store::check(async || store_in(redis.clone())).await.assert();
    }
}

fn limits() -> Limits {
    let closed = |policy: Policy| policy.away(Away::Closed);
    Limits::from(closed(Window::per_hour(7).into()))
        .and(closed(Rate::per_minute(60).burst(60).into()))
        .and_then(|limits| limits.and(closed(Concurrent::new(100).into())))
        .unwrap()
}

/// However many tenants ask at the same time, each question is asked of its tenant's place.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_that_ask_together_are_counted_on_a_cluster() {
    let (_one, three, ways) = clusters();
    for redis in ways {
        let (limiter, limits) = (RedisLimiter::new(redis), limits());
        let mut asking = Vec::new();
        for number in 0..40 * 12 {
            let (limiter, limits) = (limiter.clone(), limits.clone());
            let tenant = TenantId::new(format!("tenant-{}", number % 40)).unwrap();
            asking.push(tokio::spawn(async move {
                let admission = limiter.acquire(&tenant, &limits, 1).await.unwrap();
                assert!(!matches!(admission, Admission::Unavailable), "the cluster refused");
                (tenant, admission.is_admitted())
            }));
        }
        let mut admitted = std::collections::BTreeMap::<TenantId, u32>::new();
        for asked in asking {
            let (tenant, through) = asked.await.unwrap();
            *admitted.entry(tenant).or_default() += u32::from(through);
        }
        assert_eq!(admitted.len(), 40);
        assert!(admitted.values().all(|through| *through == 7), "{admitted:?}");
        limiter.close().await;
    }
    // Each of the three has its part.
    for member in &three.0 {
        assert!(member.ask::<u64>(&["DBSIZE"]).unwrap() > 10);
    }
}

/// A tenant's slot moves to another server while it is counted: what was used stays used, while
/// questions are sent on once (ASK), and when they are sent on for good (MOVED).
#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_moves_with_its_slot() {
    let cluster = Cluster::started();
    let limiter = RedisLimiter::new(Redis::cluster(cluster.urls()).unwrap().deadline(PATIENT));
    let limits = Limits::from(Policy::from(Window::per_hour(7)).away(Away::Closed));
    let tenant = TenantId::new("acme").unwrap();
    let ask = async |times: usize| {
        let mut admitted = 0;
        for _ in 0..times {
            let admission = limiter.acquire(&tenant, &limits, 1).await.unwrap();
            assert!(!matches!(admission, Admission::Unavailable), "the cluster refused");
            admitted += usize::from(admission.is_admitted());
        }
        admitted
    };
    assert_eq!(ask(3).await, 3);

    let slot: u16 = cluster.0[0].ask(&["CLUSTER", "KEYSLOT", "{acme}"]).unwrap();
    let owner = usize::from(slot > 5_461) + usize::from(slot > 10_922);
    let (from, to) = (&cluster.0[owner], &cluster.0[(owner + 1) % 3]);
    let ids = [from, to].map(|member| member.ask::<String>(&["CLUSTER", "MYID"]).unwrap());
    let [old, new] = ids.each_ref().map(String::as_str);
    let slot = slot.to_string();
    to.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", old]).unwrap();
    from.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", new]).unwrap();
    assert_eq!(ask(1).await, 1);
    let keys: Vec<String> = from.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let port = to.port().to_string();
    from.ask::<()>(&["MIGRATE", "127.0.0.1", &port, &keys[0], "0", "5000"]).unwrap();
    // Its old place does not have it, and says who is to be asked this time.
    assert_eq!(ask(1).await, 1);
    for member in [to, from] {
        member.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", new]).unwrap();
    }
    // Its old place says who has it now.
    assert_eq!(ask(5).await, 2);
    assert_eq!(from.ask::<Vec<String>>(&["KEYS", "*"]).unwrap(), [""; 0]);
    limiter.close().await;
}

/// Somebody who takes one of several servers for all of Redis is told what to do.
#[tokio::test]
async fn one_of_several_servers_is_refused_as_the_only_one() {
    let cluster = Cluster::started();
    let mut refused = 0;
    for url in cluster.urls() {
        let store = store_in(Redis::new(url).unwrap().deadline(PATIENT));
        if let Err(error) = ask_store(&store).await {
            assert!(error.to_string().contains("`Redis::cluster`"), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 2, "the tenants are on one of them");
}

async fn ask_store(store: &tenancy::RedisStore) -> tenancy::Result<()> {
    tenancy::TenantStore::by_id(store, &TenantId::new("acme").unwrap()).await.map(drop)
}

/// Tenants that are at hand in a cluster, and what is told over it.
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_seen_and_told_over_a_cluster() {
    let (_one, _three, ways) = clusters();
    for redis in ways {
        are_seen_and_told(redis).await;
    }
}

async fn are_seen_and_told(redis: Redis) {
    let store = MemoryStore::new();
    let hour = Duration::from_secs(3_600);
    let process = async || {
        let cache = TenantCache::new().told_life(hour).life(hour).unknown_life(hour);
        let cache = cache.channel(redis.clone()).shared(redis.clone(), hour);
        let builder = Tenancy::builder().database("sqlite::memory:").store(store.clone());
        let process = builder.tenant_cache(cache).connect().await.unwrap();
        until("it hears", async || process.health().await.channel == Some(true)).await;
        process
    };
    let [one, other] = [process().await, process().await];
    let status = async |slug: &str| {
        let found = other.find_tenant(&Slug::new(slug).unwrap()).await.unwrap();
        found.map(|tenant| tenant.status)
    };
    let acme = one.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
    until("it is there", async || status("acme").await == Some(Status::Active)).await;
    one.suspend(&acme.id).await.unwrap();
    until("it rests", async || status("acme").await == Some(Status::Suspended)).await;
    one.rename(&acme.id, Slug::new("apex").unwrap()).await.unwrap();
    until("it has gone", async || status("acme").await.is_none()).await;
    assert_eq!(status("apex").await, Some(Status::Suspended));
}
