//! Others that take the same tenants along: sqlx's Migrator and SeaORM's at eight at a time, and the
//! command of Alembic for one tenant after another, as one would loop over them.
//!
//! Usage: `tenancy-rivals URL TENANTS CREATE ALTER BUILD`: the statements of two migrations, and a folder
//! for what is installed. Each answer is a line of JSON, with milliseconds for all tenants.

mod alembic;
mod sea;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};
use tokio::task::JoinSet;

/// At a time, as ours.
const CONNECTIONS: usize = 8;

/// What all are given.
#[derive(Clone)]
struct Task {
    url: String,
    tenants: usize,
    create: &'static str,
    alter: &'static str,
    build: PathBuf,
}

/// What one of them took, in milliseconds for all tenants.
struct Rival {
    name: &'static str,
    made: f64,
    altered: f64,
    nothing: f64,
}

fn main() {
    let mut words = std::env::args().skip(1);
    let mut word = || words.next().expect("URL TENANTS CREATE ALTER BUILD");
    let url = word();
    let tenants = word().parse().expect("a number of tenants");
    let (create, alter) = (word().leak(), word().leak());
    let task = Task { url, tenants, create, alter, build: word().into() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    tell(&runtime.block_on(migrator(&task)));
    tell(&runtime.block_on(sea::orm(&task)));
    match runtime.block_on(alembic::command(&task)) {
        Ok(rival) => tell(&rival),
        Err(why) => eprintln!("Alembic cannot be had: {why}"),
    }
}

fn tell(rival: &Rival) {
    let Rival { name, made, altered, nothing } = rival;
    let told = serde_json::json!({
        "name": name, "made": made, "altered": altered, "nothing": nothing,
    });
    println!("{told}");
}

impl Task {
    /// Schemas `name_0`, `name_1` and so on.
    async fn schemas(&self, name: &str, many: usize) {
        let mut conn = PgConnection::connect(&self.url).await.expect("a connection");
        for tenant in 0..many {
            let sql = format!("CREATE SCHEMA {name}_{tenant}");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.expect("a schema");
        }
        conn.close().await.expect("it closes");
    }
}

/// How long it takes for all tenants, at most eight at a time.
async fn at_a_time<F>(tenants: usize, work: impl Fn(usize) -> F + Clone + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (work, next) = (work.clone(), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let tenant = next.fetch_add(1, Ordering::Relaxed);
                if tenant >= tenants {
                    return;
                }
                work(tenant).await;
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.expect("a worker");
    }
    begun.elapsed().as_secs_f64() * 1e3
}

/// sqlx's, which a connection led to the tenant's schema is handed to.
async fn migrator(task: &Task) -> Rival {
    task.schemas("migrator", task.tenants).await;
    let folder = std::env::temp_dir().join(format!("tenancy-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let first = read(&folder, "1_create.sql", task.create).await;
    let second = read(&folder, "2_alter.sql", task.alter).await;
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    let run = |migrator: Arc<Migrator>| {
        let url = task.url.clone();
        at_a_time(task.tenants, move |tenant| {
            let (migrator, url) = (Arc::clone(&migrator), url.clone());
            async move {
                let mut conn = PgConnection::connect(&url).await.expect("a connection");
                let path = format!("SET search_path = migrator_{tenant}");
                sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut conn).await.expect("a path");
                migrator.run_direct(None, &mut conn, false).await.expect("migrations");
                conn.close().await.expect("it closes");
            }
        })
    };
    let made = run(first).await;
    let altered = run(Arc::clone(&second)).await;
    Rival { name: "sqlx's Migrator, 8 at a time", made, altered, nothing: run(second).await }
}

/// The folder's migrations, with one more.
async fn read(folder: &Path, name: &str, sql: &str) -> Arc<Migrator> {
    std::fs::write(folder.join(name), sql).expect("a file");
    Arc::new(Migrator::new(folder).await.expect("migrations"))
}
