//! Many tenants and little work: whose turn it is, and what becomes of the rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tenancy_core::{NewTenant, Slug, Tenant, TenantId};

use super::Outcome;
use crate::{AuditTrail, MemoryStore, Result, Tenancy, TenantStore, tenancy::tests::crowd};

#[tokio::test]
async fn each_tenant_has_its_turn_once_and_its_place_among_the_outcomes() {
    let tenancy = crowd(250).await;
    let running = Arc::new(AtomicUsize::new(0));
    let outcomes = tenancy.for_each_tenant().concurrency(7).run(|db| {
        let running = Arc::clone(&running);
        async move {
            let most = running.fetch_add(1, Ordering::SeqCst) + 1;
            // Those who came later end sooner.
            let number: u32 = db.tenant().id.as_str().parse().unwrap();
            for _ in 0..7 - number % 7 {
                tokio::task::yield_now().await;
            }
            running.fetch_sub(1, Ordering::SeqCst);
            Ok((number, most))
        }
    });
    let done = outcomes.await.unwrap().into_result().unwrap();
    let numbers = done.iter().map(|(_, (number, _))| *number);
    assert!(numbers.eq(0..250));
    assert!(done.iter().all(|(tenant, (number, _))| tenant.id.as_str() == format!("{number:04}")));
    assert_eq!(done.iter().map(|(_, (_, most))| *most).max(), Some(7));
    let none = tenancy.for_each_tenant().tier("pro").run(|_| async { Ok(()) }).await.unwrap();
    assert!(none.all().is_empty());
    // A panic before the work has begun is no different.
    let outcomes = tenancy.for_each_tenant().run(|db| {
        assert!(db.tenant().slug.as_str() != "t1", "no ink");
        async { Ok(()) }
    });
    let outcomes = outcomes.await.unwrap();
    assert_eq!((outcomes.done().count(), outcomes.failed().count()), (249, 1));
    assert_eq!(outcomes.all()[1].to_string(), "the tenant `t1` (`0001`): panicked: no ink");
    let slugs = ["t200", "t3"].map(|slug| Slug::new(slug).unwrap());
    let named = tenancy.for_each_tenant().slugs(slugs).concurrency(0).run(|_| async { Ok(()) });
    let named = named.await.unwrap();
    let ids: Vec<&str> = named.done().map(|(tenant, ())| tenant.id.as_str()).collect();
    assert_eq!(ids, ["0003", "0200"]);
}

#[tokio::test]
async fn work_for_many_ends_with_its_caller_and_with_the_tenancy() {
    /// Counts those who run, also if they are dropped.
    struct Running(Arc<AtomicUsize>);

    impl Drop for Running {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    let tenancy = crowd(20).await;
    let running = Arc::new(AtomicUsize::new(0));
    let begin = || {
        running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(&running))
    };
    let work = tenancy.for_each_tenant().concurrency(5).run(|_| {
        let running = begin();
        async move {
            std::future::pending::<()>().await;
            drop(running);
            Ok(())
        }
    });
    assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err());
    tokio::task::yield_now().await;
    assert_eq!(running.load(Ordering::SeqCst), 0);

    let work = tenancy.for_each_tenant().concurrency(2).run(|db| {
        let (running, tenancy) = (begin(), tenancy.clone());
        async move {
            if db.tenant().slug.as_str() == "t0" {
                std::future::pending::<()>().await;
            }
            tenancy.close().await?;
            drop(running);
            Ok(())
        }
    });
    assert!(work.await.unwrap_err().is_closed());
    tokio::task::yield_now().await;
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

/// A store that is away at times.
#[derive(Debug, Default)]
struct Flaky {
    store: MemoryStore,
    away: Arc<AtomicBool>,
}

impl Flaky {
    fn there(&self) -> Result<()> {
        if self.away.load(Ordering::SeqCst) {
            return Err(DbErr::Custom("away".to_owned()).into());
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl TenantStore for Flaky {
    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        self.store.insert(tenant).await
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.there()?;
        self.store.by_id(id).await
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        self.store.by_slug(slug).await
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        self.there()?;
        self.store.list(after, limit).await
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        self.store.update(tenant, seen).await
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        self.store.remove(id, seen).await
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        self.store.audit_trail()
    }
}

#[tokio::test]
async fn a_store_that_goes_away_takes_nothing_along_that_was_begun() {
    let store = Flaky::default();
    let away = Arc::clone(&store.away);
    let builder = Tenancy::builder().database("sqlite::memory:").store(store);
    let tenancy = builder.connect().await.unwrap();
    for number in 0..103 {
        let new = NewTenant::new(format!("t{number}")).unwrap().id(format!("{number:04}")).unwrap();
        tenancy.create_tenant(new).await.unwrap();
    }
    let done = Arc::new(AtomicUsize::new(0));
    let work = |number: &'static str| {
        let (done, away) = (Arc::clone(&done), Arc::clone(&away));
        tenancy.for_each_tenant().concurrency(2).run(move |db| {
            if db.tenant().id.as_str() == number {
                away.store(true, Ordering::SeqCst);
            }
            let done = Arc::clone(&done);
            async move {
                tokio::task::yield_now().await;
                done.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    // It is away for the rest of a page and for the next one.
    let error = work("0097").await.unwrap_err();
    assert!(error.is_incomplete(), "{error}");
    assert_eq!(done.load(Ordering::SeqCst), 98);
    let text = error.to_string();
    assert!(text.starts_with("the tenants after `0099` could not be read ("), "{text}");
    assert!(
        text.contains("done for 98\nthe tenant `t98` (`0098`): ") && text.contains("away"),
        "{text}"
    );
    // Nothing was begun.
    let error = work("none").await.unwrap_err();
    assert!(!error.is_incomplete() && error.to_string().contains("away"), "{error}");
    // With all the pages read, it is one failure among the outcomes.
    away.store(false, Ordering::SeqCst);
    let outcomes = tenancy.for_each_tenant().slugs(["t1", "t2"].map(|it| Slug::new(it).unwrap()));
    let flag = Arc::clone(&away);
    let outcomes = outcomes.run(move |_| {
        flag.store(true, Ordering::SeqCst);
        async { Ok(()) }
    });
    let outcomes = outcomes.await.unwrap();
    assert!(matches!(outcomes.all()[0].outcome, Outcome::Done(())));
    assert!(matches!(outcomes.all()[1].outcome, Outcome::Failed(_)));
}
