//! Idle connections, new addresses, and the end of engines.

use super::*;

#[tokio::test]
async fn idle_connections_are_closed() {
    let (files, engines) = (Files::new(), engines(4, 4));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    drop(acme.lease().await.unwrap());
    let held = globex.lease().await.unwrap();
    quiet_but(&engines, 1).await;

    engines.sweep(Instant::now() + LONG / 2);
    assert_eq!(count(&engines, "acme"), Some((0, 1)), "not yet");
    engines.sweep(Instant::now() + LONG);
    until("it is closed", || count(&engines, "acme").is_none()).await;
    assert_eq!(count(&engines, "globex"), Some((1, 0)), "what is lent is not idle");
    drop(held);
    engines.close().await;
}

async fn quiet_but(engines: &Engines, held: usize) {
    until("nothing else is under way", || {
        let stats = engines.stats();
        stats.tenants.iter().map(|it| it.held + it.opening + it.closing).sum::<usize>() == held
    })
    .await;
}

#[tokio::test]
async fn idle_connections_are_closed_by_themselves() {
    let files = Files::new();
    let limits = Limits {
        budget: 4,
        per_engine: 4,
        idle: Duration::from_millis(20),
        wait: LONG,
        lanes: None,
    };
    let engines = Engines::new(limits).unwrap();
    for _ in 0..3 {
        let acme = engines.engine("acme", files.url("acme"));
        drop(acme.lease().await.unwrap());
        drop(acme);
        // An engine nobody holds lives as long as its connection.
        until("it is closed", || engines.stats().open == 0).await;
        until("it is forgotten", || engines.stats().registered == 0).await;
        until("nothing is left to sweep", || lock(&engines.inner().state).sweeper.is_none()).await;
    }
}

#[tokio::test]
async fn a_new_address_is_where_connections_go() {
    let (files, engines) = (Files::new(), engines(2, 2));
    for (file, id) in [("old", 1), ("new", 2)] {
        let engine = engines.engine(file, files.url(file));
        let lease = engine.lease().await.unwrap();
        let sql = format!("CREATE TABLE here AS SELECT {id} AS id");
        lease.execute_unprepared(&sql).await.unwrap();
    }
    quiet(&engines).await;
    let here = async |engine: &Arc<Engine>| {
        number(&engine.lease().await.unwrap(), "SELECT id FROM here").await
    };
    let acme = engines.engine("acme", files.url("old"));
    assert_eq!(here(&acme).await, 1);
    quiet(&engines).await;
    let held = acme.lease().await.unwrap();

    let moved = engines.engine("acme", files.url("new"));
    assert!(Arc::ptr_eq(&acme, &moved));
    assert_eq!(here(&acme).await, 2, "a new connection");
    assert_eq!(number(&held, "SELECT id FROM here").await, 1, "a lease is not moved");
    drop(held);
    for _ in 0..4 {
        assert_eq!(here(&acme).await, 2, "the old connection does not come back");
    }
    // What is idle at the old address is closed at once.
    quiet(&engines).await;
    let _same = engines.engine("acme", files.url("new"));
    assert!(count(&engines, "acme").is_some(), "the same address changes nothing");
    let _moved = engines.engine("acme", files.url("old"));
    until("it is closed", || count(&engines, "acme").is_none()).await;
    assert_eq!(here(&acme).await, 1);
    engines.close().await;
}

#[tokio::test]
async fn a_retired_engine_is_drained() {
    let (files, engines) = (Files::new(), engines(3, 2));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    let (held, idle) = (acme.lease().await.unwrap(), acme.lease().await.unwrap());
    let other = globex.lease().await.unwrap();
    let same = Arc::clone(&acme);
    let waiting = tokio::spawn(async move { same.lease().await.map(drop) });
    until("somebody waits", || engines.stats().waiting == 1).await;

    acme.retire();
    let refused = "Connection Error: the database of `acme` is no longer served";
    assert_eq!(waiting.await.unwrap().unwrap_err().to_string(), refused);
    assert_eq!(acme.lease().await.unwrap_err().to_string(), refused);
    assert_eq!(number(&held, "SELECT 1").await, 1, "a lease is not cut");
    assert_eq!(number(&other, "SELECT 1").await, 1);
    drop((held, idle));
    until("all are closed", || count(&engines, "acme").is_none()).await;
    assert_eq!(count(&engines, "globex"), Some((1, 0)));

    let again = engines.engine("acme", files.url("acme"));
    assert!(!Arc::ptr_eq(&acme, &again), "the tenant was created again");
    drop(again.lease().await.unwrap());
    drop(acme);
    assert_eq!(engines.stats().registered, 2);
    drop(other);
    engines.close().await;
}

#[tokio::test]
async fn closing_drains_and_does_not_cut() {
    let (files, engines) = (Files::new(), engines(2, 1));
    let acme = engines.engine("acme", files.url("acme"));
    let globex = engines.engine("globex", files.url("globex"));
    let held = acme.lease().await.unwrap();
    drop(globex.lease().await.unwrap());
    let same = Arc::clone(&acme);
    let waiting = tokio::spawn(async move { same.lease().await.map(drop) });
    until("somebody waits", || engines.stats().waiting == 1).await;

    let all = engines.clone();
    let closing = tokio::spawn(async move { all.close().await });
    let error = waiting.await.unwrap().unwrap_err();
    assert!(Error::from(error).is_closed());
    assert!(Error::from(globex.lease().await.unwrap_err()).is_closed());
    until("the idle one is closed", || engines.stats().open == 1).await;
    assert!(!closing.is_finished());
    assert_eq!(number(&held, "SELECT 1").await, 1, "a lease is not cut");
    drop(held);
    closing.await.unwrap();
    assert_eq!(engines.stats().open, 0);
    engines.close().await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let (files, engines) = (Files::new(), engines(2, 2));
    let acme = engines.engine("acme", files.url("acme"));
    let (idle, held) = (acme.lease().await.unwrap(), acme.lease().await.unwrap());
    drop(idle);
    let inner = Arc::downgrade(engines.inner());
    drop(engines.clone());
    drop(acme.lease().await.unwrap());
    drop(engines);
    assert!(Error::from(acme.lease().await.unwrap_err()).is_closed());
    assert_eq!(number(&held, "SELECT 1").await, 1, "a lease is not cut");
    drop((held, acme));
    until("nothing is left", || inner.strong_count() == 0).await;
}

#[tokio::test]
async fn an_in_memory_database_is_refused() {
    let engines = engines(1, 1);
    let acme = engines.engine("acme", Secret::new("sqlite::memory:"));
    let error = Error::from(acme.lease().await.unwrap_err());
    assert!(error.is_config(), "{error}");
    assert_eq!(engines.stats().open, 0);
}
