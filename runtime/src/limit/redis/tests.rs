//! The scripts, on a real server.

mod model;

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
    time::Duration,
};

use ::redis::{Client, aio::MultiplexedConnection, cmd};
use tenancy_core::limit::{Concurrent, Rate, Window};
use tokio::runtime::{Builder, Runtime};

use super::{question::answers, *};

fn url() -> String {
    env::var("TENANCY_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379/".to_owned())
}

/// A limiter under a prefix nobody else has.
fn limiter() -> RedisLimiter {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let prefix = format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    // A loaded machine answers late.
    let patient = Duration::from_secs(20);
    RedisLimiter::new(Redis::new(url()).unwrap().prefix(&prefix).unwrap().deadline(patient))
}

async fn server() -> MultiplexedConnection {
    Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

fn tenant(id: &str) -> TenantId {
    TenantId::new(id).unwrap()
}

async fn admits(limiter: &RedisLimiter, tenant: &TenantId, limits: &Limits, cost: u32) -> bool {
    limiter.acquire(tenant, limits, cost).await.unwrap().is_admitted()
}

/// Asks Redis whatever this process knows.
async fn single(
    limiter: &RedisLimiter,
    tenant: &TenantId,
    limits: &Limits,
    cost: u32,
) -> Result<Admission, Away> {
    let mut place = limiter.place(tenant, limits);
    limiter.single(tenant, limits, cost, &mut place).await
}

fn all(policies: impl IntoIterator<Item = Policy>) -> Limits {
    policies.into_iter().fold(Limits::none(), |all, policy| all.and(policy).unwrap())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// EDGE 1.
#[tokio::test(flavor = "multi_thread")]
async fn of_five_times_the_limit_exactly_the_limit_goes_through() {
    for limit in [1, 10, 1_000_u32] {
        let limiter = limiter();
        let limits = Limits::from(Window::per_hour(limit));
        let connections = (0..8).map(|_| {
            // A connection of its own, and it does not know that others were told to wait.
            let own = Redis::new(url()).unwrap().deadline(Duration::from_secs(20));
            let own = own.prefix(limiter.redis.key_prefix()).unwrap();
            let (own, limits) = (RedisLimiter::new(own), limits.clone());
            tokio::spawn(async move {
                let mut admitted = 0;
                for _ in 0..(5 * limit).div_ceil(8) {
                    admitted += u32::from(admits(&own, &tenant("acme"), &limits, 1).await);
                }
                admitted
            })
        });
        let mut admitted = 0;
        for connection in connections.collect::<Vec<_>>() {
            admitted += connection.await.unwrap();
        }
        assert_eq!(admitted, limit);
        assert!(admits(&limiter, &tenant("globex"), &limits, 1).await, "the neighbour has its own");
    }
}

/// EDGE 4 and 5.
#[tokio::test]
async fn keys_are_small_and_go_by_themselves() {
    let limiter = limiter();
    let mut server = server().await;
    for limit in [1_000, 1_000_000] {
        let tenant = TenantId::generate();
        let name = format!("per-hour-of-{limit}");
        let policies = [
            Policy::new(&name, Window::per_hour(limit)).unwrap(),
            Policy::new("steady", Rate::per_minute(limit.min(1_000)).burst(limit)).unwrap(),
            Concurrent::new(limit).into(),
        ];
        let limits = all(policies);
        let mut permits = Vec::new();
        for cost in [1, limit / 2, limit, limit - limit / 2 - 1] {
            permits.push(limiter.acquire(&tenant, &limits, cost).await.unwrap());
            for key in limiter.keys(&tenant, &limits) {
                let left: i64 = cmd("PTTL").arg(&key).query_async(&mut server).await.unwrap();
                assert!(left > 0, "{key} stays for ever after a cost of {cost}: {left}");
                let bytes: u32 =
                    cmd("MEMORY").arg("USAGE").arg(&key).query_async(&mut server).await.unwrap();
                assert!(bytes <= 256, "{key} takes {bytes} bytes");
            }
        }
        assert!(permits[0].is_admitted() && permits[1].is_admitted());
        assert!(!permits[2].is_admitted());
    }
}

/// EDGE 6: what is refused changes nothing on the server.
#[tokio::test]
async fn a_refusal_writes_nothing() {
    let limiter = limiter();
    let acme = tenant("acme");
    let limits = all([
        Window::per_hour(5).into(),
        Rate::per_minute(100).burst(100).into(),
        Concurrent::new(50).into(),
    ]);
    let _running = limiter.acquire(&acme, &limits, 4).await.unwrap();
    let mut server = server().await;
    let mut before = Vec::new();
    for key in limiter.keys(&acme, &limits) {
        let dump: Vec<u8> = cmd("DUMP").arg(&key).query_async(&mut server).await.unwrap();
        before.push(dump);
    }
    for _ in 0..20 {
        let refused = single(&limiter, &acme, &limits, 2).await.unwrap();
        let violated: Vec<_> =
            refused.decision().unwrap().violated().map(|(policy, _)| policy.name()).collect();
        assert_eq!(violated, ["hour"]);
    }
    for (key, before) in limiter.keys(&acme, &limits).iter().zip(before) {
        let after: Vec<u8> = cmd("DUMP").arg(key).query_async(&mut server).await.unwrap();
        assert!(after == before, "{key} was changed");
    }
}

/// EDGE 7: what runs at the same time is decided in the same question as all else, and costs what
/// was refused elsewhere nothing.
#[tokio::test]
async fn what_runs_is_counted_over_processes_and_given_back() {
    let one = limiter();
    let two = RedisLimiter::new(one.redis.clone()).processes(2);
    let acme = tenant("acme");
    let limits = all([Concurrent::new(3).into(), Window::per_hour(100).into()]);
    let hold = async |limiter: &RedisLimiter| single(limiter, &acme, &limits, 1).await.unwrap();
    let (first, second, third) = (hold(&one).await, hold(&two).await, hold(&one).await);
    assert!(first.is_admitted() && second.is_admitted() && third.is_admitted());
    assert!(!hold(&one).await.is_admitted() && !hold(&two).await.is_admitted());
    drop(second);
    let left = async || {
        for _ in 0..200 {
            let next = hold(&one).await;
            if next.is_admitted() {
                return next;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("what ended was not given back");
    };
    let fourth = left().await;
    assert!(!hold(&two).await.is_admitted());
    // 5 were let through, one of which has ended; what was refused cost nothing.
    let (_, hour) = fourth.decision().unwrap().standings().nth(1).unwrap();
    assert_eq!(hour.remaining, 96);
}

/// EDGE 15: of a process that is gone nothing is left once its last saying has run out, and no
/// count is ever negative.
#[tokio::test]
async fn what_a_dead_process_ran_is_free_again() {
    let living = limiter();
    let acme = tenant("acme");
    let limits = Limits::from(Concurrent::new(2));
    let brief = Duration::from_millis(300);
    let dying = RedisLimiter { slots: Arc::new(Slots::new([1; 8], brief)), ..living.clone() };
    // Nobody says it again, as when the process has been killed.
    let ask = async |limiter: &RedisLimiter| {
        let slot = limiter.slots.take(&acme, || limiter.keys(&acme, &limits).remove(0));
        let running = Some(slot.running);
        let question = Question { limits: &limits, cost: 1, ahead: false, running };
        (limiter.ask(&acme, &question).await.unwrap().0.is_admitted(), slot)
    };
    let (first, second) = (ask(&dying).await, ask(&dying).await);
    assert!(first.0 && second.0);
    assert!(!ask(&living).await.0);
    tokio::time::sleep(brief + Duration::from_millis(50)).await;
    let (third, fourth) = (ask(&living).await, ask(&living).await);
    assert!(third.0 && fourth.0, "the dead one's are free");
    assert!(!ask(&living).await.0);
}

/// A saying that arrives late does not undo a later one.
#[tokio::test]
async fn of_two_sayings_the_later_counts() {
    let limiter = limiter();
    let acme = tenant("acme");
    let limits = Limits::from(Concurrent::new(9));
    let key = limiter.keys(&acme, &limits).remove(0);
    let (early, late) = {
        let first = limiter.slots.take(&acme, || key.clone());
        let second = limiter.slots.take(&acme, || key.clone());
        (first, second)
    };
    let ask = async |running| {
        let question = Question { limits: &limits, cost: 1, ahead: false, running };
        limiter.ask(&acme, &question).await.unwrap().0
    };
    ask(Some(late.running)).await;
    // Both are running already; the early one's question comes last.
    let decision = ask(Some(early.running)).await;
    assert_eq!(decision.standings().next().unwrap().1.remaining, 7);
}

/// EDGE 12.
#[tokio::test]
async fn whoever_was_told_to_wait_does_not_reach_redis() {
    let limiter = limiter();
    let acme = tenant("acme");
    let limits = Limits::from(Window::per_hour(10));
    while admits(&limiter, &acme, &limits, 1).await {}
    let mut server = server().await;
    let key = limiter.keys(&acme, &limits).remove(0);
    let idle = async |server: &mut MultiplexedConnection| -> u64 {
        cmd("OBJECT").arg("IDLETIME").arg(&key).query_async(server).await.unwrap()
    };
    // The server counts whole seconds since the key was read last.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for _ in 0..100_000 {
        assert!(!admits(&limiter, &acme, &limits, 1).await);
    }
    assert!(idle(&mut server).await >= 1, "Redis was asked");
    assert!(admits(&limiter, &tenant("globex"), &limits, 1).await);
    // Other limits are another question.
    assert!(admits(&limiter, &acme, &Window::per_hour(11).into(), 1).await);
    assert_eq!(idle(&mut server).await, 0);
}

/// EDGE 10 and 11.
#[tokio::test(flavor = "multi_thread")]
async fn leases_ask_seldom_let_no_more_through_and_are_given_back() {
    let shared = limiter();
    let limits = Limits::from(Window::per_hour(10_000));
    let acme = tenant("acme");
    let processes: Vec<_> =
        (0..4).map(|_| RedisLimiter::new(shared.redis.clone()).processes(4).leases()).collect();
    let tasks = processes.iter().map(|process| {
        let (process, limits, acme) = (process.clone(), limits.clone(), acme.clone());
        tokio::spawn(async move {
            let mut admitted = 0_u32;
            for _ in 0..2_000 {
                admitted += u32::from(admits(&process, &acme, &limits, 1).await);
            }
            admitted
        })
    });
    let mut admitted = 0;
    for task in tasks.collect::<Vec<_>>() {
        admitted += task.await.unwrap();
    }
    assert_eq!(admitted, 8_000);
    // 80 questions of a hundred were enough for 8,000 decisions.
    let peek = async || {
        let question = Question { limits: &limits, cost: 1, ahead: false, running: None };
        let (decision, _) = shared.ask(&acme, &question).await.unwrap();
        10_000 - decision.standings().next().unwrap().1.remaining
    };
    let used = peek().await;
    assert!((8_001..=8_401).contains(&used), "{used} were charged");
    // Refunds are exact: what is charged in the end is what was let through, and this peek's.
    for process in &processes {
        process.close().await;
    }
    assert_eq!(peek().await, 8_002);
    let rest: Vec<_> = processes
        .iter()
        .map(|process| {
            let (process, limits, acme) = (process.clone(), limits.clone(), acme.clone());
            tokio::spawn(async move {
                let mut admitted = 0_u32;
                for _ in 0..3_000 {
                    admitted += u32::from(admits(&process, &acme, &limits, 1).await);
                }
                admitted
            })
        })
        .collect();
    let mut more = 0;
    for task in rest {
        more += task.await.unwrap();
    }
    assert!(8_002 + more <= 10_000, "{more} more were let through");
    assert!(more >= 1_900 - 4 * 100, "only {more} more were let through");
}

/// EDGE 18: all keys of a tenant have one hash tag, which no other tenant's can equal.
#[test]
fn keys_of_a_tenant_are_in_one_place() {
    let limits =
        all([Window::per_hour(1).into(), Rate::per_minute(1).into(), Concurrent::new(1).into()]);
    let limiter = limiter();
    for id in ["acme", "a_b-c", "0195"] {
        for key in limiter.keys(&tenant(id), &limits) {
            let tag = key.split_once('{').unwrap().1.split_once('}').unwrap().0;
            assert_eq!(tag, id);
            assert_eq!(key.matches(['{', '}']).count(), 2);
        }
    }
    let [acme, globex] = ["acme", "globex"].map(|id| limiter.keys(&tenant(id), &limits));
    assert!(acme.iter().all(|key| !globex.contains(key)));
}

/// What somebody else has written there is no reason to let anything through unseen.
#[tokio::test]
async fn what_is_none_of_ours_counts_as_away() {
    let limiter = limiter();
    let acme = tenant("acme");
    let limits = Limits::from(Policy::from(Window::per_hour(5)).away(WhenAway::Closed));
    let mut server = server().await;
    let key = limiter.keys(&acme, &limits).remove(0);
    let wrong: String =
        cmd("SET").arg(&key).arg("nothing of ours").query_async(&mut server).await.unwrap();
    assert_eq!(wrong, "OK");
    let admission = limiter.acquire(&acme, &limits, 1).await.unwrap();
    assert!(matches!(admission, Admission::Unavailable));
}

/// Requests that go together are decided one by one, each for its own tenant, and what one has used
/// the next one knows.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_in_one_call_is_decided_one_by_one() {
    let limiter = limiter();
    let limits = all([Window::per_hour(30).into(), Rate::per_minute(10).burst(40).into()]);
    let few = Limits::from(Window::per_hour(7));
    let tenants: Vec<_> = (0..20).map(|number| tenant(&format!("t{number}"))).collect();
    let tasks: Vec<_> = (0..2_000)
        .map(|number| {
            let (limiter, tenant) = (limiter.clone(), tenants[number % 20].clone());
            let limits = if number % 20 == 7 { few.clone() } else { limits.clone() };
            tokio::spawn(async move {
                let question = Question { limits: &limits, cost: 1, ahead: false, running: None };
                let (decision, _) = limiter.ask(&tenant, &question).await.unwrap();
                (number % 20, decision.is_admitted())
            })
        })
        .collect();
    let mut admitted = [0; 20];
    for task in tasks {
        let (tenant, through) = task.await.unwrap();
        admitted[tenant] += u32::from(through);
    }
    for (tenant, admitted) in admitted.into_iter().enumerate() {
        assert_eq!(admitted, if tenant == 7 { 7 } else { 30 }, "t{tenant}");
    }
}

/// Whoever gives up before it was asked is not charged, and those behind it are still asked.
#[tokio::test]
async fn whoever_gives_up_in_the_queue_is_not_charged() {
    let limiter = limiter();
    let acme = tenant("acme");
    let limits = Limits::from(Window::per_hour(1_000));
    for round in 0..50 {
        let mut asking: Vec<_> =
            (0..20).map(|_| Box::pin(single(&limiter, &acme, &limits, 1))).collect();
        // All have begun: the first two are on their way, the others wait.
        for asking in &mut asking {
            let begun = std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx))).await;
            assert!(begun.is_pending());
        }
        let kept = asking.split_off(10 + round % 10);
        drop(asking);
        for kept in kept {
            assert!(kept.await.unwrap().is_admitted());
        }
    }
    let peek = single(&limiter, &acme, &limits, 1).await.unwrap();
    let left = peek.decision().unwrap().standings().next().unwrap().1.remaining;
    let kept: u32 = (0..50).map(|round| 10 - round % 10).sum();
    // Those that were on their way may have been charged, and no other.
    let charged = 1_000 - left - 1;
    assert!((kept..=kept + 100).contains(&charged), "{charged} of {kept}");
}

/// A runtime that ends with questions on their way drops them, and nothing is asked for ever.
#[test]
fn a_runtime_may_end_while_questions_wait() {
    let limiter = limiter();
    let limits = Limits::from(Window::per_hour(1_000));
    for workers in [1, 2] {
        let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        let runtime = runtime.unwrap();
        for number in 0..200 {
            let (limiter, limits) = (limiter.clone(), limits.clone());
            let tenant = tenant(&format!("t{number}"));
            runtime.spawn(async move { limiter.acquire(&tenant, &limits, 1).await });
        }
        drop(runtime);
    }
    // A connection of the runtime that has ended is of no use; another limiter has its own.
    let other = self::limiter();
    assert!(runtime().block_on(admits(&other, &tenant("acme"), &limits, 1)));
}

/// Limits that are made anew for each request are the same limits.
#[tokio::test]
async fn limits_of_a_tenants_own_are_leased_and_waited_for_as_others() {
    let leased = limiter().leases();
    let acme = tenant("acme");
    let fresh = |limit| Limits::from(Window::per_hour(limit));
    for _ in 0..500 {
        assert!(admits(&leased, &acme, &fresh(1_000), 1).await);
    }
    let question = Question { limits: &fresh(1_000), cost: 1, ahead: false, running: None };
    let (decision, _) = leased.ask(&acme, &question).await.unwrap();
    let left = decision.standings().next().unwrap().1.remaining;
    assert!(left >= 1_000 - 500 - 100 - 1, "{left} are left");

    let globex = tenant("globex");
    while admits(&leased, &globex, &fresh(5), 1).await {}
    assert!(leased.waits.refusal(&globex, &fresh(5), 1, Instant::now()).is_some());
}
