//! The shared database with its five tenants, and the private ones.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tenancy::{NewTenant, Tenancy, TenantDb};

use crate::{
    engine::{Engine, Scratch},
    fingerprint::fingerprint,
    generator::{Generator, Size},
    load,
    refresh::Refresh,
    table::{Row, tables},
};

pub(crate) const TENANTS: [&str; 5] = ["acme", "globex", "hooli", "initech", "umbrella"];

/// Where the numbers of the first tenant begin; those of the others begin at the next.
const SEED: u64 = 1_992;

/// The same tables without the tenant column, for a database that holds one tenant alone.
const PRIVATE: &str = include_str!("private.sql");

/// Everything one engine holds.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) size: Size,
    /// A connection beside the tenants', which sees the rows of all of them.
    pub(crate) eye: DatabaseConnection,
    tenancy: Tenancy,
    private: Vec<DatabaseConnection>,
}

/// Runs a test in a world of its own, and removes its databases afterwards, also if the test fails.
pub(crate) fn run(engine: Engine, scale: f64, test: impl AsyncFnOnce(&World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let scratches: Vec<Scratch> = runtime.block_on(async {
        let mut scratches = Vec::new();
        for _ in 0..=TENANTS.len() {
            scratches.push(engine.scratch().await);
        }
        scratches
    });
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let world = World::open(engine, scale, &scratches).await;
            test(&world).await;
            world.tenancy.close().await.expect("a tenancy closes");
        });
    }));
    runtime.block_on(async {
        for scratch in scratches {
            scratch.remove().await;
        }
    });
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl World {
    async fn open(engine: Engine, scale: f64, scratches: &[Scratch]) -> World {
        let (shared, private) = scratches.split_first().expect("a database for all tenants");
        let connect = Tenancy::builder().database(&shared.url).max_connections(2).connect();
        let tenancy = connect.await.expect("a tenancy connects");
        tenancy.create_tables().await.expect("the tables can be made");
        let mut world = World {
            engine,
            size: Size::new(scale),
            eye: shared.eye().await,
            tenancy,
            private: Vec::new(),
        };
        for (number, tenant) in TENANTS.iter().enumerate() {
            let new = NewTenant::new(*tenant).and_then(|new| new.id(*tenant));
            let new = new.expect("a valid tenant");
            world.tenancy.create_tenant(new).await.expect("a new tenant");
            let rows = world.rows(number);
            if number == 0 {
                load::through(&world.shared(number).await, &rows).await;
            } else {
                load::directly(&world.eye, &rows, Some(tenant)).await;
            }
            let db = private[number].eye().await;
            for statement in PRIVATE.split(';').filter(|text| !text.trim().is_empty()) {
                db.execute_unprepared(statement).await.expect("a table can be made");
            }
            load::directly(&db, &rows, None).await;
            world.analyze(&db).await;
            world.private.push(db);
        }
        world.analyze(&world.eye).await;
        world
    }

    fn rows(&self, number: usize) -> [Vec<Row>; 8] {
        Generator::new(SEED + number as u64, self.size).tables()
    }

    /// Lets the engine count what it has, without which it plans some queries to take minutes.
    async fn analyze(&self, db: &DatabaseConnection) {
        let sql = match self.engine {
            Engine::Sqlite | Engine::Postgres => "ANALYZE".to_owned(),
            Engine::MySql => {
                format!("ANALYZE TABLE {}", tables().map(|table| table.name).join(", "))
            }
        };
        db.execute_unprepared(&sql).await.expect("tables can be analyzed");
    }

    /// A tenant's connection to the shared tables.
    pub(crate) async fn shared(&self, number: usize) -> TenantDb {
        self.tenancy.db(TENANTS[number]).await.expect("the tenant's connection")
    }

    /// The database that holds this tenant alone.
    pub(crate) fn private(&self, number: usize) -> &DatabaseConnection {
        &self.private[number]
    }

    /// What the refresh functions do for a tenant.
    pub(crate) fn refresh(&self, number: usize) -> Refresh {
        Refresh::new(SEED + (TENANTS.len() + number) as u64, self.size)
    }

    /// Fingerprints of the shared tables, tenant by tenant.
    pub(crate) async fn fingerprints(&self) -> Vec<Vec<Vec<String>>> {
        let mut prints = Vec::new();
        for tenant in TENANTS {
            prints.push(fingerprint(&self.eye, Some(tenant)).await);
        }
        prints
    }
}
