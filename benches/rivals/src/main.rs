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

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection as _, PgConnection, PgPool, migrate::Migrator,
};
use tokio::task::JoinSet;

use super::{ALTER, CONNECTIONS, CREATE, TENANTS};

/// What one of them took, in milliseconds for all tenants.
pub(super) struct Rival {
    pub(super) name: &'static str,
    pub(super) made: f64,
    pub(super) altered: f64,
    pub(super) nothing: f64,
}

/// What each of those that can be had took. The schemas are made before the clock starts.
pub(super) async fn all(pool: &PgPool, url: &str) -> Vec<Rival> {
    let mut rivals = vec![migrator(pool, url).await, sea::orm(pool, url).await];
    match alembic::command(pool, url).await {
        Ok(rival) => rivals.push(rival),
        Err(why) => println!("Alembic cannot be had: {why}"),
    }
    rivals
}

/// Schemas `name_0`, `name_1` and so on.
async fn schemas(pool: &PgPool, name: &str, many: usize) {
    for tenant in 0..many {
        let sql = format!("CREATE SCHEMA {name}_{tenant}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("a schema");
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
