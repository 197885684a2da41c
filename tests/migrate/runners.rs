//! Several runners at once, and runners that end in the middle.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use tenancy::migrate::{Revision, Target};
use tenancy_tests::{Engine, Strategy};

use crate::world::{World, each_place, file, of, tasks};

const SLUGS: [&str; 8] = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"];

each_place! {
    async fn two_runners_share_the_work_and_run_no_step_twice(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        // Run twice, it would leave two rows.
        let counted = || file(
            "aaaa02",
            "aaaa01",
            "INSERT INTO tasks (id, title) SELECT COUNT(*) + 1, 'ran' FROM tasks;",
            "DELETE FROM tasks;",
        );
        let (one, other) =
            (world.program(vec![tasks(), counted()]).await, world.program(vec![tasks(), counted()]).await);
        let (a, b) = tokio::join!(
            one.migrate().concurrency(3).upgrade("heads"),
            other.migrate().concurrency(3).upgrade("heads"),
        );
        let (a, b) = (a.unwrap().into_result().unwrap(), b.unwrap().into_result().unwrap());
        assert_eq!(a.moved + b.moved, 8, "{a}\n{b}");
        for tenant in SLUGS {
            let rows = world.rows(tenant, "SELECT title FROM {}", "tasks").await.unwrap();
            assert_eq!(rows, ["ran"], "{tenant}");
            assert_eq!(world.heads(tenant).await, ["aaaa02"]);
        }
        world.end(vec![first, one, other]).await;
    }

    async fn a_runner_that_is_dropped_leaves_nothing_half_done(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        let second = world.program(vec![tasks(), two()]).await;
        // Each try is cut off a little later than the one before.
        for tried in 0..12 {
            let run = second.migrate().concurrency(2).upgrade("heads");
            let longest = std::time::Duration::from_millis(tried * 4);
            let _ = tokio::time::timeout(longest, run).await;
        }
        let report = second.migrate().upgrade("heads").await.unwrap().into_result();
        assert!(report.unwrap().failed.is_empty());
        whole(&world).await;
        world.end(vec![first, second]).await;
    }

    async fn a_runner_that_is_killed_loses_nothing(world) {
        let first = world.program(vec![tasks()]).await;
        world.tenants(&first, &SLUGS).await;
        let folder = env::temp_dir().join(format!("{}_revisions", world.scratch.name()));
        fs::create_dir_all(folder.join("tenant")).unwrap();
        for revision in [tasks(), two()] {
            let name = format!("tenant/{}.sql", revision.id);
            fs::write(folder.join(name), revision.text).unwrap();
        }
        // Each is killed as soon as it has moved so many, with another one in its hands; the last one
        // ends by itself.
        let ended = (0..30).any(|tried| kill_after(&world, &folder, tried % 3));
        let second = world.program(vec![tasks(), two()]).await;
        if !ended {
            assert!(second.migrate().upgrade("heads").await.unwrap().is_complete());
        }
        whole(&world).await;
        fs::remove_dir_all(folder).unwrap();
        world.end(vec![first, second]).await;
    }
}

/// Rows and tables in turn, which would be there twice, or be in the way, if one were run again.
fn two() -> Revision {
    file(
        "aaaa02",
        "aaaa01",
        "INSERT INTO tasks (id, title) SELECT COUNT(*) + 1, 'ran' FROM tasks;\n\
         CREATE TABLE more (id INTEGER);\n\
         INSERT INTO more VALUES (1);\nCREATE TABLE most (id INTEGER);",
        "DROP TABLE most;\nDROP TABLE more;\nDELETE FROM tasks;",
    )
}

/// Each tenant has all of it, once.
async fn whole(world: &World) {
    for tenant in SLUGS {
        assert_eq!(world.heads(tenant).await, ["aaaa02"], "{tenant}");
        let rows = world.rows(tenant, "SELECT title FROM {}", "tasks").await.unwrap();
        assert_eq!(rows, ["ran"], "{tenant}");
        let rows = world.rows(tenant, "SELECT 'one' FROM {}", "more").await.unwrap();
        assert_eq!(rows, ["one"], "{tenant}");
        assert!(world.rows(tenant, "SELECT 'one' FROM {}", "most").await.is_some(), "{tenant}");
    }
}

const BEGUN: &str = "the run begins";

/// Another process runs the revisions, until it has moved so many tenants. Whether it ended before.
fn kill_after(world: &World, folder: &Path, moved: usize) -> bool {
    let strategy = if world.strategy == Strategy::Database { "database" } else { "schema" };
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args([strategy, &world.scratch.prefix(), &world.scratch.url])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(
        told.any(|line| line.contains(BEGUN)),
        "the other process did not come as far as the run"
    );
    // A line for each tenant.
    let came = told.take(moved).count();
    let ended = came < moved && child.wait().unwrap().success();
    child.kill().unwrap();
    child.wait().unwrap();
    ended
}

/// One server's connection for one transaction at a time: nothing may be left to the next.
#[tokio::test(flavor = "multi_thread")]
async fn runners_through_pgbouncer() {
    let world = World::new(Engine::Postgres, Strategy::Schema).await;
    let usual = "postgres://postgres@127.0.0.1:6432/postgres";
    let bouncer = env::var("TENANCY_TEST_PGBOUNCER_URL").unwrap_or_else(|_| usual.to_owned());
    let (base, _) = bouncer.rsplit_once('/').unwrap();
    let url = format!("{base}/{}?statement-cache-capacity=0", world.scratch.name());
    let first = world.program(vec![tasks()]).await;
    world.tenants(&first, &SLUGS).await;
    let [one, other] =
        [world.at(&url, vec![tasks(), two()]).await, world.at(&url, vec![tasks(), two()]).await];
    let (a, b) = tokio::join!(
        one.migrate().concurrency(3).upgrade("heads"),
        other.migrate().concurrency(3).upgrade("heads"),
    );
    let (a, b) = (a.unwrap().into_result().unwrap(), b.unwrap().into_result().unwrap());
    assert_eq!(a.moved + b.moved, 8, "{a}\n{b}");
    whole(&world).await;

    // What needs a session of its own is refused, and nothing is done.
    let alone = || {
        of(
            Target::Tenant,
            "-- revision: aaaa03\n-- down_revision: aaaa02\n-- no-transaction\n-- +upgrade\n\
             -- lint:allow concurrent-index-in-fleet what is tested\nCREATE INDEX CONCURRENTLY tasks_title ON tasks (title);\n-- +downgrade\nDROP INDEX tasks_title;\n",
        )
    };
    let third = world.at(&url, vec![tasks(), two(), alone()]).await;
    let report = third.migrate().upgrade("heads").await.unwrap();
    assert_eq!((report.moved, report.failed.len()), (0, 8), "{report}");
    assert!(report.to_string().contains("Name the server itself"), "{report}");
    let direct = world.program(vec![tasks(), two(), alone()]).await;
    assert_eq!(direct.migrate().upgrade("heads").await.unwrap().into_result().unwrap().moved, 8);
    world.end(vec![first, one, other, third, direct]).await;
}
