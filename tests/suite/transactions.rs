//! Transactions and the savepoints in them.

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, TransactionError,
    TransactionTrait,
};
use tenancy_tests::{each_engine, entity::ledger};

async fn write(db: &impl ConnectionTrait, entry: &str) {
    let row =
        ledger::ActiveModel { entry: Set(entry.into()), amount: Set(1), ..Default::default() };
    ledger::Entity::insert(row).exec_without_returning(db).await.unwrap();
}

async fn count(db: &impl ConnectionTrait) -> u64 {
    ledger::Entity::find().count(db).await.unwrap()
}

each_engine! {
    async fn what_is_committed_stays_and_the_rest_goes(shop) {
        let transaction = shop.acme.begin().await.unwrap();
        write(&transaction, "kept").await;
        assert_eq!(count(&transaction).await, 1);
        transaction.commit().await.unwrap();
        let transaction = shop.acme.begin().await.unwrap();
        write(&transaction, "undone").await;
        transaction.rollback().await.unwrap();
        let transaction = shop.acme.begin().await.unwrap();
        write(&transaction, "dropped").await;
        drop(transaction);
        assert_eq!((count(&shop.acme).await, count(&shop.globex).await), (1, 0));
    }

    async fn savepoints(shop) {
        let outer = shop.globex.begin().await.unwrap();
        write(&outer, "outer").await;
        let inner = outer.begin().await.unwrap();
        write(&inner, "inner").await;
        let innermost = inner.begin().await.unwrap();
        write(&innermost, "innermost").await;
        innermost.rollback().await.unwrap();
        assert_eq!(count(&inner).await, 2);
        inner.commit().await.unwrap();
        let dropped = outer.begin().await.unwrap();
        write(&dropped, "dropped").await;
        drop(dropped);
        assert_eq!(count(&outer).await, 2);
        outer.commit().await.unwrap();
        assert_eq!((count(&shop.globex).await, count(&shop.acme).await), (2, 0));
    }

    async fn closures(shop) {
        let kept = shop.acme.transaction::<_, _, DbErr>(|transaction| Box::pin(async move {
            write(transaction, "kept").await;
            Ok(count(transaction).await)
        }));
        assert_eq!(kept.await.unwrap(), 1);
        let undone = shop.acme.transaction::<_, (), DbErr>(|transaction| Box::pin(async move {
            write(transaction, "undone").await;
            Err(DbErr::Custom("enough".to_owned()))
        }));
        assert!(matches!(undone.await, Err(TransactionError::Transaction(_))));
        assert_eq!((count(&shop.acme).await, count(&shop.globex).await), (1, 0));
    }

    async fn a_refusal_leaves_the_transaction_usable(shop) {
        let transaction = shop.acme.begin().await.unwrap();
        write(&transaction, "kept").await;
        assert!(transaction.execute_unprepared("DROP TABLE ledger").await.is_err());
        transaction.commit().await.unwrap();
        assert_eq!(count(&shop.acme).await, 1);
    }
}
