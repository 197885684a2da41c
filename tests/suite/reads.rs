//! Everything SeaORM can read with, through a tenant's connection.

use futures_util::TryStreamExt;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DerivePartialModel, EntityTrait, FromQueryResult,
    JoinType, LoaderTrait, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, SelectExt, Statement,
};
use tenancy::Error;
use tenancy_tests::{
    Strategy, each_engine,
    entity::{customer, item, ledger, order, product},
};

#[derive(Debug, FromQueryResult, PartialEq)]
struct Totals {
    status: String,
    total: i64,
}

#[derive(Debug, DerivePartialModel)]
#[sea_orm(entity = "order::Entity")]
struct Slim {
    id: i64,
    total: i64,
}

/// Totals of all orders, which tell the tenants apart.
const ACME: [i64; 6] = [1, 2, 3, 4, 5, 6];
const GLOBEX: [i64; 6] = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000];

fn totals(orders: &[order::Model]) -> Vec<i64> {
    let mut totals: Vec<i64> = orders.iter().map(|order| order.total).collect();
    totals.sort_unstable();
    totals
}

each_engine! {
    async fn find(shop) {
        assert_eq!(totals(&order::Entity::find().all(&shop.acme).await.unwrap()), ACME);
        assert_eq!(totals(&order::Entity::find().all(&shop.globex).await.unwrap()), GLOBEX);
        let one = order::Entity::find_by_id(2).one(&shop.globex).await.unwrap().unwrap();
        assert_eq!((one.tenant_id.as_str(), one.total), ("globex", 2_000));
        let dear = order::Entity::find()
            .filter(Condition::any().add(order::Column::Total.gte(5)).add(order::Column::Id.eq(1)))
            .all(&shop.acme);
        assert_eq!(totals(&dear.await.unwrap()), [1, 5, 6]);
    }

    async fn related(shop) {
        let pairs = order::Entity::find().find_also_related(customer::Entity).all(&shop.globex).await.unwrap();
        assert_eq!(pairs.len(), 6);
        assert!(pairs.iter().all(|(order, customer)| {
            order.tenant_id == "globex" && customer.as_ref().is_some_and(|c| c.name.starts_with("globex"))
        }));
        let groups = customer::Entity::find().find_with_related(order::Entity).all(&shop.acme).await.unwrap();
        assert_eq!(groups.len(), 3);
        assert!(groups.iter().all(|(customer, orders)| {
            customer.name.starts_with("acme") && orders.len() == 2 && orders.iter().all(|o| o.total < 10)
        }));
        let both = order::Entity::find().find_both_related(customer::Entity).all(&shop.acme).await.unwrap();
        assert_eq!(both.len(), 6);
        assert!(both.iter().all(|(order, customer)| order.tenant_id == "acme" && customer.tenant_id == "acme"));
        if shop.strategy == Strategy::Database {
            // The products are in another database, and no engine joins two alike.
            let error = item::Entity::find().find_also_related(product::Entity).all(&shop.acme).await.unwrap_err();
            let refusal = Error::refusal_in(&error).unwrap().to_string();
            assert!(refusal.contains("`items` is in the tenant's own database") && refusal.contains("loaders"), "{refusal}");
            let items = item::Entity::find().all(&shop.acme).await.unwrap();
            let products = items.load_one(product::Entity, &shop.acme).await.unwrap();
            assert!(products.len() == 6 && products.iter().all(Option::is_some));
            return;
        }
        let shared = item::Entity::find().find_also_related(product::Entity).all(&shop.acme).await.unwrap();
        assert_eq!(shared.len(), 6);
        assert!(shared.iter().all(|(item, product)| item.quantity < 10 && product.is_some()));
    }

    async fn outer_joins_stay_outer(shop) {
        let gone = item::Entity::delete_many().filter(item::Column::OrderId.lte(3)).exec(&shop.acme).await.unwrap();
        assert_eq!(gone.rows_affected, 3);
        let groups = order::Entity::find().find_with_related(item::Entity).all(&shop.acme).await.unwrap();
        assert_eq!(groups.len(), 6);
        assert_eq!(groups.iter().filter(|(_, items)| items.is_empty()).count(), 3);
        let right = order::Entity::find().join(JoinType::RightJoin, order::Relation::Customer.def());
        assert_eq!(right.all(&shop.acme).await.unwrap().len(), 6);
        let groups = order::Entity::find().find_with_related(item::Entity).all(&shop.globex).await.unwrap();
        assert!(groups.iter().all(|(_, items)| items.len() == 1));
    }

    async fn linked(shop) {
        let pairs = customer::Entity::find().find_also_linked(customer::Bought).all(&shop.globex).await.unwrap();
        assert_eq!(pairs.len(), 6);
        assert!(pairs.iter().all(|(customer, item)| {
            customer.tenant_id == "globex" && item.as_ref().is_some_and(|item| item.quantity >= 1_000)
        }));
        let first = customer::Entity::find_by_id(1).one(&shop.acme).await.unwrap().unwrap();
        let bought = first.find_linked(customer::Bought).all(&shop.acme).await.unwrap();
        assert_eq!(bought.iter().map(|item| item.quantity).sum::<i64>(), 1 + 4);
        // The same model through the neighbour's connection finds the neighbour's rows, not ours.
        let bought = first.find_linked(customer::Bought).all(&shop.globex).await.unwrap();
        assert!(bought.iter().all(|item| item.tenant_id == "globex"));
        let orders = first.find_related(order::Entity).all(&shop.acme).await.unwrap();
        assert_eq!(totals(&orders), [1, 4]);
    }

    async fn loaders(shop) {
        let loaded = order::Entity::load()
            .filter(order::Column::Id.eq(2))
            .with(customer::Entity)
            .with(item::Entity)
            .one(&shop.globex)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(loaded.customer.as_ref().map(|c| c.name.as_str()), Some("globex customer 2"));
        assert_eq!(loaded.items.iter().map(|item| item.quantity).collect::<Vec<_>>(), [2_000]);
        let customers = customer::Entity::find().order_by_asc(customer::Column::Id).all(&shop.acme).await.unwrap();
        let orders = customers.load_many(order::Entity, &shop.acme).await.unwrap();
        assert_eq!(orders.iter().map(|orders| totals(orders)).collect::<Vec<_>>(), [[1, 4], [2, 5], [3, 6]]);
        let orders = order::Entity::find().all(&shop.acme).await.unwrap();
        let owners = orders.load_one(customer::Entity, &shop.acme).await.unwrap();
        assert!(owners.iter().all(|owner| owner.as_ref().is_some_and(|c| c.tenant_id == "acme")));
    }

    async fn pages_and_cursors(shop) {
        let pages = order::Entity::find().order_by_asc(order::Column::Id).paginate(&shop.acme, 4);
        let numbers = pages.num_items_and_pages().await.unwrap();
        assert_eq!((numbers.number_of_items, numbers.number_of_pages), (6, 2));
        assert_eq!(totals(&pages.fetch_page(1).await.unwrap()), [5, 6]);
        let mut cursor = order::Entity::find().cursor_by(order::Column::Id);
        let page = cursor.after(2).first(2).all(&shop.globex).await.unwrap();
        assert_eq!(totals(&page), [3_000, 4_000]);
        assert_eq!(order::Entity::find().count(&shop.globex).await.unwrap(), 6);
        let mine = order::Entity::find().filter(order::Column::Total.lt(10));
        assert!(mine.clone().exists(&shop.acme).await.unwrap());
        assert!(!mine.exists(&shop.globex).await.unwrap());
        assert_eq!(ledger::Entity::find().count(&shop.acme).await.unwrap(), 0);
    }

    async fn streams(shop) {
        let stream = order::Entity::find().stream(&shop.acme).await.unwrap();
        let rows: Vec<order::Model> = stream.try_collect().await.unwrap();
        assert_eq!(totals(&rows), ACME);
        let stream = order::Entity::find().stream(&shop.globex).await.unwrap();
        let rows: Vec<order::Model> = stream.try_collect().await.unwrap();
        assert_eq!(totals(&rows), GLOBEX);
    }

    async fn other_shapes(shop) {
        let sums = order::Entity::find()
            .select_only()
            .column(order::Column::Status)
            .column_as(order::Column::Total.max(), "total")
            .group_by(order::Column::Status)
            .order_by_asc(order::Column::Status)
            .into_model::<Totals>()
            .all(&shop.acme)
            .await
            .unwrap();
        let line = |status: &str, total| Totals { status: status.into(), total };
        assert_eq!(sums, [line("open", 5), line("paid", 6)]);
        let slim = order::Entity::find().order_by_asc(order::Column::Id).into_partial_model::<Slim>();
        let slim = slim.all(&shop.globex).await.unwrap();
        assert!(slim.iter().all(|row| row.total == row.id * 1_000));
        let json = order::Entity::find().into_json().all(&shop.acme).await.unwrap();
        assert_eq!(json.len(), 6);
        assert!(json.iter().all(|row| row["tenant_id"] == "acme"));
        let tuple = order::Entity::find().select_only().column_as(order::Column::Total.max(), "m");
        let highest: Option<Option<i64>> = tuple.into_tuple().one(&shop.acme).await.unwrap();
        assert_eq!(highest, Some(Some(6)));
    }

    async fn raw_statements(shop) {
        let backend = ConnectionTrait::get_database_backend(&shop.acme);
        let sql = "SELECT status, MAX(total) AS total FROM orders \
                   WHERE id IN (SELECT order_id FROM items) OR 1 = 1 GROUP BY status ORDER BY status";
        let rows = Totals::find_by_statement(Statement::from_string(backend, sql)).all(&shop.acme).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.total).collect::<Vec<_>>(), [5, 6]);
        let rows = Totals::find_by_statement(Statement::from_string(backend, sql)).all(&shop.globex).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.total).collect::<Vec<_>>(), [5_000, 6_000]);
        let raw = order::Entity::find().from_raw_sql(Statement::from_string(backend, "SELECT * FROM orders"));
        assert_eq!(totals(&raw.all(&shop.acme).await.unwrap()), ACME);
        let products = product::Entity::find().all(&shop.acme).await.unwrap();
        assert_eq!(products, product::Entity::find().all(&shop.globex).await.unwrap());
        assert_eq!(products.len(), 2);
    }
}
