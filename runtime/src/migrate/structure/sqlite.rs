//! Structures of SQLite, from the statements its file keeps.

use std::collections::BTreeSet;

use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection,
    query, raw_sql, sqlite::SqliteConnectOptions,
};
use tenancy_core::{
    Dialect,
    scope::PREFIX_END,
    structure::{Contents, SHARED, Structure, sqlite_facts},
};

use super::{Cast, Fingerprint, Reading, Shadow, failed, misread};
use crate::Result;

const ROWS: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
     WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     AND substr(tbl_name, 1, length(?1)) = ?1 ORDER BY type, name";

/// Reads a file, or what is behind a prefix in it: `t_acme$`, or nothing.
///
/// Names lose the prefix.
///
/// # Errors
///
/// The database's, and an error if the file has something in this place that is not understood, such
/// as a virtual table; [ignore](Reading::ignored) that.
pub async fn read(
    conn: &mut SqliteConnection,
    prefix: &str,
    reading: &Reading<'_>,
) -> Result<Structure> {
    let mut facts = Vec::new();
    for row in query(ROWS).bind(prefix).fetch_all(conn).await.map_err(failed)? {
        let text = |at: usize| row.try_get::<String, usize>(at).map_err(failed);
        let (kind, name, table, sql) = (text(0)?, text(1)?, text(2)?, text(3)?);
        let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
        let (own, owner) = (bare(&name), bare(&table));
        // Behind a prefix is another place.
        if prefix.is_empty() && table.contains(PREFIX_END) {
            continue;
        }
        // What belongs to a module's table is the module's.
        if reading.ignored.iter().any(|it| *it == own || *it == owner) {
            continue;
        }
        facts.extend(sqlite_facts(&kind, &name, &table, &sql, prefix).map_err(misread)?);
    }
    let mut structure = Structure::of(facts).map_err(misread)?;
    if !prefix.is_empty() {
        elsewhere(&mut structure);
    }
    Ok(structure)
}

/// Foreign keys to tables that are not in the place point at what all tenants share.
fn elsewhere(structure: &mut Structure) {
    let own: BTreeSet<String> = structure.tables.keys().cloned().collect();
    let keys = structure.tables.values_mut().flat_map(|table| table.constraints.values_mut());
    for reference in keys.filter_map(|it| it.references.as_mut()) {
        if !own.contains(&reference.table) {
            reference.schema = Some(SHARED.to_owned());
        }
    }
}

/// What one place is like, as a hash. Files are separate databases, so each must be asked.
///
/// # Errors
///
/// As [`read`].
pub async fn fingerprint(
    conn: &mut SqliteConnection,
    prefix: &str,
    reading: &Reading<'_>,
) -> Result<Fingerprint> {
    Ok(Fingerprint::of(&read(conn, prefix, reading).await?))
}

/// What statements make, in a database in memory that is gone afterwards.
///
/// # Errors
///
/// The database's, and one [of configuration](crate::Error::is_config) with the statement it did not
/// take.
pub async fn shadow(shadow: &Shadow<'_>, reading: &Reading<'_>) -> Result<Cast> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false);
    let mut conn = options.disable_statement_logging().connect().await.map_err(failed)?;
    run(&mut conn, shadow.before).await?;
    let before = read(&mut conn, "", reading).await?;
    run(&mut conn, shadow.statements).await?;
    let others = before.tables.keys().chain(before.views.keys()).map(String::as_str);
    let ignored: Vec<&str> = reading.ignored.iter().copied().chain(others).collect();
    let mut structure = read(&mut conn, "", &Reading { ignored: &ignored, ..*reading }).await?;
    if !shadow.before.is_empty() {
        elsewhere(&mut structure);
    }
    let mut contents = Contents::default();
    if shadow.contents {
        for question in Contents::questions(Dialect::Sqlite, &structure) {
            let ask = raw_sql(AssertSqlSafe(question.sql.as_str()));
            let rows = conn.fetch_all(ask).await.map_err(failed)?;
            let rows: std::result::Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
            contents.found(question, rows.map_err(failed)?);
        }
    }
    conn.close().await.map_err(failed)?;
    let fingerprint = Fingerprint::of(&structure);
    Ok(Cast { structure, fingerprint, contents })
}

async fn run(conn: &mut SqliteConnection, statements: &[String]) -> Result<()> {
    for statement in statements {
        // All is in one file, and names say nothing of where.
        let sql = raw_sql(AssertSqlSafe(statement.replace(&format!("{SHARED}."), "")));
        conn.execute(sql).await.map_err(|error| super::failed_at(statement, &error))?;
    }
    Ok(())
}
