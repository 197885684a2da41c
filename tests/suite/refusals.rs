//! Every mistake of `docs/errors.md`, made here: the message is the one in the document.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{Error, NewTenant};
use tenancy_tests::{Engine, Shop, each_engine};

const DOCUMENT: &str = include_str!("../../docs/errors.md");

/// The SQL that makes each mistake of the first table, in its order, and the values it comes with.
const MISTAKES: [(&str, usize); 18] = [
    ("SELECT * FROM secrets", 0),
    ("UPDATE products SET price = 0", 0),
    ("INSERT INTO orders (id, tenant_id) VALUES (1, 'globex')", 0),
    ("UPDATE orders SET tenant_id = status", 0),
    ("INSERT INTO orders VALUES (1, 2, 3)", 0),
    ("REPLACE INTO orders (id) VALUES (1)", 0),
    ("SELECT load_extension('x')", 0),
    ("SELECT * FROM orders, items AS orders", 0),
    (
        "WITH RECURSIVE orders AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM orders) SELECT * FROM orders",
        0,
    ),
    ("DROP TABLE orders", 0),
    ("SET search_path = x", 0),
    ("COMMIT", 0),
    ("EXPLAIN SELECT * FROM orders", 0),
    ("SELECT 1; SELECT 2", 0),
    ("SELECT * FROM orders WHERE id = :id", 0),
    ("SELECT * FROM orders WHERE id = &1", 0),
    ("SELECT 1", 0),
    ("SELEKT 1", 0),
];

fn messages() -> Vec<&'static str> {
    let statements = DOCUMENT.split("## Tenants").next().unwrap_or_default();
    let rows =
        statements.lines().filter(|line| line.starts_with("| ") && !line.contains("| message"));
    rows.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next()).collect()
}

async fn refusal(shop: &Shop, number: usize) -> String {
    let (sql, _) = MISTAKES[number];
    let backend = ConnectionTrait::get_database_backend(&shop.acme);
    let place = if backend == DbBackend::Postgres { "$1" } else { "?" };
    // The statement built for another engine is the one before the last.
    let foreign = if backend == DbBackend::MySql { DbBackend::Sqlite } else { DbBackend::MySql };
    let backend = if number == MISTAKES.len() - 2 { foreign } else { backend };
    let statement = Statement::from_string(backend, sql.replace("&1", place));
    let error = shop.acme.execute_raw(statement).await.expect_err(sql);
    Error::refusal_in(&error).unwrap_or_else(|| panic!("{sql}: {error}")).to_string()
}

each_engine! {
    async fn say_what_the_document_says(shop) {
        let before = shop.neighbour().await;
        let messages = messages();
        assert_eq!(messages.len(), MISTAKES.len());
        for (number, message) in messages.iter().enumerate() {
            let said = refusal(&shop, number).await;
            // MySQL is the foreign engine on the others; on itself SQLite is, and REPLACE and SET
            // may be unreadable to PostgreSQL's grammar, which is said as such.
            let other = message.replace("built for MySql", "built for Sqlite");
            let unreadable = said.starts_with("refused a statement that cannot be read as");
            let postgres = shop.scratch.engine() == Engine::Postgres;
            let fits = said.to_lowercase().starts_with(&message.to_lowercase())
                || said.to_lowercase().starts_with(&other.to_lowercase())
                || (postgres && unreadable && MISTAKES[number].0.starts_with("REPLACE"));
            assert!(fits, "{}\n  said      {said}\n  document  {message}", MISTAKES[number].0);
            assert!(said.contains("; "), "{said} does not say what to do instead");
        }
        assert_eq!(shop.neighbour().await, before);
    }

    async fn of_tenants(shop) {
        assert!(Error::from(NewTenant::new("No Slug").unwrap_err()).is_invalid_value());
        assert!(shop.tenancy.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap_err().is_conflict());
        assert!(shop.tenancy.db("nobody").await.unwrap_err().is_tenant_not_found());
        let closed = tenancy::Tenancy::builder().database(&shop.scratch.url).connect().await.unwrap();
        closed.close().await.unwrap();
        assert!(closed.db("acme").await.unwrap_err().is_closed());
    }
}
