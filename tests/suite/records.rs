//! Records in the control plane, on every engine.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, TransactionTrait};
use tenancy::{Actor, Tenancy, Usage};
use tenancy_tests::{cut::cut, each_row, entity::order};

async fn metered(url: &str) -> Tenancy {
    let builder = Tenancy::builder().database(url).max_connections(3);
    builder.meter(Duration::from_secs(3_600)).connect().await.unwrap()
}

async fn total(tenancy: &Tenancy, slug: &str) -> Usage {
    let tenant = tenancy.tenant(slug).await.unwrap();
    let later = Utc::now() + Duration::from_secs(60);
    tenancy.usage(&tenant.id, DateTime::UNIX_EPOCH, later).await.unwrap()
}

each_row! {
    /// EDGE 58: several processes, flushes that are cut off at each await, and a process that ends:
    /// each use is in the total once.
    async fn what_was_used_is_counted_once(shop) {
        let mut used = [0_u64; 2];
        let mut processes = vec![metered(&shop.scratch.url).await, metered(&shop.scratch.url).await];
        for round in 0..40 {
            for tenancy in &processes {
                for (at, slug) in ["acme", "globex"].iter().enumerate() {
                    let db = tenancy.db(slug).await.unwrap();
                    let rows = order::Entity::find().all(&db).await.unwrap().len();
                    assert_eq!(rows, 6);
                    used[at] += 1;
                    if round % 4 == at {
                        let transaction = db.begin().await.unwrap();
                        order::Entity::find().count(&transaction).await.unwrap();
                        transaction.rollback().await.unwrap();
                        used[at] += 1;
                    }
                }
                let _ = cut(tenancy.flush_usage(), round).await;
            }
            if round == 20 {
                // One ends as it should, and another takes its place.
                processes.remove(0).close().await.unwrap();
                processes.push(metered(&shop.scratch.url).await);
            }
        }
        for tenancy in &processes {
            tenancy.flush_usage().await.unwrap();
        }
        for (slug, used) in ["acme", "globex"].iter().zip(used) {
            let total = total(&processes[0], slug).await;
            assert_eq!(total.statements, used, "{slug}");
            // Six rows of each list, and one of each count.
            let counts = used - 80;
            assert_eq!(total.rows, 80 * 6 + counts, "{slug}");
            assert_eq!(total.requests, 0);
        }
        for tenancy in processes {
            tenancy.close().await.unwrap();
        }
    }

    async fn each_step_is_on_record_and_no_tenant_can_read_it(shop) {
        let globex = shop.tenancy.tenant("globex").await.unwrap();
        let before = shop.tenancy.audit_events(Some(&globex.id), 100).await.unwrap();
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        let ada = Actor::new("Ada Lovelace").reason("Zahlungsverzug 💶").from("192.0.2.7");
        ada.scope(shop.tenancy.suspend(&acme.id)).await.unwrap();
        shop.tenancy.activate(&acme.id).await.unwrap();
        let events = shop.tenancy.audit_events(Some(&acme.id), 2).await.unwrap();
        assert_eq!(events.iter().map(|event| event.action.as_str()).collect::<Vec<_>>(), ["activate", "suspend"]);
        assert_eq!((events[1].actor.as_str(), events[1].reason.as_deref()), ("Ada Lovelace", Some("Zahlungsverzug 💶")));
        assert!(events.iter().all(|event| event.outcome.as_deref() == Some("done")));
        assert!(events.iter().all(|event| event.tenant == acme.id));
        assert_eq!(shop.tenancy.audit_events(Some(&globex.id), 100).await.unwrap(), before);
        for table in ["tenancy_lifecycle", "tenancy_usage"] {
            let error = shop.acme.execute_unprepared(&format!("SELECT * FROM {table}")).await.unwrap_err();
            assert!(tenancy::Error::refusal_in(&error).is_some(), "{error}");
        }
    }

    /// A step that is cut off stays on record, as one of which nobody knows what became.
    async fn a_step_that_is_cut_off_is_on_record(shop) {
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        for polls in 1..12 {
            let before = shop.tenancy.tenant("acme").await.unwrap().tier.clone();
            let tier = format!("tier-{polls}");
            let done = cut(shop.tenancy.set_tier(&acme.id, Some(&tier)), polls).await;
            // What was begun in a task of its own is finished there.
            let tenancy = Arc::clone(&shop);
            let events = || async { tenancy.tenancy.audit_events(Some(&acme.id), 1).await.unwrap() };
            let latest = events().await;
            let recorded = latest.first().is_some_and(|event| {
                event.detail.as_deref().is_some_and(|detail| detail.ends_with(&tier))
            });
            let changed = shop.tenancy.tenant("acme").await.unwrap().tier != before;
            assert!(recorded || !changed, "after {polls} polls it was changed without a record");
            if let Some(done) = done {
                done.unwrap();
                assert_eq!(latest[0].outcome.as_deref(), Some("done"));
            }
        }
    }
}
