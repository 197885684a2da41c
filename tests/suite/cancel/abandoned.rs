//! EDGE 44: what nobody waits for any more. The server cancels it, and its connection is there for the
//! next; on SQLite it goes on, and its connection is nobody's before it has come to its end.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryOrder, Statement,
    TransactionTrait,
};
use tenancy::{Database, Tenancy, TenantDb};
use tenancy_tests::{
    Engine, Shop, Strategy,
    entity::{ledger, order, rows},
    shop,
    wait::until,
};
use tokio::{runtime::Handle, task::spawn_blocking};

/// Long enough for a statement to get to the server and wait there.
const SOON: Duration = Duration::from_millis(50);

/// A minute of the server's, for each row.
const SLEEP: &str = "SELECT SLEEP(60 + o.id) AS n FROM orders o";

/// Runs a test on a thread of its own, where it need not be able to move to another.
fn run<F: Future<Output = ()>>(
    engine: Engine,
    strategy: Strategy,
    body: impl FnOnce(Arc<Shop>) -> F + Send + 'static,
) {
    shop::run_in(engine, strategy, |shop| async move {
        let runtime = Handle::current();
        let test = spawn_blocking(move || runtime.block_on(async { body(shop).await }));
        if let Err(error) = test.await {
            resume_unwind(error.into_panic());
        }
    });
}

/// An application with a single connection, and its tenants.
struct App {
    tenancy: Tenancy,
    acme: TenantDb,
    globex: TenantDb,
}

impl App {
    async fn of(shop: &Shop) -> Self {
        Self::with(shop, 1).await
    }

    async fn with(shop: &Shop, connections: u32) -> Self {
        let builder = Tenancy::builder()
            .database(&shop.scratch.url)
            .max_connections(connections)
            .allow_function("sleep", "to be slow")
            .allow_function("release_all_locks", "to lose the name of a connection");
        let builder = match shop.strategy {
            Strategy::Database => builder.isolation(Database::new().prefix(shop.scratch.prefix())),
            _ => builder,
        };
        let tenancy = builder.connect().await.unwrap();
        let (acme, globex) =
            (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());
        Self { tenancy, acme, globex }
    }

    async fn close(self) {
        let Self { tenancy, acme, globex } = self;
        drop((acme, globex));
        tenancy.close().await.unwrap();
    }
}

async fn totals(db: &impl ConnectionTrait) -> Vec<i64> {
    let orders = order::Entity::find().order_by_asc(order::Column::Id).all(db).await.unwrap();
    orders.into_iter().map(|order| order.total).collect()
}

fn own(factor: i64) -> Vec<i64> {
    (1..=6).map(|n| n * factor).collect()
}

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

/// How many connections the server runs a statement like this on.
async fn running(shop: &Shop, like: &str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE INFO LIKE '{like}%' \
         AND (DB = DATABASE() OR DB LIKE '{}%')",
        shop.scratch.prefix()
    );
    let statement = Statement::from_string(shop.eye.get_database_backend(), sql);
    Count::find_by_statement(statement).one(&shop.eye).await.unwrap().unwrap().n
}

fn text(db: &TenantDb, sql: impl Into<String>) -> Statement {
    Statement::from_string(db.get_database_backend(), sql)
}

/// Drops a slow read when the server is at work on it.
async fn drop_when_it_runs(shop: &Shop, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => panic!("a slow statement was done"),
        () = until("a slow statement runs", async || running(shop, "SELECT SLEEP").await > 0) => {}
    }
}

/// On its one connection the application goes on at once, although each statement would take
/// minutes; and what comes next is what was asked for.
async fn abandon(shop: &Shop) {
    let app = App::of(shop).await;
    for nonce in 0..5 {
        drop_when_it_runs(shop, async {
            drop(app.acme.query_all_raw(text(&app.acme, SLEEP)).await);
        })
        .await;
        let sql = format!("SELECT MAX(o.id) + {nonce} AS n FROM orders o");
        let next = Count::find_by_statement(text(&app.globex, sql)).one(&app.globex).await;
        assert_eq!(next.unwrap().unwrap().n, 6 + nonce, "the answer to another question");
        assert_eq!(totals(&app.globex).await, own(1_000));
        until("the server is idle", async || running(shop, "SELECT SLEEP").await == 0).await;
    }

    // A stream.
    drop_when_it_runs(shop, async {
        use sea_orm::StreamTrait;
        let mut rows = app.acme.stream_raw(text(&app.acme, SLEEP)).await.unwrap();
        drop(rows.next().await);
    })
    .await;
    assert_eq!(totals(&app.globex).await, own(1_000));

    // A write, and what a transaction wrote before it.
    drop_when_it_runs(shop, async {
        let transaction = app.acme.begin().await.unwrap();
        order::Entity::delete_many().exec(&transaction).await.unwrap();
        let inner = transaction.begin().await.unwrap();
        drop(inner.query_all_raw(text(&app.acme, "SELECT SLEEP(60) AS n")).await);
    })
    .await;
    assert_eq!(totals(&app.acme).await, own(1), "nothing was committed");
    assert_eq!(totals(&app.globex).await, own(1_000));
    shop.no_transaction(0).await;

    // Also where its caller still has the transaction, which can only be rolled back then.
    let transaction = app.acme.begin().await.unwrap();
    order::Entity::delete_many().exec(&transaction).await.unwrap();
    drop_when_it_runs(shop, async {
        drop(transaction.query_all_raw(text(&app.acme, SLEEP_ALONE)).await);
    })
    .await;
    assert!(transaction.query_all_raw(text(&app.acme, SLEEP)).await.is_err());
    transaction.rollback().await.unwrap();
    assert_eq!(totals(&app.acme).await, own(1), "nothing was committed");
    until("the server is idle", async || running(shop, "SELECT SLEEP").await == 0).await;
    app.close().await;
}

/// As [`SLEEP`], without a table.
const SLEEP_ALONE: &str = "SELECT SLEEP(60) AS n";

#[test]
fn mysql_cancels() {
    run(Engine::MySql, Strategy::Row, |shop| async move { abandon(&shop).await });
}

#[test]
fn mysql_database_cancels() {
    run(Engine::MySql, Strategy::Database, |shop| async move { abandon(&shop).await });
}

#[test]
fn mysql_a_hundred_hold_nobody() {
    run(Engine::MySql, Strategy::Row, |shop| async move {
        let lock = shop.eye.begin().await.unwrap();
        lock.execute_unprepared("SELECT * FROM orders WHERE tenant_id = 'acme' FOR UPDATE")
            .await
            .unwrap();
        let app = App::of(&shop).await;
        let slow = |n: i64| {
            let sql = format!("UPDATE orders SET total = {n}");
            tokio::time::timeout(SOON, app.acme.execute_raw(text(&app.acme, sql)))
        };
        assert!(join_all((0..100).map(slow)).await.iter().all(Result::is_err));
        for _ in 0..10 {
            assert_eq!(totals(&app.globex).await, own(1_000));
        }
        let update = async || running(&shop, "UPDATE").await == 0;
        until("the server is idle", update).await;
        lock.rollback().await.unwrap();
        assert_eq!(totals(&app.acme).await, own(1), "nothing was written");
        app.close().await;
    });
}

/// What is dropped is over at any moment, also just when it is cancelled: whoever comes next is
/// neither cancelled nor answered for it.
#[test]
fn mysql_a_late_cancellation_hits_nobody() {
    run(Engine::MySql, Strategy::Row, |shop| async move {
        let app = App::of(&shop).await;
        for n in 0..200_u32 {
            // Some end before they are cancelled, some meanwhile.
            let sql = format!("SELECT SLEEP(0.{:03}) AS n", n % 40);
            let wait = Duration::from_micros(200 * u64::from(n % 20));
            drop(tokio::time::timeout(wait, app.acme.query_all_raw(text(&app.acme, sql))).await);
            let sql = format!("SELECT COUNT(*) + {n} AS n FROM orders o");
            let next = Count::find_by_statement(text(&app.globex, sql)).one(&app.globex).await;
            assert_eq!(next.unwrap().unwrap().n, 6 + i64::from(n));
        }
        app.close().await;
    });
}

/// Who waits for a slow statement gets its answer, however many others give theirs up meanwhile.
#[test]
fn mysql_what_somebody_waits_for_is_not_cancelled() {
    run(Engine::MySql, Strategy::Row, |shop| async move {
        let app = App::with(&shop, 4).await;
        let wanted = async {
            for n in 0..20 {
                let sql = format!("SELECT SLEEP(0.1) + {n} AS n");
                let found = Count::find_by_statement(text(&app.globex, sql)).one(&app.globex).await;
                assert_eq!(found.unwrap().unwrap().n, n, "cancelled instead of another");
            }
        };
        let unwanted = async {
            for n in 0..60_u64 {
                let wait = Duration::from_millis(15 + n % 30);
                let slow = app.acme.query_all_raw(text(&app.acme, SLEEP_ALONE));
                assert!(tokio::time::timeout(wait, slow).await.is_err());
            }
        };
        tokio::join!(wanted, unwanted);
        until("the server is idle", async || running(&shop, "SELECT SLEEP").await == 0).await;
        app.close().await;
    });
}

/// What is cancelled is whatever runs on a connection, and in a transaction that can be several: each
/// has its turn.
#[test]
fn mysql_a_transaction_goes_on() {
    run(Engine::MySql, Strategy::Row, |shop| async move {
        let app = App::of(&shop).await;
        let transaction = app.acme.begin().await.unwrap();
        for round in 0..5_i64 {
            use sea_orm::StreamTrait;
            let mut rows = transaction.stream_raw(text(&app.acme, SLEEP)).await.unwrap();
            assert!(tokio::time::timeout(SOON, rows.next()).await.is_err());
            drop(rows);
            let sql = format!("UPDATE orders SET total = total + 1 WHERE total > {round}");
            transaction.execute_raw(text(&app.acme, sql)).await.unwrap();
            let nested = transaction.begin().await.unwrap();
            assert_eq!(totals(&nested).await.len(), 6);
            nested.commit().await.unwrap();
        }
        transaction.commit().await.unwrap();
        assert_eq!(totals(&app.acme).await, (6..=11).collect::<Vec<_>>());

        let transaction = app.acme.begin().await.unwrap();
        let sql = "SELECT SLEEP(0.3) + 7 AS n";
        let wanted = Count::find_by_statement(text(&app.acme, sql)).one(&transaction);
        let unwanted = transaction.query_all_raw(text(&app.acme, SLEEP_ALONE));
        let (wanted, unwanted) = tokio::join!(wanted, tokio::time::timeout(SOON, unwanted));
        assert!(unwanted.is_err());
        assert_eq!(wanted.unwrap().unwrap().n, 7, "cancelled instead of another");
        transaction.rollback().await.unwrap();
        app.close().await;
    });
}

/// A connection that lost its name has no statement cancelled, and nobody else has either.
#[test]
fn mysql_without_a_name_nothing_is_cancelled() {
    run(Engine::MySql, Strategy::Row, |shop| async move {
        let app = App::of(&shop).await;
        let release = "SELECT CAST(RELEASE_ALL_LOCKS() AS SIGNED) AS n";
        let lost = Count::find_by_statement(text(&app.acme, release)).one(&app.acme).await;
        assert_eq!(lost.unwrap().unwrap().n, 1, "a connection has one lock");
        let slow = text(&app.acme, "SELECT SLEEP(0.5) AS n");
        assert!(tokio::time::timeout(SOON, app.acme.query_all_raw(slow)).await.is_err());
        assert_eq!(running(&shop, "SELECT SLEEP").await, 1);
        assert_eq!(totals(&app.globex).await, own(1_000));
        app.close().await;
    });
}

/// A write that nobody waits for.
const SLOW: &str = "INSERT INTO ledger (entry, amount) \
    WITH RECURSIVE many AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM many WHERE n < 300000) \
    SELECT 'slow', n FROM many WHERE n % 1000 = 0";

/// SQLite has no server to cancel anything on: a thread of the driver's comes to the end of what it
/// was told. Its connection is lent again only then, so nobody meets half of it.
#[test]
fn sqlite_goes_on() {
    run(Engine::Sqlite, Strategy::Row, |shop| async move {
        let app = App::of(&shop).await;
        let (mut before, mut went_on) = (0, false);
        for _ in 0..500 {
            let slow = app.acme.execute_raw(text(&app.acme, SLOW));
            let given_up = tokio::time::timeout(Duration::from_millis(1), slow).await;
            // Whoever comes next waits for all of it.
            assert_eq!(totals(&app.globex).await, own(1_000));
            let written = ledger::Entity::find().count(&app.acme).await.unwrap();
            assert_eq!(written % 300, 0, "half a statement");
            // Whether the thread had it already is not for us to say.
            went_on = given_up.is_err() && written > before;
            before = written;
            if went_on {
                break;
            }
        }
        assert!(went_on, "no statement went on without its caller");
        let transaction = app.acme.begin().await.unwrap();
        order::Entity::delete_many().exec(&transaction).await.unwrap();
        let slow = transaction.execute_raw(text(&app.acme, SLOW));
        drop(tokio::time::timeout(Duration::from_millis(1), slow).await);
        drop(transaction);
        assert_eq!(totals(&app.globex).await, own(1_000));
        assert_eq!(totals(&app.acme).await, own(1), "nothing was committed");
        let none = "SELECT * FROM ledger WHERE tenant_id = 'globex'";
        assert_eq!(rows(&shop.eye, none).await, [""; 0]);
        app.close().await;
    });
}
