//! Statements scoped when the program was compiled: they run on each engine, and nothing of them is
//! parsed at run time.

use futures_util::TryStreamExt;
use sea_orm::{FromQueryResult, TransactionTrait};
use tenancy::{__private::plan_count, tenant_sql};
use tenancy_tests::{Engine, Strategy, each_engine};

#[derive(Debug, PartialEq, Eq, FromQueryResult)]
struct Line {
    id: i64,
    total: i64,
}

#[derive(Debug, PartialEq, Eq, FromQueryResult)]
struct Named {
    name: String,
    title: String,
}

/// What the macro finds when it looks for the table, and what no compiler does.
#[cfg(any())]
mod stale {
    #[tenant_scoped]
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = "drawers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
    }
}

/// What is linked. The macro does not look into other macros.
macro_rules! linked {
    ($table:literal) => {
        mod linked {
            use sea_orm::entity::prelude::*;

            #[tenancy::tenant_scoped]
            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub(super) struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub(super) id: i64,
                pub(super) label: String,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub(super) enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

linked!("drawers");

each_engine! {
    async fn rows(shop) {
        let plans = plan_count(&shop.acme);
        let above = |least: i64| tenant_sql!("SELECT id, total FROM orders WHERE total > ? ORDER BY id", least);
        let mine: Vec<Line> = above(4).all(&shop.acme).await.unwrap();
        assert_eq!(mine, [Line { id: 5, total: 5 }, Line { id: 6, total: 6 }]);
        let theirs: Vec<Line> = above(4).all(&shop.globex).await.unwrap();
        assert_eq!(theirs.iter().map(|line| line.total).sum::<i64>(), 21_000);
        assert_eq!(above(6).one::<Line>(&shop.acme).await.unwrap(), None);
        assert_eq!(above(5).one::<Line>(&shop.acme).await.unwrap(), Some(mine.into_iter().nth(1).unwrap()));

        let joined = tenant_sql!(
            "SELECT c.name, p.title FROM customers AS c
             LEFT JOIN orders AS o ON o.customer_id = c.id
             LEFT JOIN items AS i ON i.order_id = o.id
             LEFT JOIN products AS p ON p.id = i.product_id
             WHERE o.status = ? AND i.quantity < ?
             ORDER BY o.id",
            "paid",
            5
        );
        if shop.strategy == Strategy::Database {
            let error = joined.all::<Named>(&shop.acme).await.unwrap_err();
            assert!(error.is_refused() && error.to_string().contains("`customers` and `products`"), "{error}");
            return;
        }
        let joined: Vec<Named> = joined.all(&shop.acme).await.unwrap();
        let bought = |customer: i64| Named { name: format!("acme customer {customer}"), title: "Anvil".into() };
        assert_eq!(joined, [bought(2), bought(1)]);
        // Where the tables all tenants share are, a program with schemas learns when it connects.
        let named = matches!(shop.strategy, Strategy::Schema | Strategy::Hybrid) && shop.scratch.engine() != Engine::Sqlite;
        assert_eq!(plan_count(&shop.acme), plans + usize::from(named), "a statement was parsed");
    }

    async fn lists(shop) {
        let plans = plan_count(&shop.acme);
        for ids in [vec![1_i64], vec![2, 3, 4], vec![1, 2, 3, 4, 5, 6, 7]] {
            let known = ids.iter().copied().filter(|id| *id <= 6).collect::<Vec<_>>();
            let lines = tenant_sql!("SELECT id, total FROM orders WHERE id IN (?) AND total < ? ORDER BY id", ..ids, 1_000);
            let lines: Vec<Line> = lines.all(&shop.acme).await.unwrap();
            assert_eq!(lines.iter().map(|line| line.id).collect::<Vec<_>>(), known);
        }
        let none: Vec<i64> = Vec::new();
        let error = tenant_sql!("DELETE FROM orders WHERE id IN (?)", ..none).execute(&shop.acme).await.unwrap_err();
        assert!(error.to_string().starts_with("refused an empty list of values"), "{error}");
        assert_eq!(plan_count(&shop.acme), plans, "a statement was parsed");
    }

    async fn writes(shop) {
        let (before, plans) = (shop.neighbour().await, plan_count(&shop.acme));
        let add = |id: i64, tenant: Option<&str>| tenant_sql!(
            "INSERT INTO orders (id, customer_id, status, total, tenant_id) VALUES (?, 1, 'new', ?, ?)",
            id, id * 10, tenant.map(str::to_owned)
        );
        assert_eq!(add(7, None).execute(&shop.acme).await.unwrap(), 1);
        assert_eq!(add(8, Some("acme")).execute(&shop.acme).await.unwrap(), 1);
        assert!(add(9, Some("globex")).execute(&shop.acme).await.unwrap_err().is_refused());
        let raise = tenant_sql!("UPDATE orders SET total = total + ? WHERE status = ?", 5, "new");
        assert_eq!(raise.execute(&shop.acme).await.unwrap(), 2);
        let new = tenant_sql!("SELECT id, total FROM orders WHERE status = 'new' ORDER BY id");
        let new: Vec<Line> = new.all(&shop.acme).await.unwrap();
        assert_eq!(new, [Line { id: 7, total: 75 }, Line { id: 8, total: 85 }]);
        assert_eq!(tenant_sql!("DELETE FROM orders WHERE id > ?", 6).execute(&shop.acme).await.unwrap(), 2);
        assert_eq!(tenant_sql!("DELETE FROM items WHERE id > 0").execute(&shop.acme).await.unwrap(), 6);
        assert_eq!(plan_count(&shop.acme), plans, "a statement was parsed");
        assert_eq!(shop.neighbour().await, before);
    }

    async fn upserts(shop) {
        let (before, plans) = (shop.neighbour().await, plan_count(&shop.acme));
        let upsert = |id: i64, name: &str| tenant_sql!(
            sqlite: "INSERT INTO customers (id, name, email) VALUES (?, ?, ?)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            postgres: "INSERT INTO customers (id, name, email) VALUES ($1, $2, $3)
                       ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            mysql: "INSERT INTO customers (id, name, email) VALUES (?, ?, ?)
                    ON DUPLICATE KEY UPDATE name = VALUES(name)",
            id, name, format!("c{id}@example.org")
        );
        upsert(1, "changed").execute(&shop.acme).await.unwrap();
        upsert(4, "added").execute(&shop.acme).await.unwrap();
        let names = tenant_sql!("SELECT name, email AS title FROM customers WHERE id IN (1, 4) ORDER BY id");
        let names: Vec<Named> = names.all(&shop.acme).await.unwrap();
        assert_eq!(names.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["changed", "added"]);
        assert_eq!(plan_count(&shop.acme), plans, "a statement was parsed");
        assert_eq!(shop.neighbour().await, before);
    }

    async fn transactions(shop) {
        let (before, plans) = (shop.neighbour().await, plan_count(&shop.acme));
        let clear = || tenant_sql!("DELETE FROM orders WHERE total < ?", 3);
        let count = || tenant_sql!("SELECT COUNT(*) AS id, COUNT(*) AS total FROM orders");
        let txn = shop.acme.begin().await.unwrap();
        assert_eq!(clear().execute(&txn).await.unwrap(), 2);
        assert_eq!(count().one::<Line>(&txn).await.unwrap().unwrap().id, 4);
        txn.rollback().await.unwrap();
        assert_eq!(count().one::<Line>(&shop.acme).await.unwrap().unwrap().id, 6);
        let txn = shop.acme.begin().await.unwrap();
        clear().execute(&txn).await.unwrap();
        let streamed = tenant_sql!("SELECT id, total FROM orders ORDER BY id").stream::<Line>(&txn).await.unwrap();
        assert_eq!(streamed.try_collect::<Vec<_>>().await.unwrap().len(), 4);
        txn.commit().await.unwrap();
        let streamed = tenant_sql!("SELECT id, total FROM orders ORDER BY id").stream::<Line>(&shop.acme).await.unwrap();
        assert_eq!(streamed.try_collect::<Vec<_>>().await.unwrap()[0], Line { id: 3, total: 3 });
        assert_eq!(plan_count(&shop.acme), plans, "a statement was parsed");
        assert_eq!(shop.neighbour().await, before);
    }

    async fn returned_rows(shop) {
        let (before, plans) = (shop.neighbour().await, plan_count(&shop.acme));
        let change = |total: i64| tenant_sql!(
            sqlite: "UPDATE orders SET total = ? WHERE id = 1 RETURNING id, total",
            postgres: "UPDATE orders SET total = ? WHERE id = 1 RETURNING id, total",
            total
        );
        let changed = change(50).all::<Line>(&shop.acme).await;
        if shop.scratch.engine() == tenancy_tests::Engine::MySql {
            let error = changed.unwrap_err();
            assert!(error.is_refused() && error.to_string().contains("MySQL"), "{error}");
        } else {
            assert_eq!(changed.unwrap(), [Line { id: 1, total: 50 }]);
        }
        assert_eq!(plan_count(&shop.acme), plans, "a statement was parsed");
        assert_eq!(shop.neighbour().await, before);
    }

    async fn other_tables_than_compiled_with(shop) {
        let plans = plan_count(&shop.acme);
        for (db, label) in [(&shop.acme, "mine"), (&shop.globex, "theirs")] {
            let add = tenant_sql!("INSERT INTO drawers (id, label) VALUES (?, ?)", 1, label);
            assert_eq!(add.execute(db).await.unwrap(), 1);
        }
        let drawers = || tenant_sql!("SELECT label AS name, label AS title FROM drawers WHERE id IN (?)", ..[1, 2]);
        let mine: Vec<Named> = drawers().all(&shop.acme).await.unwrap();
        assert_eq!(mine, [Named { name: "mine".into(), title: "mine".into() }]);
        assert_eq!(drawers().all::<Named>(&shop.globex).await.unwrap()[0].name, "theirs");
        // The macro took the table for another. So both statements went through the scoper.
        assert_eq!(plan_count(&shop.acme), plans + 2);
    }
}
