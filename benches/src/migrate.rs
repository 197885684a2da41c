//! Revisions over a thousand schemas, beside the same statements sent as one text for each by bare
//! sqlx over as many connections; beside what others do who migrate schemas. What no revision is needed
//! for, and what it costs in memory.

mod memory;
mod rivals;

use std::{sync::Arc, time::Instant};

use sea_orm::{
    ConnectionTrait,
    sqlx::{self, AssertSqlSafe, PgPool, postgres::PgPoolOptions},
};
use tenancy::{
    NewTenant, Schema, Tenancy,
    migrate::{History, Migrations, Revision, Target},
};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    frame::{Row, times},
    read::world::Server,
};

const TENANTS: usize = 1_000;
/// At a time, on either side.
const CONNECTIONS: usize = 8;
/// Of each kind; the medians are told.
const ROUNDS: usize = 3;

pub(crate) const CREATE: &str = "CREATE TABLE lists (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, owner bigint);
CREATE INDEX lists_name ON lists (name);
CREATE INDEX lists_owner ON lists (owner);
CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, list_id bigint NOT NULL REFERENCES lists (id), title text NOT NULL);
CREATE INDEX tasks_list ON tasks (list_id);
CREATE INDEX tasks_title ON tasks (title);
CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id bigint NOT NULL REFERENCES tasks (id), text text);
CREATE INDEX notes_task ON notes (task_id);
CREATE INDEX notes_text ON notes (text);
";
pub(crate) const DROP: &str = "DROP TABLE notes;\nDROP TABLE tasks;\nDROP TABLE lists;\n";
pub(crate) const ALTER: &str =
    "ALTER TABLE tasks ADD COLUMN due date;\nCREATE INDEX tasks_due ON tasks (due);\n";
pub(crate) const BACK: &str = "DROP INDEX tasks_due;\nALTER TABLE tasks DROP COLUMN due;\n";

pub(crate) fn revision(id: &str, down: &str, up: &str, back: &str) -> Revision {
    let text = format!(
        "-- revision: {id}\n-- down_revision: {down}\n-- +upgrade\n{up}-- +downgrade\n{back}"
    );
    Revision::parse(&format!("{id}.sql"), &text, Some(Target::Tenant)).expect("a revision")
}

pub(crate) async fn tenancy(url: &str, revisions: Vec<Revision>) -> Tenancy {
    let history = History::new(revisions).expect("a history");
    Tenancy::builder()
        .database(url)
        .isolation(Schema::new())
        .migrations(Migrations::of(history))
        .connect()
        .await
        .expect("a tenancy")
}

/// The statements alone, in a tenant's schema.
fn bare(tenant: usize, script: &str) -> String {
    format!("BEGIN; SET LOCAL search_path = floor_{tenant}, pg_catalog; {script} COMMIT")
}

/// The same, with what keeps books of it: a lock, the heads in the schema, and a ledger.
fn booked(tenant: usize, script: &str) -> String {
    format!(
        "BEGIN; SELECT set_config('search_path', 'floor_{tenant}, pg_catalog', true), \
         set_config('lock_timeout', '500', true), set_config('statement_timeout', '0', true); \
         SELECT 1 / pg_try_advisory_xact_lock(hashtextextended('floor_{tenant}', 0))::int; \
         SELECT 1 / (array_agg(version_num::text) = ARRAY['aaaa01'])::int FROM heads; {script} \
         UPDATE heads SET version_num = 'aaaa01' WHERE version_num = 'aaaa01'; \
         INSERT INTO public.floor_ledger VALUES ('{tenant}', 'aaaa02', now()) \
         ON CONFLICT (tenant) DO UPDATE SET heads = EXCLUDED.heads, done = EXCLUDED.done; COMMIT"
    )
}

/// A text in each schema, in one message, over as many connections.
async fn floor(pool: &PgPool, script: &'static str, message: fn(usize, &str) -> String) -> f64 {
    let begun = Instant::now();
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (pool, next) = (pool.clone(), Arc::clone(&next));
        workers.spawn(async move {
            let mut conn = pool.acquire().await.expect("a connection");
            loop {
                let tenant = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if tenant >= TENANTS {
                    return;
                }
                let sql = message(tenant, script);
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.expect("statements");
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.expect("a worker");
    }
    begun.elapsed().as_secs_f64() * 1e3
}

async fn upgrade(tenancy: &Tenancy, to: &str, moved: u64) -> f64 {
    let begun = Instant::now();
    let run = tenancy.migrate().concurrency(CONNECTIONS).upgrade(to).await;
    let report = run.expect("a run").into_result().expect("nobody fails");
    assert_eq!(report.moved, moved);
    begun.elapsed().as_secs_f64() * 1e3
}

async fn downgrade(tenancy: &Tenancy, to: &str) {
    let run = tenancy.migrate().concurrency(CONNECTIONS).downgrade(to).await;
    let _ = run.expect("a run").into_result().expect("nobody fails");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Resident memory, in mebibytes.
fn memory() -> f64 {
    crate::memory::resident() / 1_048_576.0
}

pub(crate) async fn create(tenancy: &Tenancy, from: usize, to: usize) {
    let mut working = JoinSet::new();
    for tenant in from..to {
        while working.len() >= CONNECTIONS {
            working.join_next().await;
        }
        let tenancy = tenancy.clone();
        working.spawn(async move {
            let new = NewTenant::new(format!("t{tenant}")).expect("a slug");
            tenancy.create_tenant(new).await.expect("a tenant");
        });
    }
    while working.join_next().await.is_some() {}
}

async fn measure(server: &mut Server) -> Vec<Row> {
    let url = server.make("migrate").await;
    let first = || revision("aaaa01", "", CREATE, DROP);
    let second = || revision("aaaa02", "aaaa01", ALTER, BACK);
    let empty = tenancy(&url, vec![]).await;
    create(&empty, 0, TENANTS).await;
    empty.close().await.expect("it closes");
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(CONNECTIONS).unwrap_or(8))
        .connect(&url)
        .await
        .expect("the server answers");
    for tenant in 0..TENANTS {
        let sql = format!(
            "CREATE SCHEMA floor_{tenant}; CREATE TABLE floor_{tenant}.heads (version_num text PRIMARY KEY); \
             INSERT INTO floor_{tenant}.heads VALUES ('aaaa01')"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect("a schema");
    }
    let ledger =
        "CREATE TABLE floor_ledger (tenant text PRIMARY KEY, heads text, done timestamptz)";
    sqlx::raw_sql(ledger).execute(&pool).await.expect("a ledger");
    let both = tenancy(&url, vec![first(), second()]).await;
    let (mut made, mut altered) = (Vec::new(), Vec::new());
    let (mut floor_made, mut floor_altered) = (Vec::new(), Vec::new());
    let (mut booked_altered, mut nothing) = (Vec::new(), Vec::new());
    let all = TENANTS as u64;
    for _ in 0..ROUNDS {
        floor_made.push(floor(&pool, CREATE, bare).await);
        made.push(upgrade(&both, "aaaa01", all).await);
        altered.push(upgrade(&both, "aaaa02", all).await);
        floor_altered.push(floor(&pool, ALTER, bare).await);
        floor(&pool, BACK, bare).await;
        booked_altered.push(floor(&pool, ALTER, booked).await);
        nothing.push(upgrade(&both, "heads", 0).await);
        floor(&pool, BACK, bare).await;
        floor(&pool, DROP, bare).await;
        downgrade(&both, "base").await;
        both.unscoped("statistics between rounds")
            .await
            .expect("a connection")
            .execute_unprepared(
                "VACUUM pg_attribute, pg_class, pg_depend, pg_index, pg_type, pg_constraint",
            )
            .await
            .expect("a vacuum");
    }
    let before = memory();
    upgrade(&both, "heads", all).await;
    let after = memory();
    println!("memory: {before:.1} MiB before a run over {TENANTS} tenants, {after:.1} MiB after");
    let rivals = rivals::all(&url, TENANTS);
    pool.close().await;
    both.close().await.expect("it closes");
    let (made, altered, nothing) = (median(made), median(altered), median(nothing));
    let beside = rivals.iter().flat_map(|rival| {
        [
            times("create 3 tables, 6 indexes", made, &rival.name, rival.made),
            times("add a column and an index", altered, &rival.name, rival.altered),
            times("nothing to do", nothing, &rival.name, rival.nothing),
        ]
    });
    let floors = [
        times("create 3 tables, 6 indexes", made, "bare sqlx, one text each", median(floor_made)),
        times(
            "add a column and an index",
            altered,
            "bare sqlx, one text each",
            median(floor_altered),
        ),
        times(
            "add a column and an index",
            altered,
            "the same, with heads and a ledger by hand",
            median(booked_altered),
        ),
        times("nothing to do", nothing, "20 ms", 20.0),
    ];
    floors.into_iter().chain(beside).collect()
}

/// The memory of runners, by the number of tenants: `migrate-memory`.
pub(crate) fn run_memory() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut server = Server::new().await;
        let url = server.make("memory").await;
        memory::measure(&url).await;
        server.drop().await;
    });
    Vec::new()
}

/// What the other process of `migrate-memory` does.
pub(crate) fn child(url: &str, columns: &str, moved: &str) {
    let runtime = Runtime::new().expect("a runtime");
    let number = |text: &str| text.parse::<usize>().expect("a number");
    runtime.block_on(memory::child(url, number(columns), number(moved) as u64));
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut server = Server::new().await;
        let rows = measure(&mut server).await;
        server.drop().await;
        rows
    })
}
