//! Waves, limits, and whoever is meant.

use std::sync::Arc;

use tenancy::migrate::{RunEvent, Selection, Share, StopRun};

use crate::world::{Counter, due, each_place, file, slug, tasks};

const SLUGS: [&str; 6] = ["t1", "t2", "t3", "t4", "t5", "t6"];

fn broken_if_there() -> tenancy::migrate::Revision {
    file("aaaa02", "aaaa01", "CREATE TABLE extra (id INTEGER);", "DROP TABLE extra;")
}

fn shares(text: &str) -> Vec<Share> {
    text.split(',').map(|share| share.parse().unwrap()).collect()
}

each_place! {
    async fn a_first_wave_that_fails_is_the_last(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        world.run("t1", "CREATE TABLE {} (id INTEGER)", "extra").await;
        let second = world.program(vec![tasks(), broken_if_there()]).await;
        let report = second.migrate().waves(shares("1,50%,100%")).upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (0, 1), "{report}");
        assert!(report.stopped.as_deref().is_some_and(|why| why.contains("the first wave failed")));
        for tenant in &SLUGS[1..] {
            assert_eq!(world.heads(tenant).await, ["aaaa01"], "{tenant}");
        }
        world.run("t1", "DROP TABLE {}", "extra").await;
        let seen = Counter::default();
        let told = Arc::clone(&seen);
        let run = second.migrate().waves(shares("1,50%,100%")).on_event(move |event| {
            if let RunEvent::Wave { number, of, tenants } = event {
                told.lock().unwrap().push(format!("{number}/{of}: {tenants}"));
            }
        });
        let report = run.upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!(report.moved, 6, "{report}");
        assert_eq!(*seen.lock().unwrap(), ["1/3: 1", "2/3: 2", "3/3: 3"]);
        world.end(vec![first, second]).await;
    }

    async fn too_many_failures_end_it(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        for tenant in ["t1", "t2", "t3"] {
            world.run(tenant, "CREATE TABLE {} (id INTEGER)", "extra").await;
        }
        let second = world.program(vec![tasks(), broken_if_there()]).await;
        let run = second.migrate().concurrency(1).max_failures(Share::Count(1));
        let report = run.upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (0, 2), "{report}");
        assert!(report.stopped.is_some(), "{report}");
        let report = second.migrate().upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (3, 3), "{report}");
        assert!(report.into_result().unwrap_err().is_incomplete());
        world.end(vec![first, second]).await;
    }

    async fn who_is_told_to_stop_finishes_what_is_in_flight(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        let second = world.program(vec![tasks(), due()]).await;
        let stop = StopRun::new();
        let switch = stop.clone();
        let run = second.migrate().concurrency(1).stop_with(stop).on_event(move |event| {
            if matches!(event, RunEvent::Done { .. }) {
                switch.stop();
            }
        });
        let report = run.upgrade("heads").await.unwrap();
        assert!(report.stopped.is_some() && report.moved >= 1 && report.moved < 6, "{report}");
        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!(report.selected, 6);
        for tenant in SLUGS {
            assert_eq!(world.heads(tenant).await, ["aaaa02"], "{tenant}");
        }
        world.end(vec![first, second]).await;
    }

    async fn only_those_that_are_meant_are_moved(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let second = world.program(vec![tasks(), due()]).await;
        let globex = second.tenant("globex").await.unwrap();
        second.set_tier(&globex.id, Some("gold")).await.unwrap();
        let gold = second.migrate().tenants(Selection::Tier("gold".to_owned()));
        assert_eq!(gold.upgrade("heads").await.unwrap().moved, 1);
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        assert_eq!(world.heads("globex").await, ["aaaa02"]);

        let nobody = Selection::Slugs(vec![slug("acme"), slug("nobody")]);
        let error = second.migrate().tenants(nobody).upgrade("heads").await.unwrap_err();
        assert!(error.to_string().contains("nothing was done"), "{error}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);

        let error = second.migrate().downgrade("-1").await.unwrap_err();
        assert!(error.to_string().contains("name the revision, or one tenant"), "{error}");
        let dry = second.migrate().dry_run().upgrade("heads").await.unwrap();
        assert!(dry.stopped.is_some_and(|why| why.contains("1 would be moved")));
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        world.end(vec![first, second]).await;
    }
}
