//! EDGE 55: how long statements may take is said in the round trip that says for whom they are.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryResult, Statement, TransactionTrait};
use tenancy::{IsolationProvider, Lanes, Rls, Row, Tenancy, Timeouts};
use tenancy_tests::{
    entity::{ledger, rows},
    wait::until,
};

use crate::{
    proxy::Proxy,
    trips::measure,
    world::{self, App, World, entry, lane, read, totals},
};

const BRIEF: Duration = Duration::from_millis(100);

/// Keeps the server busy for so long.
async fn busy(db: &impl ConnectionTrait, seconds: &str) -> Result<Vec<QueryResult>, DbErr> {
    let sql = format!("SELECT pg_sleep({seconds}) FROM (SELECT 1 AS n FROM orders LIMIT 1) AS one");
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await
}

/// Acme is in a tier whose statements are cut short.
async fn app(world: &World, place: &str, isolation: impl IsolationProvider) -> App {
    let tier = "UPDATE tenancy_tenants SET tier = 'free' WHERE id = 'acme'";
    world.shop.eye.execute_unprepared(tier).await.unwrap();
    let builder = Tenancy::builder()
        .database(world.url(place))
        .max_connections(1)
        .allow_function("pg_sleep", "to be slow")
        .timeouts(Timeouts::new().lock(BRIEF))
        .tier_timeouts("free", Timeouts::new().statement(BRIEF))
        .__unscoped_beside_others()
        .isolation(isolation);
    App::of(builder.connect().await.unwrap()).await
}

/// A tier's statements are cut short, another's are not, and each goes on afterwards.
async fn a_tier_is_cut_short(app: &App) {
    let error = busy(&app.acme, "5").await.unwrap_err().to_string();
    assert!(error.contains("statement timeout"), "{error}");
    let txn = app.acme.begin().await.unwrap();
    let error = busy(&txn, "5").await.unwrap_err().to_string();
    assert!(error.contains("statement timeout"), "{error}");
    drop(txn);
    // The other one, on the same connection.
    assert_eq!(busy(&app.globex, "0.2").await.unwrap().len(), 1);
    assert_eq!(read(&app.globex).await, totals("globex"));
    assert_eq!(read(&app.acme).await, totals("acme"));
}

#[test]
fn a_tiers_statements_are_cut_short_in_no_more_round_trips() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let app = app(&world, &proxy.place, Rls::new()).await;
        let [read, insert, update, stream, transaction, ..] = measure(&proxy, &app.acme).await;
        assert_eq!(([read, insert, update, stream], transaction), ([3; 4], 2 + 2));
        a_tier_is_cut_short(&app).await;
        app.nothing_is_left().await;
        app.close().await;
    });
}

#[test]
fn where_the_database_is_told_nothing_a_statement_has_a_transaction() {
    world::run(async |world| {
        let unprotected = "ALTER TABLE orders DISABLE ROW LEVEL SECURITY; \
                           ALTER TABLE ledger DISABLE ROW LEVEL SECURITY";
        world.shop.eye.execute_unprepared(unprotected).await.unwrap();
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let app = app(&world, &proxy.place, Row::new()).await;
        let [read, insert, update, stream, transaction, ..] = measure(&proxy, &app.acme).await;
        assert_eq!(([read, insert, update, stream], transaction), ([3; 4], 2 + 2));
        a_tier_is_cut_short(&app).await;
        app.close().await;
    });
}

#[test]
fn a_lane_is_told_when_it_starts() {
    world::run(async |world| {
        let lanes = Lanes::new().connections(1);
        let app = app(&world, &world.server, Rls::new().lanes(lanes)).await;
        app.warm_up(&app.acme).await;
        let lane = || lane(&app.tenancy, "acme");
        let slow = tokio::spawn({
            let acme = app.acme.clone();
            async move { busy(&acme, "5").await.map(drop) }
        });
        until("it is on the lane", async || lane().is_some_and(|lane| lane.held == 1)).await;
        let error = slow.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("statement timeout"), "{error}");
        a_tier_is_cut_short(&app).await;
        // In another tier it is told something else.
        let tier = "UPDATE tenancy_tenants SET tier = 'gold' WHERE id = 'acme'";
        world.shop.eye.execute_unprepared(tier).await.unwrap();
        app.tenancy.forget_all_tenants();
        let acme = app.tenancy.db("acme").await.unwrap();
        until("it has a lane again", async || {
            read(&acme).await;
            lane().is_some_and(|lane| lane.idle == 1)
        })
        .await;
        for _ in 0..3 {
            assert_eq!(busy(&acme, "0.2").await.unwrap().len(), 1);
        }
        app.close().await;
    });
}

#[test]
fn nobody_waits_for_a_lock_or_leaves_a_transaction_open_for_longer() {
    world::run(async |world| {
        let timeouts = Timeouts::new().lock(BRIEF).idle_in_transaction(5 * BRIEF);
        let builder = Tenancy::builder()
            .database(world.url(&world.server))
            .max_connections(2)
            .timeouts(timeouts)
            .__unscoped_beside_others()
            .isolation(Rls::new());
        let app = App::of(builder.connect().await.unwrap()).await;
        let held = app.acme.begin().await.unwrap();
        ledger::Entity::insert(entry("held")).exec(&held).await.unwrap();
        let update = "UPDATE orders SET total = total";
        held.execute_unprepared(update).await.unwrap();
        let error = app.acme.execute_unprepared(update).await.unwrap_err().to_string();
        assert!(error.contains("lock timeout"), "{error}");
        let idle = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                    WHERE datname = current_database() AND state = 'idle in transaction'";
        until("the server has closed it", async || {
            rows(&world.shop.eye, idle).await == [r#"{"n":0}"#]
        })
        .await;
        assert!(ledger::Entity::find().all(&held).await.is_err(), "the server has closed it");
        drop(held);
        for _ in 0..4 {
            assert_eq!(read(&app.acme).await, totals("acme"));
            assert_eq!(read(&app.globex).await, totals("globex"));
        }
        assert_eq!(world.entries("acme").await, [""; 0], "nothing of it was committed");
        app.close().await;
    });
}

#[tokio::test]
async fn what_the_engine_cannot_do_is_refused() {
    let refused = async |timeouts| {
        let builder = Tenancy::builder().database("sqlite::memory:").timeouts(timeouts);
        let error = builder.connect().await.unwrap_err();
        assert!(error.is_config(), "{error}");
        error.to_string()
    };
    let error = refused(Timeouts::new().statement(BRIEF)).await;
    assert!(error.contains("leave out `timeouts`"), "{error}");
    let error = refused(Timeouts::new().statement(Duration::ZERO)).await;
    assert!(error.contains("`statement_timeout` is 0ns"), "{error}");
}
