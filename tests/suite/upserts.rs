//! Upserts never touch a neighbour's row.

use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use tenancy::Repo;
use tenancy_tests::{
    each_engine,
    entity::{customer, ledger},
};

fn named(id: i64, name: &str, email: &str) -> customer::ActiveModel {
    customer::ActiveModel {
        id: Set(id),
        name: Set(name.into()),
        email: Set(email.into()),
        ..Default::default()
    }
}

each_engine! {
    async fn on_a_key_both_tenants_have(shop) {
        let before = shop.neighbour().await;
        let update = OnConflict::column(customer::Column::Id).update_column(customer::Column::Name).to_owned();
        let repo = Repo::<customer::Entity>::new(shop.acme.clone());
        assert!(repo.upsert(named(1, "renamed", "c1@example.org"), update.clone()).await.unwrap() >= 1);
        assert_eq!(repo.find_by_id(1).one().await.unwrap().unwrap().name, "renamed");
        repo.upsert(named(9, "added", "c9@example.org"), update).await.unwrap();
        assert_eq!(repo.find_by_id(9).one().await.unwrap().unwrap().name, "added");
        assert_eq!(repo.find().count().await.unwrap(), 4);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn on_a_column_unique_per_tenant(shop) {
        let before = shop.neighbour().await;
        let update = OnConflict::column(customer::Column::Email)
            .update_columns([customer::Column::Name, customer::Column::TenantId])
            .to_owned();
        let repo = Repo::<customer::Entity>::new(shop.acme.clone());
        repo.upsert(named(77, "by mail", "c2@example.org"), update).await.unwrap();
        let row = repo.find_by_id(2).one().await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.tenant_id.as_str()), ("by mail", "acme"));
        let nothing = OnConflict::column(customer::Column::Email).do_nothing_on([customer::Column::Id]).to_owned();
        repo.upsert(named(78, "ignored", "c2@example.org"), nothing).await.unwrap();
        assert_eq!(repo.find().count().await.unwrap(), 3);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn on_a_key_the_neighbour_has(shop) {
        // The ledger is numbered over all tenants, so this number is in the way.
        let theirs = ledger::ActiveModel { id: Set(500), entry: Set("theirs".into()), amount: Set(5), ..Default::default() };
        ledger::Entity::insert(theirs).exec_without_returning(&shop.globex).await.unwrap();
        let before = shop.neighbour().await;
        let mine = ledger::ActiveModel { id: Set(500), entry: Set("mine".into()), amount: Set(0), ..Default::default() };
        let update = OnConflict::column(ledger::Column::Id)
            .update_columns([ledger::Column::Entry, ledger::Column::Amount])
            .to_owned();
        let repo = Repo::<ledger::Entity>::new(shop.acme.clone());
        // Where each tenant has a table of its own, nothing is in the way.
        let alone = u64::from(shop.apart());
        assert_eq!(repo.upsert(mine, update).await.unwrap_or(0), alone);
        assert_eq!(repo.find().count().await.unwrap(), alone);
        assert_eq!(shop.neighbour().await, before);
    }
}
