//! Futures that are dropped before they are done, and what must not stay behind.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::{Engine, Shop, Strategy};

struct Awake(tokio::sync::Notify);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// Polls a future that many times, then drops it. Tells what it returned if it was finished before.
pub async fn cut<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let awake = Arc::new(Awake(tokio::sync::Notify::new()));
    let waker = Waker::from(Arc::clone(&awake));
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        awake.0.notified().await;
    }
    None
}

impl Shop {
    /// How many transactions are open on the server, as it says itself.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn open_transactions(&self) -> i64 {
        let mut open = self.open_on(&self.eye, "products").await;
        if self.strategy == Strategy::Database {
            for tenant in ["acme", "globex"] {
                open += self.open_on(self.beside(tenant), "orders").await;
            }
        }
        open
    }

    async fn open_on(&self, eye: &DatabaseConnection, table: &str) -> i64 {
        let sql = match self.scratch.engine() {
            // Seen from beside: whoever has an open write transaction keeps others from writing.
            Engine::Sqlite => {
                let write = format!("UPDATE {table} SET id = id WHERE 1 = 0");
                return match eye.execute_unprepared(&write).await {
                    Ok(_) => 0,
                    Err(_) => 1,
                };
            }
            Engine::Postgres => {
                "SELECT COUNT(*) AS n FROM pg_stat_activity \
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            }
            Engine::MySql => return open_on_mysql(eye).await,
        };
        let statement = Statement::from_string(eye.get_database_backend(), sql);
        let row = eye.query_one_raw(statement).await.expect("the server answers");
        row.and_then(|row| row.try_get("", "n").ok()).expect("a count is a number")
    }

    /// Waits until no transaction is open. What was cut off is rolled back in the background; the
    /// server must get there by itself.
    ///
    /// # Panics
    ///
    /// If one stays open.
    pub async fn no_transaction(&self, cuts: usize) {
        let patience = tokio::time::timeout(Duration::from_secs(10), async {
            while self.open_transactions().await != 0 {
                tokio::task::yield_now().await;
            }
        });
        let done = patience.await;
        assert!(done.is_ok(), "a transaction stays open after {cuts} polls");
    }
}

/// `information_schema.innodb_trx` would say the same, but not here: the server makes that list
/// anew only when nobody has read it for a tenth of a second, and tests that wait read it
/// without a pause.
async fn open_on_mysql(eye: &DatabaseConnection) -> i64 {
    let run = async |sql: &str| {
        let statement = Statement::from_string(eye.get_database_backend(), sql);
        eye.query_all_raw(statement).await.expect("the server answers")
    };
    let status = run("SHOW ENGINE INNODB STATUS").await;
    let status = status.first().map(|row| row.try_get_by_index::<String>(2));
    let status = status.and_then(Result::ok).expect("a status is a text");
    let active = status.split("---TRANSACTION").skip(1).filter(|it| it.contains(", ACTIVE"));
    let threads: Vec<&str> =
        active.filter_map(|it| it.split_once("thread id ")?.1.split(',').next()).collect();
    let own = "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = DATABASE()";
    let own = run(own).await;
    let own = own.iter().filter_map(|row| row.try_get_by_index::<String>(0).ok());
    own.filter(|id| threads.contains(&id.as_str())).map(|_| 1).sum()
}
