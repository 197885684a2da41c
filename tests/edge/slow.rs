//! Networks that are slow, or cut: in front of Redis, and of the database that knows the tenants.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tenancy::{
    MemoryStore, NewTenant, Redis, Tenancy, Tenant, TenantCache,
    limit::{Admission, Away, Policy, RedisLimiter, Window},
};
use tenancy_tests::{Engine, wait::until};

use crate::{proxy::Proxy, server::Server};

/// How long Redis may take.
const DEADLINE: Duration = Duration::from_millis(40);
/// What each tenant may ask for in an hour.
const LIMIT: u32 = 1_000;

fn redis(proxy: &Proxy) -> Redis {
    Redis::new(format!("redis://127.0.0.1:{}/", proxy.port())).unwrap().deadline(DEADLINE)
}

/// A process whose limiter asks Redis over the proxy.
async fn limited(proxy: &Proxy, away: Away) -> Tenancy {
    Tenancy::builder()
        .database("sqlite::memory:")
        .store(MemoryStore::new())
        .rate_limits(Policy::from(Window::per_hour(LIMIT)).away(away))
        .rate_limiter(RedisLimiter::new(redis(proxy).prefix("slow").unwrap()).processes(2))
        .connect()
        .await
        .unwrap()
}

async fn created(tenancy: &Tenancy, slug: &str) -> Arc<Tenant> {
    tenancy.create_tenant(NewTenant::new(slug).unwrap()).await.unwrap()
}

/// What Redis says is left of a tenant's limit.
fn remaining(admission: &Admission) -> Option<u32> {
    let standing = admission.decision().and_then(|decision| decision.standings().next());
    standing.map(|(_, standing)| standing.remaining)
}

/// EDGE 14: answers that come too late are nobody's: whoever asks next is not given them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_given_to_nobody_else() {
    let server = Server::started();
    let proxy = Proxy::before(server.port()).await;
    let tenancy = limited(&proxy, Away::Closed).await;
    let mut tenants = Vec::new();
    for used in 0..8 {
        let tenant = created(&tenancy, &format!("t{used}")).await;
        // What is left tells whose it is.
        assert!(tenancy.admit(&tenant, 100 * used + 1).await.unwrap().is_admitted());
        tenants.push((tenant, LIMIT - 100 * used));
    }
    // Seldom five in a row, after which nobody is asked for a while.
    proxy.delay(8, DEADLINE * 9 / 8);
    let (mut right, mut late) = (0, 0);
    for pair in tenants.chunks(2).cycle() {
        if right > 60 && late > 10 {
            break;
        }
        let asked = pair.iter().map(async |(tenant, most)| (tenancy.admit(tenant, 1).await, most));
        for (admission, most) in join_all(asked).await {
            match admission.unwrap() {
                Admission::Unavailable => {
                    late += 1;
                    tokio::task::yield_now().await;
                }
                answered => {
                    let left = remaining(&answered).unwrap();
                    assert!(most - 100 < left && left < *most, "{left} of {most}");
                    right += 1;
                }
            }
        }
    }
}

/// EDGE 13 and 14: each policy says what becomes of requests, and what is answered too late is charged
/// to whom it was asked for, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_redis_holds_up_nobody_and_charges_nobody_twice() {
    let server = Server::started();
    let proxy = Proxy::before(server.port()).await;
    let open = limited(&proxy, Away::Open).await;
    let (acme, globex) = (created(&open, "acme").await, created(&open, "globex").await);
    let left = async |tenant: &Tenant| {
        let mut left = 0;
        until("Redis is asked", async || {
            let admission = open.admit(tenant, 1).await.unwrap();
            left = remaining(&admission).unwrap_or_default();
            left > 500
        })
        .await;
        left
    };
    let before = left(&acme).await;
    proxy.delay(1, 100 * DEADLINE);
    for _ in 0..100 {
        assert!(open.admit(&acme, 1).await.unwrap().is_admitted());
    }
    let closed = limited(&proxy, Away::Closed).await;
    let refused = closed.admit(&acme, 1).await.unwrap();
    assert!(matches!(refused, Admission::Unavailable), "{refused:?}");
    let share = limited(&proxy, Away::Share).await;
    let mut through = 0;
    while share.admit(&acme, 1).await.unwrap().is_admitted() {
        through += 1;
    }
    assert_eq!(through, 500, "half of a thousand");
    proxy.hurry();
    let charged = before - left(&acme).await;
    assert!(charged <= 100 + 1 + 501 + 60, "{charged} of 602 and those that found out");
    assert!(left(&globex).await >= 900, "the neighbour asked for nothing");
}

/// The database that knows the tenants is cut off: who starts then is told, who runs serves those it
/// knows, and nobody has to start anything again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_is_cut_off_at_start_and_later() {
    let scratch = Engine::Postgres.scratch().await;
    let (before, path) = scratch.url.rsplit_once(':').unwrap();
    let (port, name) = path.split_once('/').unwrap();
    let proxy = Proxy::before(port.parse().unwrap()).await;
    let url = format!("{before}:{}/{name}", proxy.port());
    let builder = || {
        Tenancy::builder()
            .database("sqlite::memory:")
            .acquire_timeout(Duration::from_secs(2))
            .control_plane(&url)
            .tenant_cache(TenantCache::new().life(Duration::from_millis(50)))
    };
    proxy.cut();
    let error = builder().connect().await.unwrap_err();
    assert!(!error.is_config(), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    proxy.mend();
    let tenancy = builder().connect().await.unwrap();
    for tenant in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(tenant).unwrap()).await.unwrap();
    }
    // Another process, which was asked for one of the two.
    let other = builder().connect().await.unwrap();
    other.db("acme").await.unwrap();
    proxy.cut();
    for _ in 0..20 {
        other.db("acme").await.unwrap();
    }
    let error = other.db("globex").await.unwrap_err();
    assert!(!error.is_tenant_not_found(), "nobody knows whether it is there: {error}");
    let error = other.db("nobody").await.unwrap_err();
    assert!(!error.is_tenant_not_found(), "nobody knows whether it is there: {error}");
    proxy.mend();
    until("the store is read again", async || other.db("globex").await.is_ok()).await;
    let error = other.db("nobody").await.unwrap_err();
    assert!(error.is_tenant_not_found(), "{error}");
    tenancy.close().await.unwrap();
    other.close().await.unwrap();
    scratch.remove().await;
}
