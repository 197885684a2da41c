//! Either a statement is refused, or what would run reads as what was rendered, and every tenant's
//! table in it is narrowed, stamped or guarded.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use sqlparser::{
    dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};
use tenancy_core::{
    Dialect,
    catalog::{Catalog, Class, Entity, KeyKind},
    scope::{Bind, Mode, Scoper, plan},
};

#[path = "../../src/scope/tests/guarded.rs"]
mod guarded;

/// How deep the parser reads unless told otherwise.
const PARSERS_LIMIT: usize = 50;

const TABLES: &[(&str, &str)] = &[("orders", "tenant_id"), ("items", "tenant_id"), ("o", "t")];

fn catalog() -> Catalog {
    let entity = |table: &str, class| Entity {
        table: table.into(),
        schema: None,
        class,
        columns: ["tenant_id", "t", "id", "total", "customer"].map(str::to_owned).to_vec(),
        keys: vec![vec!["tenant_id".into(), "id".into()], vec!["customer".into()]],
        module: "fuzz",
    };
    let tenants = TABLES.iter().map(|(table, column)| {
        entity(table, Class::Tenant { column: (*column).into(), kind: KeyKind::Text })
    });
    let shared = entity("products", Class::Shared { writable: false });
    Catalog::new(tenants.chain([shared])).expect("tables that do not contradict each other")
}

static SCOPERS: LazyLock<[Scoper; 3]> = LazyLock::new(|| {
    [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql].map(|dialect| {
        let mode =
            if dialect == Dialect::Sqlite { Mode::Rows } else { Mode::Schema { shared: None } };
        Scoper::new(dialect, catalog(), 1 << 20).with_mode(mode)
    })
});

/// Whether the parser's limit of nesting stands in the way of reading a text as it is meant. What
/// is rendered has more parentheses than what was read, and beyond the limit words are taken for
/// other things than they are.
fn too_deep(sql: &str, grammar: &dyn Grammar) -> bool {
    let read = |tokens: &[Token], limit: usize| {
        let parser = Parser::new(grammar).with_recursion_limit(limit);
        parser.with_tokens(tokens.to_vec()).parse_statements()
    };
    let tokens = Tokenizer::new(grammar, sql).tokenize().unwrap_or_default();
    guarded::parts(tokens).iter().any(|part| {
        let deep = read(part, 1_000);
        deep.is_ok() && deep != read(part, PARSERS_LIMIT)
    })
}

fn column(table: &str) -> Option<String> {
    let known = TABLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(table));
    known.map(|(_, column)| (*column).to_owned())
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((choice, rest)) = data.split_first() else { return Corpus::Reject };
    let Ok(sql) = std::str::from_utf8(rest) else { return Corpus::Reject };
    let (dialect, grammar): (Dialect, &dyn Grammar) = match choice % 3 {
        0 => (Dialect::Sqlite, &SQLiteDialect {}),
        1 => (Dialect::Postgres, &PostgreSqlDialect {}),
        _ => (Dialect::MySql, &MySqlDialect {}),
    };
    let scoper = &SCOPERS[usize::from(choice % 3)];
    let Ok(planned) = scoper.plan(sql) else { return Corpus::Keep };
    let ready =
        planned.plan.ready(Some("t_acme"), &planned.lengths).expect("a plan can be put together");
    let is_tenant = |n: usize| matches!(ready.binds.get(n), Some(Bind::Tenant(_)));
    match guarded::unguarded(&ready.sql, grammar, &is_tenant, &column) {
        Err(error) => panic!("{sql}\n=> {}\n{error}", ready.sql),
        Ok(Some(table)) => panic!("{sql}\n=> {}\n{table} is not guarded", ready.sql),
        Ok(None) => {}
    }
    // What was rendered can be scoped again: it is read as it was understood. MySQL's upserts put
    // the value of the tenant column into a CASE, where it cannot be checked twice.
    let once = plan(sql, dialect, scoper.catalog()).ok();
    let readable = |text: &str| !text.contains("ON DUPLICATE KEY") && !too_deep(text, grammar);
    if let Some(once) = once.filter(|plan| readable(&plan.text(""))) {
        let again = plan(&once.text(""), dialect, scoper.catalog());
        assert!(again.is_ok(), "{sql}\n=> {}\n{}", once.text(""), again.unwrap_err());
    }
    Corpus::Keep
});
