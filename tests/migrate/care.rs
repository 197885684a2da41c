//! Who comes first, what is refused, and whose place is left alone.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use tenancy::{
    NewTenant, Rls, Row, Status, Tenancy,
    migrate::{RevisionGate, RunEvent, Selection, Share, Target},
};
use tenancy_tests::Engine;

use crate::world::{Counter, due, each_place, file, migrations, of, slug, tasks};

/// A revision that is undone where a tenant has a title it does not like.
fn picky() -> tenancy::migrate::Revision {
    of(
        Target::Tenant,
        "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\n\
         INSERT INTO tasks (id, title) VALUES (2, 'new');\n\
         -- +verify\nSELECT id FROM tasks WHERE title = 'bad';\n\
         -- +downgrade\nDELETE FROM tasks WHERE id = 2;\n",
    )
}

fn named(slugs: &[&str]) -> Selection {
    Selection::Slugs(slugs.iter().map(|text| slug(text)).collect())
}

each_place! {
    async fn nobody_is_moved_when_a_canary_fails(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex", "initech"]).await;
        // The same rows for all; `globex` is not the first of them.
        for tenant in ["acme", "globex", "initech"] {
            world.run(tenant, "INSERT INTO {} VALUES (1, 'bad')", "tasks").await;
        }
        let second = world.program(vec![tasks(), picky()]).await;
        let report = second.migrate().canary(named(&["globex"])).upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (0, 1), "{report}");
        assert_eq!(report.failed[0].slug, slug("globex"));
        let why = report.stopped.clone().unwrap();
        assert!(why.contains("the first wave failed; 2 tenants were not begun"), "{report}");

        // With a row that it likes it is moved first, and then the others are tried.
        world.run("globex", "UPDATE {} SET title = 'good'", "tasks").await;
        world.run("initech", "UPDATE {} SET title = 'good'", "tasks").await;
        let seen = Counter::default();
        let told = std::sync::Arc::clone(&seen);
        let run = second.migrate().concurrency(1).on_event(move |event| {
            told.lock().unwrap().push(match event {
                RunEvent::Wave { number, of, tenants } => format!("{number}/{of}: {tenants}"),
                RunEvent::Done { slug, .. } => format!("{slug} done"),
                RunEvent::Failed { slug, .. } => format!("{slug} failed"),
                _ => return,
            });
        });
        let run = run.canary(named(&["globex"])).waves([Share::Percent(50.0), Share::Percent(100.0)]);
        let report = run.upgrade("heads").await.unwrap();
        assert_eq!((report.moved, report.failed.len()), (2, 1), "{report}");
        let waves = ["1/3: 1", "globex done", "2/3: 1", "acme failed", "3/3: 1", "initech done"];
        assert_eq!(*seen.lock().unwrap(), waves);
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        assert_eq!(world.heads("globex").await, ["aaaa02"]);
        world.end(vec![first, second]).await;
    }

    async fn canaries_are_among_those_that_are_meant(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let second = world.program(vec![tasks(), due()]).await;
        let gold = || Selection::Tier("gold".to_owned());
        for (only, canary) in [
            (Selection::All, named(&["nobody"])),
            (named(&["acme"]), named(&["globex"])),
            (Selection::All, gold()),
            (Selection::All, Selection::All),
        ] {
            let run = second.migrate().tenants(only).canary(canary);
            assert!(run.upgrade("heads").await.unwrap_err().is_config());
        }
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        let globex = second.tenant("globex").await.unwrap();
        second.set_tier(&globex.id, Some("gold")).await.unwrap();
        let report = second.migrate().canary(gold()).upgrade("heads").await.unwrap();
        assert_eq!(report.into_result().unwrap().moved, 2);
        world.end(vec![first, second]).await;
    }

    async fn what_the_lint_forbids_is_refused_before_anything_is_touched(world) {
        let first = world.program(vec![tasks(), due()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        let only = named(&["globex"]);
        drop(first.migrate().tenants(only.clone()).downgrade("aaaa01").await.unwrap());
        let plans = of(Target::Shared,
            "-- revision: bbbb01\n-- +upgrade\nCREATE TABLE plans (id BIGINT NOT NULL PRIMARY KEY);\n\
             -- +downgrade\nDROP TABLE plans;\n");
        let loses = |allowed: &str| file(
            "aaaa03",
            "aaaa02",
            &format!("{allowed}ALTER TABLE tasks DROP COLUMN title;"),
            "ALTER TABLE tasks ADD COLUMN title VARCHAR(100);",
        );
        let second = world.program(vec![tasks(), due(), plans.clone(), loses("")]).await;
        let error = second.migrate().upgrade("heads").await.unwrap_err();
        assert!(error.is_config(), "{error}");
        let said = error.to_string();
        assert!(said.contains("aaaa03.sql:5: ban-drop-column") && said.contains("nothing was done"), "{said}");
        assert!(second.migrate().dry_run().upgrade("heads").await.is_err());
        // Not what all tenants share, nor what comes before it in any place.
        assert!(second.migrate().shared_heads().await.unwrap().is_empty());
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        assert_eq!(world.heads("globex").await, ["aaaa01"]);

        // What would not be run is nobody's business, and a new place has nothing to lose.
        let report = second.migrate().tenants(only).upgrade("aaaa02").await.unwrap();
        assert_eq!(report.into_result().unwrap().moved, 1);
        world.tenants(&second, &["initech"]).await;
        assert_eq!(world.heads("initech").await, ["aaaa03"]);

        let allowed = "-- lint:allow ban-drop-column what is tested\n";
        let third = world.program(vec![tasks(), due(), plans, loses(allowed)]).await;
        let only = third.migrate().tenants(named(&["acme"]));
        assert_eq!(only.upgrade("heads").await.unwrap().into_result().unwrap().moved, 1);
        let all = second.migrate().without_lint().upgrade("heads").await.unwrap();
        assert_eq!(all.into_result().unwrap().moved, 1);
        for tenant in ["acme", "globex"] {
            assert_eq!(world.heads(tenant).await, ["aaaa03"], "{tenant}");
        }
        world.end(vec![first, second, third]).await;
    }

    async fn what_the_lint_forbids_of_what_is_shared_is_refused_too(world) {
        let plans = of(Target::Shared,
            "-- revision: bbbb01\n-- +upgrade\nCREATE TABLE plans (id BIGINT NOT NULL PRIMARY KEY);\n\
             -- +downgrade\nDROP TABLE plans;\n");
        let gone = of(Target::Shared,
            "-- revision: bbbb02\n-- down_revision: bbbb01\n-- +upgrade\nDROP TABLE plans;\n\
             -- +downgrade\nCREATE TABLE plans (id BIGINT NOT NULL PRIMARY KEY);\n");
        let first = world.program(vec![plans.clone(), tasks()]).await;
        drop(first.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        world.tenants(&first, &["acme"]).await;
        let second = world.program(vec![plans, gone, tasks(), due()]).await;
        let error = second.migrate().upgrade("heads").await.unwrap_err();
        assert!(error.to_string().contains("bbbb02.sql:4: ban-drop-table"), "{error}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        drop(second.migrate().without_lint().upgrade("heads").await.unwrap().into_result().unwrap());
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        world.end(vec![first, second]).await;
    }

    async fn a_deleted_tenant_is_left_alone_until_it_is_taken_back(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &["acme", "globex"]).await;
        world.run("acme", "INSERT INTO {} VALUES (1, 'bad')", "tasks").await;
        let acme = first.tenant("acme").await.unwrap();
        first.delete(&acme.id).await.unwrap();
        let gate = RevisionGate::new().at_least("aaaa02").life(Duration::ZERO);
        let second = world.gated(vec![tasks(), picky()], gate).await;
        let report = second.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
        assert_eq!((report.selected, report.moved), (1, 1), "{report}");
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        assert_eq!(world.heads("globex").await, ["aaaa02"]);

        // It stays deleted as long as it cannot be where others are.
        let error = second.set_status(&acme.id, Status::Suspended).await.unwrap_err();
        assert!(error.is_incomplete(), "{error}");
        assert_eq!(second.tenant("acme").await.unwrap().status, Status::Deleted);
        assert_eq!(world.heads("acme").await, ["aaaa01"]);
        world.run("acme", "UPDATE {} SET title = 'good'", "tasks").await;
        second.set_status(&acme.id, Status::Suspended).await.unwrap();
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        second.activate(&acme.id).await.unwrap();
        second.db("acme").await.unwrap();

        // Taken back by a program that knows less, it stays where it is.
        second.delete(&acme.id).await.unwrap();
        first.set_status(&acme.id, Status::Suspended).await.unwrap();
        assert_eq!(world.heads("acme").await, ["aaaa02"]);
        world.end(vec![first, second]).await;
    }

    async fn the_table_of_heads_has_the_name_it_is_given(world) {
        let called = |name: &str| migrations(vec![tasks(), due()]).version_table(name);
        let program = world.of(called("alembic_version")).await;
        world.tenants(&program, &["acme"]).await;
        let heads = world.rows("acme", "SELECT version_num FROM {}", "alembic_version").await;
        assert_eq!(heads.unwrap(), ["aaaa02"]);
        assert_eq!(world.heads("acme").await, Vec::<String>::new());
        let clean = program.migrate().drift().await.unwrap();
        assert!(clean.is_clean(), "{clean}");
        drop(program.migrate().downgrade("aaaa01").await.unwrap().into_result().unwrap());
        let heads = world.rows("acme", "SELECT version_num FROM {}", "alembic_version").await;
        assert_eq!(heads.unwrap(), ["aaaa01"]);
        for name in ["", "two words", "1st", "tenancy_ledger", &"x".repeat(60)] {
            let builder = Tenancy::builder().database(&world.scratch.url).migrations(called(name));
            assert!(builder.connect().await.unwrap_err().is_config(), "{name}");
        }
        world.end(vec![program]).await;
    }
}

/// The audit takes the table of heads, whatever it is called, for one of ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_knows_the_table_of_heads() {
    let scratch = Engine::Postgres.scratch().await;
    let role = scratch.role().await;
    let plans = of(
        Target::Shared,
        "-- revision: bbbb01\n-- down_revision:\n-- irreversible\n-- +upgrade\n\
         CREATE TABLE plans (id BIGINT NOT NULL PRIMARY KEY);\n",
    );
    let called = migrations(vec![plans]).version_table("alembic_version");
    let program = Tenancy::builder()
        .database(&role)
        .operator(&scratch.url)
        .isolation(Rls::new())
        .migrations(called)
        .connect()
        .await
        .unwrap();
    drop(program.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
    let eye = scratch.eye().await;
    let all = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO tenancy_test_served";
    eye.execute_unprepared(all).await.unwrap();
    let report = program.audit().await.unwrap();
    let unknown = report.findings().iter().filter(|found| found.code == "unclassified");
    let unknown: Vec<_> = unknown.map(|found| found.object.as_str()).collect();
    assert_eq!(unknown, ["plans"], "{report}");
    program.close().await.unwrap();
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// Where tenants have no places, there is only what they share, there and back.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_what_is_shared_alone_goes_down() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::MySql] {
        let scratch = engine.scratch().await;
        let shared = |id: &str, down: &str, table: &str| {
            of(
                Target::Shared,
                &format!(
                    "-- revision: {id}\n-- down_revision: {down}\n-- +upgrade\n\
                     CREATE TABLE {table} (id BIGINT NOT NULL PRIMARY KEY);\n-- +downgrade\nDROP TABLE {table};\n"
                ),
            )
        };
        let all =
            migrations(vec![shared("bbbb01", "", "plans"), shared("bbbb02", "bbbb01", "rates")]);
        let builder = Tenancy::builder().database(&scratch.url).isolation(Row::new());
        let program = builder.migrations(all).connect().await.unwrap();
        let eye = scratch.eye().await;
        let there = async |table: &str| {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let query = Statement::from_string(eye.get_database_backend(), sql);
            eye.query_one_raw(query).await.is_ok()
        };
        drop(program.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        program.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
        assert!(there("plans").await && there("rates").await, "{engine:?}");
        let report = program.migrate().downgrade("-1").await;
        let report = match report {
            Ok(report) => report,
            // A number of steps is of one target.
            Err(_) => program.migrate().shared_only().downgrade("-1").await.unwrap(),
        };
        assert_eq!(report.shared, ["downgrade bbbb02 -> bbbb01"], "{engine:?}");
        assert!(there("plans").await && !there("rates").await, "{engine:?}");
        let report = program.migrate().downgrade("base").await.unwrap().into_result().unwrap();
        assert_eq!(report.shared, ["downgrade bbbb01 -> "], "{engine:?}");
        assert!(!there("plans").await, "{engine:?}");
        assert!(program.migrate().shared_heads().await.unwrap().is_empty());
        eye.close().await.unwrap();
        program.close().await.unwrap();
        scratch.remove().await;
    }
}
