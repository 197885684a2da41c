//! Engines on real databases: files of SQLite, and databases of PostgreSQL and MySQL.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::*;

#[cfg(feature = "sqlite")]
mod lend;
#[cfg(feature = "sqlite")]
mod life;
#[cfg(feature = "sqlite")]
mod many;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;

const LONG: Duration = Duration::from_secs(60);

fn engines(budget: usize, per_engine: usize) -> Engines {
    Engines::new(Limits { budget, per_engine, idle: LONG, wait: LONG, lanes: None }).unwrap()
}

/// How long to wait for what does not come.
const BRIEF: Duration = Duration::from_millis(50);

/// A folder of SQLite files, removed with this.
struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tenancy-engines-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn url(&self, name: &str) -> Secret {
        Secret::new(format!("sqlite://{}/{name}.db?mode=rwc", self.0.display()))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The first column of the first row.
async fn number(conn: &DatabaseConnection, sql: &str) -> i64 {
    answer(conn, sql).await
}

async fn answer(conn: &impl ConnectionTrait, sql: &str) -> i64 {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    conn.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = tokio::time::timeout(LONG, async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    });
    patience.await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

fn count(engines: &Engines, key: &str) -> Option<(usize, usize)> {
    let stats = engines.stats();
    let engine = stats.tenants.iter().find(|engine| &*engine.tenant == key)?;
    Some((engine.held, engine.idle))
}

/// All connections have come back and nothing is under way.
async fn quiet(engines: &Engines) {
    until("nothing is under way", || {
        let stats = engines.stats();
        stats.waiting == 0 && stats.tenants.iter().all(|it| it.held + it.opening + it.closing == 0)
    })
    .await;
}

#[test]
fn limits_that_cannot_work_are_refused() {
    let good = Limits { budget: 4, per_engine: 2, idle: LONG, wait: LONG, lanes: None };
    let lanes = |connections, per_tenant| {
        let lanes = LaneLimits { connections, per_tenant, idle: LONG };
        Limits { lanes: Some(lanes), ..good }
    };
    assert!(Engines::new(good).is_ok() && Engines::new(lanes(4, 4)).is_ok());
    for (bad, word) in [
        (Limits { budget: 0, ..good }, "budget is 0"),
        (Limits { per_engine: 0, ..good }, "may have 0"),
        (Limits { per_engine: 5, ..good }, "more connections than the budget"),
        (Limits { idle: Duration::ZERO, ..good }, "`idle`"),
        (Limits { wait: Duration::ZERO, ..good }, "`wait`"),
        (lanes(0, 1), "0 connections together"),
        (lanes(2, 0), "a lane may have 0"),
        (lanes(2, 3), "than all lanes together"),
        (lanes(5, 1), "the budget they are within"),
    ] {
        let error = Engines::new(bad).unwrap_err();
        assert!(error.is_config() && error.to_string().contains(word), "{error}");
    }
}

#[test]
fn handles_can_be_sent_and_kept() {
    fn sendable<T: Send + Sync + 'static>() {}
    sendable::<Engines>();
    sendable::<Engine>();
    sendable::<Lease>();
}

#[test]
fn an_engine_is_one_while_somebody_holds_it() {
    let engines = engines(2, 1);
    let url = || Secret::new("sqlite://never-opened.db");
    let (acme, globex) = (engines.engine("acme", url()), engines.engine("globex", url()));
    assert!(Arc::ptr_eq(&acme, &engines.engine("acme", url())));
    assert!(!Arc::ptr_eq(&acme, &globex));
    assert_eq!(engines.stats().registered, 2);
    drop((acme, globex));
    assert_eq!(engines.stats().registered, 0);
}
