//! Records of steps, and of what was used.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    Actor, AuditEvent, AuditLog, MemoryLog, TenantStore as _, Usage, UsageBatch, UsageLog,
    record::Meter, usage::Counts,
};

#[tokio::test]
async fn each_step_is_on_record_with_who_took_it_and_what_became_of_it() {
    let tenancy = connect().await;
    tenancy.create_tables().await.unwrap();
    let acme = tenancy.tenant("acme").await.unwrap();
    let ada = Actor::new("ada").reason("unpaid").from("192.0.2.7");
    ada.scope(tenancy.suspend(&acme.id)).await.unwrap();
    tenancy.rename(&acme.id, Slug::new("acme-2").unwrap()).await.unwrap();
    tenancy.set_tier(&acme.id, Some("pro")).await.unwrap();
    let taken = tenancy.rename(&acme.id, Slug::new("globex").unwrap()).await;
    assert!(taken.unwrap_err().is_conflict());
    tenancy.delete(&acme.id).await.unwrap();
    tenancy.purge(&acme.id, &Slug::new("acme-2").unwrap()).await.unwrap();

    let events = tenancy.audit_events(Some(&acme.id), 100).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.action.as_str(), event.detail.as_deref(), event.outcome.as_deref()))
        .collect();
    let failed = "failed: ";
    assert!(told[2].2.is_some_and(|outcome| outcome.starts_with(failed)), "{told:?}");
    assert_eq!(told[2].1, Some("acme-2 → globex"));
    let others = [&told[..2], &told[3..]].concat();
    assert_eq!(
        others,
        [
            ("purge", None, Some("done")),
            ("delete", Some("suspended → deleted"), Some("done")),
            ("change_tier", Some("none → pro"), Some("done")),
            ("rename", Some("acme → acme-2"), Some("done")),
            ("suspend", Some("active → suspended"), Some("done")),
            ("create", None, Some("done")),
        ]
    );
    let suspended = &events[5];
    assert_eq!((suspended.actor.as_str(), suspended.slug.as_str()), ("ada", "acme"));
    assert_eq!(
        (suspended.reason.as_deref(), suspended.origin.as_deref()),
        (Some("unpaid"), Some("192.0.2.7"))
    );
    assert_eq!((events[0].actor.as_str(), events[0].reason.as_deref()), ("the program", None));
    assert!(!suspended.process.is_empty());
    // The other one has its own.
    let globex = tenancy.tenant("globex").await.unwrap();
    assert_eq!(tenancy.audit_events(Some(&globex.id), 100).await.unwrap().len(), 1);
    assert_eq!(tenancy.audit_events(None, 3).await.unwrap(), events[..3]);
}

/// A log that is full.
#[derive(Debug, Default)]
struct Full(AtomicBool);

#[async_trait::async_trait]
impl AuditLog for Full {
    async fn begin(&self, _: &AuditEvent) -> crate::Result<()> {
        if self.0.swap(true, Ordering::SeqCst) {
            return Err(crate::Error::config("the log is full"));
        }
        Ok(())
    }

    async fn end(&self, _: &str, _: &str) -> crate::Result<()> {
        Err(crate::Error::config("the log is full"))
    }

    async fn latest(&self, _: Option<&TenantId>, _: u32) -> crate::Result<Vec<AuditEvent>> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let store = MemoryStore::new();
    let builder = Tenancy::builder().database("sqlite::memory:").store(store.clone());
    let tenancy = builder.audit_log(Full::default()).connect().await.unwrap();
    // It was done, whatever becomes of the word about that.
    let acme = tenancy.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
    assert!(tenancy.suspend(&acme.id).await.unwrap_err().to_string().contains("full"));
    assert_eq!(store.by_id(&acme.id).await.unwrap().unwrap().status, Status::Active);
}

/// Keeps batches, and then does not answer, or says that it did not, or does not keep them.
#[derive(Debug, Default)]
struct Forgetful {
    kept: MemoryLog,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl UsageLog for Arc<Forgetful> {
    async fn record(&self, batch: &UsageBatch) -> crate::Result<()> {
        match self.asked.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => Err(crate::Error::busy("not kept")),
            1 => {
                self.kept.record(batch).await?;
                Err(crate::Error::busy("kept, and the answer was lost"))
            }
            2 => {
                self.kept.record(batch).await?;
                std::future::pending().await
            }
            _ => self.kept.record(batch).await,
        }
    }

    async fn total(
        &self,
        tenant: &TenantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> crate::Result<Usage> {
        self.kept.total(tenant, from, until).await
    }
}

/// EDGE 58: whatever becomes of single attempts, each use is in the total once.
#[tokio::test]
async fn what_was_used_is_counted_once_whatever_is_tried_again() {
    let log = Arc::new(Forgetful::default());
    let meter = Meter::new(Arc::new(Arc::clone(&log)), Counts::default());
    let tenants = ["acme", "globex"].map(|id| TenantId::new(id).unwrap());
    let mut used = [0, 0];
    for round in 0..200_u64 {
        for (at, tenant) in tenants.iter().enumerate() {
            let count = meter.count(tenant);
            // Look-alike, and not the same.
            for _ in 0..(round % 3) + at as u64 {
                count.statement();
                count.rows(2);
                used[at] += 1;
            }
        }
        // The future is dropped at each of its awaits in turn.
        let mut flush = Box::pin(meter.flush());
        for _ in 0..=round % 4 {
            if (&mut flush).now_or_never().is_some() {
                break;
            }
        }
        // A task may do so much at a time.
        tokio::task::yield_now().await;
    }
    while !matches!(meter.flush().now_or_never(), Some(Ok(()))) {
        tokio::task::yield_now().await;
    }
    for (tenant, used) in tenants.iter().zip(used) {
        let later = Utc::now() + Duration::from_secs(60);
        let total = meter.log().total(tenant, DateTime::UNIX_EPOCH, later).await.unwrap();
        assert_eq!((total.statements, total.rows), (used, 2 * used), "{tenant}");
    }
    assert!(log.asked.load(Ordering::SeqCst) > 100);
}

#[tokio::test]
async fn nothing_is_counted_unless_it_was_asked_for() {
    let tenancy = connect().await;
    let acme = tenancy.tenant("acme").await.unwrap();
    assert!(tenancy.flush_usage().await.unwrap_err().is_config());
    let ever = (DateTime::UNIX_EPOCH, Utc::now());
    assert!(tenancy.usage(&acme.id, ever.0, ever.1).await.unwrap_err().is_config());
}
