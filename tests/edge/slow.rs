//! Networks that are slow, or cut: in front of Redis, and of the database that knows the tenants.

use std::time::Duration;

use futures_util::future::join_all;
use tenancy::{
    MemoryStore, NewTenant, Redis, RedisStore, Slug, Tenancy, Tenant, TenantCache, TenantStore,
    limit::{Admission, Away, Policy, RedisLimiter, Window},
};
use tenancy_tests::{Engine, wait::until};

use crate::{proxy::Proxy, server::Server};

/// How long Redis may take.
const DEADLINE: Duration = Duration::from_millis(40);

fn redis(proxy: &Proxy) -> Redis {
    Redis::new(format!("redis://127.0.0.1:{}/", proxy.port())).unwrap().deadline(DEADLINE)
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// EDGE 14: answers that come too late are nobody's: the next one to ask is not given them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_of_the_store_is_given_to_nobody_else() {
    let server = Server::started();
    server.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    let proxy = Proxy::before(server.port()).await;
    let store = RedisStore::new(redis(&proxy).prefix("late").unwrap());
    let names: Vec<String> = (0..8).map(|number| format!("t{number}")).collect();
    let setup = RedisStore::new(Redis::new(server.url()).unwrap().prefix("late").unwrap());
    setup.prepare().await.unwrap();
    for name in &names {
        let new = NewTenant::new(name.as_str()).unwrap();
        setup.insert(&Tenant::create(new, chrono::Utc::now())).await.unwrap();
    }
    proxy.delay(8, DEADLINE * 3 / 2);
    let (mut right, mut late) = (0, 0);
    for pair in names.chunks(2).cycle() {
        if right >= 200 && late >= 20 {
            break;
        }
        let asked =
            join_all(pair.iter().map(async |name| (name, store.by_slug(&slug(name)).await)));
        for (name, found) in asked.await {
            match found {
                Ok(found) => {
                    assert_eq!(found.unwrap().slug, slug(name));
                    right += 1;
                }
                Err(_) => late += 1,
            }
        }
    }
    proxy.hurry();
    until("it is asked again", async || store.by_slug(&slug("t0")).await.is_ok()).await;
}

/// EDGE 13 and 14: each policy says what becomes of requests, and what is answered too late is charged
/// to whom it was asked for, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_redis_holds_up_nobody_and_charges_nobody_twice() {
    let server = Server::started();
    let proxy = Proxy::before(server.port()).await;
    let limiter = |away| {
        let limit = Policy::from(Window::per_hour(1_000)).away(away);
        Tenancy::builder()
            .database("sqlite::memory:")
            .store(MemoryStore::new())
            .rate_limits(limit)
            .rate_limiter(RedisLimiter::new(redis(&proxy).prefix("slow").unwrap()).processes(2))
            .connect()
    };
    let open = limiter(Away::Open).await.unwrap();
    let create = async |name: &str| open.create_tenant(NewTenant::new(name).unwrap()).await;
    let (acme, globex) = (create("acme").await.unwrap(), create("globex").await.unwrap());
    let left = async |tenant: &Tenant| {
        let mut left = 0;
        until("Redis is asked", async || {
            let admission = open.admit(tenant, 1).await.unwrap();
            let standing = admission.decision().and_then(|decision| decision.standings().next());
            left = standing.map_or(0, |(_, standing)| standing.remaining);
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
    let closed = limiter(Away::Closed).await.unwrap();
    let refused = closed.admit(&acme, 1).await.unwrap();
    assert!(matches!(refused, Admission::Unavailable), "{refused:?}");
    let share = limiter(Away::Share).await.unwrap();
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
