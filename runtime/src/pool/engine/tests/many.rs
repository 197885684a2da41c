//! Ten thousand tenants, of which two hundred are active.

use futures_util::future::join_all;

use super::*;

const REGISTERED: usize = 10_000;
const ACTIVE: usize = 200;
const BUDGET: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_registered_two_hundred_active() {
    let files = Files::new();
    let engines = engines(BUDGET, 2);
    let all: Vec<_> = (0..REGISTERED)
        .map(|n| engines.engine(&format!("tenant-{n}"), files.url(&n.to_string())))
        .collect();
    let active = all.iter().step_by(REGISTERED / ACTIVE);
    let tasks = active.enumerate().map(|(n, engine)| {
        let (engines, engine) = (engines.clone(), Arc::clone(engine));
        tokio::spawn(async move {
            for sql in [
                "CREATE TABLE IF NOT EXISTS visits (tenant INTEGER)".to_owned(),
                format!("INSERT INTO visits VALUES ({n})"),
                format!("INSERT INTO visits VALUES ({n})"),
            ] {
                let lease = engine.lease().await.unwrap();
                lease.execute_unprepared(&sql).await.unwrap();
                let stats = engines.stats();
                assert!(stats.open <= BUDGET, "{stats:?}");
                assert!(stats.tenants.iter().all(|it| it.held + it.idle <= 2), "{stats:?}");
            }
            let lease = engine.lease().await.unwrap();
            let own = format!("SELECT count(*) FROM visits WHERE tenant = {n}");
            assert_eq!(number(&lease, &own).await, 2);
            assert_eq!(number(&lease, "SELECT count(*) FROM visits").await, 2);
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let stats = engines.stats();
    assert_eq!((stats.registered, stats.budget, stats.waiting), (REGISTERED, BUDGET, 0));
    engines.close().await;
    assert_eq!(engines.stats().open, 0);
    drop(all);
    until("all are forgotten", || engines.stats().registered == 0).await;
}

/// Memory of this process in use, as the system counts it.
fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[test]
fn a_registered_engine_costs_less_than_two_kib() {
    // Many, so that what other tests do meanwhile is small beside it.
    const MANY: usize = 100_000;
    let engines = engines(1, 1);
    let before = resident();
    let all: Vec<_> = (0..MANY)
        .map(|n| {
            let url = format!("postgres://app:a-long-password@db.internal:5432/tenant_{n:08}");
            engines.engine(&format!("01890a5d-ac96-774b-bcce-b302{n:08}"), Secret::new(url))
        })
        .collect();
    let after = resident();
    assert_eq!(engines.stats().registered, all.len());
    // Elsewhere than on Linux only the sizes are known.
    let sizes = size_of::<Engine>() + 2 * size_of::<usize>() + 3 * size_of::<[usize; 4]>();
    assert!(sizes < 512, "{sizes} bytes");
    if let (Some(before), Some(after)) = (before, after) {
        let each = after.saturating_sub(before) / MANY;
        println!("{each} bytes for each registered engine");
        assert!(each < 2 * 1024, "{each} bytes for each registered engine");
    }
}
