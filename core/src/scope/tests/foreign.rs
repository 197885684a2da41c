//! What the parser's rules for our engines do not read today is refused the day they do.

use sqlparser::{dialect, parser::Parser};

use super::{Dialect, Mode, Refusal, RefusalKind, catalog, parse, target::Target, walker};

/// What is said of a statement another engine's rules read.
fn refusal(grammar: &dyn dialect::Dialect, sql: &str) -> Refusal {
    let mut parsed = parse::parse("SELECT 1", Dialect::Postgres).unwrap();
    parsed.statement = Parser::parse_sql(grammar, sql).unwrap().pop().unwrap();
    walker::scope(parsed, Dialect::Postgres, &catalog(), &Mode::Rows).expect_err(sql)
}

#[test]
fn clauses_of_other_engines_are_refused() {
    use dialect::{
        BigQueryDialect, GenericDialect, MsSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
    };
    for (grammar, sql, construct) in [
        (
            &GenericDialect {} as &dyn dialect::Dialect,
            "SELECT * EXCLUDE (total) FROM orders",
            "a wildcard with options",
        ),
        (&GenericDialect {}, "SELECT * EXCEPT (total) FROM orders", "a wildcard with options"),
        (
            &GenericDialect {},
            "SELECT orders.* EXCEPT (total) FROM orders",
            "a wildcard with options",
        ),
        (
            &GenericDialect {},
            "SELECT COUNT(* EXCLUDE (total)) FROM orders",
            "a wildcard with options",
        ),
        (&SnowflakeDialect {}, "SELECT * ILIKE 'x' FROM orders", "a wildcard with options"),
        (
            &SnowflakeDialect {},
            "SELECT * RENAME (total AS t) FROM orders",
            "a wildcard with options",
        ),
        (
            &BigQueryDialect {},
            "SELECT * REPLACE (f(1) AS total) FROM orders",
            "a wildcard with options",
        ),
        (
            &BigQueryDialect {},
            "SELECT id FROM orders QUALIFY id = 1",
            "a SELECT clause of another engine",
        ),
        (&MsSqlDialect {}, "SELECT TOP 1 id FROM orders", "a SELECT clause of another engine"),
        (
            &MsSqlDialect {},
            "SELECT CONVERT(INT, id, f(1)) FROM orders",
            "an expression of the kind `Convert`",
        ),
        (&RedshiftSqlDialect {}, "SELECT x FROM orders AS o AT x", "an AT alias"),
    ] {
        assert_eq!(refusal(grammar, sql).construct(), construct, "{sql}");
    }
}

/// The walk and the parser's own visitor must have met the same things.
#[test]
fn what_was_not_looked_at_is_refused() {
    let mut parsed = parse::parse("SELECT id FROM orders", Dialect::Postgres).unwrap();
    parsed.targets.push(Target { items: Vec::new(), condition: None });
    let refusal = walker::scope(parsed, Dialect::Postgres, &catalog(), &Mode::Rows).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Clause);
    assert!(
        refusal.to_string().contains("1+1+1 tables and queries were found, 1+1+0 were scoped"),
        "{refusal}"
    );
}
