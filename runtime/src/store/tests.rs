//! What every store must do, run on each; and what only the SQL store must.

use std::sync::Arc;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tenancy_core::{IsolationKind, NewTenant, Secret, Slug, Status, Tenant, TenantId};

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

/// The contract of [`TenantStore`].
async fn contract(store: &dyn TenantStore) {
    store.prepare().await.unwrap();
    everything_comes_back(store).await;
    nothing_is_overwritten(store).await;
    a_rename_moves_both_indexes(store).await;
    an_update_needs_what_was_seen(store).await;
    pages_follow_the_ids(store).await;
    accesses_come_back(&*store.audit_trail()).await;
}

async fn everything_comes_back(store: &dyn TenantStore) {
    let new = NewTenant::new("full")
        .unwrap()
        .id("full_1")
        .unwrap()
        .name("Füll & Söhne 株式会社 🏦 'quoted'; --")
        .status(Status::Maintenance)
        .tier("gold ✨")
        .metadata("nested", serde_json::json!({"a": [1, -2.5, null, "\u{0}\u{1F600}\""]}))
        .metadata("big", u64::MAX)
        .database_url("postgres://app:hunter2@db/full");
    let mut full = Tenant::create(new, at("2026-01-02T03:04:05.678901Z"));
    full.isolation = Some(IsolationKind::Schema);
    full.updated_at = at("2026-01-02T03:04:06Z");
    store.insert(&full).await.unwrap();
    assert_eq!(slug(store, "full").await.as_ref(), Some(&full));
    assert_eq!(id(store, "full_1").await.as_ref(), Some(&full));
    assert_eq!(full.database_url, Some(Secret::new("postgres://app:hunter2@db/full")));

    let mut fine = tenant("fine", "fine");
    fine.created_at = at("2026-01-02T03:04:05.678901999Z");
    fine.updated_at = fine.created_at;
    store.insert(&fine).await.unwrap();
    let kept = id(store, "fine").await.unwrap();
    assert_eq!(kept.created_at, at("2026-01-02T03:04:05.678901Z"));
    assert_eq!(kept.updated_at, fine.updated_at.trunc_subsecs(6));
    assert!(id(store, "ful").await.is_none());
    assert!(slug(store, "ful").await.is_none());
}

async fn nothing_is_overwritten(store: &dyn TenantStore) {
    let first = tenant("i-1", "one");
    store.insert(&first).await.unwrap();
    let same_id = store.insert(&tenant("i-1", "two")).await.unwrap_err();
    assert!(same_id.is_conflict());
    assert_eq!(same_id.to_string(), "the tenant id `i-1` is taken");
    let same_slug = store.insert(&tenant("i-2", "one")).await.unwrap_err();
    assert!(same_slug.is_conflict());
    assert_eq!(same_slug.to_string(), "the slug `one` is taken");
    assert_eq!(slug(store, "one").await, Some(first));
    assert!(slug(store, "two").await.is_none());
    assert!(id(store, "i-2").await.is_none());
}

async fn a_rename_moves_both_indexes(store: &dyn TenantStore) {
    let old = tenant("r-1", "old-name");
    store.insert(&old).await.unwrap();
    store.insert(&tenant("r-2", "occupied")).await.unwrap();

    let mut renamed = old.clone();
    renamed.slug = Slug::new("new-name").unwrap();
    renamed.updated_at += Duration::microseconds(1);
    assert!(store.update(&renamed, old.updated_at).await.unwrap());
    assert!(slug(store, "old-name").await.is_none());
    assert_eq!(slug(store, "new-name").await.as_ref(), Some(&renamed));
    assert_eq!(id(store, "r-1").await.as_ref(), Some(&renamed));

    let mut thief = renamed.clone();
    thief.slug = Slug::new("occupied").unwrap();
    thief.updated_at += Duration::microseconds(1);
    let refused = store.update(&thief, renamed.updated_at).await.unwrap_err();
    assert!(refused.is_conflict());
    assert_eq!(refused.to_string(), "the slug `occupied` is taken");
    assert_eq!(slug(store, "occupied").await.unwrap().id.as_str(), "r-2");
    assert_eq!(slug(store, "new-name").await, Some(renamed));

    // The old name is free for another.
    store.insert(&tenant("r-3", "old-name")).await.unwrap();
}

async fn an_update_needs_what_was_seen(store: &dyn TenantStore) {
    let first = tenant("u-1", "updated");
    store.insert(&first).await.unwrap();
    let mut second = first.clone();
    second.status = Status::Suspended;
    second.updated_at += Duration::microseconds(1);
    assert!(store.update(&second, first.updated_at).await.unwrap());

    let mut late = first.clone();
    late.name = "late".into();
    late.updated_at += Duration::microseconds(2);
    assert!(!store.update(&late, first.updated_at).await.unwrap());
    assert_eq!(id(store, "u-1").await, Some(second));
    let unknown = tenant("u-unknown", "unknown");
    assert!(!store.update(&unknown, unknown.updated_at).await.unwrap());
    assert!(id(store, "u-unknown").await.is_none());
}

async fn pages_follow_the_ids(store: &dyn TenantStore) {
    // Locale-aware orders would put these elsewhere.
    for (number, name) in ["p-10", "pa", "p-2", "p_1", "p1", "p-1"].into_iter().enumerate() {
        store.insert(&tenant(name, &format!("page-{number}"))).await.unwrap();
    }
    let mut seen: Vec<TenantId> = vec![];
    loop {
        let page = store.list(seen.last(), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|tenant| tenant.id));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    let pages: Vec<_> =
        seen.iter().map(TenantId::as_str).filter(|id| id.starts_with('p')).collect();
    assert_eq!(pages, ["p-1", "p-10", "p-2", "p1", "p_1", "pa"]);
}

/// The contract of [`AuditTrail`].
async fn accesses_come_back(trail: &dyn AuditTrail) {
    trail.prepare().await.unwrap();
    assert_eq!(trail.latest(10).await.unwrap(), []);
    let place = std::panic::Location::caller();
    let mut accesses = vec![];
    for (number, role) in [None, Some("büro@%"), None].into_iter().enumerate() {
        let reason = format!("no. {number}: 'quoted'; -- 株式会社 🏦");
        let access = UnscopedAccess::new(reason, place).with_role(role.map(str::to_owned));
        trail.record(&access).await.unwrap();
        accesses.insert(0, access);
    }
    assert_eq!(trail.latest(10).await.unwrap(), accesses);
    assert_eq!(trail.latest(2).await.unwrap(), accesses[..2]);
    assert_eq!(trail.latest(0).await.unwrap(), []);
    assert_eq!(accesses[0].place, format!("{}:{}", file!(), place.line()));
    let process = std::process::id().to_string();
    assert_eq!(accesses[0].process.split('@').next(), Some(&*process));
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

/// Many change one tenant at once: each change is there in the end.
async fn nobody_overwrites(store: Arc<dyn TenantStore>) {
    store.prepare().await.unwrap();
    store.insert(&tenant("busy", "busy")).await.unwrap();
    let mut changes = vec![];
    for number in 0..8 {
        let store = Arc::clone(&store);
        changes.push(tokio::spawn(async move {
            loop {
                let mut busy = id(&*store, "busy").await.unwrap();
                let seen = busy.updated_at;
                busy.metadata.insert(format!("change {number}"), number.into());
                busy.updated_at += Duration::microseconds(1);
                if store.update(&busy, seen).await.unwrap() {
                    return;
                }
            }
        }));
    }
    for change in changes {
        change.await.unwrap();
    }
    assert_eq!(id(&*store, "busy").await.unwrap().metadata.len(), 8);
}

#[tokio::test]
async fn memory() {
    contract(&MemoryStore::new()).await;
    nobody_overwrites(Arc::new(MemoryStore::new())).await;
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

    #[tokio::test]
    async fn in_memory() {
        contract(&SqlStore::connect("sqlite::memory:").await.unwrap()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn in_a_file() {
        let (path, url) = file("contract");
        contract(&SqlStore::connect(url.as_str()).await.unwrap()).await;
        nobody_overwrites(Arc::new(SqlStore::connect(url).await.unwrap())).await;
        std::fs::remove_file(path).unwrap();
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
    for (number, part) in ["contract", "together", "broken"].into_iter().enumerate() {
        let name = format!("tenancy_store_{}_{part}", std::process::id());
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let url = format!("{base}/{name}");
        match number {
            0 => {
                let conn = open(&url).await;
                contract(&SqlStore::new(Connection::new(conn.clone()))).await;
                nobody_overwrites(Arc::new(SqlStore::new(Connection::new(conn.clone())))).await;
                conn.close().await.unwrap();
            }
            1 => start_together(&url).await,
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
