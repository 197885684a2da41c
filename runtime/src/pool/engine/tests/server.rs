//! What a server sees of the budget.

use futures_util::future::join_all;
use sea_orm::{ConnectOptions, Database, DbBackend};

use super::*;

const DATABASES: usize = 12;
const BUDGET: usize = 6;

/// Databases of a server, and a connection beside them.
struct Server {
    eye: DatabaseConnection,
    base: String,
    prefix: String,
}

impl Server {
    async fn new(variable: &str, usual: &str, databases: usize) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = env::var(variable).unwrap_or_else(|_| usual.to_owned());
        let mut options = ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        let eye = Database::connect(options).await.unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("tenancy_engines_{}_{number}_", process::id());
        let server = Self { eye, base: url.rsplit_once('/').unwrap().0.to_owned(), prefix };
        for n in 0..databases {
            let create = format!("CREATE DATABASE {}{n}", server.prefix);
            server.eye.execute_unprepared(&create).await.unwrap();
        }
        server
    }

    #[cfg(feature = "postgres")]
    async fn postgres(databases: usize) -> Self {
        let usual = "postgres://postgres@127.0.0.1:5432/postgres";
        Self::new("TENANCY_TEST_POSTGRES_URL", usual, databases).await
    }

    #[cfg(feature = "mysql")]
    async fn mysql(databases: usize) -> Self {
        Self::new("TENANCY_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql", databases).await
    }

    fn url(&self, n: usize) -> Secret {
        Secret::new(format!("{}/{}{n}", self.base, self.prefix))
    }

    /// Connections to these databases, as the server counts them.
    async fn connections(&self) -> usize {
        let source = match self.eye.get_database_backend() {
            DbBackend::Postgres => "pg_stat_activity WHERE datname",
            _ => "information_schema.processlist WHERE db",
        };
        let sql = format!("SELECT count(*) FROM {source} LIKE '{}%'", self.prefix);
        usize::try_from(value(&self.eye, &sql).await).unwrap()
    }

    /// A server takes a moment to notice that a connection was closed.
    async fn comes_to(&self, wanted: usize) {
        let seen = tokio::time::timeout(LONG, async {
            while self.connections().await != wanted {
                tokio::task::yield_now().await;
            }
        });
        if seen.await.is_err() {
            panic!("{} connections instead of {wanted}", self.connections().await);
        }
    }

    async fn remove(self, databases: usize) {
        self.comes_to(0).await;
        for n in 0..databases {
            let drop = format!("DROP DATABASE {}{n}", self.prefix);
            self.eye.execute_unprepared(&drop).await.unwrap();
        }
        self.eye.close().await.unwrap();
    }
}

/// Tenants come and go. After each wave the server has what the books say.
async fn waves(server: Server) {
    let engines = engines(BUDGET, 3);
    let all: Vec<_> =
        (0..DATABASES).map(|n| engines.engine(&format!("tenant-{n}"), server.url(n))).collect();
    let done = AtomicBool::new(false);
    let peak = async {
        let mut peak = 0;
        while !done.load(Ordering::Relaxed) {
            peak = peak.max(server.connections().await);
        }
        peak
    };
    let waves = async {
        for wave in 0..8 {
            // Another third of the tenants is busy in each wave.
            let busy = (0..DATABASES).filter(|n| n % 3 != wave % 3);
            let tasks = busy.flat_map(|n| std::iter::repeat_n(n, 4)).map(|n| {
                let (engines, engine, name) =
                    (engines.clone(), Arc::clone(&all[n]), format!("{}{n}", server.prefix));
                tokio::spawn(async move {
                    for _ in 0..3 {
                        let lease = Loan::from(engine.lease().await.unwrap());
                        let own = match lease.get_database_backend() {
                            DbBackend::Postgres => "current_database()",
                            _ => "database()",
                        };
                        let own =
                            format!("SELECT count(*) FROM (SELECT 1) t WHERE {own} = '{name}'");
                        assert_eq!(value(&lease, &own).await, 1, "another tenant's database");
                        assert!(engines.stats().open <= BUDGET);
                    }
                })
            });
            for task in join_all(tasks).await {
                task.unwrap();
            }
            quiet(&engines).await;
            let open = engines.stats().open;
            assert!((1..=BUDGET).contains(&open), "{open} are open");
            server.comes_to(open).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let (peak, ()) = tokio::join!(peak, waves);
    // Not asserted: a server counts a connection until it has noticed that it was closed.
    println!("at most {peak} connections seen, {BUDGET} allowed");
    engines.close().await;
    server.comes_to(0).await;
    server.remove(DATABASES).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_sees_no_more_than_the_budget() {
    waves(Server::postgres(DATABASES).await).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_sees_no_more_than_the_budget() {
    waves(Server::mysql(DATABASES).await).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_cancelled_statement_keeps_its_connection_until_it_is_over() {
    let server = Server::postgres(1).await;
    let engines = engines(2, 2);
    let acme = engines.engine("acme", server.url(0));
    let lock = "SELECT pg_advisory_lock(1)";
    let lease = async || Loan::from(acme.lease().await.unwrap());
    let (holder, blocked) = (lease().await, lease().await);
    holder.execute_unprepared(lock).await.unwrap();
    let pid = value(&blocked, "SELECT pg_backend_pid()::bigint").await;
    let cancelled = tokio::time::timeout(Duration::from_millis(50), async {
        blocked.execute_unprepared(lock).await.unwrap();
    });
    assert!(cancelled.await.is_err(), "the lock is taken");
    drop(blocked);
    until("it is late", || engines.stats().tenants[0].held == 2).await;

    // Somebody who waits is given the other connection, and not one that does not answer.
    let same = Arc::clone(&acme);
    let waiting = tokio::spawn(async move {
        let lease = Loan::from(same.lease().await.unwrap());
        value(&lease, "SELECT pg_backend_pid()::bigint").await
    });
    until("somebody waits", || engines.stats().waiting == 1).await;
    let own = value(&holder, "SELECT pg_backend_pid()::bigint").await;
    drop(holder);
    assert_eq!(waiting.await.unwrap(), own);

    // The lock is given back, the statement ends, and its connection is lent again.
    let holder = lease().await;
    assert_eq!(value(&holder, "SELECT pg_backend_pid()::bigint").await, own);
    holder.execute_unprepared("SELECT pg_advisory_unlock(1)").await.unwrap();
    let other = lease().await;
    assert_eq!(value(&other, "SELECT pg_backend_pid()::bigint").await, pid);
    drop((holder, other));
    engines.close().await;
    server.remove(1).await;
}
