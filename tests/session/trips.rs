//! How often the server is asked, and how tenants that take turns are told apart.

use futures_util::{TryStreamExt, future::join_all};
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, TransactionTrait};
use tenancy::TenantDb;
use tenancy_tests::entity::{ledger, order};

use crate::{
    proxy::Proxy,
    world::{self, App, entry, read, totals, work},
};

/// How many round trips some work takes, when its statements are prepared.
async fn trips<T>(proxy: &Proxy, ready: &impl AsyncFn(), work: impl AsyncFn() -> T) -> usize {
    ready().await;
    work().await;
    ready().await;
    let before = proxy.trips();
    work().await;
    proxy.trips() - before
}

/// The round trips of one statement, of two in a transaction, and of these in a savepoint.
pub(crate) async fn measure(proxy: &Proxy, db: &TenantDb) -> [usize; 7] {
    measure_when(proxy, db, &async || {}).await
}

/// The same, each time when it is ready.
pub(crate) async fn measure_when(
    proxy: &Proxy,
    db: &TenantDb,
    ready: &impl AsyncFn(),
) -> [usize; 7] {
    let twice = async |txn: &tenancy::TenantTransaction| {
        read(txn).await;
        read(txn).await;
    };
    let mut insert = ledger::Entity::insert(entry("counted")).into_query();
    let insert =
        ConnectionTrait::get_database_backend(db).build(insert.returning_col(ledger::Column::Id));
    [
        trips(proxy, ready, async || read(db).await).await,
        trips(proxy, ready, async || db.query_one_raw(insert.clone()).await.unwrap()).await,
        trips(proxy, ready, async || {
            db.execute_unprepared("UPDATE orders SET total = total").await.unwrap()
        })
        .await,
        trips(proxy, ready, async || {
            let rows = order::Entity::find().stream(db).await.unwrap();
            rows.try_collect::<Vec<_>>().await.unwrap().len()
        })
        .await,
        trips(proxy, ready, async || {
            let txn = db.begin().await.unwrap();
            twice(&txn).await;
            txn.commit().await.unwrap();
        })
        .await,
        trips(proxy, ready, async || {
            let txn = db.begin().await.unwrap();
            let savepoint = txn.begin().await.unwrap();
            twice(&savepoint).await;
            savepoint.commit().await.unwrap();
            txn.commit().await.unwrap();
        })
        .await,
        trips(proxy, ready, async || {
            db.execute_unprepared("SELECT 1/0 FROM orders").await.is_err()
        })
        .await,
    ]
}

#[test]
fn a_statement_takes_three_round_trips_and_in_a_transaction_one() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let url = world.url(&proxy.place);
        let app = world.app(&url, 1).await;
        let [read, insert, update, stream, transaction, savepoint, failure] =
            measure(&proxy, &app.acme).await;
        assert_eq!([read, insert, update, stream], [3; 4]);
        assert_eq!((transaction, savepoint), (2 + 2, 2 + 2 + 2));
        // `BEGIN`, what fails, and in the background `ROLLBACK`, of the one before at least.
        assert!((2..=4).contains(&failure), "{failure}");
        assert!(proxy.pings() > 0);
        app.close().await;
    });
}

/// EDGE 27: whether a tenant is still served is asked in a round trip that is made anyway.
#[test]
fn asking_whether_a_tenant_is_served_takes_no_round_trip() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let url = world.url(&proxy.place);
        let app = world.asking(&url, 1).await;
        let [read, insert, update, stream, transaction, savepoint, _] =
            measure(&proxy, &app.acme).await;
        assert_eq!([read, insert, update, stream], [3; 4]);
        assert_eq!((transaction, savepoint), (2 + 2, 2 + 2 + 2));
        app.close().await;
    });
}

#[test]
fn without_a_context_a_statement_takes_one() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let app = world.silent(&world.url(&proxy.place), 1).await;
        let silent =
            trips(&proxy, &async || {}, async || app.acme.query_all_raw(orders()).await.unwrap())
                .await;
        assert_eq!(silent, 1);
        // And the policies let nobody through who does not say who he is.
        assert_eq!(read(&app.acme).await, [0_i64; 0]);
        assert!(ledger::Entity::insert(entry("nameless")).exec(&app.acme).await.is_err());
        app.close().await;
    });
}

fn orders() -> sea_orm::Statement {
    order::Entity::find().build(sea_orm::DbBackend::Postgres)
}

/// Tenants in turn and at once, more than there are connections.
pub(crate) async fn interleave(app: &App, rounds: usize) {
    for round in 0..rounds {
        for db in [&app.acme, &app.globex] {
            work(db, &format!("turn {round}")).await;
            app.nothing_is_left().await;
        }
    }
    let marks: Vec<_> = (0..rounds * 2).map(|n| format!("task {n}")).collect();
    join_all(marks.iter().flat_map(|mark| [work(&app.acme, mark), work(&app.globex, mark)])).await;
    app.nothing_is_left().await;
}

fn tenants_take_turns(connections: u32) {
    world::run(async move |world| {
        let app = world.app(&world.url(&world.server), connections).await;
        interleave(&app, 4).await;
        assert_eq!(read(&app.globex).await, totals("globex"));
        assert_eq!(world.entries("acme").await.len(), 2 * (4 + 8));
        assert_eq!(world.entries("acme").await, world.entries("globex").await);
        world.all_told_right().await;
        world.shop.no_transaction(0).await;
        app.close().await;
    });
}

/// EDGE 42: what a transaction is told is gone with it, and nobody is served without having been told.
#[test]
fn tenants_take_turns_on_one_connection() {
    tenants_take_turns(1);
}

#[test]
fn tenants_take_turns_on_four_connections() {
    tenants_take_turns(4);
}
