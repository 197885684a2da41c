//! Everything SeaORM can write with, and what the neighbour has afterwards: the same as before.

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    Statement,
    sea_query::{Expr, ExprTrait},
};
use tenancy::Error;
use tenancy_tests::{
    each_engine,
    entity::{customer, item, ledger, order, word},
};

fn new_order(id: i64, total: i64) -> order::ActiveModel {
    order::ActiveModel {
        id: Set(id),
        customer_id: Set(1),
        status: Set("new".into()),
        total: Set(total),
        ..Default::default()
    }
}

each_engine! {
    async fn active_models(shop) {
        let before = shop.neighbour().await;
        let order = new_order(7, 70).insert(&shop.acme).await.unwrap();
        assert_eq!((order.tenant_id.as_str(), order.total), ("acme", 70));
        let mut change = order.clone().into_active_model();
        change.total = Set(71);
        assert_eq!(change.update(&shop.acme).await.unwrap().total, 71);
        let mut change = order.clone().into_active_model();
        change.status = Set("done".into());
        assert_eq!(change.save(&shop.acme).await.unwrap().status.unwrap(), "done");
        assert_eq!(order.delete(&shop.acme).await.unwrap().rows_affected, 1);
        assert_eq!(order::Entity::find_by_id(7).one(&shop.acme).await.unwrap(), None);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn many_rows(shop) {
        let before = shop.neighbour().await;
        // One row names the tenant, the others do not: SeaORM writes an explicit NULL for them.
        let mut rows: Vec<_> = (10..15).map(|id| new_order(id, id)).collect();
        rows[2].tenant_id = Set("acme".into());
        let added = order::Entity::insert_many(rows).exec_without_returning(&shop.acme).await.unwrap();
        assert_eq!(added, 5);
        let mine = order::Entity::find().filter(order::Column::Id.gte(10)).all(&shop.acme).await.unwrap();
        assert_eq!(mine.iter().filter(|order| order.tenant_id == "acme").count(), 5);
        let changed = order::Entity::update_many()
            .col_expr(order::Column::Total, Expr::col(order::Column::Total).add(1))
            .filter(order::Column::Id.gte(1))
            .exec(&shop.acme)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected, 11);
        let gone = order::Entity::delete_many().filter(order::Column::Id.gte(1)).exec(&shop.acme).await;
        assert_eq!(gone.unwrap().rows_affected, 11);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn by_id(shop) {
        let before = shop.neighbour().await;
        assert_eq!(item::Entity::delete_by_id(3).exec(&shop.acme).await.unwrap().rows_affected, 1);
        assert_eq!(item::Entity::delete_by_id(3).exec(&shop.acme).await.unwrap().rows_affected, 0);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn numbered_rows(shop) {
        let row = |entry: &str| ledger::ActiveModel { id: NotSet, entry: Set(entry.into()), amount: Set(1), ..Default::default() };
        let first = row("first").insert(&shop.acme).await.unwrap();
        let second = row("second").insert(&shop.globex).await.unwrap();
        assert_eq!((first.tenant_id.as_str(), second.tenant_id.as_str()), ("acme", "globex"));
        // The numbers count per table, which each tenant may have of its own.
        if !shop.apart() {
            assert_ne!(first.id, second.id);
            assert_eq!(ledger::Entity::find_by_id(second.id).one(&shop.acme).await.unwrap(), None);
        }
        assert_eq!(ledger::Entity::find().all(&shop.globex).await.unwrap(), [second]);
        assert_eq!(ledger::Entity::find().all(&shop.acme).await.unwrap(), [first]);
    }

    async fn nested_graphs(shop) {
        let before = shop.neighbour().await;
        let saved = order::ActiveModel::builder()
            .set_id(20)
            .set_customer_id(2)
            .set_status("new")
            .set_total(5)
            .add_item(item::ActiveModel::builder().set_id(20).set_product_id(1).set_quantity(1))
            .add_item(item::ActiveModel::builder().set_id(21).set_product_id(2).set_quantity(2))
            .insert(&shop.acme)
            .await
            .unwrap();
        assert_eq!((saved.tenant_id.as_str(), saved.items.len()), ("acme", 2));
        let items = item::Entity::find().filter(item::Column::OrderId.eq(20)).all(&shop.acme).await.unwrap();
        assert!(items.len() == 2 && items.iter().all(|item| item.tenant_id == "acme"));
        assert_eq!(shop.neighbour().await, before);
    }

    async fn a_graph_with_a_neighbours_child_fails_whole(shop) {
        let (before, mine) = (shop.neighbour().await, item::Entity::find().all(&shop.acme).await.unwrap());
        let only_theirs = item::ActiveModel { id: Set(99), order_id: Set(1), product_id: Set(1), quantity: Set(9), ..Default::default() };
        let child = only_theirs.insert(&shop.globex).await.unwrap();
        let orders = order::Entity::find().all(&shop.acme).await.unwrap();
        let mut child = child.into_active_model().into_ex();
        child.quantity = Set(0);
        let graph = order::ActiveModel::builder()
            .set_id(30)
            .set_customer_id(1)
            .set_status("new")
            .set_total(1)
            .add_item(child);
        let error = graph.insert(&shop.acme).await.unwrap_err();
        assert!(matches!(error, DbErr::RecordNotUpdated) || Error::refusal_in(&error).is_some(), "{error}");
        assert_eq!(order::Entity::find().all(&shop.acme).await.unwrap(), orders);
        assert_eq!(item::Entity::find().all(&shop.acme).await.unwrap(), mine);
        item::Entity::delete_by_id(99).exec(&shop.globex).await.unwrap();
        assert_eq!(shop.neighbour().await, before);
    }

    async fn a_neighbours_model_changes_nothing(shop) {
        // Order 40 is globex's; acme has none of that number.
        let theirs = new_order(40, 4).insert(&shop.globex).await.unwrap();
        let before = shop.neighbour().await;
        let mut change = theirs.clone().into_active_model();
        change.total = Set(0);
        let error = change.update(&shop.acme).await.unwrap_err();
        assert!(matches!(error, DbErr::RecordNotUpdated), "{error}");
        assert_eq!(theirs.clone().delete(&shop.acme).await.unwrap().rows_affected, 0);
        // With the tenant in it, the model is refused, whoever has the row.
        let mut whole = theirs.into_active_model().reset_all();
        whole.total = Set(0);
        let error = whole.update(&shop.acme).await.unwrap_err();
        assert!(Error::refusal_in(&error).is_some(), "{error}");
        assert_eq!(shop.neighbour().await, before);
        // A neighbour's model whose key we have too changes our row, since it is ours that is found.
        let theirs = order::Entity::find_by_id(1).one(&shop.globex).await.unwrap().unwrap();
        let mut change = theirs.into_active_model();
        change.status = Set("mine".into());
        let changed = change.update(&shop.acme).await.unwrap();
        assert_eq!((changed.tenant_id.as_str(), changed.total), ("acme", 1));
        assert_eq!(shop.neighbour().await, before);
    }

    async fn writable_shared_tables(shop) {
        let row = word::ActiveModel { id: Set(1), word: Set("hello".into()) };
        row.insert(&shop.acme).await.unwrap();
        assert_eq!(word::Entity::find().all(&shop.globex).await.unwrap().len(), 1);
    }

    async fn raw_writes(shop) {
        let before = shop.neighbour().await;
        let backend = ConnectionTrait::get_database_backend(&shop.acme);
        let run = |sql: &'static str| shop.acme.execute_raw(Statement::from_string(backend, sql));
        let insert = "INSERT INTO orders (id, customer_id, status, total) VALUES (50, 1, 'raw', 1), (51, 2, 'raw', 2)";
        assert_eq!(run(insert).await.unwrap().rows_affected(), 2);
        assert_eq!(run("UPDATE orders SET total = total * 2 WHERE id = 50 OR 1 = 1").await.unwrap().rows_affected(), 8);
        let copy = "INSERT INTO orders (id, customer_id, status, total) SELECT id + 100, customer_id, status, total FROM orders";
        assert_eq!(run(copy).await.unwrap().rows_affected(), 8);
        assert_eq!(run("DELETE FROM orders WHERE id > 40").await.unwrap().rows_affected(), 10);
        let unprepared = shop.acme.execute_unprepared("DELETE FROM items").await.unwrap();
        assert_eq!(unprepared.rows_affected(), 6);
        assert_eq!(customer::Entity::find().all(&shop.acme).await.unwrap().len(), 3);
        assert_eq!(shop.neighbour().await, before);
    }
}
