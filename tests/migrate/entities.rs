//! Revisions written from entities make what these want, and nothing that is there is lost on the way.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tenancy::{
    NewTenant, Rls, Tenancy,
    migrate::{Revision, Target},
    structure::{Changes, Destructive},
};
use tenancy_tests::{Engine, wait::until};

use crate::world::{World, each_place, file, migrations, of};

#[allow(unreachable_pub)]
mod chore {
    use tenancy::{sea_orm, sea_orm::entity::prelude::*, tenant_scoped};

    /// It was called `jobs`, and its title a name.
    #[tenant_scoped(renamed_from = "jobs", renamed_from(title = "name"))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chores")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub title: String,
        pub done: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A revision that does what is wanted.
fn written(id: &str, down: &str, target: Target, changes: &Changes) -> Revision {
    of(
        target,
        &format!(
            "-- revision: {id}\n-- down_revision: {down}\n-- +upgrade\n{}\n-- +downgrade\n{}\n",
            changes.up(Destructive::Written),
            changes.down(Destructive::Written),
        ),
    )
}

/// What all tenants share is there first: tenants' tables point at it.
async fn shared(program: &Tenancy) -> Revision {
    let wanted = program.migrate().changes(Target::Shared).await.unwrap();
    written("dddd01", "", Target::Shared, &wanted)
}

async fn adds_and_finds(program: &Tenancy, slug: &str, title: &str) -> Vec<String> {
    let db = program.db(slug).await.unwrap();
    let chore =
        chore::ActiveModel { title: Set(title.to_owned()), done: Set(false), ..Default::default() };
    chore::Entity::insert(chore).exec(&db).await.unwrap();
    let found = chore::Entity::find().filter(chore::Column::Done.eq(false)).all(&db).await.unwrap();
    found.into_iter().map(|chore| chore.title).collect()
}

each_place! {
    async fn what_entities_want_is_written_run_and_then_nothing_is_wanted(world) {
        let nothing = world.program(vec![]).await;
        let wanted = nothing.migrate().changes(Target::Tenant).await.unwrap();
        assert!(!wanted.is_empty() && !wanted.is_destructive());
        let revisions = vec![shared(&nothing).await, written("cccc01", "", Target::Tenant, &wanted)];
        let program = world.program(revisions).await;
        drop(program.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        let rest = program.migrate().all_changes().await.unwrap();
        assert!(rest.is_empty(), "{rest:?}");
        world.tenants(&program, &["acme", "globex"]).await;
        let clean = program.migrate().drift().await.unwrap();
        assert!(clean.is_clean(), "{clean}");
        for tenant in ["acme", "globex"] {
            // The same title for both.
            assert_eq!(adds_and_finds(&program, tenant, "sweep").await, ["sweep"]);
        }
        world.end(vec![nothing, program]).await;
    }

    async fn what_is_renamed_keeps_its_rows_and_what_is_written_by_hand_stays(world) {
        let nothing = world.program(vec![]).await;
        let wanted = nothing.migrate().changes(Target::Tenant).await.unwrap();
        // The table as it was, under its old names, with an index of its author's.
        let old = |text: String| text.replace("chores", "jobs").replace("title", "name");
        let up = old(wanted.up(Destructive::Written));
        let (up, down) = (format!("{up}CREATE INDEX by_hand ON jobs (name, done);"), "DROP TABLE jobs;");
        let before = || file("cccc01", "", &up, down);
        let all = shared(&nothing).await;
        let first = world.program(vec![all.clone(), before()]).await;
        drop(first.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        world.tenants(&first, &["acme", "globex"]).await;
        let changes = first.migrate().changes(Target::Tenant).await.unwrap();
        let text = changes.up(Destructive::Written);
        assert!(!changes.is_destructive(), "{text}");
        assert!(text.contains("Renames the table jobs to chores."), "{text}");
        assert!(text.contains("Renames the column chores.name to title."), "{text}");
        let second = world.program(vec![all, before(), written("cccc02", "cccc01", Target::Tenant, &changes)]).await;
        drop(second.migrate().without_lint().upgrade("heads").await.unwrap().into_result().unwrap());
        let rest = second.migrate().changes(Target::Tenant).await.unwrap();
        assert!(rest.is_empty(), "{}", rest.up(Destructive::Written));
        let clean = second.migrate().drift().await.unwrap();
        assert!(clean.is_clean(), "{clean}");
        for tenant in ["acme", "globex"] {
            assert_eq!(adds_and_finds(&second, tenant, "sweep").await, ["sweep"]);
        }
        world.end(vec![nothing, first, second]).await;
    }

    async fn nobodys_query_fails_while_places_move(world) {
        let nothing = world.program(vec![]).await;
        let wanted = nothing.migrate().changes(Target::Tenant).await.unwrap();
        let first = || written("cccc01", "", Target::Tenant, &wanted);
        let second = || file(
            "cccc02",
            "cccc01",
            "ALTER TABLE chores ADD COLUMN due VARCHAR(10);\nCREATE INDEX chores_due ON chores (due);",
            "DROP INDEX chores_due;\nALTER TABLE chores DROP COLUMN due;\n-- +downgrade mysql\n\
             DROP INDEX chores_due ON chores;\nALTER TABLE chores DROP COLUMN due;",
        );
        let all = shared(&nothing).await;
        let app = world.program(vec![all.clone(), first()]).await;
        drop(app.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        world.tenants(&app, &["acme", "globex", "initech"]).await;
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let work = ["acme", "globex", "initech"].map(|tenant| {
            let (app, stop, asked) = (app.clone(), Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut added = 0;
                while !stop.load(Ordering::Acquire) {
                    added += 1;
                    let found = adds_and_finds(&app, tenant, &format!("{added}")).await;
                    assert_eq!(found.len(), added, "{tenant}");
                    asked.fetch_add(1, Ordering::Release);
                }
                added
            })
        });
        let more = async || {
            let seen = asked.load(Ordering::Acquire);
            until("queries go on", async || asked.load(Ordering::Acquire) > seen + 10).await;
        };
        more().await;
        let migrating = world.program(vec![all, first(), second()]).await;
        for _ in 0..3 {
            let up = migrating.migrate().upgrade("heads").await.unwrap().into_result().unwrap();
            assert_eq!(up.moved, 3, "{up}");
            more().await;
            let down = migrating.migrate().tenants_only().downgrade("cccc01").await.unwrap();
            assert_eq!(down.moved, 3, "{down}");
        }
        more().await;
        stop.store(true, Ordering::Release);
        for worker in work {
            // It ended by itself: no query of it failed, and it saw what was its own.
            assert!(worker.await.unwrap() > 0);
        }
        world.end(vec![nothing, app, migrating]).await;
    }
}

/// The policies are part of what is wanted, and what was written from entities passes the audit that
/// a program begins with.
#[tokio::test(flavor = "multi_thread")]
async fn policies_are_written_too() {
    let scratch = Engine::Postgres.scratch().await;
    let role = scratch.role().await;
    let name = role.split("//").nth(1).unwrap().split([':', '@']).next().unwrap().to_owned();
    let program = async |revisions| {
        let builder = Tenancy::builder().database(&role).operator(&scratch.url);
        builder.isolation(Rls::new()).migrations(migrations(revisions)).connect().await.unwrap()
    };
    let nothing = program(vec![]).await;
    let wanted = nothing.migrate().changes(Target::Shared).await.unwrap();
    let text = wanted.up(Destructive::Written);
    assert!(text.contains("FORCE ROW LEVEL SECURITY") && text.contains("CREATE POLICY"), "{text}");
    assert!(nothing.migrate().changes(Target::Tenant).await.is_err());
    let grants = || {
        let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON chores TO \"{name}\";");
        of(
            Target::Shared,
            &format!(
                "-- revision: cccc02\n-- down_revision: cccc01\n-- +upgrade\n{grant}\n-- +downgrade\n\
                 REVOKE ALL ON chores FROM \"{name}\";\n"
            ),
        )
    };
    let revisions = || vec![written("cccc01", "", Target::Shared, &wanted), grants()];
    drop(program(revisions()).await.migrate().upgrade("heads").await.unwrap());
    // Started anew, it is looked at with the tables there.
    let second = program(revisions()).await;
    assert!(second.migrate().all_changes().await.unwrap().is_empty());
    assert!(second.migrate().drift().await.unwrap().is_clean());
    for tenant in ["acme", "globex"] {
        let new = NewTenant::new(tenant).unwrap().id(tenant).unwrap();
        second.create_tenant(new).await.unwrap();
        assert_eq!(adds_and_finds(&second, tenant, "sweep").await, ["sweep"]);
    }
    nothing.close().await.unwrap();
    second.close().await.unwrap();
    scratch.remove().await;
}

/// Entities of a schema do not ask for policies, and those somebody wrote are kept.
#[tokio::test]
async fn row_security_nobody_asks_for_stays() {
    let world = World::new(Engine::Postgres, tenancy_tests::Strategy::Schema).await;
    let program = world
        .program(vec![file(
            "cccc01",
            "",
            "CREATE TABLE chores (id bigint PRIMARY KEY, tenant_id text);\nALTER TABLE chores ENABLE ROW LEVEL SECURITY;",
            "DROP TABLE chores;",
        )])
        .await;
    let changes = program.migrate().changes(Target::Tenant).await.unwrap();
    let text = changes.up(Destructive::Written);
    assert!(!text.contains("DISABLE ROW LEVEL SECURITY"), "{text}");
    world.end(vec![program]).await;
}
