//! The scoper by itself: a plan found in the cache, and one made.

use std::hint::black_box;

use tenancy_core::{
    Dialect,
    catalog::{Catalog, Class, Entity, KeyKind},
    scope::{Scoper, plan},
};

use crate::{
    frame::{Row, compare},
    tour::World,
};

const THREE_JOINS: &str = r#"SELECT "o"."id", "o"."total", "c"."name", "i"."quantity", "p"."title" FROM "orders" AS "o" INNER JOIN "customers" AS "c" ON "c"."id" = "o"."customer_id" LEFT JOIN "items" AS "i" ON "i"."order_id" = "o"."id" INNER JOIN "products" AS "p" ON "p"."id" = "i"."product_id" WHERE "o"."total" > ? AND "c"."city" = ? ORDER BY "o"."id" ASC LIMIT ?"#;

const ONE_LIST: &str = r#"SELECT "i"."id" FROM "items" AS "i" WHERE "i"."order_id" IN "#;

/// As SeaORM writes `find_by_id`.
const POINT_READ: &str = r#"SELECT "orders"."id", "orders"."status", "orders"."total", "orders"."tenant_id" FROM "orders" WHERE "orders"."id" = ? LIMIT ?"#;

fn catalog() -> Catalog {
    let entity = |table: &str, class| Entity {
        table: table.into(),
        schema: None,
        class,
        columns: vec!["id".into()],
        keys: vec![vec!["tenant_id".into(), "id".into()]],
        module: "bench",
    };
    let tenant = || Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text };
    let tables = [
        entity("orders", tenant()),
        entity("customers", tenant()),
        entity("items", tenant()),
        entity("products", Class::Shared { writable: false }),
    ];
    Catalog::new(tables).expect("tables that do not contradict each other")
}

pub(crate) fn run() -> Vec<Row> {
    let catalog = catalog();
    let scoper = Scoper::new(Dialect::Sqlite, catalog.clone(), Scoper::PLAN_CACHE_BYTES);
    let mut cached = |n| {
        for _ in 0..n {
            black_box(scoper.plan(black_box(THREE_JOINS)).expect("a plan"));
        }
    };
    let mut made = |n| {
        for _ in 0..n {
            black_box(plan(black_box(THREE_JOINS), Dialect::Sqlite, &catalog).expect("a plan"));
        }
    };
    let mut copied = |n| {
        for _ in 0..n {
            black_box(black_box(THREE_JOINS).to_owned());
        }
    };
    // Each time another length, as a data loader makes them.
    let lists: Vec<String> =
        (1..=100).map(|length| format!("{ONE_LIST}({})", vec!["?"; length].join(", "))).collect();
    let mut listed = |n| {
        for list in lists.iter().cycle().take(usize::try_from(n).unwrap_or(usize::MAX)) {
            let planned = scoper.plan(black_box(list)).expect("a plan");
            assert!(planned.plan.ready(None, &planned.lengths).is_some());
        }
    };
    let world = World::open();
    let mut point = |n| {
        for _ in 0..n {
            let planned = scoper.plan(black_box(POINT_READ)).expect("a plan");
            assert!(planned.plan.ready(None, &planned.lengths).is_some());
        }
    };
    let mut whole = |n| world.read(n);
    vec![
        compare("cached plan, 3 joins", "ns", &mut cached, "copying the text", &mut copied),
        compare("plan made, 3 joins", "ns", &mut made, "cached plan", &mut cached),
        compare(
            "IN lists of 1 to 100, one plan",
            "ns",
            &mut listed,
            "plan made, 3 joins",
            &mut made,
        ),
        // One divided by the ratio is the scoper's share of the read.
        compare("plan of a point read", "ns", &mut point, "the whole read, SQLite", &mut whole),
    ]
}
