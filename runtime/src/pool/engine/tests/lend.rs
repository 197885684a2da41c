//! Taking a connection, giving it back, waiting for it, giving up.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_util::future::join_all;
use sea_orm::{StreamTrait as _, TransactionTrait as _};

use super::*;

/// Temporary tables tell connections apart: each sees its own.
async fn mark(conn: &DatabaseConnection) {
    conn.execute_unprepared("CREATE TEMP TABLE mark (id INTEGER)").await.unwrap();
}

async fn is_marked(conn: &DatabaseConnection) -> bool {
    number(conn, "SELECT count(*) FROM sqlite_temp_master WHERE name = 'mark'").await == 1
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (files, engines) = (Files::new(), engines(4, 4));
    let acme = engines.engine("acme", files.url("acme"));
    let lease = acme.lease().await.unwrap();
    mark(&lease).await;
    drop(lease);
    for _ in 0..20 {
        // The statement before is hardly over: the one connection is waited for.
        assert!(is_marked(&acme.lease().await.unwrap()).await);
    }
    assert_eq!(engines.stats().open, 1);
    engines.close().await;
}

#[tokio::test]
async fn a_discarded_connection_is_not() {
    let (files, engines) = (Files::new(), engines(1, 1));
    let acme = engines.engine("acme", files.url("acme"));
    let mut lease = acme.lease().await.unwrap();
    mark(&lease).await;
    lease.discard();
    drop(lease);
    assert!(!is_marked(&acme.lease().await.unwrap()).await);
    engines.close().await;
}

#[tokio::test]
async fn another_engine_makes_room() {
    let (files, engines) = (Files::new(), engines(2, 2));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    drop(join_all([acme.lease(), acme.lease()]).await);
    quiet(&engines).await;
    assert_eq!(count(&engines, "acme"), Some((0, 2)));

    let lease = globex.lease().await.unwrap();
    until("one is closed", || count(&engines, "acme") == Some((0, 1))).await;
    assert_eq!(count(&engines, "globex"), Some((1, 0)));
    assert_eq!(engines.stats().open, 2);
    drop(lease);
    engines.close().await;
}

/// A server that hangs up on everybody.
#[cfg(feature = "postgres")]
async fn hangs_up() -> (Secret, Arc<AtomicU32>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url =
        Secret::new(format!("postgres://app:hunter2@{}/shop", listener.local_addr().unwrap()));
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    std::thread::spawn(move || {
        for call in listener.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
            drop(call);
        }
    });
    (url, calls)
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn under_contention_a_database_is_tried_once() {
    let engines = engines(20, 10);
    let (url, calls) = hangs_up().await;
    let acme = engines.engine("acme", url);
    for round in 1..=3 {
        let results = join_all((0..50).map(|_| acme.lease())).await;
        for result in results {
            let error = result.unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert_eq!(calls.load(Ordering::SeqCst), round);
        assert_eq!(engines.stats().open, 0, "the place is given back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_contention_the_cap_holds_and_all_are_served() {
    let (files, engines) = (Files::new(), engines(10, 3));
    let tasks = (0..50).map(|_| {
        let (engines, url) = (engines.clone(), files.url("acme"));
        tokio::spawn(async move {
            let acme = engines.engine("acme", url);
            let lease = acme.lease().await.unwrap();
            let stats = engines.stats();
            assert!(stats.open <= 3 && stats.tenants[0].opening <= 1, "{stats:?}");
            number(&lease, "SELECT 1").await
        })
    });
    for task in join_all(tasks).await {
        assert_eq!(task.unwrap(), 1);
    }
    engines.close().await;
    until("the engine is forgotten", || engines.stats().registered == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_that_wait_for_one_engine_starve_no_other() {
    let files = Files::new();
    let engines = engines(2, 2);
    let stop = Arc::new(AtomicBool::new(false));
    let noisy = engines.engine("noisy", files.url("noisy"));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (noisy, stop) = (Arc::clone(&noisy), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    number(&noisy.lease().await.unwrap(), "SELECT 1").await;
                }
            })
        })
        .collect();
    until("the noisy engine has everything", || engines.stats().waiting > 40).await;
    for name in ["acme", "globex", "initech"] {
        let engine = engines.engine(name, files.url(name));
        for _ in 0..3 {
            let lease = engine.lease().await.unwrap();
            assert_eq!(number(&lease, "SELECT 1").await, 1);
        }
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    engines.close().await;
}

#[tokio::test]
async fn a_time_out_says_who_has_what() {
    let (files, engines) = (Files::new(), engines(3, 2));
    let acme = engines.engine("acme", files.url("hunter2-acme"));
    let globex = engines.engine("globex", files.url("hunter2-globex"));
    let initech = engines.engine("initech", files.url("hunter2-initech"));
    let held = (acme.lease().await.unwrap(), acme.lease().await.unwrap());
    let other = globex.lease().await.unwrap();

    let mut waiting = Box::pin(initech.lease());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let error = initech.lease_within(BRIEF).await.unwrap_err();
    assert!(matches!(error, DbErr::Conn(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "Connection Error: no connection to the database of `initech` within 50ms: it has 0 of at \
         most 2, all engines together 3 of at most 3; held: acme 2, globex 1; 2 waiting",
    );
    let error = acme.lease_within(BRIEF).await.unwrap_err().to_string();
    assert!(error.contains("`acme` within 50ms: it has 2 of at most 2"), "{error}");
    drop(waiting);
    assert_eq!(engines.stats().waiting, 0);

    drop((held, other));
    assert!(initech.lease().await.is_ok(), "there is room now");
    engines.close().await;
}

#[tokio::test]
async fn a_time_out_names_only_those_that_have_most() {
    let (files, engines) = (Files::new(), engines(8, 2));
    let mut held = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        held.push(engines.engine(name, files.url(name)).lease().await.unwrap());
    }
    held.push(engines.engine("g", files.url("g")).lease().await.unwrap());
    let error =
        engines.engine("h", files.url("h")).lease_within(BRIEF).await.unwrap_err().to_string();
    assert!(error.contains("held: g 2, a 1, b 1, c 1, d 1, and 2 more; 1 waiting"), "{error}");
    drop(held);
    engines.close().await;
}

/// Drops a lease's future after its first poll and that many turns of everybody else.
async fn cut(engine: &Arc<Engine>, turns: usize) -> bool {
    let mut future = pin!(engine.lease());
    if let Poll::Ready(lease) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return lease.is_ok();
    }
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    matches!(ready, Poll::Ready(Ok(_)))
}

#[tokio::test]
async fn dropped_at_every_step() {
    let (files, engines) = (Files::new(), engines(1, 1));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    // The way to globex's connection: acme's is closed, one is opened.
    let (mut turns, mut finished) = (0, 0);
    while finished < 3 {
        drop(acme.lease().await.unwrap());
        finished += usize::from(cut(&globex, turns).await);
        assert_eq!(engines.stats().waiting, 0);
        assert!(engines.stats().open <= 1);
        turns += 1 + turns / 4;
    }
    quiet(&engines).await;
    // With somebody who waits behind: the turn is passed on.
    let held = acme.lease().await.unwrap();
    let mut first = Box::pin(globex.lease());
    let mut second = Box::pin(globex.lease());
    let mut third = Box::pin(acme.lease());
    let mut cx = Context::from_waker(Waker::noop());
    for future in [&mut first, &mut second] {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    assert!(third.as_mut().poll(&mut cx).is_pending());
    drop(first);
    drop(held);
    let ((), ()) =
        tokio::join!(async { drop(second.await.unwrap()) }, async { drop(third.await.unwrap()) });

    // A lease that came and was never taken out of the future.
    let held = acme.lease().await.unwrap();
    let mut unseen = Box::pin(acme.lease());
    assert!(unseen.as_mut().poll(&mut cx).is_pending());
    drop(held);
    until("it was lent on", || engines.stats().waiting == 0).await;
    assert_eq!(count(&engines, "acme"), Some((1, 0)));
    drop(unseen);
    drop(globex.lease().await.unwrap());
    engines.close().await;
    assert_eq!(engines.stats().open, 0);
}

#[tokio::test]
async fn what_outlives_a_lease_keeps_its_place() {
    let (files, engines) = (Files::new(), engines(1, 1));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    let lease = acme.lease().await.unwrap();
    let transaction = lease.begin().await.unwrap();
    drop(lease);
    for engine in [&acme, &globex] {
        let error = engine.lease_within(BRIEF).await.unwrap_err().to_string();
        assert!(error.contains("held: acme 1"), "{error}");
    }
    transaction.rollback().await.unwrap();
    drop(globex.lease().await.unwrap());

    let lease = acme.lease().await.unwrap();
    let rows = "SELECT 1 UNION SELECT 2";
    let rows = Statement::from_string(lease.get_database_backend(), rows);
    let stream = lease.stream_raw(rows).await.unwrap();
    let mut lease = lease;
    lease.discard();
    drop(lease);
    let error = globex.lease_within(BRIEF).await.unwrap_err().to_string();
    assert!(error.contains("closing: acme 1"), "{error}");
    drop(stream);
    drop(globex.lease().await.unwrap());
    engines.close().await;
}

#[tokio::test]
async fn a_panic_gives_the_connection_back() {
    let (files, engines) = (Files::new(), engines(1, 1));
    let acme = engines.engine("acme", files.url("acme"));
    let same = Arc::clone(&acme);
    let task = tokio::spawn(async move {
        let lease = same.lease().await.unwrap();
        let _open = lease.begin().await.unwrap();
        panic!("in the middle of a transaction");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(number(&acme.lease().await.unwrap(), "SELECT 1").await, 1);
    engines.close().await;
}

#[test]
fn the_end_of_a_runtime_leaves_no_place_taken() {
    let files = Files::new();
    let engines = engines(2, 2);
    let acme = engines.engine("acme", files.url("acme"));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (held, idle) = first.block_on(async {
        let held = acme.lease().await.unwrap();
        let idle = acme.lease().await.unwrap();
        // Busy until the runtime is gone.
        number(&held, "SELECT 1").await;
        (held, idle)
    });
    drop(held);
    drop(first);
    drop(idle);
    runtime().block_on(async {
        let globex = engines.engine("globex", files.url("globex"));
        let leases = join_all([globex.lease(), globex.lease()]).await;
        for lease in &leases {
            assert_eq!(number(lease.as_ref().unwrap(), "SELECT 1").await, 1);
        }
        drop(leases);
        engines.close().await;
        assert_eq!(engines.stats().open, 0);
    });
}
