//! What is not read: too deep, too long, or printed as something else.

use super::*;

/// Everything that recurses over a tree must fit a thread's usual stack, or refuse.
#[test]
fn deep_statements_do_not_exhaust_the_stack() {
    let on_small_stack = |sql: String| {
        let run = move || plan(&sql, Dialect::Sqlite, &catalog()).map(|plan| plan.text(""));
        std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap()
    };
    let chain =
        |links: usize| format!("SELECT id FROM orders WHERE id = 0{}", " OR id = 1".repeat(links));
    assert!(on_small_stack(chain(400)).is_ok());
    assert!(on_small_stack(chain(20_000)).is_err());
    let nested = |depth: usize| {
        format!("SELECT id FROM orders WHERE {}id = 1{}", "(".repeat(depth), ")".repeat(depth))
    };
    assert!(on_small_stack(nested(20)).is_ok());
    assert!(on_small_stack(nested(10_000)).is_err());
    let queries = |depth: usize| {
        format!("{}SELECT 1{}", "SELECT * FROM (".repeat(depth), ") AS q".repeat(depth))
    };
    assert!(on_small_stack(queries(10)).is_ok());
    assert!(on_small_stack(queries(5_000)).is_err());
}

/// What the parser reads in a loop is a tree as deep as it is long. 120 levels are walked, no more.
#[test]
fn nesting_has_its_limit_where_the_refusal_says() {
    let levels = |n: usize| {
        // The query and the column are levels too.
        let sql = format!("SELECT id{} AS x FROM orders", " IS NOT NULL".repeat(n - 2));
        plan(&sql, Dialect::Sqlite, &catalog())
    };
    assert!(levels(120).is_ok());
    let refusal = levels(121).unwrap_err().to_string();
    assert!(
        refusal.starts_with("refused nesting deeper than 120 levels in the select list"),
        "{refusal}"
    );
}

#[test]
fn long_statements_of_few_operators_are_read() {
    let many =
        |n: usize| format!("SELECT CASE id {}END AS n FROM orders", "WHEN 1 THEN 2 ".repeat(n));
    assert!(plan(&many(1_100), Dialect::Sqlite, &catalog()).is_ok());
    for word in ["NOT ", "\"NOT\" NOT "] {
        let sql = format!("SELECT id FROM orders WHERE {}id", word.repeat(2_001));
        let refusal = plan(&sql, Dialect::Sqlite, &catalog()).unwrap_err().to_string();
        assert!(refusal.contains("operators"), "{refusal}");
    }
}

#[test]
fn characters_that_stand_for_something_else_are_refused_each() {
    for character in [mark::OPEN, mark::CLOSE, '\0'] {
        let sql = format!("SELECT '{character}' FROM orders");
        assert!(plan(&sql, Dialect::Sqlite, &catalog()).is_err(), "{character:?}");
    }
}

/// A number may end where a name would begin, and the rest would be a name of its own.
#[test]
fn no_name_begins_with_a_digit_unless_it_is_quoted() {
    let catalog = catalog();
    for sql in [
        "SELECT o.999.999E FROM orders o",
        "SELECT o.2e FROM orders o",
        "SELECT total AS 2nd FROM orders",
        "SELECT 2nd.total FROM orders AS 2nd",
    ] {
        let outcome = plan(sql, Dialect::MySql, &catalog).map(|plan| format!("{plan:?}"));
        assert!(outcome.is_err(), "{sql}: {outcome:?}");
    }
    let quoted = "SELECT `2nd`.total AS `3rd` FROM orders AS `2nd`";
    assert!(plan(quoted, Dialect::MySql, &catalog).is_ok());
}

/// Elsewhere than in MySQL, an interval is a text.
#[test]
fn an_interval_is_computed_by_mysql_alone() {
    for sql in [
        "SELECT INTERVAL '0 day' @ INTERVAL HOUR ival",
        "SELECT INTERVAL INTERVAL '1' DAY",
        "SELECT INTERVAL total DAY FROM orders",
    ] {
        let refusal = plan(sql, Dialect::Postgres, &catalog()).unwrap_err().to_string();
        assert!(refusal.contains("INTERVAL") || refusal.contains("cannot be read"), "{refusal}");
    }
    let text = "SELECT INTERVAL '1 day', INTERVAL '1' HOUR, 2 * INTERVAL '1 day' FROM orders";
    assert!(plan(text, Dialect::Postgres, &catalog()).is_ok());
    let computed = "SELECT placed + INTERVAL total + 1 DAY FROM orders";
    assert!(plan(computed, Dialect::MySql, &catalog()).is_ok());
}
