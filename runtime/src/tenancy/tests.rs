//! The handle: whom it serves, and what it refuses.

mod counted;
mod records;

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, Statement, StreamTrait, TransactionTrait};
use tenancy_core::{NewTenant, Slug, Status, TenantId};

use crate::{AuditTrail, MemoryStore, Result, Tenancy, UnscopedAccess, current_tenant};

async fn connect() -> Tenancy {
    let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await.unwrap();
    for slug in ["acme", "globex"] {
        let new = NewTenant::new(slug).unwrap().id(slug).unwrap();
        tenancy.create_tenant(new).await.unwrap();
    }
    tenancy
}

#[tokio::test]
async fn only_an_active_tenant_gets_a_connection() {
    let tenancy = connect().await;
    let acme = tenancy.tenant("acme").await.unwrap();
    for status in [
        Status::Suspended,
        Status::Maintenance,
        Status::Active,
        Status::Deleted,
        Status::Suspended,
        Status::Active,
    ] {
        let changed = tenancy.set_status(&acme.id, status).await.unwrap();
        assert_eq!(changed.status, status);
        let active = status == Status::Active;
        assert_eq!(tenancy.db("acme").await.is_ok(), active, "{status}");
        assert_eq!(tenancy.db_for(&changed).is_ok(), active, "{status}");
        if !active {
            assert!(tenancy.db_for(&changed).unwrap_err().is_inactive());
        }
    }
    let error = tenancy.set_status(&acme.id, Status::Provisioning).await.unwrap_err();
    assert!(error.is_wrong_step(), "{error}");
    tenancy.delete(&acme.id).await.unwrap();
    let error = tenancy.activate(&acme.id).await.unwrap_err();
    assert!(error.is_wrong_step() && error.to_string().contains("suspend it first"), "{error}");
    assert!(tenancy.db("nobody").await.unwrap_err().is_tenant_not_found());
    assert!(tenancy.db("No Slug").await.unwrap_err().is_invalid_value());
    let nobody = TenantId::new("nobody").unwrap();
    assert!(tenancy.set_status(&nobody, Status::Active).await.unwrap_err().is_tenant_not_found());
}

#[tokio::test]
async fn a_taken_slug_stays_with_its_tenant() {
    let tenancy = connect().await;
    let acme = tenancy.tenant("acme").await.unwrap();
    let error = tenancy.rename(&acme.id, Slug::new("globex").unwrap()).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(tenancy.tenant("globex").await.unwrap().id.as_str(), "globex");
    assert_eq!(tenancy.tenant("acme").await.unwrap(), acme);

    let renamed = tenancy.rename(&acme.id, Slug::new("acme-north").unwrap()).await.unwrap();
    assert!(renamed.updated_at > acme.updated_at);
    assert!(tenancy.tenant("acme").await.unwrap_err().is_tenant_not_found());
    assert_eq!(tenancy.tenant("acme-north").await.unwrap(), renamed);
}

#[tokio::test]
async fn all_tenants_are_listed_page_by_page() {
    let tenancy = crowd(1_003).await;
    let all = tenancy.tenants().await.unwrap();
    assert_eq!(all.len(), 1_003);
    assert!(all.is_sorted_by_key(|tenant| tenant.id.clone()));
}

/// A tenancy with that many tenants and nothing else.
pub(super) async fn crowd(tenants: u32) -> Tenancy {
    let builder = Tenancy::builder().database("sqlite::memory:").store(MemoryStore::new());
    let tenancy = builder.connect().await.unwrap();
    for number in 0..tenants {
        let new = NewTenant::new(format!("t{number}")).unwrap().id(format!("{number:04}")).unwrap();
        tenancy.create_tenant(new).await.unwrap();
    }
    tenancy
}

#[tokio::test]
async fn nothing_works_after_close() {
    let tenancy = connect().await;
    let acme = tenancy.tenant("acme").await.unwrap();
    let before = tenancy.unscoped("a test").await.unwrap();
    let clone = tenancy.clone();
    tenancy.close().await.unwrap();
    tenancy.close().await.unwrap();
    assert!(clone.db_for(&acme).unwrap_err().is_closed());
    assert!(clone.db("acme").await.unwrap_err().is_closed());
    assert!(clone.tenant("acme").await.unwrap_err().is_closed());
    assert!(clone.tenants().await.unwrap_err().is_closed());
    assert!(clone.create_tables().await.unwrap_err().is_closed());
    assert!(clone.unscoped("a test").await.unwrap_err().is_closed());
    let new = NewTenant::new("late").unwrap();
    assert!(clone.create_tenant(new).await.unwrap_err().is_closed());
    assert!(clone.set_status(&acme.id, Status::Deleted).await.unwrap_err().is_closed());
    assert!(before.execute_unprepared("SELECT 1").await.is_err());
}

#[tokio::test]
async fn close_waits_for_who_is_still_at_work() {
    let tenancy = connect().await;
    let work = tenancy.unscoped("a test").await.unwrap().begin().await.unwrap();
    let closing = tokio::spawn({
        let tenancy = tenancy.clone();
        async move { tenancy.close().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!closing.is_finished());
    work.execute_unprepared("CREATE TABLE late (id INTEGER)").await.unwrap();
    work.commit().await.unwrap();
    closing.await.unwrap().unwrap();
}

/// An audit trail that can be full.
#[derive(Debug, Clone)]
struct Paper {
    written: MemoryStore,
    room: usize,
}

#[async_trait::async_trait]
impl AuditTrail for Paper {
    async fn record(&self, access: &UnscopedAccess) -> Result<()> {
        if self.latest(u32::MAX).await?.len() == self.room {
            return Err(sea_orm::DbErr::Custom("no room".into()).into());
        }
        self.written.record(access).await
    }

    async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
        self.written.latest(limit).await
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_handed_out() {
    let trail = Paper { written: MemoryStore::new(), room: 1 };
    let builder = Tenancy::builder().database("sqlite::memory:").audit_trail(trail.clone());
    let tenancy = builder.connect().await.unwrap();
    let db = tenancy.unscoped("the first").await.unwrap();
    let error = tenancy.unscoped("the second").await.unwrap_err();
    assert!(error.to_string().contains("no room"), "{error}");
    let accesses = tenancy.unscoped_accesses(10).await.unwrap();
    assert_eq!(accesses, trail.latest(10).await.unwrap());
    assert_eq!(accesses.iter().map(|it| &*it.reason).collect::<Vec<_>>(), ["the first"]);
    assert_eq!(accesses[0].role, None);
    // It is instead of the store's own.
    let select =
        Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT id FROM tenancy_unscoped");
    assert_eq!(db.query_all_raw(select).await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_unscoped_connection_does_all_that_seaorm_can() {
    let tenancy = connect().await;
    for reason in ["", " \t"] {
        assert!(tenancy.unscoped(reason).await.unwrap_err().is_config());
    }
    let db = tenancy.unscoped("a test").await.unwrap();
    let select = || {
        let backend = ConnectionTrait::get_database_backend(&db);
        Statement::from_string(backend, "SELECT id FROM tenancy_tenants")
    };
    assert_eq!(db.query_all_raw(select()).await.unwrap().len(), 2);
    let stream = db.stream_raw(select()).await.unwrap();
    assert_eq!(futures_util::StreamExt::count(stream).await, 2);

    let delete = "DELETE FROM tenancy_tenants";
    let failed = db.transaction::<_, (), _>(|transaction| {
        Box::pin(async move {
            transaction.execute_unprepared(delete).await?;
            Err(sea_orm::DbErr::Custom("no".into()))
        })
    });
    assert!(failed.await.is_err());
    assert_eq!(db.query_all_raw(select()).await.unwrap().len(), 2);
    assert_eq!(db.execute_unprepared(delete).await.unwrap().rows_affected(), 2);
}

#[tokio::test]
async fn a_tenant_cannot_name_the_control_plane() {
    let tenancy = connect().await;
    let db = tenancy.db("acme").await.unwrap();
    for sql in ["SELECT * FROM tenancy_tenants", "DELETE FROM tenancy_migrations"] {
        let error = db.execute_unprepared(sql).await.unwrap_err();
        assert!(crate::Error::refusal_in(&error).is_some(), "{error}");
    }
}

#[tokio::test]
async fn spawned_work_knows_its_tenant_and_nobody_elses() {
    let tenancy = connect().await;
    let (acme, globex) =
        (tenancy.tenant("acme").await.unwrap(), tenancy.tenant("globex").await.unwrap());
    let inner = Arc::clone(&globex);
    let handle = tenancy.clone();
    let outer = tenancy.spawn(&acme, async move {
        let plain = tokio::spawn(async { current_tenant() }).await.unwrap();
        let other = handle.spawn(&inner, async { current_tenant() }).await.unwrap();
        (current_tenant(), plain, other)
    });
    let (own, plain, other) = outer.await.unwrap();
    assert_eq!(own.as_ref(), Some(&acme.id));
    assert_eq!(plain, None);
    assert_eq!(other.as_ref(), Some(&globex.id));
    assert_eq!(current_tenant(), None);
}

#[tokio::test]
async fn debug_shows_no_url() {
    let builder = Tenancy::builder().database("postgres://app:hunter2@db/shop");
    assert!(!format!("{builder:?}").contains("hunter2"));
    let error = Tenancy::builder().connect().await.unwrap_err();
    assert!(error.is_config());
    assert!(!format!("{:?}", connect().await).contains("sqlite"));
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_begin_that_is_given_up_leaves_no_transaction_open() {
    let url = std::env::var("TENANCY_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let tenancy = Tenancy::builder()
        .database(url)
        .max_connections(1)
        .store(MemoryStore::new())
        .connect()
        .await
        .unwrap();
    let db = tenancy.unscoped("a test").await.unwrap();
    let select = "SELECT now()::text";
    let select = || Statement::from_string(ConnectionTrait::get_database_backend(&db), select);
    for polls in 1..20 {
        let mut begin = db.begin();
        for _ in 0..polls {
            if (&mut begin).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begin);
        // In a transaction that is open, time stands still.
        let first = db.query_one_raw(select()).await.unwrap().unwrap();
        let second = db.query_one_raw(select()).await.unwrap().unwrap();
        let now = |row: sea_orm::QueryResult| row.try_get_by_index::<String>(0).unwrap();
        assert_ne!(now(first), now(second), "after {polls} polls");
    }
}

#[tokio::test]
async fn work_in_the_background_is_for_the_tenant_it_was_given() {
    let tenancy = connect().await;
    let acme = tenancy.tenant("acme").await.unwrap();
    let globex = tenancy.tenant("globex").await.unwrap();
    let now = || current_tenant().map(|id| id.to_string());
    let seen = tenancy.scope(&acme, async {
        let before = now();
        let inner = tenancy.scope(&globex, async { now() }).await;
        tokio::task::yield_now().await;
        let forgotten = tokio::spawn(async move { now() }).await.unwrap();
        let spawned = tenancy.spawn(&globex, async move { now() }).await.unwrap();
        [before, inner, forgotten, spawned, now()]
    });
    let (acme, globex) = (Some("acme".to_owned()), Some("globex".to_owned()));
    assert_eq!(seen.await, [acme.clone(), globex.clone(), None, globex, acme]);
    assert_eq!(now(), None);
}
