//! EDGE 47: a generated proof that one tenant does not reach what another has.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

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
