//! EDGE 43: a request can end at any await. No transaction and nothing of a tenant's stays behind, on
//! any engine.

mod abandoned;
mod http;
mod stream;

use sea_orm::{ActiveValue::Set, EntityTrait, TransactionTrait};
use tenancy_tests::{Shop, cut::cut, each_engine, entity::ledger};

/// All that a request does: reads, a transaction with a savepoint in it, a commit.
async fn request(shop: &Shop) {
    ledger::Entity::find().all(&shop.acme).await.unwrap();
    let transaction = shop.acme.begin().await.unwrap();
    let row = |entry: &str| ledger::ActiveModel {
        entry: Set(entry.into()),
        amount: Set(1),
        ..Default::default()
    };
    ledger::Entity::insert(row("one")).exec_without_returning(&transaction).await.unwrap();
    let savepoint = transaction.begin().await.unwrap();
    ledger::Entity::insert(row("two")).exec_without_returning(&savepoint).await.unwrap();
    savepoint.commit().await.unwrap();
    transaction.commit().await.unwrap();
}

each_engine! {
    /// What the other tests here wait for can be seen.
    async fn an_open_transaction_is_seen(shop) {
        shop.no_transaction(0).await;
        let transaction = shop.acme.begin().await.unwrap();
        let row = ledger::ActiveModel { entry: Set("open".into()), amount: Set(1), ..Default::default() };
        ledger::Entity::insert(row).exec_without_returning(&transaction).await.unwrap();
        assert_eq!(shop.open_transactions().await, 1);
        transaction.rollback().await.unwrap();
        shop.no_transaction(0).await;
    }

    async fn dropped_at_every_await(shop) {
        let mut cuts = 0;
        loop {
            let finished = cut(request(&shop), cuts).await.is_some();
            shop.no_transaction(cuts).await;
            // Both rows of a request are there or none, and the neighbour gets none of it, also on
            // the connections that were cut off.
            let mine = ledger::Entity::find().all(&shop.acme).await.unwrap();
            assert_eq!(mine.len() % 2, 0, "half a transaction after {cuts} polls");
            for _ in 0..4 {
                assert_eq!(ledger::Entity::find().all(&shop.globex).await.unwrap(), []);
            }
            let transaction = shop.globex.begin().await.unwrap();
            assert_eq!(ledger::Entity::find().all(&transaction).await.unwrap(), []);
            transaction.rollback().await.unwrap();
            if finished {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 0, "the request awaited something {cuts} times only");
        assert!(!ledger::Entity::find().all(&shop.acme).await.unwrap().is_empty());
    }
}
