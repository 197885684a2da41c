//! EDGE 55: tenants that share a pool leave each other room.

use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{EntityTrait, TransactionTrait};
use tenancy::{Error, Tenancy};
use tenancy_tests::{each_engine, each_row, entity::order};

each_engine! {
    async fn a_tenant_that_asks_for_everything_gets_its_share(shop) {
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(shop.acme.begin().await.unwrap());
        }
        let mut more: Vec<_> = (0..50).map(|_| shop.acme.begin().boxed()).collect();
        for begin in &mut more {
            held.extend(begin.now_or_never().map(Result::unwrap));
        }
        // What is in the way would be so for ten seconds, and then be an error.
        for _ in 0..20 {
            assert_eq!(order::Entity::find().all(&shop.globex).await.unwrap().len(), 6);
        }
        let transaction = shop.globex.begin().await.unwrap();
        assert_eq!(order::Entity::find().all(&transaction).await.unwrap().len(), 6);
        drop((held, more, transaction));
        assert_eq!(order::Entity::find().all(&shop.acme).await.unwrap().len(), 6);
    }
}

each_row! {
    async fn who_waits_in_vain_is_told_who_has_the_connections(shop) {
        let tenancy = Tenancy::builder()
            .database(&shop.scratch.url)
            .max_connections(3)
            .pool_share(2)
            .acquire_timeout(Duration::from_millis(300))
            .connect()
            .await
            .unwrap();
        let (acme, globex) = (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());
        let held = [acme.begin().await.unwrap(), acme.begin().await.unwrap()];
        let error = Error::from(order::Entity::find().all(&acme).await.unwrap_err());
        assert!(error.is_busy());
        assert_eq!(
            error.to_string(),
            "no connection of the shared pool for `acme` within 300ms: it has 2 of at most 2, all \
             tenants together 2 of at most 3; held: acme 2; 1 waiting"
        );
        assert_eq!(order::Entity::find().all(&globex).await.unwrap().len(), 6);
        drop(held);
        assert_eq!(order::Entity::find().all(&acme).await.unwrap().len(), 6);
        drop((acme, globex));
        tenancy.close().await.unwrap();
        let none = Tenancy::builder().database(&shop.scratch.url).pool_share(0).connect().await;
        assert!(none.unwrap_err().is_config());
    }
}
