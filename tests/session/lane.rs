//! Lanes: connections that belong to one tenant from birth to death.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, EntityTrait, TransactionTrait};
use tenancy::{Lanes, Rls, Tenancy};
use tenancy_tests::{
    entity::{ledger, order, rows},
    wait::until,
};

use crate::{
    proxy::Proxy,
    trips::{measure, measure_when},
    world::{self, World, entry, lane, read, totals, work},
};

#[test]
fn a_statement_takes_one_round_trip() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let lanes = Lanes::new().connections(1);
        let app = world.with_lanes(&world.url(&proxy.place), 1, lanes).await;
        app.warm_up(&app.acme).await;
        let [read, insert, update, stream, transaction, savepoint, _] =
            measure_when(&proxy, &app.acme, &async || app.lane_is_free("acme", 1).await).await;
        assert_eq!([read, insert, update, stream], [1; 4]);
        assert_eq!((transaction, savepoint), (1 + 2 + 1, 2 + 2 + 2));
        // A statement that failed: whether the connection is still there is asked behind its back.
        // What the pool's connection still has to do is not counted.
        app.nothing_is_left().await;
        for round in 0..3 {
            app.lane_is_free("acme", 1).await;
            let before = proxy.trips();
            assert!(app.acme.execute_unprepared("SELECT 1/0 FROM orders").await.is_err());
            app.lane_is_free("acme", 1).await;
            let trips = proxy.trips() - before;
            assert!(trips == 1 || round == 0, "{trips}");
        }
        // Another tenant goes by the pool, and so does this one while its lane is in use.
        let all = measure(&proxy, &app.globex).await;
        assert_eq!(all[0], 3, "{all:?}");
        // What failed last is rolled back before the pool's connection reads again.
        world::read(&app.globex).await;
        app.lane_is_free("acme", 1).await;
        let held = app.acme.begin().await.unwrap();
        let before = proxy.trips();
        world::read(&app.acme).await;
        assert_eq!(proxy.trips() - before, 3);
        held.commit().await.unwrap();
        world.all_told_right().await;
        app.close().await;
    });
}

#[test]
fn nobody_can_change_what_a_lane_says() {
    world::run(async |world| {
        let lanes = Lanes::new().connections(1);
        let app = world.with_lanes(&world.url(&world.server), 1, lanes).await;
        app.warm_up(&app.acme).await;
        for text in [
            "SET tenancy.tenant_id = 'globex'",
            "RESET tenancy.tenant_id",
            "RESET ALL",
            "DISCARD ALL",
            "SELECT set_config('tenancy.tenant_id', 'globex', false) FROM orders",
        ] {
            assert!(app.acme.execute_unprepared(text).await.is_err(), "{text}");
            let txn = app.acme.begin().await.unwrap();
            assert!(txn.execute_unprepared(text).await.is_err(), "{text}");
            drop(txn);
        }
        app.lane_is_free("acme", 1).await;
        work(&app.acme, "still").await;
        world.all_told_right().await;
        app.close().await;
    });
}

/// On which connections a tenant has written.
async fn pids(world: &World, tenant: &str) -> Vec<String> {
    let sql = format!("SELECT DISTINCT pid FROM ledger WHERE tenant_id = '{tenant}' ORDER BY pid");
    rows(&world.shop.eye, &sql).await
}

#[test]
fn lanes_belong_to_one_tenant() {
    world::run(async |world| {
        let lanes = Lanes::new().connections(5).per_tenant(3);
        let app = world.with_lanes(&world.url(&world.server), 1, lanes).await;
        for round in 0..6 {
            let marks: Vec<_> = (0..4).map(|n| format!("{round} {n}")).collect();
            let tenants = [&app.acme, &app.globex];
            join_all(tenants.iter().flat_map(|db| marks.iter().map(|mark| work(db, mark)))).await;
            app.nothing_is_left().await;
        }
        world.all_told_right().await;
        assert_eq!(world.entries("acme").await, world.entries("globex").await);
        let (acme, globex) = (pids(&world, "acme").await, pids(&world, "globex").await);
        assert!(acme.len() > 1 && globex.len() > 1, "{acme:?} {globex:?}");
        let shared = acme.iter().filter(|pid| globex.contains(pid)).count();
        assert!(shared <= 1, "more than the one connection of the pool served both");
        let report = app.tenancy.connections();
        assert!(report.open <= 5 && report.tenants.iter().all(|it| it.lane), "{report:?}");
        app.close().await;
    });
}

#[test]
fn hot_tenants_have_lanes_and_cold_ones_do_not_drive_them_out() {
    world::run(async |world| {
        let lanes = Lanes::new().connections(1);
        let app = world.with_lanes(&world.url(&world.server), 1, lanes).await;
        for _ in 0..7 {
            assert_eq!(read(&app.globex).await, totals("globex"));
        }
        assert!(app.tenancy.connections().tenants.is_empty(), "seldom asked for");
        let asked = app.warm_up(&app.acme).await + 100;
        for _ in 0..100 {
            assert_eq!(read(&app.acme).await, totals("acme"));
        }
        for _ in 0..60 {
            assert_eq!(read(&app.globex).await, totals("globex"));
        }
        assert!(app.lane("acme").is_some() && app.lane("globex").is_none());
        // Now the other one is asked for more. What is in use is not cut.
        let held = app.acme.begin().await.unwrap();
        for _ in 0..2 * asked {
            assert_eq!(read(&app.globex).await, totals("globex"));
            assert_eq!(read(&held).await, totals("acme"));
        }
        assert!(app.lane("globex").is_none_or(|lane| lane.idle == 0));
        ledger::Entity::insert(entry("held")).exec(&held).await.unwrap();
        held.commit().await.unwrap();
        app.lane_is_free("globex", 1).await;
        assert!(app.lane("acme").is_none());
        assert_eq!(read(&app.acme).await, totals("acme"));
        assert_eq!(read(&app.globex).await, totals("globex"));
        assert_eq!(world.entries("acme").await.len(), 1);
        world.all_told_right().await;
        app.close().await;
    });
}

/// A tenancy that may suspend tenants.
async fn operated(world: &World, lanes: Lanes) -> Tenancy {
    let builder = Tenancy::builder()
        .database(world.url(&world.server))
        .operator(&world.shop.scratch.url)
        .isolation(Rls::new().lanes(lanes));
    builder.connect().await.unwrap()
}

#[test]
fn the_lane_of_a_tenant_that_is_not_served_is_closed() {
    world::run(async |world| {
        let tenancy = operated(&world, Lanes::new().per_tenant(1)).await;
        let acme = tenancy.db("acme").await.unwrap();
        let globex = tenancy.db("globex").await.unwrap();
        for db in [&acme, &globex] {
            until("it has a lane", async || {
                read(db).await;
                lane(&tenancy, db.tenant().id.as_str()).is_some_and(|lane| lane.idle > 0)
            })
            .await;
        }
        let held = acme.begin().await.unwrap();
        tenancy.suspend(&acme.tenant().id).await.unwrap();
        // A handle from before goes on, by the pool.
        assert_eq!(read(&acme).await, totals("acme"));
        assert!(lane(&tenancy, "acme").is_some_and(|lane| lane.held == 1));
        assert_eq!(read(&held).await, totals("acme"), "it is drained and not cut");
        held.commit().await.unwrap();
        until("its lane is gone", async || lane(&tenancy, "acme").is_none()).await;
        for _ in 0..50 {
            assert_eq!(read(&acme).await, totals("acme"));
        }
        assert!(lane(&tenancy, "acme").is_none());
        assert!(lane(&tenancy, "globex").is_some_and(|lane| lane.idle == 1));
        // Served again, it has one again.
        tenancy.activate(&acme.tenant().id).await.unwrap();
        let acme = tenancy.db("acme").await.unwrap();
        until("it has a lane again", async || {
            read(&acme).await;
            lane(&tenancy, "acme").is_some_and(|lane| lane.idle > 0)
        })
        .await;
        tenancy.delete(&acme.tenant().id).await.unwrap();
        until("its lane is gone", async || lane(&tenancy, "acme").is_none()).await;
        tenancy.close().await.unwrap();
        assert_eq!(tenancy.connections().open, 0);
    });
}

#[test]
fn lanes_nobody_uses_are_closed() {
    world::run(async |world| {
        let lanes = Lanes::new().idle_timeout(Duration::from_millis(20));
        let app = world.with_lanes(&world.url(&world.server), 1, lanes).await;
        until("it has a lane", async || {
            read(&app.acme).await;
            app.lane("acme").is_some()
        })
        .await;
        until("it is closed", async || app.tenancy.connections().open == 0).await;
        assert_eq!(read(&app.acme).await, totals("acme"));
        app.close().await;
    });
}

/// The server goes away, for a while or for one connection.
#[test]
fn lanes_come_back_after_their_server() {
    world::run(async |world| {
        let eye = &world.shop.eye;
        let url = format!("{}?application_name=lanes", world.url(&world.server));
        let app = world.with_lanes(&url, 1, Lanes::new().per_tenant(2)).await;
        let name = world.shop.scratch.name();
        let admit =
            |yes| format!("UPDATE pg_database SET datallowconn = {yes} WHERE datname = '{name}'");
        for away in [false, true] {
            until("it has a lane of two", async || {
                join_all((0..4).map(|_| read(&app.acme))).await;
                app.lane("acme").is_some_and(|lane| lane.idle == 2)
            })
            .await;
            if away {
                eye.execute_unprepared(&admit(false)).await.unwrap();
            }
            let kill = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                        WHERE application_name LIKE 'lanes#%' AND datname = current_database()";
            eye.execute_unprepared(kill).await.unwrap();
            let mut failures = 0;
            let mut successes = 0;
            while successes < 50 {
                match order::Entity::find().all(&app.acme).await {
                    Ok(orders) => {
                        assert!(
                            orders.len() == 6 && orders.iter().all(|it| it.tenant_id == "acme")
                        );
                        successes += 1;
                    }
                    Err(_) => {
                        failures += 1;
                        successes = 0;
                        // Those that were idle together are not found out one by one.
                        assert!(away || failures <= 2, "{failures} failures");
                        if away && failures == 5 {
                            eye.execute_unprepared(&admit(true)).await.unwrap();
                        }
                    }
                }
            }
            assert!(failures > 0);
        }
        app.warm_up(&app.acme).await;
        app.close().await;
    });
}
