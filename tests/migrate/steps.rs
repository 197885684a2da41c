//! Places move by revisions, wholly or not at all, and nobody else's with them.

use tenancy::migrate::{RunReport, Selection, Target};
use tenancy_tests::{Engine, Strategy};

use crate::world::{due, each_place, file, ids, of, slug, tasks};

/// Engines that undo changes of structure.
fn undoes(engine: Engine) -> bool {
    engine != Engine::MySql
}

each_place! {
    async fn new_tenants_have_all_revisions_and_old_ones_get_them(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        for tenant in ["acme", "globex"] {
            world.run(tenant, "INSERT INTO {} VALUES (1, 'the same')", "tasks").await;
            assert_eq!(world.heads(tenant).await, ["aaaa01"]);
        }
        let second = world.program(vec![tasks(), due()]).await;
        world.tenants(&second, &["initech"]).await;
        assert_eq!(world.heads("initech").await, ["aaaa02"]);

        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!((report.selected, report.moved, report.ready), (3, 2, 1), "{report}");
        for tenant in ["acme", "globex"] {
            assert_eq!(world.heads(tenant).await, ["aaaa02"]);
            let rows = world.rows(tenant, "SELECT title FROM {} WHERE due IS NULL", "tasks").await;
            assert_eq!(rows.unwrap(), ["the same"]);
            let known = second.migrate().tenant_heads(&slug(tenant)).await.unwrap();
            assert_eq!(ids(known), ["aaaa02"]);
        }

        // One goes back, with its row; the other stays.
        let only = Selection::Slugs(vec![slug("acme")]);
        let report = second.migrate().tenants(only).downgrade("aaaa01").await.unwrap();
        assert_eq!((report.selected, report.moved), (1, 1), "{report}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        assert_eq!(world.rows("acme", "SELECT due FROM {}", "tasks").await, None);
        assert_eq!(world.rows("acme", "SELECT title FROM {}", "tasks").await.unwrap(), ["the same"]);
        assert_eq!(world.heads("globex").await, ["aaaa02"]);
        world.end(vec![first, second]).await;
    }

    async fn what_fails_for_one_tenant_is_its_own_and_leaves_nothing_behind(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        // Somebody was there by hand.
        world.run("acme", "CREATE TABLE {} (id INTEGER)", "extra").await;
        let extra = || file(
            "aaaa02",
            "aaaa01",
            "CREATE TABLE more (id INTEGER);\nCREATE TABLE extra (id INTEGER);",
            "DROP TABLE extra;\nDROP TABLE more;",
        );
        let second = world.program(vec![tasks(), extra()]).await;
        let report = second.migrate().upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (1, 1), "{report}");
        let failed = &report.failed[0];
        assert_eq!(failed.slug, slug("acme"));
        let (sql, line) = failed.failure.statement.clone().unwrap();
        assert!(sql.starts_with("CREATE TABLE ") && sql.contains("extra"), "{sql}");
        assert_eq!(line, 6, "{report}");
        assert!(report.to_string().contains("revision aaaa02, line 6: "), "{report}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        assert_eq!(world.heads("globex").await, ["aaaa02"]);
        let left = world.rows("acme", "SELECT id FROM {}", "more").await;
        assert_eq!(left.is_none(), undoes(world.engine));

        // The next run visits that one alone, and goes on where it was cut off.
        world.run("acme", "DROP TABLE {}", "extra").await;
        let failed = second.migrate().tenants(Selection::Failed);
        let report = failed.upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!((report.selected, report.moved), (1, 1), "{report}");
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        assert!(world.rows("acme", "SELECT id FROM {}", "more").await.is_some());
        world.end(vec![first, second]).await;
    }

    async fn a_verification_that_finds_something_undoes_the_revision(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        for (tenant, title) in [("acme", "'short'"), ("globex", "'x'")] {
            world.run(tenant, &format!("INSERT INTO {{}} VALUES (1, {title})"), "tasks").await;
        }
        let checked = of(Target::Tenant,
            "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\n\
             UPDATE tasks SET title = 'long enough' WHERE title <> 'x';\n\
             -- +verify\nSELECT id FROM tasks WHERE title = 'x'\n-- +downgrade\nSELECT 1;\n");
        let second = world.program(vec![tasks(), checked]).await;
        let report = second.migrate().upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (1, 1), "{report}");
        assert_eq!(report.failed[0].slug, slug("globex"));
        assert!(report.to_string().contains("its verification found a row"), "{report}");
        assert_eq!(world.heads("globex").await, ["aaaa01"]);
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        let titles = world.rows("acme", "SELECT title FROM {}", "tasks").await.unwrap();
        assert_eq!(titles, ["long enough"]);
        world.end(vec![first, second]).await;
    }

    async fn a_run_with_nothing_to_do_visits_nobody(world) {
        let program = world.program(vec![tasks(), due()]).await;
        world.tenants(&program, &["acme", "globex"]).await;
        // Whoever went there would fail.
        for tenant in ["acme", "globex"] {
            world.run(tenant, "DROP TABLE {}", "tenancy_version").await;
        }
        let RunReport { selected, ready, moved, failed, .. } =
            program.migrate().upgrade("heads").await.unwrap();
        assert_eq!((selected, ready, moved, failed.len()), (2, 2, 0, 0));
        world.end(vec![program]).await;
    }

    async fn what_all_tenants_share_comes_first_and_goes_last(world) {
        let plans = of(Target::Shared,
            "-- revision: bbbb01\n-- branch_labels: plans\n-- +upgrade\n\
             CREATE TABLE plans (id INTEGER NOT NULL PRIMARY KEY);\n-- +downgrade\nDROP TABLE plans;\n");
        let waits = of(Target::Tenant,
            "-- revision: aaaa02\n-- down_revision: aaaa01\n-- depends_on: plans\n-- +upgrade\n\
             ALTER TABLE tasks ADD COLUMN plan INTEGER;\n-- +downgrade\nALTER TABLE tasks DROP COLUMN plan;\n");
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let second = world.program(vec![tasks(), plans, waits]).await;

        let report = second.migrate().tenants_only().upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (0, 2), "{report}");
        assert!(report.to_string().contains("that have not run: bbbb01"), "{report}");

        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!(report.shared, ["upgrade  -> bbbb01"]);
        assert_eq!(report.moved, 2, "{report}");
        let shared = second.migrate().shared_heads().await.unwrap();
        assert_eq!(shared.iter().map(ToString::to_string).collect::<Vec<_>>(), ["bbbb01"]);

        let report = second.migrate().downgrade("base").await.unwrap().into_result().unwrap();
        assert_eq!(report.shared, ["downgrade bbbb01 -> "]);
        assert_eq!(world.heads("acme").await, Vec::<String>::new());
        assert_eq!(world.rows("globex", "SELECT id FROM {}", "tasks").await, None);
        world.end(vec![first, second]).await;
    }

    async fn a_stamp_says_where_places_are_and_runs_nothing(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let second = world.program(vec![tasks(), due()]).await;
        let only = Selection::Slugs(vec![slug("acme")]);
        let stamp = second.migrate().tenants(only).stamp(["aaaa02".to_owned()], false);
        assert_eq!(stamp.await.unwrap().moved, 1);
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        assert_eq!(world.heads("globex").await, ["aaaa01"]);
        assert_eq!(world.rows("acme", "SELECT due FROM {}", "tasks").await, None);

        // A row that nobody knows is forgotten only when that is said.
        world.run("acme", "UPDATE {} SET version_num = 'ghost99'", "tenancy_version").await;
        world.run("globex", "UPDATE {} SET version_num = 'ghost99'", "tenancy_version").await;
        let purge = second.migrate().stamp(["aaaa01".to_owned()], true).await.unwrap();
        assert_eq!(purge.moved, 2, "{purge}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!(report.moved, 2, "{report}");
        world.end(vec![first, second]).await;
    }

    async fn who_gets_the_id_of_a_purged_tenant_begins_anew(world) {
        let program = world.program(vec![tasks(), due()]).await;
        world.tenants(&program, &["acme", "globex"]).await;
        world.run("acme", "INSERT INTO {} (id, title) VALUES (1, 'of the first')", "tasks").await;
        let acme = program.tenant("acme").await.unwrap();
        program.delete(&acme.id).await.unwrap();
        program.purge(&acme.id, &acme.slug).await.unwrap();
        world.tenants(&program, &["acme"]).await;
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        let rows = world.rows("acme", "SELECT title FROM {}", "tasks").await;
        assert_eq!(rows, Some(Vec::new()));
        world.end(vec![program]).await;
    }

    async fn what_runs_without_a_transaction_goes_on_where_it_was_cut_off(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        world.run("acme", "CREATE TABLE {} (id INTEGER)", "extra").await;
        let alone = || of(Target::Tenant,
            "-- revision: aaaa02\n-- down_revision: aaaa01\n-- no-transaction\n-- +upgrade\n\
             INSERT INTO tasks (id, title) SELECT COUNT(*) + 1, 'ran' FROM tasks;\n\
             CREATE INDEX tasks_title ON tasks (title);\nCREATE TABLE extra (id INTEGER);\n\
             -- +upgrade postgres\n\
             INSERT INTO tasks (id, title) SELECT COUNT(*) + 1, 'ran' FROM tasks;\n\
             -- lint:allow concurrent-index-in-fleet what is tested\n\
             CREATE INDEX CONCURRENTLY tasks_title ON tasks (title);\nCREATE TABLE extra (id INTEGER);\n\
             -- +downgrade\nDROP TABLE extra;\n");
        let second = world.program(vec![tasks(), alone()]).await;
        let report = second.migrate().upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (1, 1), "{report}");
        assert_eq!(report.failed[0].slug, slug("acme"));
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        // What is there by somebody else's hand is not taken for its own work.
        let again = second.migrate().upgrade("heads").await.unwrap();
        assert_eq!((again.moved, again.failed.len()), (0, 1), "{again}");
        world.run("acme", "DROP TABLE {}", "extra").await;
        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!(report.moved, 1, "{report}");
        for tenant in ["acme", "globex"] {
            assert_eq!(world.heads(tenant).await, ["aaaa02"]);
            let rows = world.rows(tenant, "SELECT title FROM {}", "tasks").await.unwrap();
            assert_eq!(rows, ["ran"], "{tenant}");
            assert!(world.rows(tenant, "SELECT 'x' FROM {}", "extra").await.is_some(), "{tenant}");
        }
        world.end(vec![first, second]).await;
    }

    async fn rust_code_runs_in_the_place_or_is_refused(world) {
        // What is shared has a table of that name, too, and must not notice.
        let shared = of(Target::Shared,
            "-- revision: bbbb01\n-- +upgrade\nCREATE TABLE tasks (id INTEGER, title VARCHAR(100));\n\
             -- +downgrade\nDROP TABLE tasks;\n");
        let fill = of(Target::Tenant,
            "-- revision: aaaa02\n-- down_revision: aaaa01\n-- rust: Fill\n-- +verify\n\
             SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = 7)\n");
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let second = world.program(vec![tasks(), shared, fill]).await;
        let report = second.migrate().upgrade("heads").await.unwrap();
        let told = world.strategy == Strategy::Database || world.engine == Engine::Postgres;
        let of = async |tenant: &str| world.rows(tenant, "SELECT title FROM {}", "tasks").await.unwrap();
        if told {
            assert_eq!(report.moved, 2, "{report}");
            assert_eq!(of("acme").await, ["code of acme"]);
            assert_eq!(of("globex").await, ["code of globex"]);
            let back = second.migrate().downgrade("aaaa01").await.unwrap();
            assert_eq!(back.into_result().unwrap().moved, 2);
        } else {
            assert_eq!((report.moved, report.failed.len()), (0, 2), "{report}");
        }
        assert!(of("acme").await.is_empty() && of("globex").await.is_empty());
        assert!(world.shared("SELECT title FROM tasks").await.is_empty());
        world.end(vec![first, second]).await;
    }
}
