//! Places that are not what their revisions made are found out, and nobody else is blamed.

use sea_orm::ConnectionTrait as _;
use tenancy::migrate::{DriftReport, Selection};
use tenancy_tests::{Engine, Strategy};

use crate::world::{due, each_place, file, of, slug, tasks};

fn drifted(report: &DriftReport) -> Vec<&str> {
    report.tenants.iter().map(|tenant| tenant.slug.as_str()).collect()
}

each_place! {
    async fn what_somebody_changed_by_hand_is_told_with_what_mends_it(world) {
        let program = world.program(vec![tasks(), due()]).await;
        world.tenants(&program, &["acme", "globex", "initech"]).await;
        // Tenants at different revisions are each compared with their own.
        let only = Selection::Slugs(vec![slug("initech")]);
        let back = program.migrate().tenants(only).downgrade("aaaa01").await.unwrap();
        assert_eq!(back.moved, 1, "{back}");
        let clean = program.migrate().drift().await.unwrap();
        assert!(clean.is_clean(), "{clean}");
        assert_eq!(clean.compared, 3);

        world.run("acme", "ALTER TABLE {} ADD COLUMN stray INTEGER", "tasks").await;
        world.run("initech", "ALTER TABLE {} ADD COLUMN due VARCHAR(10)", "tasks").await;
        let report = program.migrate().drift().await.unwrap();
        assert_eq!(drifted(&report), ["acme", "initech"], "{report}");
        assert!(!report.is_clean() && report.unread.is_empty(), "{report}");
        let told = report.to_string();
        assert!(told.contains("stray") && told.contains("due"), "{told}");
        // What mends it loses what somebody added.
        assert!(report.tenants[0].mends.iter().all(|mend| mend.destructive.is_some()), "{report:?}");

        // Only those are looked at who are meant.
        let only = Selection::Slugs(vec![slug("globex")]);
        let report = program.migrate().tenants(only).drift().await.unwrap();
        assert!(report.is_clean() && report.compared == 1, "{report}");
        world.end(vec![program]).await;
    }

    async fn a_key_to_what_all_tenants_share_is_no_drift(world) {
        // Elsewhere a foreign key does not reach what is shared.
        if world.strategy == Strategy::Schema && world.engine != Engine::Sqlite {
            let tags = of(
                tenancy::migrate::Target::Shared,
                "-- revision: bbbb01\n-- +upgrade\nCREATE TABLE tags (id INTEGER NOT NULL PRIMARY KEY);\n\
                 -- +downgrade\nDROP TABLE tags;\n",
            );
            let tagged = file(
                "aaaa02",
                "aaaa01",
                "ALTER TABLE tasks ADD COLUMN tag INTEGER;\n\
                 ALTER TABLE tasks ADD CONSTRAINT tasks_tag FOREIGN KEY (tag) REFERENCES {{shared}}.tags (id);",
                "-- +downgrade mysql\nALTER TABLE tasks DROP FOREIGN KEY tasks_tag;\nALTER TABLE tasks DROP COLUMN tag;\n\
                 -- +downgrade postgres\nALTER TABLE tasks DROP COLUMN tag;",
            );
            let program = world.program(vec![tags, tasks(), tagged]).await;
            drop(program.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
            world.tenants(&program, &["acme", "globex"]).await;
            let clean = program.migrate().drift().await.unwrap();
            assert!(clean.is_clean(), "{clean}");
            let table = world.table("acme", "tasks");
            world.run("acme", &format!("ALTER TABLE {table} DROP {} tasks_tag",
                if world.engine == Engine::MySql { "FOREIGN KEY" } else { "CONSTRAINT" }), "tasks").await;
            let report = program.migrate().drift().await.unwrap();
            assert_eq!(drifted(&report), ["acme"], "{report}");
            let mends = &report.tenants[0].mends;
            assert!(mends.iter().flat_map(|mend| &mend.statements).any(|sql| sql.contains("{{shared}}")), "{mends:?}");
            world.end(vec![program]).await;
        } else {
            world.end(vec![]).await;
        }
    }

    async fn what_is_made_to_compare_with_changes_nobodys_rows(world) {
        // From a database of its own, a revision does not reach what tenants share.
        if world.strategy == Strategy::Schema {
            world.eye.execute_unprepared("CREATE TABLE told (word VARCHAR(10))").await.unwrap();
            let tells = || file(
                "aaaa02",
                "aaaa01",
                "-- Each tenant once.\nINSERT INTO {{shared}}.told VALUES ('once');",
                "DELETE FROM {{shared}}.told;",
            );
            let program = world.program(vec![tasks(), tells()]).await;
            world.tenants(&program, &["acme", "globex"]).await;
            let clean = program.migrate().drift().await.unwrap();
            assert!(clean.is_clean(), "{clean}");
            drop(program.migrate().changes(tenancy::migrate::Target::Tenant).await.unwrap());
            assert_eq!(world.shared("SELECT word FROM told").await, ["once", "once"]);
            world.end(vec![program]).await;
        } else {
            world.end(vec![]).await;
        }
    }
}
