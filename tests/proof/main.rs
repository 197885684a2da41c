//! EDGE 47: a generated proof that one tenant does not reach what another has.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]
// Many entities, each with every shape of statement.
#![recursion_limit = "256"]

mod entity;

use sea_orm::{
    ActiveValue::Set,
    EntityTrait,
    prelude::{DateTimeUtc, Uuid},
};
use tenancy::{TenantDb, testkit};
use tenancy_tests::{
    Engine, Shop, each_engine, each_row,
    entity::{customer, item, ledger, order},
};

use self::entity::{label, labelled};

/// More rows, with keys the other tenant has not.
async fn stock(db: &TenantDb, first: i64) {
    let new = customer::ActiveModel {
        id: Set(first),
        name: Set("one more".into()),
        email: Set(format!("c{first}@example.org")),
        ..Default::default()
    };
    customer::Entity::insert(new).exec_without_returning(db).await.expect("a row");
    let new = order::ActiveModel {
        id: Set(first),
        customer_id: Set(first),
        status: Set("open".into()),
        total: Set(1),
        ..Default::default()
    };
    order::Entity::insert(new).exec_without_returning(db).await.expect("a row");
    let new = item::ActiveModel {
        id: Set(first),
        order_id: Set(first),
        product_id: Set(1),
        quantity: Set(1),
        ..Default::default()
    };
    item::Entity::insert(new).exec_without_returning(db).await.expect("a row");
    for amount in [1, 2] {
        let new = ledger::ActiveModel {
            entry: Set("one more".into()),
            amount: Set(amount),
            ..Default::default()
        };
        ledger::Entity::insert(new).exec_without_returning(db).await.expect("a row");
    }
    let mut above = None;
    for text in ["urgent", "fragile"] {
        let id = Uuid::now_v7();
        let new = label::ActiveModel {
            id: Set(id),
            text: Set(text.into()),
            weight: Set(0.5),
            hidden: Set(above.is_some()),
            note: Set(above.map(|_| "a note".to_owned())),
            made_at: Set(DateTimeUtc::from_timestamp(1_000_000_000, 0).expect("a time")),
            above: Set(above),
            ..Default::default()
        };
        label::Entity::insert(new).exec_without_returning(db).await.expect("a row");
        let new =
            labelled::ActiveModel { order_id: Set(1), label_id: Set(id), ..Default::default() };
        labelled::Entity::insert(new).exec_without_returning(db).await.expect("a row");
        above = Some(id);
    }
}

async fn stocked(shop: &Shop) {
    stock(&shop.acme, 100).await;
    stock(&shop.globex, 200).await;
}

each_engine! {
    async fn no_tenant_reaches_what_another_has(shop) {
        stocked(&shop).await;
        for (tenant, other) in [("acme", "globex"), ("globex", "acme")] {
            let proof = testkit::prove(&shop.tenancy, tenant, other).await.unwrap();
            let text = proof.to_string();
            println!("{text}");
            proof.assert();
            let tables = ["customers", "orders", "items", "ledger", "labels", "labelled"];
            let shapes = [
                "select", "count", "group by", "sub-query in from", "scalar sub-query",
                "common table expression", "union", "join", "left join", "exists", "in", "update",
                "move", "delete", "insert", "truncate", "afterwards",
            ];
            let shown = |line: String| assert!(text.contains(&format!("ok       {line}: ")), "{line}");
            for table in tables {
                for shape in shapes {
                    shown(format!("{table}: {shape}"));
                }
            }
            for table in ["customers", "orders", "items", "labels"] {
                shown(format!("{table}: upsert"));
            }
            // Where each has a table of its own, both count from one.
            if !shop.apart() {
                shown("ledger: upsert".to_owned());
            }
            for (from, to) in [("orders", "customers"), ("items", "orders"), ("labels", "labels")] {
                shown(format!("{from}: reference to {to}"));
            }
            if shop.scratch.engine() != Engine::MySql {
                shown("orders: update returning".to_owned());
            }
        }
    }
}

each_row! {
    async fn without_rows_nothing_is_shown(shop) {
        let error = testkit::prove(&shop.tenancy, "acme", "globex").await.unwrap_err();
        assert!(error.is_config());
        let text = error.to_string();
        assert!(text.contains("in `labelled` of `acme`, `labelled` of `globex`"), "{text}");
        stocked(&shop).await;
        let error = testkit::prove(&shop.tenancy, "acme", "acme").await.unwrap_err();
        assert!(error.is_config());
    }
}

/// On PostgreSQL a partition is a table that can be named, and its parent's policies are not asked
/// then.
mod partition {
    use std::sync::Arc;

    use sea_orm::ConnectionTrait;
    use tenancy_tests::{Strategy, shop};

    use super::*;

    async fn exec(shop: &Shop, sql: &str) {
        shop.eye.execute_unprepared(sql).await.expect("the owner may");
    }

    /// Divides a table: what is there becomes its only partition.
    async fn divide(shop: &Shop, tenant: &str) {
        let table = shop.table(tenant, "labelled");
        let sql = format!(
            "ALTER TABLE {table} RENAME TO labelled_rows; \
             CREATE TABLE {table} (LIKE {table}_rows INCLUDING DEFAULTS, \
             PRIMARY KEY (tenant_id, order_id, label_id)) PARTITION BY LIST (order_id); \
             ALTER TABLE {table} ATTACH PARTITION {table}_rows DEFAULT"
        );
        exec(shop, &sql).await;
    }

    const RAW: [&str; 3] = ["raw read", "raw update", "raw delete"];

    async fn named(shop: Arc<Shop>) {
        stocked(&shop).await;
        let tenants: &[&str] = if shop.apart() { &["acme", "globex"] } else { &["acme"] };
        for tenant in tenants {
            divide(&shop, tenant).await;
        }
        let policies = shop.strategy.policies().is_some();
        if policies {
            // Its new parent has none yet.
            shop.tenancy.create_tables().await.expect("policies are put up again");
        }
        let proof = testkit::prove(&shop.tenancy, "acme", "globex").await.unwrap();
        let text = proof.to_string();
        println!("{text}");
        proof.assert();
        let part = shop.table("acme", "labelled");
        let part = if part.contains('.') { part } else { format!("public.{part}") } + "_rows";
        let line = |what: &str| format!("ok       labelled: {what} of partition {part}: ");
        for what in ["read", "update", "delete"] {
            assert!(text.contains(&line(what)), "{what}: {text}");
        }
        for what in RAW {
            assert_eq!(text.contains(&line(what)), policies, "{what}: {text}");
        }
        if !policies {
            return;
        }
        // It has policies of its own, besides that nobody may name it.
        exec(&shop, "GRANT SELECT, UPDATE, DELETE ON labelled_rows TO PUBLIC").await;
        testkit::prove(&shop.tenancy, "acme", "globex").await.unwrap().assert();
        exec(&shop, "ALTER TABLE labelled_rows DISABLE ROW LEVEL SECURITY").await;
        let proof = testkit::prove(&shop.tenancy, "acme", "globex").await.unwrap();
        let text = proof.to_string();
        assert!(!proof.holds(), "{text}");
        for what in RAW {
            let line = format!("LEAKED   labelled: {what} of partition {part}: ");
            assert!(text.contains(&line), "{what}: {text}");
        }
    }

    #[test]
    fn postgres() {
        shop::run_in(Engine::Postgres, Strategy::Row, named);
    }

    #[test]
    fn postgres_schema() {
        shop::run_in(Engine::Postgres, Strategy::Schema, named);
    }

    #[test]
    fn postgres_rls() {
        shop::run_in(Engine::Postgres, Strategy::Rls, named);
    }

    #[test]
    fn postgres_rls_signed() {
        shop::run_in(Engine::Postgres, Strategy::Signed, named);
    }

    #[test]
    fn postgres_rls_lanes() {
        shop::run_in(Engine::Postgres, Strategy::Lanes, named);
    }
}
