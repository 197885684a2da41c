//! A runner that dies before each thing it says to the server, one after another: the next run comes to
//! what one comes to that nobody disturbs.

use std::{
    env, fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use sea_orm::DatabaseConnection;
use tenancy::migrate::{
    Revision, Selection, Target,
    structure::{Reading, mysql, postgres, sqlite},
};
use tenancy_tests::{Engine, Strategy};

use crate::world::{World, each_place, of, slug, tasks};

/// Aborted.
const ABORT: i32 = 6;

/// Not disturbed; the others are compared with it.
const CALM: &str = "calm";

each_place! {
    async fn cut_off_anywhere_the_next_run_comes_to_the_same(world) {
        let first = world.program(vec![tasks()]).await;
        let (all, folder) = written(&world, Target::Tenant);
        let second = world.program(all.clone()).await;
        let last = all.last().unwrap().id.to_string();
        begin(&world, &first, CALM).await;
        drop(second.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        let wanted = facts(&world, Some(CALM)).await;
        assert_eq!(wanted.heads.join(","), last);
        assert_eq!(wanted.ledger, [[last].as_slice(), &["ready".to_owned(), "none".to_owned()]].concat());
        assert_eq!(wanted.progress, Vec::<String>::new());
        everywhere(stride(&world), async |tenant, how| {
            begin(&world, &first, tenant).await;
            let status = runner(&world, &folder, how, None);
            drop(second.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
            assert_eq!(facts(&world, Some(tenant)).await, wanted, "{how}");
            status
        })
        .await;
        fs::remove_dir_all(folder).unwrap();
        world.end(vec![first, second]).await;
    }

    async fn cut_off_on_the_way_back_the_next_run_comes_to_the_same(world) {
        let first = world.program(vec![tasks()]).await;
        let (all, folder) = written(&world, Target::Tenant);
        let second = world.program(all).await;
        let ahead = async |tenant: &str| {
            begin(&world, &first, tenant).await;
            let only = second.migrate().tenants(Selection::Slugs(vec![slug(tenant)]));
            drop(only.upgrade("heads").await.unwrap().into_result().unwrap());
        };
        ahead(CALM).await;
        drop(second.migrate().downgrade("aaaa01").await.unwrap().into_result().unwrap());
        let wanted = facts(&world, Some(CALM)).await;
        assert_eq!(wanted.heads, ["aaaa01"]);
        assert_eq!(wanted.rows[0].len(), 3, "{:?}", wanted.rows);
        assert_eq!(wanted.progress, Vec::<String>::new());
        everywhere(stride(&world), async |tenant, how| {
            ahead(tenant).await;
            let status = runner(&world, &folder, how, Some("aaaa01"));
            drop(second.migrate().downgrade("aaaa01").await.unwrap().into_result().unwrap());
            assert_eq!(facts(&world, Some(tenant)).await, wanted, "{how}");
            status
        })
        .await;
        fs::remove_dir_all(folder).unwrap();
        world.end(vec![first, second]).await;
    }
}

/// What all tenants share goes there and back, and is cut off on either way.
async fn what_is_shared_is_cut_off_likewise(engine: Engine) {
    let world = World::new(engine, Strategy::Schema).await;
    let (all, folder) = written(&world, Target::Shared);
    let program = world.program(all).await;
    let there = async || {
        drop(program.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
        facts(&world, None).await
    };
    let back = async || {
        drop(program.migrate().downgrade("base").await.unwrap().into_result().unwrap());
        facts(&world, None).await
    };
    // The first run makes the tables it keeps its own books in.
    there().await;
    back().await;
    let (wanted, nothing) = (there().await, back().await);
    assert_eq!((wanted.heads.join(","), wanted.rows[0].len()), ("aaaa03".to_owned(), 1));
    assert_eq!((nothing.heads.len(), nothing.rows[0].len(), wanted.progress.len()), (0, 0, 0));
    everywhere(1, async |_, how| {
        let up = runner(&world, &folder, how, None);
        assert_eq!(there().await, wanted, "{how}");
        let down = runner(&world, &folder, how, Some("base"));
        assert_eq!(back().await, nothing, "back, {how}");
        // One of the ways is longer.
        if up.success() { down } else { up }
    })
    .await;
    fs::remove_dir_all(folder).unwrap();
    world.end(vec![program]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shared_is_cut_off_likewise_on_sqlite() {
    what_is_shared_is_cut_off_likewise(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shared_is_cut_off_likewise_on_postgres() {
    what_is_shared_is_cut_off_likewise(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shared_is_cut_off_likewise_on_mysql() {
    what_is_shared_is_cut_off_likewise(Engine::MySql).await;
}

/// How far from one place where it is cut off to the next. Everywhere in schemas; in databases the same
/// is said over another connection.
fn stride(world: &World) -> usize {
    if world.strategy == Strategy::Database { 3 } else { 1 }
}

/// Cuts off before each thing that is said, until there is nothing more to cut off. Then the connection
/// is lost, and the runner lives; not everywhere, since it is what the next run does as well.
async fn everywhere(stride: usize, once: impl AsyncFn(&str, &str) -> ExitStatus) {
    let mut place = 1;
    loop {
        let status = once(&format!("abort{place}"), &format!("abort:{place}")).await;
        if status.success() {
            break;
        }
        assert_eq!(status.signal(), Some(ABORT), "{place}: {status}");
        place += stride;
    }
    assert!(place > LEAST, "it was cut off before {place}");
    for lost in (1..place).step_by(3 * stride) {
        once(&format!("lose{lost}"), &format!("lose:{lost}")).await;
    }
}

/// The revisions, and a folder with them.
fn written(world: &World, target: Target) -> (Vec<Revision>, PathBuf) {
    let first = of(target, &tasks().text);
    let all = [vec![first], revisions(world, target)].concat();
    let folder = env::temp_dir().join(format!("{}_cut_{target}", world.scratch.name()));
    fs::create_dir_all(folder.join(target.to_string())).unwrap();
    for revision in &all {
        fs::write(folder.join(format!("{target}/{}.sql", revision.id)), &revision.text).unwrap();
    }
    (all, folder)
}

/// What there is to say to a server at least.
const LEAST: usize = 20;

/// Rows and tables in turn, with and without a transaction, and code where that can be told where it is.
/// Run twice, nothing of it would be as it was, or go at all.
fn revisions(world: &World, target: Target) -> Vec<Revision> {
    let file = |text: &str| of(target, text);
    let mut all = vec![
        file(
            "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\n\
             INSERT INTO tasks (id, title) SELECT COUNT(*) + 1, 'ran' FROM tasks;\n\
             CREATE TABLE more (id INTEGER);\nINSERT INTO more VALUES (1);\n\
             CREATE TABLE most (id INTEGER);\nDROP TABLE most;\n\
             -- +verify\nSELECT id FROM more WHERE id > 1;\n\
             -- +downgrade\nDROP TABLE more;\nINSERT INTO tasks (id, title) SELECT COUNT(*) + 10, 'back' FROM tasks;\n",
        ),
        file(
            "-- revision: aaaa03\n-- down_revision: aaaa02\n-- no-transaction\n-- +upgrade\n\
             ALTER TABLE tasks ADD COLUMN runs INTEGER DEFAULT 0;\n\
             UPDATE tasks SET runs = runs + 1;\nCREATE INDEX tasks_runs ON tasks (runs);\n\
             -- +upgrade postgres\nALTER TABLE tasks ADD COLUMN runs INTEGER DEFAULT 0;\n\
             UPDATE tasks SET runs = runs + 1;\n\
             -- lint:allow concurrent-index-in-fleet what is tested\nCREATE INDEX CONCURRENTLY tasks_runs ON tasks (runs);\n\
             -- +downgrade\nDROP INDEX tasks_runs;\nUPDATE tasks SET title = 'undone' WHERE runs = 2;\n\
             UPDATE tasks SET runs = runs + 1;\nALTER TABLE tasks DROP COLUMN runs;\n\
             -- +downgrade mysql\nDROP INDEX tasks_runs ON tasks;\n\
             UPDATE tasks SET title = 'undone' WHERE runs = 2;\n\
             UPDATE tasks SET runs = runs + 1;\nALTER TABLE tasks DROP COLUMN runs;\n\
             -- +downgrade postgres\nDROP INDEX CONCURRENTLY tasks_runs;\n\
             UPDATE tasks SET title = 'undone' WHERE runs = 2;\n\
             UPDATE tasks SET runs = runs + 1;\nALTER TABLE tasks DROP COLUMN runs;\n",
        ),
    ];
    let (schema, whole) =
        (world.strategy == Strategy::Schema, world.strategy == Strategy::Database);
    if target == Target::Tenant && (whole || (schema && world.engine == Engine::Postgres)) {
        let way = if world.engine == Engine::MySql { "-- no-transaction\n" } else { "" };
        all.push(file(&format!(
            "-- revision: aaaa04\n-- down_revision: aaaa03\n-- rust: Fill\n{way}\
             -- +upgrade\nUPDATE more SET id = id + 1;\n-- +downgrade\nUPDATE more SET id = id - 1;\n"
        )));
    }
    all
}

/// A tenant at the first revision, with a row in its table.
async fn begin(world: &World, first: &tenancy::Tenancy, tenant: &str) {
    world.tenants(first, &[tenant]).await;
    world.run(tenant, "INSERT INTO {} (id, title) VALUES (1, 'the same')", "tasks").await;
}

/// What is known of a tenant's place, but for whose it is.
#[derive(Debug, PartialEq)]
struct Facts {
    structure: tenancy::structure::Structure,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    progress: Vec<String>,
    ledger: Vec<String>,
}

/// Of a tenant's place, or of what all tenants share.
async fn facts(world: &World, tenant: Option<&str>) -> Facts {
    let all = async |table: &str, sql: &str| match tenant {
        Some(tenant) => world.rows(tenant, sql, table).await.unwrap_or_default(),
        None => world.shared_rows(&sql.replace("{}", table)).await.unwrap_or_default(),
    };
    let mut rows = vec![
        all("tasks", "SELECT title FROM {} ORDER BY id").await,
        all(
            "tasks",
            "SELECT CASE runs WHEN 1 THEN 'once' WHEN 0 THEN 'not' END FROM {} ORDER BY id",
        )
        .await,
        all("more", "SELECT CASE id WHEN 1 THEN 'one' WHEN 2 THEN 'two' END FROM {}").await,
    ];
    for title in &mut rows[0] {
        *title = title.replace(tenant.unwrap_or("nobody"), "whose");
    }
    let mut ledger = Vec::new();
    for column in ["heads", "state", "COALESCE(error, 'none')"] {
        let tenant = tenant.unwrap_or_default();
        let sql = format!("SELECT {column} FROM tenancy_ledger WHERE tenant_id = '{tenant}'");
        ledger.extend(world.shared(&sql).await);
    }
    let structure = match tenant {
        Some(name) => world.beside(name, async |eye| structure(world, tenant, eye).await).await,
        None => structure(world, None, &world.eye).await,
    };
    Facts {
        structure,
        heads: all("tenancy_version", "SELECT version_num FROM {}").await,
        rows,
        progress: all("tenancy_progress", "SELECT revision FROM {}").await,
        ledger,
    }
}

async fn structure(
    world: &World,
    tenant: Option<&str>,
    eye: &DatabaseConnection,
) -> tenancy::structure::Structure {
    let all = Reading::default();
    let own = tenant.map(|tenant| format!("{}t_{tenant}", world.scratch.prefix()));
    let whole = world.strategy == Strategy::Database || own.is_none();
    match world.engine {
        Engine::Postgres => {
            let mut conn = eye.get_postgres_connection_pool().acquire().await.unwrap();
            let name = own.filter(|_| !whole).unwrap_or_else(|| "public".to_owned());
            postgres::read(&mut conn, &name, &all).await
        }
        Engine::MySql => {
            let mut conn = eye.get_mysql_connection_pool().acquire().await.unwrap();
            let name = own.unwrap_or_else(|| world.scratch.name().to_owned());
            mysql::read(&mut conn, &name, &all).await
        }
        Engine::Sqlite => {
            let mut conn = eye.get_sqlite_connection_pool().acquire().await.unwrap();
            let prefix = own.filter(|_| !whole).map(|name| format!("{name}$")).unwrap_or_default();
            sqlite::read(&mut conn, &prefix, &all).await
        }
    }
    .unwrap()
}

/// Another process runs the revisions, or goes back so far, and is cut off.
fn runner(world: &World, folder: &Path, cut: &str, back: Option<&str>) -> ExitStatus {
    let strategy = if world.strategy == Strategy::Database { "database" } else { "schema" };
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .args([strategy, &world.scratch.prefix(), &world.scratch.url])
        .arg(folder)
        .args(back)
        .env("TENANCY_TEST_CUT", cut)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}
