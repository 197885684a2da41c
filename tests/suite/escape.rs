//! The known ways past other libraries, walked here in vain.

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationDef, Statement,
    sea_query::{Alias, Expr, ExprTrait, Query, UnionType},
};
use tenancy::Error;
use tenancy_tests::{
    each_engine,
    entity::{customer, item, order, secret},
};

each_engine! {
    async fn an_update_whose_key_differs_from_the_checked_row(shop) {
        let before = shop.neighbour().await;
        let checked = order::Entity::find_by_id(1).one(&shop.acme).await.unwrap().unwrap();
        let other = order::ActiveModel { id: Set(2), total: Set(checked.total), ..Default::default() };
        let changed = other.update(&shop.acme).await.unwrap();
        assert_eq!((changed.tenant_id.as_str(), changed.id), ("acme", 2));
        assert_eq!(shop.neighbour().await, before);
    }

    async fn a_union_added_to_a_select(shop) {
        let mut select = order::Entity::find();
        let other = order::Entity::find().into_query();
        QueryTrait::query(&mut select).union(UnionType::All, other);
        let rows = select.all(&shop.acme).await.unwrap();
        assert_eq!(rows.len(), 12);
        assert!(rows.iter().all(|row| row.tenant_id == "acme"));
    }

    async fn a_sub_query_in_a_custom_expression(shop) {
        let sql = "(SELECT COUNT(*) FROM orders)";
        let rows = order::Entity::find()
            .filter(Expr::cust(sql).eq(6))
            .filter(Expr::cust("EXISTS (SELECT 1 FROM items WHERE quantity < 1000)"))
            .all(&shop.acme)
            .await
            .unwrap();
        assert_eq!(rows.len(), 6);
        let rows = order::Entity::find()
            .filter(Expr::cust("EXISTS (SELECT 1 FROM items WHERE quantity < 1000)"))
            .all(&shop.globex);
        assert_eq!(rows.await.unwrap().len(), 0);
        let injected = order::Entity::find().filter(Expr::cust("1 = 1) OR (1 = 1")).all(&shop.acme);
        assert!(injected.await.map_or(true, |rows| rows.iter().all(|row| row.tenant_id == "acme")));
    }

    async fn a_common_table_expression_named_like_a_table(shop) {
        let backend = ConnectionTrait::get_database_backend(&shop.acme);
        let sql = "WITH orders AS (SELECT * FROM orders WHERE total > 0), \
                   wide AS (SELECT * FROM orders) SELECT * FROM wide";
        let rows = order::Entity::find().from_raw_sql(Statement::from_string(backend, sql));
        // SQLite takes the name for the expression itself and calls that circular.
        if let Ok(rows) = rows.all(&shop.acme).await {
            assert_eq!(rows.len(), 6);
            assert!(rows.iter().all(|row| row.tenant_id == "acme"));
        }
        let sql = "WITH items AS (SELECT * FROM orders) SELECT * FROM items";
        let rows = order::Entity::find().from_raw_sql(Statement::from_string(backend, sql));
        let rows = rows.all(&shop.globex).await.unwrap();
        assert!(rows.len() == 6 && rows.iter().all(|row| row.tenant_id == "globex"));
    }

    async fn related_paths_do_not_begin_with_find(shop) {
        let theirs = customer::Entity::find_by_id(1).one(&shop.globex).await.unwrap().unwrap();
        use sea_orm::ModelTrait;
        let orders = theirs.find_related(order::Entity).all(&shop.acme).await.unwrap();
        assert!(orders.iter().all(|order| order.tenant_id == "acme"));
        let items = theirs.find_linked(customer::Bought).all(&shop.acme).await.unwrap();
        assert!(items.iter().all(|item| item.tenant_id == "acme"));
    }

    async fn a_join_to_an_unclassified_table(shop) {
        use sea_orm::EntityName;
        let relation: RelationDef = order::Entity::belongs_to(secret::Entity)
            .from(order::Column::Id)
            .to(secret::Column::Id)
            .into();
        let error = order::Entity::find().join(JoinType::LeftJoin, relation).all(&shop.acme).await.unwrap_err();
        let refusal = Error::refusal_in(&error).expect("a refusal").to_string();
        assert!(refusal.contains("`secrets`") && refusal.contains("catalog"), "{refusal}");
        assert!(secret::Entity::find().all(&shop.acme).await.is_err());
        assert_eq!(secret::Entity.table_name(), "secrets");
    }

    async fn a_hand_built_query(shop) {
        let query = Query::select()
            .column((Alias::new("x"), order::Column::Total))
            .from_as(order::Entity, Alias::new("x"))
            .join_as(
                sea_orm::JoinType::InnerJoin,
                item::Entity,
                Alias::new("orders"),
                Expr::col((Alias::new("orders"), item::Column::OrderId))
                    .equals((Alias::new("x"), order::Column::Id)),
            )
            .to_owned();
        let rows = shop.acme.query_all(&query).await.unwrap();
        assert_eq!(rows.len(), 6);
        let total = |row: &sea_orm::QueryResult| row.try_get::<i64>("", "total").unwrap();
        assert!(rows.iter().all(|row| total(row) < 10));
    }

    async fn a_row_planted_in_the_neighbours_rows(shop) {
        let before = shop.neighbour().await;
        let planted = order::ActiveModel {
            id: Set(60),
            tenant_id: Set("globex".into()),
            customer_id: Set(1),
            status: Set("planted".into()),
            total: Set(0),
        };
        let error = order::Entity::insert(planted.clone()).exec(&shop.acme).await.unwrap_err();
        assert!(Error::refusal_in(&error).is_some(), "{error}");
        let mixed = [order::ActiveModel { tenant_id: Set("acme".into()), id: Set(61), ..planted.clone() }, planted];
        assert!(order::Entity::insert_many(mixed).exec(&shop.acme).await.is_err());
        let moved = order::Entity::update_many()
            .col_expr(order::Column::TenantId, Expr::value("globex"))
            .filter(order::Column::Id.eq(1))
            .exec(&shop.acme)
            .await
            .unwrap_err();
        assert!(Error::refusal_in(&moved).is_some(), "{moved}");
        assert_eq!(order::Entity::find().all(&shop.acme).await.unwrap().len(), 6);
        assert_eq!(shop.neighbour().await, before);
    }
}
