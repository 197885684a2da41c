//! Who judges must be able to find fault.

use super::{Dialect, guarded, parse};

#[test]
fn the_second_opinion_sees_what_is_not_guarded() {
    let column = |table: &str| (table == "orders").then(|| "tenant_id".to_owned());
    let judge = |sql: &str| {
        guarded::unguarded(sql, parse::grammar(Dialect::Postgres), &|n| n == 0, &column).unwrap()
    };
    let upsert = "INSERT INTO orders (id, tenant_id) VALUES (1, $1) \
                  ON CONFLICT(lower(customer)) WHERE (id > $2) DO UPDATE SET total = 1";
    for sql in [
        "SELECT id FROM orders",
        "SELECT id FROM orders WHERE orders.tenant_id = $2",
        "SELECT id FROM orders WHERE orders.tenant_id = $1 OR id = 1",
        "SELECT id FROM orders LEFT JOIN products ON orders.tenant_id = $1",
        "UPDATE products SET id = (SELECT MAX(id) FROM orders)",
        "DELETE FROM orders",
        "SELECT 1 UNION TABLE orders",
        "WITH orders AS (SELECT 1) UPDATE orders SET total = 1",
        "WITH orders AS (SELECT 1) DELETE FROM orders",
        "INSERT INTO orders (id) VALUES (1)",
        "INSERT INTO orders (id, tenant_id) VALUES ($1, 1)",
        "INSERT INTO products (id) VALUES (1) ON CONFLICT((SELECT id FROM orders)) DO NOTHING",
        upsert,
    ] {
        assert!(judge(sql).is_some(), "{sql}");
    }
    for sql in [
        "SELECT id FROM orders WHERE orders.tenant_id = $1 AND (id = 1 OR id = 2)",
        "SELECT id FROM products LEFT JOIN orders ON orders.tenant_id = $1 AND id = 1",
        "WITH orders AS (SELECT 1) SELECT * FROM orders",
        "INSERT INTO orders (id, tenant_id) VALUES (1, $1)",
        &format!("{upsert} WHERE orders.tenant_id = $1"),
    ] {
        assert_eq!(judge(sql), None, "{sql}");
    }
}
