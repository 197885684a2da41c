//! Rate limits while Redis is killed, hangs, is slow, or was never there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tenancy::{
    MemoryStore, NewTenant, Redis, Tenancy, Tenant,
    limit::{Admission, Away, Concurrent, Policy, RateLimiter, RateLimits, RedisLimiter, Window},
};
use tenancy_tests::wait::until;

use crate::server::Server;

/// Long enough for a loaded machine, where the test is not about the deadline.
const PATIENT: Duration = Duration::from_secs(20);

async fn tenancy(
    server: &Server,
    deadline: Duration,
    limits: impl Into<RateLimits>,
) -> (Tenancy, Arc<Tenant>, Arc<Tenant>) {
    let redis = Redis::new(server.url()).unwrap().deadline(deadline);
    let tenancy = Tenancy::builder()
        .database("sqlite::memory:")
        .store(MemoryStore::new())
        .rate_limits(limits)
        .rate_limiter(RedisLimiter::new(redis).processes(2))
        .connect()
        .await
        .unwrap();
    let create =
        async |slug: &str| tenancy.create_tenant(NewTenant::new(slug).unwrap()).await.unwrap();
    let (acme, globex) = (create("acme").await, create("globex").await);
    (tenancy, acme, globex)
}

fn hourly(limit: u32, away: Away) -> Policy {
    Policy::from(Window::per_hour(limit)).away(away)
}

async fn admitted(tenancy: &Tenancy, tenant: &Tenant, times: u32) -> u32 {
    let mut admitted = 0;
    for _ in 0..times {
        admitted += u32::from(tenancy.admit(tenant, 1).await.unwrap().is_admitted());
    }
    admitted
}

/// What the server says is left, as soon as it says anything.
async fn left(tenancy: &Tenancy, tenant: &Tenant) -> u32 {
    let mut left = 0;
    until("Redis is asked again", async || {
        let admission = tenancy.admit(tenant, 1).await.unwrap();
        let standing = admission.decision().and_then(|decision| decision.standings().next());
        left = standing.map_or(0, |(_, standing)| standing.remaining);
        // Only the server counts up to the whole limit; this process has half of it.
        left >= 500
    })
    .await;
    left
}

/// EDGE 1.
#[tokio::test]
async fn each_tenant_has_a_limit_of_its_own() {
    let server = Server::started();
    let (tenancy, acme, globex) = tenancy(&server, PATIENT, hourly(5, Away::Closed)).await;
    assert_eq!(admitted(&tenancy, &acme, 9).await, 5);
    assert_eq!(admitted(&tenancy, &globex, 9).await, 5);
}

/// EDGE 13: it starts without Redis, and asks it as soon as it is there.
#[tokio::test]
async fn without_redis_each_process_lets_its_share_through_until_it_is_there() {
    let mut server = Server::new();
    let limits = hourly(1_000, Away::Share);
    let (tenancy, acme, globex) = tenancy(&server, PATIENT, limits).await;
    assert_eq!(admitted(&tenancy, &acme, 600).await, 500, "half of a thousand");
    assert_eq!(admitted(&tenancy, &globex, 3).await, 3, "the neighbour has its own share");
    server.start();
    assert!(left(&tenancy, &acme).await >= 990);
}

/// EDGE 14.
#[tokio::test]
async fn without_redis_each_policy_says_what_becomes_of_requests() {
    let server = Server::new();
    let (open, acme, _) = tenancy(&server, PATIENT, hourly(2, Away::Open)).await;
    assert_eq!(admitted(&open, &acme, 50).await, 50);
    let (closed, acme, globex) = tenancy(&server, PATIENT, hourly(2, Away::Closed)).await;
    for tenant in [&acme, &globex] {
        let admission = closed.admit(tenant, 1).await.unwrap();
        assert!(matches!(admission, Admission::Unavailable));
    }
    // A shadow closes nothing.
    let shadow = hourly(2, Away::Closed).shadow();
    let (shadow, acme, _) = tenancy(&server, PATIENT, shadow).await;
    assert_eq!(admitted(&shadow, &acme, 5).await, 5);
}

/// EDGE 13 and 14: a server that hangs is waited for five times, and then not at all.
#[tokio::test]
async fn a_hanging_redis_holds_up_nobody_for_long_and_is_charged_once_at_most() {
    let server = Server::started();
    let limits = hourly(1_000, Away::Open);
    let deadline = Duration::from_millis(100);
    let (tenancy, acme, _) = tenancy(&server, deadline, limits).await;
    let before = left(&tenancy, &acme).await;
    server.hang();
    let begun = Instant::now();
    let asked = 20_000;
    assert_eq!(admitted(&tenancy, &acme, asked).await, asked);
    let took = begun.elapsed();
    // If each had waited, it would have been half an hour.
    assert!(took < Duration::from_secs(100), "{took:?}");
    server.wake();
    let after = left(&tenancy, &acme).await;
    // Five, and one each second; each may be done later, and none twice.
    let most = 5 + u32::try_from(took.as_secs()).unwrap() + 2 + 60;
    assert!(before - after <= most, "{} were charged", before - after);
}

/// EDGE 15: what began while Redis was away counts among what runs, once it is back.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_in_without_redis_is_counted_when_it_is_back() {
    let mut server = Server::new();
    let ten = Policy::from(Concurrent::new(20));
    let (one, acme, _) = tenancy(&server, PATIENT, ten.clone()).await;
    let mut running = Vec::new();
    while let Admission::Admitted { permit, .. } = one.admit(&acme, 1).await.unwrap() {
        running.push(permit);
    }
    assert_eq!(running.len(), 10, "half of twenty");
    server.start();
    let limiter = RedisLimiter::new(Redis::new(server.url()).unwrap().deadline(PATIENT));
    until("another lets half of them in", async || {
        let mut more = Vec::new();
        while let Admission::Admitted { permit, .. } =
            limiter.acquire(&acme.id, &ten.clone().into(), 1).await.unwrap()
        {
            more.push(permit);
        }
        more.len() == 10
    })
    .await;
}

/// EDGE 14: under load it is killed and started again, and has forgotten everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_and_started_again_is_used_again() {
    let mut server = Server::started();
    let limits = hourly(1_000, Away::Share);
    let (tenancy, acme, globex) = tenancy(&server, PATIENT, limits).await;
    let (stop, through) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let asked = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (tenancy, acme) = (tenancy.clone(), acme.clone());
            let (stop, through) = (Arc::clone(&stop), Arc::clone(&through));
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    through.fetch_add(admitted(&tenancy, &acme, 1).await, Ordering::Relaxed);
                    asked.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    // More than are let through: some are refused too.
    let busy = async || {
        let before = asked.load(Ordering::Relaxed);
        until("it goes on", async || asked.load(Ordering::Relaxed) >= before + 2_000).await;
    };
    let mut restarts = 0;
    for _ in 0..3 {
        busy().await;
        server.kill();
        busy().await;
        server.start();
        restarts += 1;
        // The neighbour is asked for on the server again, which has forgotten the script.
        left(&tenancy, &globex).await;
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let through = through.load(Ordering::Relaxed);
    // Each new server begins with nothing used, and the process has its half once.
    assert!(through <= 1_000 * (restarts + 1) + 500, "{through} were let through");
    assert!(through >= 1_000, "only {through} were let through");
}
