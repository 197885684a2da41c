//! New places begin with a baseline, and are what those are that went through the revisions.

use std::sync::Arc;

use tenancy::{
    Migrate,
    migrate::{BaselineReport, Revision, RunEvent, Selection, Squashed, Target},
};
use tenancy_tests::{Engine, Strategy};

use crate::world::{Counter, World, due, each_place, file, of, slug, tasks};

/// A table that revisions fill, and change afterwards.
fn plans() -> Revision {
    file(
        "aaaa03",
        "aaaa02",
        "CREATE TABLE plans (name VARCHAR(20) NOT NULL PRIMARY KEY, seats INTEGER NOT NULL DEFAULT 1);\n\
         INSERT INTO plans (name) VALUES ('free'), ('it''s paid');",
        "DROP TABLE plans;",
    )
}

fn seats() -> Revision {
    file(
        "aaaa04",
        "aaaa03",
        "UPDATE plans SET seats = 5 WHERE name <> 'free';\n\
         -- +upgrade postgres\n\
         UPDATE plans SET seats = 5 WHERE name <> 'free';\nGRANT SELECT ON plans TO PUBLIC;",
        "UPDATE plans SET seats = 1;",
    )
}

fn last() -> Revision {
    file(
        "aaaa05",
        "aaaa04",
        "ALTER TABLE plans ADD COLUMN note VARCHAR(9);",
        "ALTER TABLE plans DROP COLUMN note;",
    )
}

fn baseline(squashed: &Squashed) -> Revision {
    let heads: Vec<_> = squashed.heads.iter().map(ToString::to_string).collect();
    let text = format!("-- baseline: {}\n\n-- +upgrade\n{}", heads.join(", "), squashed.upgrade);
    of(Target::Tenant, &text)
}

fn all() -> Vec<Revision> {
    vec![tasks(), due(), plans(), seats()]
}

fn only(reports: &[BaselineReport]) -> Vec<String> {
    let [report] = reports else { panic!("one baseline: {reports:?}") };
    report.differences.clone()
}

/// What a tenant's `plans` hold.
async fn held(world: &World, tenant: &str) -> Vec<String> {
    let row = match world.engine {
        Engine::MySql => "CONCAT(name, ' ', seats)",
        _ => "name || ' ' || seats",
    };
    let sql = format!("SELECT {row} FROM {{}} ORDER BY 1");
    world.rows(tenant, &sql, "plans").await.unwrap()
}

/// The steps that a run tells of its one tenant.
async fn steps(run: Migrate, to: &str) -> Vec<String> {
    let seen = Counter::default();
    let told = Arc::clone(&seen);
    let run = run.on_event(move |event| {
        if let RunEvent::Done { steps, .. } = event {
            told.lock().unwrap().extend(steps.iter().cloned());
        }
    });
    drop(run.upgrade(to).await.unwrap().into_result().unwrap());
    seen.lock().unwrap().clone()
}

each_place! {
    async fn a_new_place_is_made_at_once_and_is_what_the_others_are(world) {
        let program = world.program(all()).await;
        world.tenants(&program, &["acme"]).await;
        let squashed = program.migrate().squash(Target::Tenant, "head").await.unwrap();
        assert_eq!(squashed.differences, [""; 0]);
        assert!(!squashed.upgrade.contains("ALTER TABLE plans"), "{}", squashed.upgrade);

        // The next release has it, and a revision more.
        let mut revisions = all();
        revisions.extend([baseline(&squashed), last()]);
        let next = world.program(revisions).await;
        let compared = only(&next.migrate().baselines().await.unwrap());
        assert_eq!(compared, [""; 0]);
        let mut broken = all();
        broken[0] = file("aaaa01", "", "SELECT nothing FROM nowhere;", "SELECT 1;");
        broken.extend([baseline(&squashed), last()]);
        // Whoever went through the revisions here would fail at the first.
        let hurried = world.program(broken).await;
        world.tenants(&hurried, &["globex"]).await;
        // Those who were there go on from where they are.
        drop(next.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        for tenant in ["acme", "globex"] {
            let heads = next.migrate().tenant_heads(&slug(tenant)).await.unwrap().unwrap();
            assert_eq!(heads[0].as_str(), "aaaa05", "{tenant}");
            assert_eq!(held(&world, tenant).await, ["free 1", "it's paid 5"], "{tenant}");
        }
        let drift = next.migrate().drift().await.unwrap();
        assert!(drift.is_clean() && drift.compared == 2, "{drift}");
        // There is a way back, revision by revision.
        let two = Selection::Slugs(vec![slug("globex")]);
        let back = next.migrate().tenants(two).downgrade("aaaa02").await.unwrap();
        assert_eq!(back.moved, 1, "{back}");
        world.end(vec![program, next, hurried]).await;
    }

    async fn one_that_makes_something_else_is_found_out(world) {
        let program = world.program(all()).await;
        let squashed = program.migrate().squash(Target::Tenant, "head").await.unwrap();
        for (from, to, said) in [
            ("paid", "dear", "plans lacks the row"),
            ("plans", "plains", "plans"),
        ] {
            let mut wrong = baseline(&squashed);
            let text = wrong.text.replace(from, to);
            wrong = of(Target::Tenant, &text);
            let mut revisions = all();
            revisions.push(wrong);
            let next = world.program(revisions).await;
            let found = only(&next.migrate().baselines().await.unwrap());
            assert!(found.iter().any(|it| it.contains(said)), "{from}: {found:?}");
        }
        world.end(vec![program]).await;
    }

    async fn what_was_begun_one_way_is_not_ended_another(world) {
        // Elsewhere a revision is done wholly or not at all.
        if world.engine == Engine::MySql {
            let program = world.program(vec![tasks(), due()]).await;
            let squashed = program.migrate().squash(Target::Tenant, "head").await.unwrap();
            world.tenants(&program, &["acme", "globex"]).await;
            drop(program.migrate().downgrade("base").await.unwrap());
            let begun = "INSERT INTO {} (revision, place, checksum, state) VALUES ('aaaa01', 0, '', 'd')";
            world.run("acme", begun, "tenancy_progress").await;
            let next = world.program(vec![tasks(), due(), baseline(&squashed)]).await;
            let report = next.migrate().upgrade("head").await.unwrap();
            assert_eq!((report.moved, report.failed.len()), (1, 1), "{report}");
            let said = report.failed[0].failure.to_string();
            assert!(said.contains("began with aaaa01") && said.contains("`replay`"), "{said}");
            assert_eq!(world.heads("acme").await, [""; 0]);
            assert_eq!(world.heads("globex").await, ["aaaa02"]);
            world.end(vec![program, next]).await;
        } else {
            world.end(vec![]).await;
        }
    }

    async fn what_rust_code_makes_is_read_from_a_place_that_stands_there(world) {
        let shares = world.strategy == Strategy::Schema && world.engine != Engine::Postgres;
        // Where Rust code is refused there is none to stand for.
        if !shares {
            let coded = of(
                Target::Tenant,
                "-- revision: aaaa02\n-- down_revision: aaaa01\n-- rust: Fill\n-- irreversible: it filled\n",
            );
            let program = world.program(vec![tasks(), coded.clone()]).await;
            world.tenants(&program, &["acme"]).await;
            let refused = program.migrate().squash(Target::Tenant, "head").await.unwrap_err();
            assert!(refused.to_string().contains("runs Rust code"), "{refused}");
            let like = || program.migrate().tenants(Selection::Slugs(vec![slug("acme")]));
            let squashed = like().squash(Target::Tenant, "head").await.unwrap();
            assert_eq!(squashed.differences, [""; 0]);
            // Its place is not what the first revision alone makes.
            let refused = like().squash(Target::Tenant, "aaaa01").await.unwrap_err();
            assert!(refused.to_string().contains("`acme` stands at aaaa02"), "{refused}");

            let next = world.program(vec![tasks(), coded, baseline(&squashed)]).await;
            let reports = next.migrate().baselines().await.unwrap();
            assert!(reports[0].unknown.as_ref().unwrap().contains("aaaa02 runs Rust code"), "{reports:?}");
            assert_eq!(only(&reports), [""; 0]);
            world.tenants(&next, &["globex"]).await;
            assert_eq!(world.heads("globex").await, ["aaaa02"]);
            // The rows that code made are its tenant's, and nobody else's.
            assert_eq!(world.rows("globex", "SELECT title FROM {}", "tasks").await.unwrap(), [""; 0]);
            world.end(vec![program, next]).await;
        } else {
            world.end(vec![]).await;
        }
    }

    async fn who_wants_to_goes_through_the_revisions(world) {
        let program = world.program(vec![tasks(), due()]).await;
        let squashed = program.migrate().squash(Target::Tenant, "head").await.unwrap();
        let next = world.program(vec![tasks(), due(), baseline(&squashed)]).await;
        world.tenants(&next, &["acme"]).await;
        let back = next.migrate().downgrade("base").await.unwrap();
        assert_eq!(back.moved, 1, "{back}");
        let went = steps(next.migrate(), "head").await;
        assert_eq!(went, ["upgrade  -> aaaa02, baseline of 2 revisions"]);
        drop(next.migrate().downgrade("base").await.unwrap());
        let went = steps(next.migrate().replay(), "head").await;
        assert_eq!(went, ["upgrade  -> aaaa01, aaaa01", "upgrade aaaa01 -> aaaa02, aaaa02"]);
        world.end(vec![program, next]).await;
    }
}
