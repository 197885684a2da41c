//! Ten thousand tenants, of which two hundred are active, with lanes for the busiest.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::{StreamExt, stream};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use tenancy::{Lanes, Rls, Tenancy};
use tenancy_tests::entity::ledger;

use crate::world::{self, World, entry, lane};

const REGISTERED: usize = 10_000;
const ACTIVE: usize = 200;
/// Those that are asked for twenty times as often as others.
const HOT: usize = 3;
const POOL: u32 = 6;
const LANES: usize = 8;

fn slug(n: usize) -> String {
    format!("crowd-{n}")
}

/// How many connections the server has of the application.
async fn connections(world: &World) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM pg_stat_activity \
               WHERE application_name LIKE 'crowd#%' AND datname = current_database()";
    let eye = &world.shop.eye;
    let row = eye.query_one_raw(Statement::from_string(eye.get_database_backend(), sql)).await;
    row.unwrap().unwrap().try_get("", "n").unwrap()
}

/// The server may count a connection for a moment that was closed. So too many are too many when
/// they stay.
async fn within(world: &World, most: i64) {
    for _ in 0..1_000 {
        if connections(world).await <= most {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} connections instead of {most}", connections(world).await);
}

async fn visit(tenancy: Tenancy, n: usize, visit: usize) {
    let db = tenancy.db(slug(n)).await.unwrap();
    if visit == 0 {
        for text in ["one", "two"] {
            ledger::Entity::insert(entry(text)).exec(&db).await.unwrap();
        }
    }
    let own = ledger::Entity::find().all(&db).await.unwrap();
    assert!(own.iter().all(|row| row.tenant_id == slug(n)), "another's rows");
    let report = tenancy.connections();
    assert!(report.open <= LANES, "{report:?}");
    assert!(report.tenants.iter().all(|it| it.held + it.idle + it.opening <= 2), "{report:?}");
}

#[test]
fn the_budget_holds() {
    world::run(async |world| {
        let register = format!(
            "INSERT INTO tenancy_tenants SELECT (json_populate_record(t, json_build_object(\
             'id', 'crowd-' || n, 'slug', 'crowd-' || n))).* \
             FROM tenancy_tenants t, generate_series(1, {REGISTERED}) n WHERE t.id = 'acme'"
        );
        world.shop.eye.execute_unprepared(&register).await.unwrap();
        let lanes = Lanes::new().connections(LANES).per_tenant(2);
        let builder = Tenancy::builder()
            .database(format!("{}?application_name=crowd", world.url(&world.server)))
            .operator(&world.shop.scratch.url)
            .max_connections(POOL)
            .connection_budget(LANES)
            .isolation(Rls::new().lanes(lanes));
        let tenancy = builder.connect().await.unwrap();
        // Each of the active has its turn in each round, and the hot ones twenty.
        let visits = (0..6).flat_map(|round| {
            (0..ACTIVE).flat_map(move |n| {
                let tenant = 1 + n * (REGISTERED / ACTIVE);
                let hot = (n % 10 == 0).then_some(1 + (n / 10) % HOT * (REGISTERED / ACTIVE));
                std::iter::once((tenant, round)).chain(
                    hot.into_iter().flat_map(|it| std::iter::repeat_n((it, 1), 20 * HOT / 2)),
                )
            })
        });
        let done = Arc::new(AtomicBool::new(false));
        let watch = async {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(connections(&world).await);
                within(&world, i64::from(POOL) + LANES as i64).await;
            }
            println!("{peak} connections at most, {} allowed", POOL as usize + LANES);
        };
        let visiting = async {
            let tasks = stream::iter(visits).map(|(n, round)| {
                let tenancy = tenancy.clone();
                tokio::spawn(visit(tenancy, n, round))
            });
            tasks.buffer_unordered(24).for_each(async |outcome| outcome.unwrap()).await;
            done.store(true, Ordering::Relaxed);
        };
        futures_util::future::join(watch, visiting).await;
        for n in 0..HOT {
            let hot = slug(1 + n * (REGISTERED / ACTIVE));
            assert!(
                lane(&tenancy, &hot).is_some(),
                "{hot} has no lane: {:?}",
                tenancy.connections()
            );
        }
        world.all_told_right().await;
        let sql = "SELECT COUNT(*) AS rows, COUNT(DISTINCT tenant_id) AS tenants FROM ledger";
        let counts = tenancy_tests::entity::rows(&world.shop.eye, sql).await;
        assert_eq!(counts, [format!(r#"{{"rows":{},"tenants":{ACTIVE}}}"#, 2 * ACTIVE)]);
        tenancy.close().await.unwrap();
        assert_eq!(tenancy.connections().open, 0);
        within(&world, 0).await;
    });
}
