//! EDGE 43, 48: isolation under load. Many tenants with look-alike rows, many tasks, requests that are dropped
//! at any await, handlers that panic, and a server that crashes in between.
//!
//! Every value is tagged with its tenant, writer and number. No read may return a foreign tag or
//! half of a transaction, what was acknowledged must be there at the end, and the pools must
//! recover by themselves.
//!
//! A few seconds of it are part of every run of the tests; `cargo xtask soak` runs the long form.

mod entity;
mod ground;
mod history;
mod request;
mod server;
mod settings;
mod verdict;
mod world;
mod writer;

use std::{sync::Arc, time::Instant};

use tenancy_tests::{Engine, Strategy};

use self::{ground::Ground, settings::Settings, world::World, writer::Writer};

fn soak(engine: Engine, strategy: Strategy, settings: &Settings) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(run(engine, strategy, settings));
}

async fn run(engine: Engine, strategy: Strategy, settings: &Settings) {
    let mut ground = Ground::new(engine, strategy).await;
    let tenancy = ground.open(settings).await;
    let world = Arc::new(World::new(&tenancy, settings.tenants(), settings.tasks));
    verdict::fill(&tenancy, &world).await;

    let begun = Instant::now();
    let writers = (0..settings.tasks)
        .map(|number| tokio::spawn(Writer::new(&world, number, settings.seed).run()));
    let writers: Vec<_> = writers.collect();
    let restarts = if engine == Engine::Postgres { settings.restarts } else { 0 };
    let part = settings.time / (restarts + 1);
    for restart in 0..=restarts {
        let end = Instant::now() + part;
        while Instant::now() < end && !world.stopped() {
            tokio::time::sleep(part.min(std::time::Duration::from_millis(50))).await;
        }
        if restart < restarts && !world.stopped() {
            world.next_phase();
            ground.restart().await;
            world.next_phase();
        }
    }
    world.stop();
    let mut histories = Vec::new();
    for writer in writers {
        histories.push(writer.await.expect("a writer ends"));
    }
    let took = begun.elapsed();

    println!("{engine:?} {strategy:?}: {}", verdict::figures(&world, settings, restarts, took));
    assert_eq!(world.violations(), [""; 0], "seed {}", settings.seed);
    verdict::recovered(&ground, &world).await;
    let closed = tokio::time::timeout(std::time::Duration::from_secs(30), tenancy.close()).await;
    closed.expect("every connection comes back").expect("a tenancy closes");
    verdict::all_there(&ground, &world, &histories).await;
    verdict::all_happened(&ground, &world, restarts);
    ground.remove().await;
}

macro_rules! soaks {
    ($($name:ident: $engine:ident $strategy:ident,)+) => {
        $(
            #[test]
            fn $name() {
                soak(Engine::$engine, Strategy::$strategy, &Settings::read());
            }
        )+
    };
}

soaks! {
    postgres_row: Postgres Row,
    postgres_rls: Postgres Rls,
    postgres_signed: Postgres Signed,
    postgres_lanes: Postgres Lanes,
    postgres_schema: Postgres Schema,
    postgres_database: Postgres Database,
    mysql_row: MySql Row,
    mysql_schema: MySql Schema,
    mysql_database: MySql Database,
    sqlite_row: Sqlite Row,
    sqlite_schema: Sqlite Schema,
    sqlite_database: Sqlite Database,
}
