//! Statements that read. Each is asked for the tenant's own rows, and for those of others.

use sea_orm::{DbErr, Value};

use super::{
    attempt::{Attempt, Counts, statement, sum},
    proof::Expected,
    shape::Shape,
    table::Table,
};
use crate::TenantDb;

/// How many rows of its own a tenant has.
pub(super) async fn own(db: &TenantDb, table: &Table, own: &Value) -> Result<u64, DbErr> {
    let (q, t, id) = (&table.sql, &table.tenant, table.place(1));
    let sql = format!("SELECT COUNT(*) AS n FROM {q} WHERE {t} = {id}");
    sum(db, statement(db, &sql, std::slice::from_ref(own))).await
}

/// All of them. `own` is the tenant's id, and `rows` how many rows it has.
pub(super) fn shapes(table: &Table, own: &Value, other: &Value, rows: u64) -> Vec<Shape> {
    let (q, t, id) = (&table.sql, &table.tenant, table.place(1));
    let same = |left: &str, right: &str| {
        let keys = table.key().iter().map(|key| table.quoted(key));
        let keys = keys.map(|key| format!(" AND {left}.{key} = {right}.{key}"));
        format!("{left}.{t} = {right}.{t}{}", keys.collect::<String>())
    };
    let (same, differ) = (same("y", "x"), format!("y.{t} <> x.{t}"));
    // With a condition that the tenant's own rows fulfil, and one that those of others do.
    let compared = |name, counts: Counts, times: u64, sql: &dyn Fn(&str) -> String| Shape {
        name: String::from(name),
        own: Attempt::new(counts.clone(), sql(&format!("= {id}")), vec![own.clone()]),
        expected: Expected::Exactly(times * rows),
        foreign: Attempt::new(counts, sql(&format!("<> {id}")), vec![own.clone()]),
    };
    let joined = |name: &str, sql: &dyn Fn(&str) -> String| Shape {
        name: name.to_owned(),
        own: Attempt::new(Counts::Sum, sql(&same), Vec::new()),
        expected: Expected::Exactly(rows),
        foreign: Attempt::new(Counts::Sum, sql(&differ), Vec::new()),
    };
    // Finds a value that is there, and not one that is not.
    let found = |name: &str, sql: String| Shape {
        name: name.to_owned(),
        own: Attempt::new(Counts::Sum, sql.clone(), vec![own.clone()]),
        expected: Expected::Exactly(rows),
        foreign: Attempt::new(Counts::Sum, sql, vec![other.clone()]),
    };
    vec![
        compared("select", Counts::Rows, 1, &|is| format!("SELECT 1 AS n FROM {q} WHERE {t} {is}")),
        compared("count", Counts::Sum, 1, &|is| {
            format!("SELECT COUNT(*) AS n FROM {q} WHERE {t} {is}")
        }),
        compared("group by", Counts::Sum, 1, &|is| {
            format!("SELECT {t}, COUNT(*) AS n FROM {q} GROUP BY {t} HAVING {t} {is}")
        }),
        compared("sub-query in from", Counts::Sum, 1, &|is| {
            format!(
                "SELECT COUNT(*) AS n FROM (SELECT x.{t} AS t FROM {q} AS x) AS d WHERE d.t {is}"
            )
        }),
        compared("scalar sub-query", Counts::Sum, 1, &|is| {
            format!("SELECT (SELECT COUNT(*) FROM {q} AS x WHERE x.{t} {is}) AS n")
        }),
        compared("common table expression", Counts::Sum, 1, &|is| {
            format!(
                "WITH d AS (SELECT x.{t} AS t FROM {q} AS x) SELECT COUNT(*) AS n FROM d WHERE d.t {is}"
            )
        }),
        compared("union", Counts::Sum, 2, &|is| {
            format!(
                "SELECT COUNT(*) AS n FROM (SELECT x.{t} AS t FROM {q} AS x UNION ALL \
                 SELECT y.{t} AS t FROM {q} AS y) AS d WHERE d.t {is}"
            )
        }),
        joined("join", &|on| {
            format!("SELECT COUNT(*) AS n FROM {q} AS x INNER JOIN {q} AS y ON {on}")
        }),
        joined("left join", &|on| {
            format!("SELECT COUNT(y.{t}) AS n FROM {q} AS x LEFT JOIN {q} AS y ON {on}")
        }),
        joined("exists", &|on| {
            format!(
                "SELECT COUNT(*) AS n FROM {q} AS x WHERE EXISTS (SELECT 1 FROM {q} AS y WHERE {on})"
            )
        }),
        found(
            "in",
            format!(
                "SELECT COUNT(*) AS n FROM {q} AS x WHERE {id} IN (SELECT y.{t} FROM {q} AS y)"
            ),
        ),
    ]
}
