//! SQLite: a transaction that has the write lock from its beginning, without foreign keys, which are
//! looked at before it ends.
//!
//! With them a table could not be rebuilt: to drop the old one would delete, by cascade, what refers
//! to it. See <https://www.sqlite.org/lang_altertable.html#otheralter>.

use std::collections::BTreeSet;

use sea_orm::sqlx;

use super::{
    context::Spot,
    failure::{Failure, Remedy},
    heads::Heads,
    raw::Raw,
    work::{Chunk, Deed},
};

/// Does a chunk in a place.
pub(super) async fn run(spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<(), Failure> {
    let mut raw =
        Raw::acquire(spot.conn, spot.cx.dialect).await.map_err(|error| Failure::sqlx(&error))?;
    let outcome = within(&mut raw, spot, chunk, last).await;
    if outcome.is_err() {
        // There may be no transaction.
        let _ = raw.run("ROLLBACK").await;
    }
    match raw.run("PRAGMA foreign_keys = ON").await {
        Ok(_) => {}
        Err(_) => raw.close().await,
    }
    outcome
}

async fn within(raw: &mut Raw, spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<(), Failure> {
    let failed = |error: sqlx::Error| Failure::sqlx(&error);
    raw.run("PRAGMA foreign_keys = OFF").await.map_err(failed)?;
    raw.run("BEGIN IMMEDIATE").await.map_err(failed)?;
    let table = spot.heads();
    raw.run(&table.create()).await.map_err(failed)?;
    let heads = raw.texts(&table.select()).await.map_err(failed)?;
    if !same(&heads, &chunk.before) {
        return Err(Failure::moved());
    }
    let broken = raw.texts(BROKEN).await.map_err(failed)?;
    for part in &chunk.parts {
        match &part.deed {
            Deed::Sql(sql) => {
                let sql = statement(spot, sql, part)?;
                raw.run(&sql).await.map_err(|error| failed(error).at(part, Some(&sql)))?;
            }
            Deed::Verify(sql) => {
                let sql = statement(spot, sql, part)?;
                let found =
                    raw.finds(&sql).await.map_err(|error| failed(error).at(part, Some(&sql)))?;
                if found {
                    let what = "it did not do what it should: its verification found a row";
                    return Err(Failure::new(Remedy::None, what).at(part, Some(&sql)));
                }
            }
            Deed::Heads(changes) => {
                for change in changes {
                    raw.run(&table.change(change)).await.map_err(failed)?;
                }
                let now = raw.texts(BROKEN).await.map_err(failed)?;
                if let Some(broken) = now.iter().find(|now| !broken.contains(now)) {
                    return Err(Failure::none(format!(
                        "after it, a row of {broken} is not there; rows that refer to what a revision \
                         takes away must go first"
                    ))
                    .at(part, None));
                }
            }
            Deed::Code(_) => {}
        }
    }
    if let Some(entry) = spot.entry.filter(|_| last) {
        raw.run(entry).await.map_err(failed)?;
    }
    raw.run("COMMIT").await.map_err(failed)?;
    Ok(())
}

/// Foreign keys that lead nowhere.
const BROKEN: &str = "SELECT '`' || \"table\" || '` refers to a row of `' || \"parent\" || '` that' \
                      FROM pragma_foreign_key_check GROUP BY 1";

/// Whether the rows are these heads, in whatever order the engine has them.
pub(super) fn same(rows: &[String], heads: &Heads) -> bool {
    let rows: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    rows == heads.iter().map(|head| head.as_str()).collect()
}

pub(super) fn statement(
    spot: &Spot<'_>,
    sql: &str,
    part: &super::work::Part,
) -> Result<String, Failure> {
    spot.statement(sql).map_err(|error| Failure::none(error.to_string()).at(part, Some(sql)))
}
