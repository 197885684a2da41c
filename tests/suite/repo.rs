//! The scoped repository.

use futures_util::TryStreamExt;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, TransactionSession, sea_query::Expr,
};
use tenancy::Repo;
use tenancy_tests::{
    each_engine,
    entity::{customer, order},
};

fn new_order(id: i64) -> order::ActiveModel {
    order::ActiveModel {
        id: Set(id),
        customer_id: Set(1),
        status: Set("new".into()),
        total: Set(id),
        ..Default::default()
    }
}

each_engine! {
    async fn reads(shop) {
        let orders = Repo::<order::Entity>::new(shop.globex.clone());
        assert_eq!(orders.find().count().await.unwrap(), 6);
        assert_eq!(orders.find_by_id(2).one().await.unwrap().unwrap().total, 2_000);
        assert!(orders.find_by_id(99).one().await.unwrap().is_none());
        let dear = orders.find().filter(order::Column::Total.gt(2_000)).order_by_desc(order::Column::Id).limit(2);
        let dear = dear.all().await.unwrap();
        assert_eq!(dear.iter().map(|order| order.id).collect::<Vec<_>>(), [6, 5]);
        assert!(!orders.find().filter(order::Column::Total.lt(1_000)).exists().await.unwrap());
        assert!(orders.find().exists().await.unwrap());
        let rows: Vec<_> = orders.find().stream().await.unwrap().try_collect().await.unwrap();
        assert!(rows.len() == 6 && rows.iter().all(|order| order.tenant_id == "globex"));
        let pairs = orders.find().all_with_one(customer::Entity).await.unwrap();
        assert!(pairs.iter().all(|(_, customer)| customer.as_ref().is_some_and(|c| c.tenant_id == "globex")));
    }

    async fn writes(shop) {
        let before = shop.neighbour().await;
        let orders = Repo::<order::Entity>::new(shop.acme.clone());
        let added = orders.insert(new_order(7)).await.unwrap();
        assert_eq!(added.tenant_id, "acme");
        assert_eq!(orders.insert_many([new_order(8), new_order(9)]).await.unwrap(), 2);
        assert_eq!(orders.insert_many(Vec::<order::ActiveModel>::new()).await.unwrap(), 0);
        assert!(orders.insert(new_order(7)).await.unwrap_err().is_conflict());
        let mut change = added.clone().into_active_model();
        change.status = Set("sent".into());
        assert_eq!(orders.update(change).await.unwrap().status, "sent");
        let gone = order::ActiveModel { id: Set(70), status: Set("x".into()), ..Default::default() };
        assert!(orders.update(gone).await.unwrap_err().is_not_found());
        let foreign = order::ActiveModel { tenant_id: Set("globex".into()), ..new_order(71) };
        assert!(orders.insert(foreign).await.unwrap_err().is_refused());
        let raised = orders.update_many().set(order::Column::Total, Expr::value(0)).filter(order::Column::Id.gte(7));
        assert_eq!(raised.exec().await.unwrap(), 3);
        assert_eq!(orders.delete(added).await.unwrap(), 1);
        assert_eq!(orders.delete_by_id(8).await.unwrap(), 1);
        assert_eq!(orders.delete_by_id(8).await.unwrap(), 0);
        assert_eq!(orders.delete_many().filter(order::Column::Id.eq(9_i64)).exec().await.unwrap(), 1);
        assert_eq!(orders.find().count().await.unwrap(), 6);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn transactions(shop) {
        let before = shop.neighbour().await;
        let orders = Repo::<order::Entity>::new(shop.acme.clone());
        let transaction = orders.transaction().await.unwrap();
        order::Entity::insert(new_order(7)).exec_without_returning(&transaction).await.unwrap();
        TransactionSession::rollback(transaction).await.unwrap();
        assert_eq!(orders.find().count().await.unwrap(), 6);
        assert_eq!(shop.neighbour().await, before);
    }
}
