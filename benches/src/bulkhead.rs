//! Whether twenty tenants notice one that asks fifty times as often as each of them, through a pool
//! all share: the time within which 99 of 100 of their statements are answered, with it and without.
//!
//! Statements come at random times, whether or not the last one was answered, so a pool that cannot
//! keep up has ever more that wait. Each keeps its connection for 20 ms without work for the
//! processor: what is measured is who gets a connection. Then the same beside one that gives up slow
//! statements, which the server has to be told to cancel.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tenancy::{Row as RowScoping, Tenancy, TenantDb};
use tokio::{runtime::Runtime, task::JoinSet, time::sleep};

use crate::{
    frame::{Row, times},
    read::world::Server,
};

/// Tenants that must not notice.
const QUIET: usize = 20;
/// How often each of them asks.
const PER_SECOND: f64 = 12.5;
/// How much more often the other one does.
const NOISE: f64 = 50.0;
/// Rounds of each kind, and how long one is.
const ROUNDS: usize = 4;
const ROUND: Duration = Duration::from_secs(8);

/// Slow statements that one tenant gives up each second, and after how long.
const GIVEN_UP: f64 = 100.0;
const PATIENCE: Duration = Duration::from_millis(20);

const SLOW: &str = "SELECT total, pg_sleep(5) FROM orders WHERE id = 1";
const READ: &str = "SELECT total, pg_sleep(0.02) FROM orders WHERE id = 1";

/// Moments at random, the same each time.
struct Moments(u64);

impl Moments {
    /// Until the next one, of so many each second.
    #[allow(clippy::cast_precision_loss)] // 53 bits are enough.
    fn next(&mut self, per_second: f64) -> Duration {
        // Knuth's generator, of which the upper bits are good.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let part = ((self.0 >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-part.ln() / per_second)
    }
}

/// Sends statements for one tenant for a round, and says how long each took. Those that are not
/// answered at the end are forgotten, unless all are to be counted.
async fn ask<C, F>(
    conn: C,
    seed: u64,
    per_second: f64,
    one: fn(C) -> F,
    counted: bool,
) -> Vec<Duration>
where
    C: Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (mut moments, mut asked) = (Moments(seed), JoinSet::new());
    let begun = Instant::now();
    let mut due = Duration::ZERO;
    loop {
        due += moments.next(per_second);
        if due > ROUND {
            break;
        }
        sleep(due.saturating_sub(begun.elapsed())).await;
        let conn = conn.clone();
        asked.spawn(async move {
            let asked = Instant::now();
            one(conn).await;
            asked.elapsed()
        });
    }
    if counted { asked.join_all().await } else { Vec::new() }
}

/// The time within which 99 of 100 were answered, with the noise and without, in milliseconds.
fn measure<C, F, N>(
    runtime: &Runtime,
    conns: &[C],
    one: fn(C) -> F,
    (noise, rate): (fn(C) -> N, f64),
) -> (f64, f64)
where
    C: Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
    N: Future<Output = ()> + Send + 'static,
{
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..2 * ROUNDS {
        let noisy = round % 2 == 1;
        runtime.block_on(async {
            let noise = noisy
                .then(|| tokio::spawn(ask(conns[QUIET].clone(), round as u64, rate, noise, false)));
            let quiet = conns[..QUIET].iter().enumerate().map(|(n, conn)| {
                let seed = (round * QUIET + n) as u64 + 1_000;
                tokio::spawn(ask(conn.clone(), seed, PER_SECOND, one, true))
            });
            for quiet in quiet.collect::<Vec<_>>() {
                let times = quiet.await.expect("all are answered");
                if noisy { &mut with } else { &mut without }.extend(times);
            }
            if let Some(noise) = noise {
                noise.await.expect("the noise ends");
                // What was still running is cancelled.
                sleep(Duration::from_millis(500)).await;
            }
        });
    }
    (worst(with), worst(without))
}

/// The time within which 99 of 100 were answered, in milliseconds.
fn worst(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() * 99 / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

async fn ours(db: TenantDb) {
    let ask = Statement::from_string(DbBackend::Postgres, READ);
    db.query_one_raw(ask).await.expect("a read").expect("a row");
}

/// Nobody waits for its answer.
async fn given_up(db: TenantDb) {
    let ask = Statement::from_string(DbBackend::Postgres, SLOW);
    assert!(tokio::time::timeout(PATIENCE, db.query_one_raw(ask)).await.is_err(), "it is slow");
}

#[derive(Clone)]
struct Plain(DatabaseConnection, Arc<str>);

async fn plain(Plain(conn, tenant): Plain) {
    let sql = format!("{READ} AND tenant_id = $1");
    let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, [(*tenant).into()]);
    conn.query_one_raw(ask).await.expect("a read").expect("a row");
}

/// A row that compares what others wait for with and without the noise.
fn row(case: &str, (with, without): (f64, f64)) -> Row {
    times(case, with, "the same without the noise", without)
}

pub(crate) fn run() -> Vec<Row> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut server = runtime.block_on(Server::new());
    let told = |builder: tenancy::Builder| {
        builder.allow_function("pg_sleep", "keeps a connection without work")
    };
    let world = runtime.block_on(server.shared("bulkhead", RowScoping::new(), QUIET + 1, told));
    let tenancy: &Tenancy = world.tenancy();
    let conns: Vec<TenantDb> =
        world.tenants().iter().map(|it| tenancy.db_for(it).expect("a connection")).collect();
    let load = NOISE * PER_SECOND;
    let beside_load = measure(&runtime, &conns, ours, (ours, load));
    let beside_slow = measure(&runtime, &conns, ours, (given_up, GIVEN_UP));
    let mut rows = vec![
        row("20 tenants beside one at 50 times their load", beside_load),
        row("beside one that gives up 100 a second", beside_slow),
    ];
    drop(conns);
    runtime.block_on(world.close());
    let conn = runtime.block_on(server.plain(QUIET + 1));
    let names = (0..=QUIET).map(|n| Arc::from(crate::read::crowd::name(n)));
    let conns: Vec<Plain> = names.map(|name| Plain(conn.clone(), name)).collect();
    rows.push(row(
        "beside one at 50 times, plain SeaORM's pool",
        measure(&runtime, &conns, plain, (plain, load)),
    ));
    drop(conns);
    runtime.block_on(async {
        conn.close().await.expect("a pool closes");
        server.drop().await;
    });
    rows
}
