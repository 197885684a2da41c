//! Partitions of a table on PostgreSQL, each of which can be named like a table. Its parent's policies
//! are not asked then.

use sea_orm::{DbErr, TransactionTrait as _, Value};

use super::{
    attempt::{Attempt, Counts, statement},
    proof::Expected,
    shape::Shape,
    table::Table,
    write::{Plan, Rows},
};
use crate::{TenantDb, TenantTransaction};

/// The partitions at any depth of all tables of that name, the tables that inherit from them too, and
/// whether policies are in force on the uppermost.
const PARTS: &str = "WITH RECURSIVE part AS (\
    SELECT inhrelid AS id, inhparent AS top FROM pg_catalog.pg_inherits \
    UNION SELECT i.inhrelid, p.top FROM pg_catalog.pg_inherits i JOIN part p ON i.inhparent = p.id) \
    SELECT n.nspname::text AS place, c.relname::text AS name, t.relrowsecurity AS guarded FROM part p \
    JOIN pg_catalog.pg_class c ON c.oid = p.id JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_class t ON t.oid = p.top \
    WHERE t.relname = $1 AND t.relkind IN ('r', 'p') AND c.relkind IN ('r', 'p', 'f') ORDER BY 1, 2";

/// A partition.
struct Part {
    place: String,
    name: String,
    guarded: bool,
}

/// Statements on each partition of a table: as the application sends them, and past the scoper where
/// policies must hold by themselves.
pub(super) async fn plans(
    db: &TenantDb,
    other: &TenantDb,
    table: &Table,
    rows: &Rows<'_>,
) -> Result<Vec<Plan>, DbErr> {
    let mut plans = Vec::new();
    for part in parts(db, table).await? {
        let names = [&part.place, &part.name].map(|name| table.quoted(name)).join(".");
        let name = |what: &str| format!("{what} of partition {}.{}", part.place, part.name);
        let theirs = format!("{} <> {}", table.tenant, table.place(1));
        let mut sent = vec![("read", format!("SELECT 1 AS n FROM {names} WHERE {theirs}"))];
        if let Some(plain) = table.plain() {
            let c = table.quoted(plain);
            let update = format!("UPDATE {names} SET {c} = {c} WHERE {theirs} RETURNING 1 AS n");
            sent.push(("update", update));
        }
        sent.push(("delete", format!("DELETE FROM {names} WHERE {theirs} RETURNING 1 AS n")));
        let shape = |name: String, sql: String| Shape {
            name,
            own: Attempt::new(Counts::Rows, format!("SELECT 1 AS n FROM {}", table.sql), vec![]),
            expected: Expected::Exactly(rows.own.len() as u64),
            foreign: Attempt::new(Counts::Rows, sql, vec![rows.id.clone()]),
        };
        for (what, sql) in &sent {
            plans.push(Plan::Try(shape(name(what), sql.clone())));
        }
        if !part.guarded {
            continue;
        }
        if held(other, table, &names).await? == 0 {
            let why = "the other has no rows in it that policies must hide";
            plans.push(Plan::Idle(name("raw read"), why.to_owned()));
            continue;
        }
        for (what, sql) in sent {
            let Shape { own, expected, foreign, .. } = shape(String::new(), sql);
            let (own, foreign) = (own.past_the_scoper(), foreign.past_the_scoper());
            let name = name(&format!("raw {what}"));
            plans.push(Plan::Try(Shape { name, own, expected, foreign }));
        }
    }
    Ok(plans)
}

async fn parts(db: &TenantDb, table: &Table) -> Result<Vec<Part>, DbErr> {
    let values = [Value::from(table.name.as_str())];
    let rows = beside(db, |transaction| statement(transaction, PARTS, &values)).await?;
    let read = |row: &sea_orm::QueryResult| {
        Ok(Part {
            place: row.try_get("", "place")?,
            name: row.try_get("", "name")?,
            guarded: row.try_get("", "guarded")?,
        })
    };
    rows.iter().map(read).collect()
}

/// How many rows of a tenant's are in a partition, seen through its table.
async fn held(db: &TenantDb, table: &Table, part: &str) -> Result<u64, DbErr> {
    let sql = format!("SELECT 1 AS n FROM {} WHERE tableoid = $1::text::regclass", table.sql);
    let values = [Value::from(part)];
    let rows = beside(db, |transaction| statement(transaction, &sql, &values)).await?;
    Ok(rows.len() as u64)
}

/// What the database says, past the scoper.
async fn beside(
    db: &TenantDb,
    stmt: impl FnOnce(&TenantTransaction) -> sea_orm::Statement,
) -> Result<Vec<sea_orm::QueryResult>, DbErr> {
    let transaction = db.begin().await?;
    let rows = transaction.past_the_scoper(stmt(&transaction)).await;
    transaction.rollback().await?;
    rows
}
