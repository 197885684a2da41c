//! Structures of PostgreSQL, from its own catalogs.
//!
//! The views of `information_schema` ask every right of every table of the database, whatever is
//! asked for: with a thousand schemas one look takes longer than all of this.
//!
//! Everything runs in one message of the simple protocol, with nothing prepared, so that it works
//! through poolers and within a transaction of the caller's. Names are printed with nothing but
//! `pg_catalog` on the search path, which is put back at the end, and the name of the schema is then
//! taken off what is in it.

use std::collections::BTreeMap;

use sea_orm::sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, postgres::PgRow, raw_sql,
};
use serde_json::Value;
use tenancy_core::{
    Dialect,
    policy::{ident, literal},
    structure::{Contents, Fact, Structure},
};

use super::{Cast, Fingerprint, Names, Reading, Shadow, failed, misread};
use crate::{Error, Result};

const FACTS: &str = include_str!("postgres.sql");

/// Takes the schema's own name off a text.
fn bare(text: &str) -> String {
    format!(
        "CASE WHEN pg_catalog.strpos({text}, mark) > 0 \
         THEN pg_catalog.regexp_replace({text}, pattern, '', 'g') ELSE {text} END"
    )
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(literal).collect();
    format!("ARRAY[{}]::pg_catalog.name[]", names.join(", "))
}

/// The body of a fact, in which `{{shared}}` stands for what all tenants share.
const BODY: &str = "CASE WHEN (SELECT pattern FROM s) IS NULL THEN body::pg_catalog.text \
     ELSE pg_catalog.regexp_replace(body::pg_catalog.text, (SELECT pattern FROM s), '{{shared}}.', 'g') END";

/// The whole message; `select` is asked of the facts.
fn message<'a>(
    schemas: impl Iterator<Item = &'a str>,
    reading: &Reading<'_>,
    select: &str,
) -> String {
    let mut facts = String::new();
    // `bare(…)` in the text stands for what takes the name off.
    let mut rest = FACTS;
    while let Some((before, after)) = rest.split_once("bare(") {
        let mut depth = 1_usize;
        let end = after
            .find(|c| {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth - 1,
                    _ => depth,
                };
                depth == 0
            })
            .unwrap_or(after.len());
        facts.push_str(before);
        facts.push('(');
        facts.push_str(&bare(&after[..end]));
        rest = &after[end..];
    }
    facts.push_str(rest);
    let facts = facts
        .replace("$schemas", &names(schemas))
        .replace("$ignored", &names(reading.ignored.iter().copied()))
        .replace("$rights", if reading.rights { "true" } else { "false" })
        .replace("$shared", &names(reading.shared.iter().copied()));
    format!(
        "SELECT pg_catalog.set_config('tenancy.search_path', pg_catalog.current_setting('search_path'), true), \
         pg_catalog.set_config('tenancy.jit', pg_catalog.current_setting('jit'), true), \
         pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', true);\n{facts}{select};\n\
         SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('tenancy.search_path'), true), \
         pg_catalog.set_config('jit', pg_catalog.current_setting('tenancy.jit'), true), NULL, NULL"
    )
}

async fn ask(conn: &mut PgConnection, sql: String, columns: usize) -> Result<Vec<PgRow>> {
    let rows = conn.fetch_all(raw_sql(AssertSqlSafe(sql))).await.map_err(failed)?;
    Ok(rows.into_iter().filter(|row| row.columns().len() == columns).collect())
}

/// Reads one schema.
///
/// It may be asked within a transaction, and sees what that has changed.
///
/// # Errors
///
/// The database's, and one [of configuration](Error::is_config) if there is no such schema.
pub async fn read(
    conn: &mut PgConnection,
    schema: &str,
    reading: &Reading<'_>,
) -> Result<Structure> {
    let select = format!(
        "SELECT kind, owner, name, position::pg_catalog.text AS position, {BODY} AS body FROM fact"
    );
    let rows = ask(conn, message(std::iter::once(schema), reading, &select), 5).await?;
    let mut facts = Vec::new();
    let mut there = false;
    for row in rows {
        let text = |at: usize| row.try_get::<String, usize>(at).map_err(failed);
        let kind = text(0)?;
        if kind == "schema" {
            there = true;
            continue;
        }
        let body: Value =
            serde_json::from_str(&text(4)?).map_err(|error| misread(error.to_string()))?;
        let position = text(3)?.parse().map_err(|_| misread("a position is no number"))?;
        facts.push(Fact { kind, table: text(1)?, name: text(2)?, position, body });
    }
    if !there {
        return Err(Error::config(format!("there is no schema `{schema}`")));
    }
    Structure::of(facts).map_err(|error| misread(error.to_string()))
}

/// What each of many schemas is like, as a hash: equal structures have equal ones. One statement,
/// whatever their number. Schemas that do not exist are left out.
///
/// # Errors
///
/// The database's.
pub async fn fingerprints<'a>(
    conn: &mut PgConnection,
    schemas: impl IntoIterator<Item = &'a str>,
    reading: &Reading<'_>,
) -> Result<BTreeMap<String, Fingerprint>> {
    let select = format!(
        "SELECT place, pg_catalog.md5(pg_catalog.string_agg(kind || E'\\t' || owner || E'\\t' || name || E'\\t' \
         || {BODY}, E'\\n' ORDER BY kind COLLATE \"C\", owner COLLATE \"C\", name COLLATE \"C\")), '' FROM fact GROUP BY place"
    );
    let rows = ask(conn, message(schemas.into_iter(), reading, &select), 3).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let place: String = row.try_get(0).map_err(failed)?;
        let hash: String = row.try_get(1).map_err(failed)?;
        found.insert(place, Fingerprint(hash));
    }
    Ok(found)
}

/// What statements make: they run in a schema that is empty, in a transaction that is rolled back.
///
/// What comes [before](Shadow::before) is made in another schema, whose things need no qualification
/// either. Statements may not end the transaction, and `CREATE INDEX CONCURRENTLY` cannot run in one.
/// Within a transaction of the caller's this is a savepoint that is rolled back.
///
/// # Errors
///
/// The database's, and one [of configuration](Error::is_config) with the statement it did not take.
pub async fn shadow(
    conn: &mut PgConnection,
    shadow: &Shadow<'_>,
    reading: &Reading<'_>,
) -> Result<Cast> {
    let (schema, shared) = (super::unique("tenancy_shadow_"), super::unique("tenancy_shared_"));
    let mut transaction = conn.begin().await.map_err(failed)?;
    let mut path: Vec<&str> = shadow.also.to_vec();
    let mut names = Names { own: &schema, shared: reading.shared.first().copied() };
    let mut all = reading.shared.to_vec();
    if !shadow.before.is_empty() {
        names.shared = Some(&shared);
        all.push(&shared);
        path.insert(0, &shared);
        enter(&mut transaction, &path).await?;
        run(&mut transaction, shadow.before, Names { own: &shared, ..names }).await?;
    }
    path.insert(0, &schema);
    enter(&mut transaction, &path).await?;
    run(&mut transaction, shadow.statements, names).await?;
    let reading = Reading { shared: &all, ..*reading };
    let structure = read(&mut transaction, &schema, &reading).await?;
    let mut hashes = fingerprints(&mut transaction, [schema.as_str()], &reading).await?;
    let fingerprint = hashes.remove(&schema).ok_or_else(|| misread("the shadow is gone"))?;
    let mut contents = Contents::default();
    if shadow.contents {
        for question in Contents::questions(Dialect::Postgres, &structure) {
            let ask = raw_sql(AssertSqlSafe(question.sql.as_str()));
            let rows = transaction.fetch_all(ask).await.map_err(failed)?;
            let rows: std::result::Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
            contents.found(question, rows.map_err(failed)?);
        }
    }
    transaction.rollback().await.map_err(failed)?;
    Ok(Cast { structure, fingerprint, contents })
}

/// A statement that can run in a transaction, and comes to the same: without `CONCURRENTLY`.
fn together(sql: &str) -> String {
    let mut words = sql.split_inclusive(char::is_whitespace);
    let first: Vec<&str> = words.by_ref().take(6).collect();
    let made = first.first().is_some_and(|word| {
        ["CREATE", "DROP", "REINDEX", "REFRESH"]
            .iter()
            .any(|it| word.trim().eq_ignore_ascii_case(it))
    });
    let kept =
        first.iter().filter(|word| !(made && word.trim().eq_ignore_ascii_case("CONCURRENTLY")));
    kept.copied().chain(words).collect()
}

/// Makes the first schema of a path, and lets bare names lead there.
async fn enter(conn: &mut PgConnection, path: &[&str]) -> Result<()> {
    let Some(first) = path.first() else { return Ok(()) };
    let all: Vec<String> = path.iter().map(|name| ident(name)).collect();
    let sql = format!(
        "CREATE SCHEMA {}; SELECT pg_catalog.set_config('search_path', {}, true)",
        ident(first),
        literal(&all.join(", "))
    );
    conn.execute(raw_sql(AssertSqlSafe(sql))).await.map_err(failed)?;
    Ok(())
}

async fn run(conn: &mut PgConnection, statements: &[String], names: Names<'_>) -> Result<()> {
    for statement in statements {
        let sql = raw_sql(AssertSqlSafe(together(&names.put(Dialect::Postgres, statement)?)));
        conn.execute(sql).await.map_err(|error| super::failed_at(statement, &error))?;
    }
    Ok(())
}
