//! How long it takes until another process refuses a tenant that was suspended here: from before the
//! change is written until the first request there that is refused. EDGE 25.
//!
//! The other process is this program once more. It remembers tenants for an hour unless it is told,
//! over Redis or by PostgreSQL, and asks for the tenant ten thousand times a second.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tenancy::{NewTenant, Redis, SqlStore, Tenancy, TenantCache};
use tokio::runtime::Runtime;

use crate::{
    frame::{Row, times},
    read::world::Server,
};

/// Suspensions of each kind.
const ROUNDS: usize = 1_000;
/// What is promised, in milliseconds, for 99 of 100.
const PROMISED: f64 = 50.0;
const HOUR: Duration = Duration::from_secs(3_600);
const BETWEEN: Duration = Duration::from_micros(100);

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    now.as_secs_f64() * 1e3
}

fn redis() -> String {
    std::env::var("TENANCY_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379/".into())
}

/// A channel for this run's messages alone: it is called as the database is.
fn over(channel: &str, database: &str) -> Redis {
    let redis = Redis::new(channel).expect("a URL").deadline(Duration::from_secs(1));
    let name = database.rsplit('/').next().unwrap_or_default();
    redis.prefix(name).expect("a prefix")
}

async fn connect(database: &str, cache: TenantCache) -> Tenancy {
    let store = SqlStore::connect(database).await.expect("a database");
    let builder = Tenancy::builder().database("sqlite::memory:").store(store);
    builder.tenant_cache(cache).connect().await.expect("a database in memory")
}

/// The other process, which ends when nobody reads what it says any more.
pub(crate) fn listen(kind: &str, database: &str, channel: &str) {
    use std::io::Write as _;

    let cache = TenantCache::new().told_life(HOUR).life(HOUR).unknown_life(HOUR);
    let cache = match kind {
        "redis" => cache.channel(over(channel, database)),
        _ => cache.notified_by(channel),
    };
    Runtime::new().expect("a runtime").block_on(async {
        let tenancy = connect(database, cache).await;
        while tenancy.health().await.channel != Some(true) {
            tokio::time::sleep(BETWEEN).await;
        }
        let mut before = None;
        loop {
            let served = tenancy.db("acme").await.is_ok();
            if before.replace(served) != Some(served)
                && writeln!(std::io::stdout(), "{} {served}", now()).is_err()
            {
                return;
            }
            tokio::time::sleep(BETWEEN).await;
        }
    });
}

/// What 50 and 99 of 100 suspensions took at most, and the longest, in milliseconds.
async fn measure(kind: &str, database: &str, channel: &str) -> [f64; 3] {
    let cache = match kind {
        "redis" => TenantCache::new().channel(over(channel, database)),
        _ => TenantCache::new(),
    };
    let here = connect(database, cache).await;
    let acme = here.create_tenant(NewTenant::new("acme").expect("a slug")).await.expect("a tenant");
    let program = std::env::current_exe().expect("this program");
    let mut there = Command::new(program)
        .args(["told", kind, database, channel])
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process");
    let mut said = BufReader::new(there.stdout.take().expect("what it says")).lines();
    let mut says = |served: &str| {
        let line = said.next().expect("it goes on").expect("a line");
        let (at, what) = line.split_once(' ').expect("a moment and a word");
        assert_eq!(what, served);
        at.parse::<f64>().expect("a moment")
    };
    says("true");
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = now();
        here.suspend(&acme.id).await.expect("a change");
        took.push(says("false") - began);
        here.activate(&acme.id).await.expect("a change");
        says("true");
    }
    there.kill().expect("it is ours");
    there.wait().expect("it ends");
    here.close().await.expect("it closes");
    took.sort_by(f64::total_cmp);
    [ROUNDS / 2, ROUNDS * 99 / 100, ROUNDS - 1].map(|at| took[at])
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    let mut server = runtime.block_on(Server::new());
    let mut rows = Vec::new();
    for kind in ["redis", "notify"] {
        let database = runtime.block_on(server.make(&format!("told_{kind}")));
        let channel = if kind == "redis" { redis() } else { database.clone() };
        let took = runtime.block_on(measure(kind, &database, &channel));
        for (what, took) in ["median", "p99", "longest"].iter().zip(took) {
            rows.push(times(&format!("{kind}, {what}"), took, "50 ms, as promised", PROMISED));
        }
    }
    runtime.block_on(server.drop());
    rows
}
