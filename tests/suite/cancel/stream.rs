//! Streams that nobody reads to the end.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, future::join_all};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, StreamTrait, TransactionTrait, sea_query::Expr,
};
use tenancy::TenantDb;
use tenancy_tests::{Engine, Shop, cut::cut, each_engine, entity::ledger};

/// More than the sockets and the driver keep on the way.
const ROWS: u64 = 3_000;

/// As long as a row of a tenant must be, so that the amount tells whose it is.
const LONG: usize = 200;

async fn fill(db: &TenantDb, amount: i64) {
    for _ in 0..10 {
        let rows = (0..ROWS / 10).map(|_| ledger::ActiveModel {
            entry: Set("x".repeat(LONG)),
            amount: Set(amount),
            ..Default::default()
        });
        ledger::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    }
}

/// Reads some rows of a large result, each of which must be one's own, and drops the rest.
async fn read(db: &(impl ConnectionTrait + StreamTrait), rows: usize, amount: i64) {
    let mut stream = ledger::Entity::find().stream(db).await.unwrap();
    for _ in 0..rows {
        let row = stream.next().await.unwrap().unwrap();
        assert_eq!(row.amount, amount);
    }
}

/// Each tenant sees all of its own and nothing else.
async fn own(db: &impl ConnectionTrait, amount: i64) {
    assert_eq!(ledger::Entity::find().count(db).await.unwrap(), ROWS);
    let foreign = Expr::col(ledger::Column::Amount).ne(amount);
    assert_eq!(ledger::Entity::find().filter(foreign).all(db).await.unwrap(), []);
}

async fn in_time(what: &str, work: impl Future<Output = ()>) {
    let patience = tokio::time::timeout(Duration::from_secs(60), work);
    patience.await.unwrap_or_else(|_| panic!("{what}: a connection never came back"));
}

async fn filled(shop: &Shop) -> [(TenantDb, i64); 2] {
    fill(&shop.acme, 1).await;
    fill(&shop.globex, 2).await;
    [(shop.acme.clone(), 1), (shop.globex.clone(), 2)]
}

each_engine! {
    /// As many at a time as make every connection of the pool be passed on between the tenants.
    async fn dropped_after_some_rows(shop) {
        let tenants = filled(&shop).await;
        for rows in [0, 1, 2, 3, 31, 32, 33, 34, 100, 1_000] {
            in_time(&format!("after {rows} rows"), async {
                join_all((0..4).flat_map(|_| &tenants).map(|(db, amount)| read(db, rows, *amount))).await;
                join_all(tenants.iter().map(|(db, amount)| own(db, *amount))).await;
            }).await;
        }
        shop.no_transaction(0).await;
    }

    /// The opening of a stream, and the wait for a row, are dropped at every await.
    async fn dropped_at_every_await(shop) {
        let tenants = filled(&shop).await;
        let mut cuts = 0;
        loop {
            let reads = (0..4).flat_map(|_| &tenants).map(|(db, amount)| cut(read(db, 50, *amount), cuts));
            let mut finished = false;
            in_time(&format!("after {cuts} polls"), async {
                finished = join_all(reads).await.iter().all(Option::is_some);
                for (db, amount) in &tenants {
                    own(db, *amount).await;
                }
            }).await;
            if finished {
                break;
            }
            cuts += 1;
        }
        shop.no_transaction(cuts).await;
        assert!(cuts > 0, "reading awaited something {cuts} times only");
    }

    /// After a dropped stream the transaction goes on, and ends as it is told to.
    async fn dropped_in_a_transaction(shop) {
        let tenants = filled(&shop).await;
        in_time("in a transaction", async {
            for rows in [0, 1, 2, 40] {
                join_all((0..2).flat_map(|_| &tenants).map(async |(db, amount)| {
                    let outer = db.begin().await.unwrap();
                    read(&outer, rows, *amount).await;
                    own(&outer, *amount).await;
                    read(&outer, rows, *amount).await;
                    let inner = outer.begin().await.unwrap();
                    read(&inner, rows, *amount).await;
                    drop(inner);
                    own(&outer, *amount).await;
                    let inner = outer.begin().await.unwrap();
                    read(&inner, rows, *amount).await;
                    inner.commit().await.unwrap();
                    read(&outer, rows, *amount).await;
                    if rows == 1 { outer.rollback().await } else { outer.commit().await }.unwrap();
                })).await;
                shop.no_transaction(rows).await;
            }
        }).await;
    }

    /// Whether what was written before a dropped stream stays, is decided by the end alone.
    async fn dropped_before_the_end(shop) {
        let tenants = filled(&shop).await;
        let (acme, _) = &tenants[0];
        let outer = acme.begin().await.unwrap();
        let first = ledger::Entity::find().one(&outer).await.unwrap().unwrap();
        let mut changed = first.clone().into_active_model();
        changed.entry = Set("changed".into());
        ledger::Entity::update(changed).exec(&outer).await.unwrap();
        read(&outer, 1, 1).await;
        outer.commit().await.unwrap();
        let undone = acme.begin().await.unwrap();
        ledger::Entity::delete_many().exec(&undone).await.unwrap();
        drop(ledger::Entity::find().stream(&undone).await.unwrap());
        drop(undone);
        own(acme, 1).await;
        let kept = ledger::Entity::find_by_id(first.id).one(acme).await.unwrap().unwrap();
        assert_eq!(kept.entry, "changed");
        own(&tenants[1].0, 2).await;
    }

    /// A stream may outlive its handle, and is complete.
    async fn read_to_the_end(shop) {
        let tenants = filled(&shop).await;
        let shop = Arc::clone(&shop);
        let stream = {
            let db = shop.tenancy.db("acme").await.unwrap();
            tenancy::Repo::<ledger::Entity>::new(db).find().stream().await.unwrap()
        };
        let rows: Vec<_> = stream.try_collect().await.unwrap();
        assert_eq!(rows.len() as u64, ROWS);
        assert!(rows.iter().all(|row| row.amount == tenants[0].1));
    }

    /// An error in the middle of the rows is an error of the stream, and of nothing else.
    async fn failing_half_way(shop) {
        let tenants = filled(&shop).await;
        let (acme, _) = &tenants[0];
        let poison = ledger::ActiveModel { entry: Set("z".into()), amount: Set(i64::MAX), ..Default::default() };
        ledger::Entity::insert(poison).exec_without_returning(acme).await.unwrap();
        let sum = ledger::Entity::find().filter(Expr::col(ledger::Column::Amount).add(1).gt(0));
        for _ in 0..8 {
            let mut rows = sum.clone().stream(acme).await.unwrap();
            let mut failed = false;
            while let Some(row) = rows.next().await {
                failed |= row.is_err();
            }
            // SQLite makes a floating point number of it.
            assert_eq!(failed, shop.scratch.engine() != Engine::Sqlite);
        }
        own(&tenants[1].0, 2).await;
    }
}
