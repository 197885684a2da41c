//! Programs and places at different revisions.

use std::time::Duration;

use tenancy::migrate::{RevisionGate, Selection, Target};

use crate::world::{due, each_place, of, slug, tasks};

each_place! {
    async fn a_place_that_is_behind_is_refused_and_no_other(world) {
        let old = world.program(vec![tasks()]).await;
        world.tenants(&old, &["acme", "globex"]).await;
        let gate = RevisionGate::new().at_least("aaaa02").life(Duration::ZERO);
        let new = world.gated(vec![tasks(), due()], gate).await;
        for tenant in ["acme", "globex"] {
            let error = new.db(tenant).await.unwrap_err();
            assert!(error.is_outdated(), "{error}");
            assert!(error.to_string().contains("needs revision aaaa02: migrate it"), "{error}");
            old.db(tenant).await.unwrap();
        }
        let only = Selection::Slugs(vec![slug("globex")]);
        assert_eq!(old.migrate().tenants(only.clone()).upgrade("heads").await.unwrap().moved, 0);
        // Another program moves it.
        let runner = world.program(vec![tasks(), due()]).await;
        assert_eq!(runner.migrate().tenants(only).upgrade("heads").await.unwrap().moved, 1);
        new.db("globex").await.unwrap();
        assert!(new.db("acme").await.unwrap_err().is_outdated());
        let acme = new.tenant("acme").await.unwrap();
        assert!(new.db_for(&acme).unwrap_err().is_outdated());
        assert!(new.migrate().upgrade("heads").await.unwrap().is_complete());
        new.db_for(&acme).unwrap();
        world.end(vec![old, new, runner]).await;
    }

    async fn newer_code_that_only_adds_leaves_older_code_in_service(world) {
        let gate = RevisionGate::new().at_least("heads").life(Duration::ZERO);
        let old = world.gated(vec![tasks()], gate).await;
        world.tenants(&old, &["acme", "globex"]).await;
        let adds = world.program(vec![tasks(), due()]).await;
        assert_eq!(adds.migrate().upgrade("heads").await.unwrap().moved, 2);
        old.db("acme").await.unwrap();

        let contract = of(Target::Tenant,
            "-- revision: aaaa03\n-- down_revision: aaaa02\n-- phase: contract\n-- irreversible\n\
             -- +upgrade\nDROP INDEX tasks_due;\n-- lint:allow ban-drop-column what is tested\n\
             ALTER TABLE tasks DROP COLUMN due;\n\
             -- +upgrade mysql\nDROP INDEX tasks_due ON tasks;\n-- lint:allow ban-drop-column what is tested\n\
             ALTER TABLE tasks DROP COLUMN due;\n");
        let takes = world.program(vec![tasks(), due(), contract]).await;
        let only = Selection::Slugs(vec![slug("globex")]);
        assert_eq!(takes.migrate().tenants(only).upgrade("heads").await.unwrap().moved, 1);
        old.db("acme").await.unwrap();
        let error = old.db("globex").await.unwrap_err();
        assert!(error.is_outdated(), "{error}");
        assert!(error.to_string().contains("revision aaaa03 has taken something away"), "{error}");
        let error = takes.migrate().downgrade("aaaa02").await.unwrap();
        assert!(error.to_string().contains("cannot be undone"), "{error}");
        world.end(vec![old, adds, takes]).await;
    }
}
