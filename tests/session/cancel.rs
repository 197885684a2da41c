//! EDGE 43: whatever is dropped, and wherever, the connection's next borrower is nobody.

use futures_util::StreamExt;
use sea_orm::{EntityTrait, TransactionTrait};
use tenancy::{Lanes, TenantDb};
use tenancy_tests::{
    cut::cut,
    entity::{ledger, order, rows},
};

use crate::world::{self, App, World, entry, read, totals};

async fn single(db: &TenantDb) {
    read(db).await;
}

async fn begin(db: &TenantDb) {
    drop(db.begin().await.unwrap());
}

async fn stream(db: &TenantDb) {
    let mut rows = order::Entity::find().stream(db).await.unwrap();
    while rows.next().await.transpose().unwrap().is_some() {}
}

/// A request: reads, a transaction with a savepoint and a stream in it, a commit. Two entries.
async fn request(db: &TenantDb) {
    single(db).await;
    let outer = db.begin().await.unwrap();
    ledger::Entity::insert(entry("one")).exec(&outer).await.unwrap();
    drop(outer.begin().await.unwrap());
    let inner = outer.begin().await.unwrap();
    ledger::Entity::insert(entry("two")).exec(&inner).await.unwrap();
    inner.commit().await.unwrap();
    let mut rows = ledger::Entity::find().stream(&outer).await.unwrap();
    rows.next().await.unwrap().unwrap();
    drop(rows);
    outer.commit().await.unwrap();
}

/// Drops some work of acme's at every await, and looks at the one connection each time.
async fn cut_everywhere(world: &World, app: &App, work: impl AsyncFn(&TenantDb)) -> usize {
    cut_when(world, app, async || {}, work).await
}

/// The same, each time when it is ready.
async fn cut_when(
    world: &World,
    app: &App,
    ready: impl AsyncFn(),
    work: impl AsyncFn(&TenantDb),
) -> usize {
    for cuts in 0.. {
        ready().await;
        let finished = cut(work(&app.acme), cuts).await.is_some();
        // Gets the connection at once after what was cut off.
        app.nothing_is_left().await;
        assert_eq!(read(&app.globex).await, totals("globex"), "after {cuts} polls");
        assert_eq!(read(&app.acme).await, totals("acme"), "after {cuts} polls");
        world.shop.no_transaction(cuts).await;
        let entries = world.entries("acme").await.len();
        assert_eq!(entries % 2, 0, "half a request after {cuts} polls");
        assert_eq!(world.entries("globex").await, [""; 0]);
        if finished {
            world.all_told_right().await;
            return cuts;
        }
    }
    unreachable!("nobody counts that far")
}

pub(crate) async fn cut_all(world: &World, app: &App) {
    at_least(1, async || cut_everywhere(world, app, single).await).await;
    at_least(1, async || cut_everywhere(world, app, stream).await).await;
    // Begins in a task, which is waited for once.
    at_least(1, async || cut_everywhere(world, app, begin).await).await;
    at_least(4, async || cut_everywhere(world, app, request).await).await;
}

/// Each round trip pends once, unless its answer is there before it is asked for, as it can be on
/// a busy machine: then it is tried again.
async fn at_least(wanted: usize, cut: impl AsyncFn() -> usize) {
    let mut most = 0;
    for _ in 0..20 {
        most = most.max(cut().await);
        if most >= wanted {
            return;
        }
    }
    panic!("{most} cuts at most, and not {wanted}");
}

#[test]
fn dropped_at_every_await() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        cut_all(&world, &app).await;
        app.close().await;
    });
}

#[test]
fn dropped_at_every_await_on_a_lane() {
    world::run(async |world| {
        let lanes = Lanes::new().connections(1);
        let app = world.with_lanes(&world.url(&world.server), 1, lanes).await;
        app.warm_up(&app.acme).await;
        // A connection that was closed since nobody knew what it had begun is opened again.
        let ready = async || {
            if app.lane("acme").is_none_or(|lane| lane.idle + lane.held == 0) {
                app.warm_up(&app.acme).await;
            }
            app.lane_is_free("acme", 1).await;
        };
        at_least(1, async || cut_when(&world, &app, ready, single).await).await;
        at_least(1, async || cut_when(&world, &app, ready, stream).await).await;
        at_least(1, async || cut_when(&world, &app, ready, begin).await).await;
        at_least(4, async || cut_when(&world, &app, ready, request).await).await;
        // The pool has one connection, so what was written on another was written on a lane.
        let held = app.acme.begin().await.unwrap();
        request(&app.acme).await;
        held.rollback().await.unwrap();
        let pids = "SELECT COUNT(DISTINCT pid) > 1 AS lane FROM ledger WHERE tenant_id = 'acme'";
        assert_eq!(rows(&world.shop.eye, pids).await, [r#"{"lane":true}"#]);
        app.close().await;
    });
}

/// The runtime of one caller goes away with its transaction; the pool serves others.
#[test]
fn a_runtime_goes_away() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        for given_up in [false, true] {
            let acme = app.acme.clone();
            let gone = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
                let runtime = runtime.unwrap();
                let transaction = runtime.block_on(async {
                    let transaction = acme.begin().await.unwrap();
                    ledger::Entity::insert(entry("never")).exec(&transaction).await.unwrap();
                    transaction
                });
                if given_up {
                    // Whatever tidies up after it is cut short.
                    let _inside = runtime.enter();
                    drop(transaction);
                } else {
                    runtime.spawn(async move {
                        std::future::pending::<()>().await;
                        drop(transaction);
                    });
                }
                runtime.shutdown_background();
            });
            gone.join().unwrap();
            app.nothing_is_left().await;
            assert_eq!(read(&app.globex).await, totals("globex"));
            assert_eq!(world.entries("acme").await, [""; 0]);
        }
        world.shop.no_transaction(0).await;
        app.close().await;
    });
}

#[test]
fn many_at_once() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 2).await;
        for cuts in 0..24 {
            let acme = (0..6).map(|n| cut(request(&app.acme), cuts + n));
            let globex = (0..6).map(|n| cut(single(&app.globex), cuts + n));
            let (acme, globex) =
                (futures_util::future::join_all(acme), futures_util::future::join_all(globex));
            futures_util::future::join(acme, globex).await;
            for _ in 0..4 {
                app.nothing_is_left().await;
            }
            assert_eq!(world.entries("acme").await.len() % 2, 0);
        }
        world.shop.no_transaction(0).await;
        world.all_told_right().await;
        assert_eq!(world.entries("globex").await, [""; 0]);
        app.close().await;
    });
}
