//! Tables of cases for the scoper.

use std::fmt::Write as _;

mod foreign;
mod guarded;
mod limits;
mod opinion;

use super::*;
use crate::catalog::{Class, Entity, KeyKind};

fn table(name: &str, class: Class, keys: &[&[&str]]) -> Entity {
    let keys = keys.iter().map(|key| key.iter().map(|c| (*c).to_owned()).collect()).collect();
    Entity { table: name.into(), schema: None, class, columns: Vec::new(), keys, module: "tests" }
}

fn of_tenant(kind: KeyKind) -> Class {
    Class::Tenant { column: "tenant_id".into(), kind }
}

fn with_columns(mut entity: Entity, columns: &[&str]) -> Entity {
    entity.columns = columns.iter().map(|column| (*column).to_owned()).collect();
    entity
}

/// The tables of the corpus. `tests/corpus` makes the same ones in databases.
pub(super) fn catalog() -> Catalog {
    let text = || of_tenant(KeyKind::Text);
    let own: &[&[&str]] = &[&["tenant_id", "id"]];
    let orders = table("orders", text(), &[&["tenant_id", "id"], &["tenant_id", "customer"]]);
    let mut invoices = table("invoices", text(), own);
    invoices.schema = Some("billing".into());
    Catalog::new([
        with_columns(orders, &["tenant_id", "id", "customer", "status", "total", "placed", "meta"]),
        with_columns(table("items", text(), own), &["tenant_id", "id", "order_id", "sku", "qty"]),
        with_columns(table("ledger", text(), &[&["id"]]), &["tenant_id", "id", "entry", "total"]),
        with_columns(invoices, &["tenant_id", "id", "order_id", "amount"]),
        table("readings", of_tenant(KeyKind::Integer), own),
        table("devices", of_tenant(KeyKind::Uuid), own),
        table("products", Class::Shared { writable: false }, &[&["id"]]),
        table("tags", Class::Shared { writable: true }, &[&["id"]]),
    ])
    .unwrap()
}

/// A statement read and printed, unscoped.
fn reprinted(sql: &str, dialect: Dialect) -> String {
    let parsed = parse::parse(sql, dialect).unwrap();
    let mut printed = parsed.statement.to_string();
    for (number, target) in parsed.targets.iter().enumerate() {
        printed = printed.replace(&mark::Mark::Target(number).to_string(), &target.print());
    }
    match render::render(&printed, &parsed.literals, dialect) {
        Some(plan::Body::Fixed { sql, .. }) => sql.into_owned(),
        other => panic!("{other:?}"),
    }
}

/// The statements of a corpus file: one to a line, between comments. What stands behind `--=` are
/// values for its placeholders, for those who run it.
fn statements(corpus: &str) -> impl Iterator<Item = &str> {
    let lines = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with("-- "));
    lines.map(|line| line.split_once(" --= ").map_or(line, |(sql, _)| sql))
}

/// Somebody who knows nothing of the scoper looks at what would run.
fn guard(ready: &Ready<'_>, dialect: Dialect, catalog: &Catalog) {
    let column = |table: &str| {
        let found = catalog.iter().find(|entity| entity.table.eq_ignore_ascii_case(table));
        found.and_then(|entity| entity.tenant_column()).map(|(column, _)| column.to_owned())
    };
    let is_tenant = |n: usize| matches!(ready.binds.get(n), Some(Bind::Tenant(_)));
    let grammar = parse::grammar(dialect);
    let judged = guarded::unguarded(&ready.sql, grammar, &is_tenant, &column);
    assert_eq!(judged, Ok(None), "{}", ready.sql);
}

fn report(corpus: &str, dialect: Dialect) -> String {
    let catalog = catalog();
    let mut report = String::new();
    for sql in statements(corpus) {
        writeln!(report, "{sql}").unwrap();
        match plan(sql, dialect, &catalog) {
            Ok(plan) => {
                let ready = plan.ready(None, &[]).unwrap();
                assert_eq!(
                    reprinted(&ready.sql, dialect),
                    ready.sql,
                    "what runs must read as what was rendered"
                );
                guard(&ready, dialect, &catalog);
                writeln!(report, "=> {}", ready.sql).unwrap();
                if !ready.binds.is_empty() {
                    writeln!(report, "   binds {:?}", ready.binds).unwrap();
                }
                for check in plan.checks() {
                    writeln!(report, "   check {:?}, null {}", check.value, check.null_allowed)
                        .unwrap();
                }
            }
            Err(refusal) => writeln!(report, "!! {refusal}").unwrap(),
        }
        report.push('\n');
    }
    report
}

/// Corpus files by their names.
macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("corpus/", $path, ".sql")))),+]
    };
}

const COMMON: &[(&str, &str)] = files![
    "common/joins",
    "common/subqueries",
    "common/sets",
    "common/grouping",
    "common/expressions",
    "common/attempts",
    "common/writes",
    "common/refusals",
    "stamps",
];
const SQLITE: &[(&str, &str)] = files!["sqlite/queries", "sqlite/writes", "sqlite/refusals"];
const POSTGRES: &[(&str, &str)] =
    files!["postgres/queries", "postgres/expressions", "postgres/writes", "postgres/refusals",];
const MYSQL: &[(&str, &str)] = files!["mysql/queries", "mysql/writes", "mysql/refusals"];

fn corpus(dialect: Dialect, own: &[(&str, &str)]) {
    let mut count = 0;
    for (path, text) in COMMON.iter().chain(own) {
        count += statements(text).count();
        let name = path.replace('/', "_");
        insta::assert_snapshot!(format!("{name}_{dialect}"), report(text, dialect));
    }
    assert!(count >= 300, "{count} statements for {dialect}");
}

#[test]
fn corpus_for_sqlite() {
    corpus(Dialect::Sqlite, SQLITE);
}

#[test]
fn corpus_for_postgres() {
    corpus(Dialect::Postgres, POSTGRES);
}

#[test]
fn corpus_for_mysql() {
    corpus(Dialect::MySql, MYSQL);
}

#[test]
fn plans_are_remembered_within_their_budget() {
    let scoper = Scoper::new(Dialect::Sqlite, catalog(), 64 * 1024);
    let first = scoper.plan("SELECT id FROM orders").unwrap();
    assert!(Arc::ptr_eq(&first.plan, &scoper.plan("SELECT id FROM orders").unwrap().plan));
    for number in 0..2_000 {
        scoper.plan(&format!("SELECT {number} FROM orders")).unwrap();
    }
    assert!(scoper.plan_bytes() <= 64 * 1024, "{}", scoper.plan_bytes());
    assert!(scoper.plan_bytes() > 16 * 1024, "{}", scoper.plan_bytes());
    // A plan weighs what it holds, not a multiple of it.
    assert!(scoper.plan_count() > 60, "{}", scoper.plan_count());
}

#[test]
fn lists_of_any_length_share_a_plan() {
    let scoper = Scoper::new(Dialect::Postgres, catalog(), 1 << 20);
    let sql = |length: usize| {
        let list: Vec<String> = (2..length + 2).map(|n| format!("${n}")).collect();
        format!(
            "SELECT id FROM orders WHERE total > $1 AND id IN ({}) AND customer = ${}",
            list.join(", "),
            length + 2
        )
    };
    let first = scoper.plan(&sql(1)).unwrap();
    for length in 1..200 {
        let planned = scoper.plan(&sql(length)).unwrap();
        assert!(Arc::ptr_eq(&planned.plan, &first.plan), "{length}");
        assert_eq!(planned.lengths, [length]);
    }
    assert_eq!(scoper.plan_count(), 1);
    let three = scoper.plan(&sql(3)).unwrap();
    let ready = three.plan.ready(None, &three.lengths).unwrap();
    assert_eq!(
        ready.sql,
        r#"SELECT id FROM orders WHERE orders."tenant_id" = $1 AND (total > $2 AND id IN ($3, $4, $5) AND customer = $6)"#
    );
    let given = |n| Bind::Given(n);
    let tenant = Bind::Tenant(KeyKind::Text);
    assert_eq!(*ready.binds, [tenant, given(0), given(1), given(2), given(3), given(4)]);
    assert_eq!(three.plan.given(&three.lengths), 5);
}

/// The text a folded plan is filed under is no way to it.
#[test]
fn a_folded_text_is_no_statement() {
    let scoper = Scoper::new(Dialect::Sqlite, catalog(), 1 << 20);
    scoper.plan("SELECT id FROM orders WHERE id IN (?, ?)").unwrap();
    let folded = lists::fold("SELECT id FROM orders WHERE id IN (?, ?)", Dialect::Sqlite).unwrap();
    assert_eq!(scoper.plan(&folded.sql).unwrap_err().kind(), RefusalKind::Syntax);
}

/// A value for the tenant column that stands behind a list is still the one that is checked.
#[test]
fn checks_find_their_values_behind_lists() {
    let scoper = Scoper::new(Dialect::Sqlite, catalog(), 1 << 20);
    let sql =
        "UPDATE orders SET tenant_id = ?, total = (SELECT 1 WHERE 1 IN (?, ?, ?)) WHERE id = ?";
    let planned = scoper.plan(sql).unwrap();
    assert_eq!(planned.plan.checks()[0].value, Checked::Given(0));
    assert_eq!(planned.plan.value(2, &planned.lengths), 4);
    let sql =
        "UPDATE orders SET total = (SELECT 1 WHERE 1 IN (?, ?, ?)), tenant_id = ? WHERE id = ?";
    let planned = scoper.plan(sql).unwrap();
    assert_eq!(planned.plan.checks()[0].value, Checked::Given(1));
    assert_eq!(planned.plan.value(1, &planned.lengths), 3);
}

fn placed(sql: &str, dialect: Dialect, mode: &Mode) -> String {
    match plan_as(sql, dialect, &catalog(), mode) {
        Ok(plan) => {
            assert_eq!(plan.ready(None, &[]), None, "a plan that needs a place runs without one");
            plan.text("t_acme")
        }
        Err(refusal) => format!("!! {refusal}"),
    }
}

#[test]
fn tables_are_placed() {
    let corpus = [
        "SELECT orders.id, p.title FROM orders JOIN products p ON p.id = orders.product_id",
        "SELECT o.* FROM orders o LEFT JOIN items ON items.order_id = o.id WHERE EXISTS (SELECT 1 FROM ledger)",
        "WITH orders AS (SELECT * FROM orders) SELECT * FROM orders NATURAL LEFT JOIN items",
        "INSERT INTO orders (id, total) SELECT id, qty FROM items",
        "UPDATE orders SET total = orders.total + 1 WHERE id IN (SELECT order_id FROM items)",
        "DELETE FROM orders WHERE orders.id = 1",
        "SELECT * FROM t_acme.orders",
        "SELECT * FROM billing.invoices",
    ];
    let schema = Mode::Schema { shared: Some("shop".into()) };
    let mut report = String::new();
    for (dialect, mode) in
        [(Dialect::Postgres, &schema), (Dialect::MySql, &schema), (Dialect::Sqlite, &Mode::Prefix)]
    {
        for sql in corpus {
            writeln!(report, "{dialect}: {sql}\n=> {}\n", placed(sql, dialect, mode)).unwrap();
        }
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_statement_is_only_verified_where_one_tenant_is_alone() {
    let verified = |sql: &str| plan_as(sql, Dialect::Sqlite, &catalog(), &Mode::Verify);
    let plan = verified("SELECT o.id FROM orders o LEFT JOIN items i ON i.id = o.id").unwrap();
    assert_eq!(plan.text(""), "SELECT o.id FROM orders o LEFT JOIN items i ON i.id = o.id");
    assert!(plan.uses().iter().all(|table| table.action == Action::Verified));
    let plan = verified("INSERT INTO orders (id) VALUES (1)").unwrap();
    assert_eq!(plan.text(""), r#"INSERT INTO orders (id, "tenant_id") VALUES (1, ?)"#);
    assert!(verified("SELECT * FROM users").is_err());
    assert!(verified("PRAGMA journal_mode = off").is_err());
}

#[test]
fn a_scoper_knows_its_tables_and_its_mode() {
    let scoper = Scoper::new(Dialect::Sqlite, catalog(), 1 << 20);
    assert_eq!(*scoper.mode(), Mode::Rows);
    assert_eq!(scoper.catalog().iter().count(), catalog().iter().count());
    scoper.plan("SELECT id FROM orders").unwrap();
    let placed = scoper.with_mode(Mode::Prefix);
    assert_eq!(*placed.mode(), Mode::Prefix);
    // What was planned for shared tables is not taken for a tenant's own.
    let plan = placed.plan("SELECT id FROM orders").unwrap().plan;
    assert!(plan.ready(None, &[]).is_none());
    assert!(plan.ready(Some("t_acme"), &[]).unwrap().sql.contains("t_acme$orders"));
}

#[test]
fn a_plan_tells_whose_tables_it_names() {
    let plan = |sql| plan(sql, Dialect::Sqlite, &catalog()).unwrap();
    for (sql, reach, uses) in [
        ("SELECT 1", Reach::Tenant, 0),
        ("SELECT id FROM orders", Reach::Tenant, 1),
        ("SELECT id FROM products", Reach::Shared, 1),
        ("SELECT p.id FROM products p, tags t", Reach::Shared, 2),
        ("SELECT o.id FROM orders o, items i", Reach::Tenant, 2),
        ("SELECT o.id FROM orders o, products p", Reach::Both, 2),
        ("SELECT id FROM products WHERE id IN (SELECT id FROM orders)", Reach::Both, 2),
        ("INSERT INTO tags (id) VALUES (1)", Reach::Shared, 1),
    ] {
        let plan = plan(sql);
        assert_eq!((plan.reach(), plan.uses().len()), (reach, uses), "{sql}");
    }
    let both = plan("SELECT o.id FROM orders o, products p");
    let refusal = Refusal::apart(both.uses()).to_string();
    assert!(refusal.starts_with("refused a statement on `orders` and `products`"), "{refusal}");
}

#[test]
fn a_plan_is_put_together_only_with_a_length_for_each_list() {
    let scoper = Scoper::new(Dialect::Sqlite, catalog(), 1 << 20);
    let sql = "SELECT id FROM orders WHERE id IN (?, ?)";
    let planned = scoper.plan(sql).unwrap();
    assert!(planned.plan.ready(None, &[2]).is_some());
    for lengths in [&[] as &[usize], &[0], &[1, 1], &[2, 0]] {
        assert!(planned.plan.ready(None, lengths).is_none(), "{lengths:?}");
    }
    assert!(planned.plan.weight() > sql.len());
    let longer = plan(
        &format!("SELECT id FROM orders WHERE {}", "id = 1 OR ".repeat(50) + "id = 2"),
        Dialect::Sqlite,
        &catalog(),
    );
    assert!(longer.unwrap().weight() > planned.plan.weight());
}

/// What looks like the beginning of a comment or a bracket is none everywhere.
#[test]
fn lists_are_found_beside_operators() {
    for (dialect, before) in [
        (Dialect::Sqlite, "total - 1 > 0 AND total / 2 > 0"),
        (Dialect::Postgres, "(ARRAY[1])[1] = 1"),
        (Dialect::MySql, "id IN (SELECT order_id FROM items)"),
        (Dialect::Sqlite, "id IN (SELECT order_id FROM items)"),
    ] {
        let scoper = Scoper::new(dialect, catalog(), 1 << 20);
        let list = |length: usize| match dialect {
            Dialect::Postgres => (1..=length).map(|n| format!("${n}")).collect::<Vec<_>>(),
            _ => vec!["?".to_owned(); length],
        };
        for length in 1..5 {
            let list = list(length).join(", ");
            let sql = format!("SELECT id FROM orders WHERE {before} AND id IN ({list})");
            assert_eq!(scoper.plan(&sql).unwrap().lengths, [length], "{sql}");
        }
        assert_eq!(scoper.plan_count(), 1, "{before}");
    }
}

#[test]
fn a_list_stands_behind_in_and_nowhere_else() {
    let scoper = Scoper::new(Dialect::Postgres, catalog(), 1 << 20);
    let sql = "SELECT position($1 IN customer) AS n FROM orders WHERE id IN ($2, $3)";
    assert!(scoper.plan(sql).is_ok());
    let planned = scoper.plan("SELECT position('a' IN ($1, $2)) AS n FROM orders").unwrap();
    assert!(planned.lengths.is_empty());
}

#[test]
fn what_was_done_can_be_read() {
    let sql = "SELECT o.id FROM orders o LEFT JOIN items ON items.order_id = o.id \
               RIGHT JOIN products p ON p.id = o.id";
    let explained = explain(sql, Dialect::Sqlite, &catalog()).unwrap();
    assert_eq!(explained.uses().len(), 3);
    insta::assert_snapshot!(explained);
    let insert = "INSERT INTO orders (id, customer) VALUES (1, 'x')";
    insta::assert_snapshot!(plan(insert, Dialect::MySql, &catalog()).unwrap());
    let catalog = catalog();
    let verified = plan_as("SELECT id FROM orders", Dialect::Sqlite, &catalog, &Mode::Verify);
    insta::assert_snapshot!(verified.unwrap());
}

/// Behind a wildcard, the tenant column is counted from the back.
#[test]
fn the_tenant_takes_its_place_behind_a_wildcard() {
    let sql = "INSERT INTO items (id, order_id, tenant_id, sku, qty) \
               SELECT d.*, 'acme', 's', 1 FROM (SELECT id AS a, order_id AS b FROM items) d";
    let plan = plan(sql, Dialect::Sqlite, &catalog()).unwrap();
    let ready = plan.ready(None, &[]).unwrap();
    assert!(ready.sql.contains("SELECT d.*, ?, 's', 1 FROM"), "{}", ready.sql);
    assert_eq!(plan.checks().len(), 1);
}

/// A key is all of its columns and no more.
#[test]
fn a_part_of_a_key_is_no_key() {
    let target = |columns: &str| {
        let sql = format!(
            "INSERT INTO ledger (id, entry) VALUES (1, 'x') ON CONFLICT ({columns}) DO NOTHING"
        );
        plan(&sql, Dialect::Sqlite, &catalog()).unwrap().text("")
    };
    assert!(target("id").contains("ON CONFLICT(id)"), "{}", target("id"));
    assert!(target("entry").contains("ON CONFLICT(entry)"), "{}", target("entry"));
    let orders =
        "INSERT INTO orders (id, customer) VALUES (1, 'x') ON CONFLICT (id, customer) DO NOTHING";
    let text = plan(orders, Dialect::Sqlite, &catalog()).unwrap().text("");
    assert!(text.contains("ON CONFLICT(id, customer)"), "{text}");
}
