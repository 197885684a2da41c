//! Rate limits: a decision in memory, in Redis, and out of a lease.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::Mutex,
    time::{Duration, Instant},
};

use redis::{Client, aio::MultiplexedConnection, cmd};
use tenancy::{
    Redis, TenantId,
    limit::{Limits, MemoryLimiter, RateLimiter, RedisLimiter, Window},
};
use tokio::runtime::Runtime;

use crate::frame::{Row, compare};

/// Tenants that ask in turn.
const TENANTS: usize = 10_000;
/// Questions that are on their way at the same time.
const IN_FLIGHT: u64 = 64;

fn tenants() -> Vec<TenantId> {
    (0..TENANTS).map(|_| TenantId::generate()).collect()
}

/// A limit nobody reaches here: what is measured lets everybody through.
fn limits() -> Limits {
    Window::per_minute(u32::MAX).into()
}

fn url() -> String {
    std::env::var("TENANCY_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379/".into())
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    vec![memory(&runtime), redis(&runtime), leased(&runtime)]
}

/// What one writes by hand: a counter for each tenant that begins anew each minute.
#[derive(Default)]
struct FixedWindow(Mutex<HashMap<TenantId, (Option<Instant>, u32)>>);

impl FixedWindow {
    fn admits(&self, tenant: &TenantId) -> bool {
        let mut windows = self.0.lock().expect("nobody panics");
        let (began, count) = windows.entry(tenant.clone()).or_default();
        let now = Instant::now();
        if began.is_none_or(|began| now - began >= Duration::from_secs(60)) {
            (*began, *count) = (Some(now), 0);
        }
        *count += 1;
        *count < u32::MAX
    }
}

fn memory(runtime: &Runtime) -> Row {
    let (tenants, limits) = (tenants(), limits());
    let limiter = MemoryLimiter::new();
    let mut ours = |n| {
        runtime.block_on(async {
            for tenant in tenants.iter().cycle().take(times(n)) {
                let admission = limiter.acquire(black_box(tenant), &limits, 1).await;
                assert!(admission.expect("it is affordable").is_admitted());
            }
        });
    };
    let fixed = FixedWindow::default();
    let mut by_hand = |n| {
        for tenant in tenants.iter().cycle().take(times(n)) {
            assert!(fixed.admits(black_box(tenant)));
        }
    };
    let against = "fixed window by hand, one map";
    compare("memory, 10,000 tenants", "ns", &mut ours, against, &mut by_hand)
}

fn redis(runtime: &Runtime) -> Row {
    let limiter = limiter();
    let (tenants, limits) = (tenants(), limits());
    let mut ours = |n| {
        runtime.block_on(flights(n, |from, n| {
            let (limiter, tenants, limits) = (limiter.clone(), tenants.clone(), limits.clone());
            async move {
                for turn in from..from + n {
                    let tenant = &tenants[times(turn) % TENANTS];
                    let admission = limiter.acquire(tenant, &limits, 1).await;
                    assert!(admission.expect("it is affordable").decision().is_some());
                }
            }
        }));
    };
    let (connection, sha) = runtime.block_on(async {
        let client = Client::open(url()).expect("an address");
        let mut connection =
            client.get_multiplexed_async_connection().await.expect("a server that answers");
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg("return 1");
        let sha: String = load.query_async(&mut connection).await.expect("a script");
        (connection, sha)
    });
    let mut bare = |n| {
        runtime.block_on(flights(n, |_, n| ask(connection.clone(), sha.clone(), n)));
    };
    compare("Redis, 64 in flight", "ops/s", &mut ours, "bare EVALSHA of return 1", &mut bare)
}

async fn ask(mut connection: MultiplexedConnection, sha: String, n: u64) {
    for _ in 0..n {
        let mut call = cmd("EVALSHA");
        call.arg(&sha).arg(1).arg("bench:{tenant}:minute").arg("an argument as long as ours");
        let one: u32 = call.query_async(&mut connection).await.expect("an answer");
        assert_eq!(one, 1);
    }
}

fn leased(runtime: &Runtime) -> Row {
    let direct = limiter();
    let leased = limiter().leases();
    let limits = Limits::from(Window::per_minute(100_000_000));
    let tenant = TenantId::generate();
    let decide = |limiter: &RedisLimiter, n| {
        let (limiter, tenant, limits) = (limiter.clone(), tenant.clone(), limits.clone());
        async move {
            for _ in 0..n {
                let admission = limiter.acquire(&tenant, &limits, 1).await;
                assert!(admission.expect("it is affordable").decision().is_some());
            }
        }
    };
    let mut ours = |n| runtime.block_on(decide(&leased, n));
    let mut each = |n| runtime.block_on(decide(&direct, n));
    compare("lease, one tenant", "ns", &mut ours, "asking Redis each time", &mut each)
}

fn limiter() -> RedisLimiter {
    let prefix = format!("bench-{}", TenantId::generate().as_str().split_at(20).1);
    let redis = Redis::new(url()).and_then(|redis| redis.prefix(&prefix)).expect("an address");
    RedisLimiter::new(redis.deadline(Duration::from_secs(10)))
}

/// Shares `n` out among as many tasks as may be on their way.
async fn flights<F>(n: u64, flight: impl Fn(u64, u64) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let share = n.div_ceil(IN_FLIGHT);
    let tasks: Vec<_> =
        (0..IN_FLIGHT).map(|number| tokio::spawn(flight(number * share, share))).collect();
    for task in tasks {
        task.await.expect("a task that ends");
    }
}

fn times(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
