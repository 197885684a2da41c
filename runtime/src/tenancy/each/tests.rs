//! Many tenants and little work: whose turn it is, and what becomes of the rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenancy_core::Slug;

use crate::tenancy::tests::crowd;

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
