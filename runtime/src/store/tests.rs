//! What only the SQL store must do, and what only the one in memory. What every store must is in `testkit::store`.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tenancy_core::{NewTenant, Secret, Slug, Tenant, TenantId};

use super::{AuditTrail, MemoryStore, SqlStore, TenantStore, UnscopedAccess, migration};
use crate::pool::{self, Connection, PoolOptions};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn tenant(id: &str, slug: &str) -> Tenant {
    let new = NewTenant::new(slug).unwrap().id(id).unwrap();
    Tenant::create(new, at("2026-01-02T03:04:05.678901Z"))
}

async fn slug(store: &dyn TenantStore, slug: &str) -> Option<Tenant> {
    store.by_slug(&Slug::new(slug).unwrap()).await.unwrap()
}

async fn id(store: &dyn TenantStore, id: &str) -> Option<Tenant> {
    store.by_id(&TenantId::new(id).unwrap()).await.unwrap()
}

async fn open(url: &str) -> DatabaseConnection {
    pool::open(&PoolOptions::new(Secret::new(url))).await.unwrap()
}

/// Starts many at once on an empty database: one makes the tables, and nobody fails.
async fn start_together(url: &str) {
    let mut starts = vec![];
    for _ in 0..6 {
        let url = url.to_owned();
        starts.push(tokio::spawn(async move {
            let store = SqlStore::connect(url).await.unwrap();
            TenantStore::prepare(&store).await.unwrap();
            TenantStore::prepare(&store).await.unwrap();
        }));
    }
    for start in starts {
        start.await.unwrap();
    }
    let conn = open(url).await;
    let count = "SELECT CAST(COUNT(*) AS CHAR(9)) FROM tenancy_migrations WHERE version = 1";
    let count = sea_orm::Statement::from_string(conn.get_database_backend(), count);
    let row = conn.query_one_raw(count).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap().trim(), "1");
    conn.close().await.unwrap();
}

/// A row somebody broke is an error that names the tenant.
async fn broken_rows(url: &str) {
    let conn = open(url).await;
    let store = SqlStore::new(Connection::new(conn.clone()));
    TenantStore::prepare(&store).await.unwrap();
    store.insert(&tenant("broken", "broken")).await.unwrap();
    for (column, value) in [
        ("metadata", "{hunter2"),
        ("metadata", "[1,2]"),
        ("metadata", ""),
        ("metadata", "{} {}"),
        ("status", "ACTIVE"),
        ("isolation", "none"),
        ("created_at", "yesterday"),
        ("updated_at", ""),
        ("slug", "Not A Slug"),
    ] {
        let keep = format!(
            "CREATE TABLE kept AS SELECT {column} AS old FROM tenancy_tenants WHERE id = 'broken'"
        );
        conn.execute_unprepared(&keep).await.unwrap();
        let set = |value: &str| {
            format!("UPDATE tenancy_tenants SET {column} = {value} WHERE id = 'broken'")
        };
        conn.execute_unprepared(&set(&format!("'{value}'"))).await.unwrap();
        let error = store.by_id(&TenantId::new("broken").unwrap()).await.unwrap_err().to_string();
        assert!(error.contains(&format!("the {column} of the tenant `broken`")), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert!(store.list(None, 10).await.is_err());
        conn.execute_unprepared(&set("(SELECT old FROM kept)")).await.unwrap();
        conn.execute_unprepared("DROP TABLE kept").await.unwrap();
    }
    assert!(id(&store, "broken").await.is_some());
    conn.close().await.unwrap();
}

#[tokio::test]
async fn memory_remembers_the_latest_accesses_only() {
    let store = MemoryStore::new();
    for number in 0..1_001 {
        let access = UnscopedAccess::new(number.to_string(), std::panic::Location::caller());
        store.record(&access).await.unwrap();
    }
    // A clone is the same store.
    let latest = store.clone().audit_trail().latest(u32::MAX).await.unwrap();
    let ends = latest.first().zip(latest.last()).unwrap();
    assert_eq!((latest.len(), &*ends.0.reason, &*ends.1.reason), (1_000, "1000", "1"));
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait as _};

    use super::*;

    fn file(name: &str) -> (std::path::PathBuf, String) {
        let path = std::env::temp_dir().join(format!("tenancy-{}-{name}.db", std::process::id()));
        let url = format!("sqlite://{}?mode=rwc", path.display());
        (path, url)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn processes_start_together() {
        let (path, url) = file("together");
        start_together(&url).await;
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn broken_rows_are_errors() {
        broken_rows("sqlite::memory:").await;
    }

    #[tokio::test]
    async fn a_finished_control_plane_needs_no_writing() {
        let (path, url) = file("read-only");
        let store = SqlStore::connect(url.as_str()).await.unwrap();
        TenantStore::prepare(&store).await.unwrap();
        store.insert(&tenant("acme", "acme")).await.unwrap();
        // Somebody else holds the lock for writing.
        let writer = open(&url).await;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let writing = writer.begin_with_options(options).await.unwrap();
        let reader = Connection::new(open(&url).await);
        let second = std::time::Duration::from_secs(1);
        tokio::time::timeout(second, migration::run(&reader)).await.unwrap().unwrap();
        assert!(slug(&SqlStore::new(reader), "acme").await.is_some());
        writing.rollback().await.unwrap();
        std::fs::remove_file(path).unwrap();
    }
}

/// On a server whose URL, up to the name of a database, is in the environment.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn on_server(variable: &str, usual: &str) {
    let server = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let admin = open(&server).await;
    let (base, _) = server.rsplit_once('/').unwrap();
    for (number, part) in ["together", "broken"].into_iter().enumerate() {
        let name = format!("tenancy_store_{}_{part}", std::process::id());
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let url = format!("{base}/{name}");
        match number {
            0 => start_together(&url).await,
            _ => broken_rows(&url).await,
        }
        // Those who started together have gone, and their connections go with them.
        for _ in 0..100 {
            let drop = admin.execute_unprepared(&format!("DROP DATABASE {name}")).await;
            if drop.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    on_server("TENANCY_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres").await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
async fn mysql() {
    on_server("TENANCY_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql").await;
}
