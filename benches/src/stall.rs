//! How long queries of the application stand still while its tenants' places are migrated.
//!
//! Short transactions read and write tenants' tables, and some long ones hold a table for longer than a
//! revision waits for it: whoever comes behind the revision waits as long as it does, and no longer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::sqlx::{self, AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    frame::{Row, times},
    migrate::{ALTER, BACK, CREATE, DROP, create, revision, tenancy},
    read::world::Server,
};

const TENANTS: usize = 60;
const SHORT: usize = 8;
const LONG: usize = 4;
/// How long the long transactions hold what they read.
const HELD: &str = "0.6";
const ROUNDS: usize = 5;
/// How long a revision waits for a lock.
const WAITS: [u64; 2] = [100, 500];

/// A number that looks random.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap_or(0) % TENANTS
}

async fn ask(pool: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("no query fails");
}

/// What the application does until it is told to stop: the longest of its short statements, in
/// milliseconds, and how many there were.
async fn application(
    pool: &PgPool,
    schemas: &Arc<Vec<String>>,
    stop: &Arc<AtomicBool>,
) -> (f64, u64) {
    let mut working = JoinSet::new();
    for worker in 0..SHORT + LONG {
        let (pool, stop, schemas) = (pool.clone(), Arc::clone(stop), Arc::clone(schemas));
        working.spawn(async move {
            let (mut longest, mut asked) = (0.0_f64, 0_u64);
            let mut seed = worker as u64 + 7;
            while !stop.load(Ordering::Acquire) {
                let schema = &schemas[next(&mut seed)];
                if worker >= SHORT {
                    ask(&pool, format!("BEGIN; SELECT count(*) FROM {schema}.tasks; SELECT pg_sleep({HELD}); COMMIT")).await;
                    continue;
                }
                for sql in [
                    format!("SELECT title FROM {schema}.tasks WHERE list_id = 1"),
                    format!("UPDATE {schema}.tasks SET title = title || '' WHERE id = {}", worker + 1),
                ] {
                    let begun = Instant::now();
                    ask(&pool, sql).await;
                    longest = longest.max(begun.elapsed().as_secs_f64() * 1e3);
                    asked += 1;
                }
            }
            (longest, asked)
        });
    }
    let (mut longest, mut asked) = (0.0_f64, 0);
    while let Some(ended) = working.join_next().await {
        let (long, many) = ended.expect("a worker");
        (longest, asked) = (longest.max(long), asked + many);
    }
    (longest, asked)
}

async fn measure(server: &mut Server) -> Vec<Row> {
    let url = server.make("stall").await;
    let first = || revision("aaaa01", "", CREATE, DROP);
    let making = tenancy(&url, vec![first()]).await;
    create(&making, 0, TENANTS).await;
    making.close().await.expect("it closes");
    let pool = PgPoolOptions::new().max_connections(16).connect(&url).await.expect("it answers");
    let named = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '%t\\_%' AND nspname NOT LIKE 'pg%' ORDER BY 1";
    let schemas: Vec<String> = sqlx::query_scalar(named).fetch_all(&pool).await.expect("schemas");
    assert_eq!(schemas.len(), TENANTS, "{schemas:?}");
    for schema in &schemas {
        ask(&pool, format!(
            "INSERT INTO {schema}.lists (name) VALUES ('one'); INSERT INTO {schema}.tasks (list_id, title) \
             SELECT 1, 'task ' || n FROM generate_series(1, 200) n"
        )).await;
    }
    let schemas = Arc::new(schemas);
    let both = tenancy(&url, vec![first(), revision("aaaa02", "aaaa01", ALTER, BACK)]).await;
    let mut rows = Vec::new();
    let alone = {
        let stop = Arc::new(AtomicBool::new(false));
        let work = application(&pool, &schemas, &stop);
        let wait = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            stop.store(true, Ordering::Release);
        };
        tokio::join!(work, wait).0
    };
    println!("without a run: {} queries, the longest {:.1} ms", alone.1, alone.0);
    for wait in WAITS {
        let stop = Arc::new(AtomicBool::new(false));
        let work = application(&pool, &schemas, &stop);
        let runs = async {
            let mut waited = 0;
            for _ in 0..ROUNDS {
                for up in [true, false] {
                    let run =
                        both.migrate().concurrency(8).lock_timeout(Duration::from_millis(wait));
                    let run =
                        if up { run.upgrade("heads").await } else { run.downgrade("aaaa01").await };
                    let report = run.expect("a run");
                    assert!(report.failed.is_empty(), "{report}");
                    waited += report.moved;
                }
            }
            stop.store(true, Ordering::Release);
            waited
        };
        let ((longest, asked), moved) = tokio::join!(work, runs);
        println!(
            "a wait of {wait} ms: {asked} queries while places were moved {moved} times, the longest {longest:.1} ms"
        );
        #[allow(clippy::cast_precision_loss)] // A few hundred.
        let most = (wait + 50) as f64;
        rows.push(times(
            &format!("longest query, {wait} ms for a lock"),
            longest,
            "that and 50 ms",
            most,
        ));
    }
    both.close().await.expect("it closes");
    pool.close().await;
    rows
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut server = Server::new().await;
        let rows = measure(&mut server).await;
        server.drop().await;
        rows
    })
}
