//! Transactions that see all tenants, in SeaORM's ways, and dropped at every await.

use std::time::Duration;

use futures_util::{StreamExt as _, future::try_join_all};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    TransactionError, TransactionTrait,
};
use tenancy_tests::{
    cut::cut,
    each_row,
    entity::{ledger, order, product},
};

use super::entry;

/// The entries of all tenants that share the table.
async fn entries(db: &impl ConnectionTrait) -> u64 {
    ledger::Entity::find().count(db).await.unwrap()
}

async fn write(db: &impl ConnectionTrait, tenant: &str, text: &str) {
    let row = ledger::ActiveModel { tenant_id: Set(tenant.into()), ..entry(text) };
    ledger::Entity::insert(row).exec_without_returning(db).await.unwrap();
}

each_row! {
    async fn an_unscoped_transaction_is_one_of_seaorm(shop) {
        let db = shop.tenancy.unscoped("a test").await.unwrap();
        let outer = db.begin().await.unwrap();
        write(&outer, "acme", "outer").await;
        let inner = outer.begin().await.unwrap();
        write(&inner, "globex", "inner").await;
        let error = outer.execute_unprepared("DELETE FROM ledger").await.unwrap_err();
        assert!(error.to_string().contains("a nested transaction is open"), "{error}");
        inner.rollback().await.unwrap();
        let dropped = outer.begin().await.unwrap();
        write(&dropped, "globex", "dropped").await;
        drop(dropped);
        let kept = outer.transaction::<_, (), DbErr>(|inner| Box::pin(async move {
            write(inner, "globex", "kept").await;
            Ok(())
        }));
        kept.await.unwrap();
        assert_eq!(entries(&outer).await, 2);
        let mut stream = ledger::Entity::find().stream(&outer).await.unwrap();
        assert!(stream.next().await.unwrap().is_ok());
        assert!(outer.begin().await.unwrap_err().to_string().contains("still running"));
        drop(stream);
        outer.commit().await.unwrap();
        let undone = db.transaction::<_, (), DbErr>(|transaction| Box::pin(async move {
            transaction.execute_unprepared("DELETE FROM ledger").await?;
            Err(DbErr::Custom("enough".to_owned()))
        }));
        assert!(matches!(undone.await, Err(TransactionError::Transaction(_))));
        drop(db.begin().await.unwrap());
        // Each tenant sees its own entry, which looks like the other's.
        assert_eq!((entries(&shop.acme).await, entries(&shop.globex).await), (1, 1));
        shop.no_transaction(0).await;
    }

    async fn an_unscoped_transaction_may_be_dropped_at_every_await(shop) {
        let db = shop.tenancy.unscoped("a test").await.unwrap();
        let work = async || {
            let outer = db.begin().await.unwrap();
            write(&outer, "acme", "one").await;
            let inner = outer.begin().await.unwrap();
            write(&inner, "globex", "two").await;
            let mut stream = ledger::Entity::find().stream(&inner).await.unwrap();
            while let Some(row) = stream.next().await {
                row.unwrap();
            }
            drop(stream);
            inner.execute_unprepared("UPDATE ledger SET amount = 2").await.unwrap();
            inner.commit().await.unwrap();
            outer.commit().await.unwrap();
        };
        let mut cuts = 0;
        loop {
            let finished = cut(work(), cuts).await.is_some();
            shop.no_transaction(cuts).await;
            // All of it is there or none, also on the connections that were cut off.
            for _ in 0..4 {
                let (acme, globex) = (entries(&shop.acme).await, entries(&shop.globex).await);
                assert_eq!(acme, globex, "half a transaction after {cuts} polls");
                assert_eq!(entries(&db).await, acme + globex);
            }
            if finished {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 0, "the work awaited something {cuts} times only");
    }

    /// Its connection goes on to others, who must not read what was meant for it.
    async fn a_statement_dropped_in_an_unscoped_transaction_harms_nobody(shop) {
        let db = shop.tenancy.unscoped("a test").await.unwrap();
        for cuts in 1..8 {
            let transaction = db.begin().await.unwrap();
            let all = order::Entity::find().all(&transaction);
            if cut(all, cuts).await.is_none() {
                let error = entry("late").insert(&transaction).await.unwrap_err();
                assert!(error.to_string().contains("can only be rolled back"), "{error}");
                assert!(transaction.commit().await.is_err());
            } else {
                transaction.rollback().await.unwrap();
            }
            // On the same connections, as many as there may be.
            let others = (0..8).map(|_| product::Entity::find().count(&db));
            let others = tokio::time::timeout(Duration::from_secs(30), try_join_all(others));
            assert_eq!(others.await.expect("a connection comes back").unwrap(), [2; 8]);
            for db in [&shop.acme, &shop.globex, &shop.acme, &shop.globex] {
                let orders = tokio::time::timeout(Duration::from_secs(30), order::Entity::find().all(db));
                let orders = orders.await.expect("a connection comes back").unwrap();
                assert_eq!(orders.len(), 6);
                assert!(orders.iter().all(|order| order.tenant_id == db.tenant().id.as_str()));
            }
        }
        shop.no_transaction(0).await;
    }
}
