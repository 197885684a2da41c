//! Structures of MySQL and MariaDB.
//!
//! There is no catalog but `information_schema`. It is asked for databases by name, which those
//! servers look up directly; of each table `SHOW CREATE TABLE` says all there is, in one spelling.
//! Routines are not read.

use std::collections::BTreeMap;

use sea_orm::sqlx::{
    AssertSqlSafe, Executor as _, MySqlConnection, Row as _, mysql::MySqlRow, raw_sql,
};
use tenancy_core::{
    Dialect,
    structure::{Contents, Fact, SHARED, Structure, mysql_facts},
};

use super::{Cast, Fingerprint, Names, Reading, SHARED_PLACE, Shadow, failed, misread};
use crate::{Error, Result};

fn name(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.map(literal).collect();
    if texts.is_empty() { "NULL".to_owned() } else { texts.join(", ") }
}

async fn rows(conn: &mut MySqlConnection, sql: String) -> Result<Vec<MySqlRow>> {
    conn.fetch_all(raw_sql(AssertSqlSafe(sql))).await.map_err(failed)
}

/// Reads one database.
///
/// # Errors
///
/// The server's, and one [of configuration](Error::is_config) if there is no such database.
pub async fn read(
    conn: &mut MySqlConnection,
    database: &str,
    reading: &Reading<'_>,
) -> Result<Structure> {
    let place = literal(database);
    let there = format!("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {place}");
    if rows(conn, there).await?.is_empty() {
        return Err(Error::config(format!("there is no database `{database}`")));
    }
    let ignored = |name: &str| reading.ignored.contains(&name);
    let tables = format!(
        "SELECT CAST(TABLE_NAME AS CHAR) FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {place} AND TABLE_TYPE = 'BASE TABLE'"
    );
    let mut facts = Vec::new();
    for row in rows(conn, tables).await? {
        let table: String = row.try_get(0).map_err(failed)?;
        if ignored(&table) {
            continue;
        }
        let ask = format!("SHOW CREATE TABLE {}.{}", name(database), name(&table));
        for row in rows(conn, ask).await? {
            let sql: String = row.try_get(1).map_err(failed)?;
            facts.extend(mysql_facts(&table, &sql).map_err(misread)?);
        }
    }
    let own = format!("{}.", name(database));
    let bare = |text: String| text.replace(&own, "");
    let triggers = format!(
        "SELECT CAST(TRIGGER_NAME AS CHAR), CAST(EVENT_OBJECT_TABLE AS CHAR), CAST(ACTION_TIMING AS CHAR), \
         CAST(EVENT_MANIPULATION AS CHAR), CAST(ACTION_STATEMENT AS CHAR) FROM information_schema.TRIGGERS \
         WHERE TRIGGER_SCHEMA = {place} AND EVENT_OBJECT_SCHEMA = {place}"
    );
    for row in rows(conn, triggers).await? {
        let text = |at: usize| row.try_get::<String, usize>(at).map_err(failed);
        let (trigger, table) = (text(0)?, text(1)?);
        if ignored(&table) {
            continue;
        }
        let sql = format!(
            "CREATE TRIGGER {} {} {} ON {} FOR EACH ROW {}",
            name(&trigger),
            text(2)?,
            text(3)?,
            name(&table),
            bare(text(4)?)
        );
        facts.push(fact("trigger", &table, trigger, sql.into()));
    }
    let views = format!(
        "SELECT CAST(TABLE_NAME AS CHAR), CAST(VIEW_DEFINITION AS CHAR) FROM information_schema.VIEWS \
         WHERE TABLE_SCHEMA = {place}"
    );
    for row in rows(conn, views).await? {
        let (view, sql): (String, String) =
            (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        if !ignored(&view) {
            let body = serde_json::json!({ "definition": bare(sql) });
            facts.push(fact("view", "", view, body));
        }
    }
    let mut structure = Structure::of(facts).map_err(misread)?;
    let references = structure
        .tables
        .values_mut()
        .flat_map(|table| table.constraints.values_mut())
        .filter_map(|it| it.references.as_mut());
    for reference in references {
        if reference.schema.as_deref().is_some_and(|schema| reading.shared.contains(&schema)) {
            reference.schema = Some(SHARED.to_owned());
        }
    }
    Ok(structure)
}

fn fact(kind: &str, table: &str, name: String, body: serde_json::Value) -> Fact {
    Fact { kind: kind.to_owned(), table: table.to_owned(), name, position: 0, body }
}

/// What each of many databases is like, as a hash, in one statement. Databases that do not exist, and
/// empty ones, are left out.
///
/// # Errors
///
/// The server's.
pub async fn fingerprints<'a>(
    conn: &mut MySqlConnection,
    databases: impl IntoIterator<Item = &'a str>,
    reading: &Reading<'_>,
) -> Result<BTreeMap<String, Fingerprint>> {
    let places = list(databases.into_iter());
    let ignored = list(reading.ignored.iter().copied());
    let not = |column: &str| {
        if reading.ignored.is_empty() {
            String::new()
        } else {
            format!(" AND {column} NOT IN ({ignored})")
        }
    };
    let shared = list(reading.shared.iter().copied());
    // The first line of a hash is of a part, since GROUP_CONCAT has a longest text.
    let sql = format!(
        "SELECT CAST(place AS CHAR), CAST(MD5(GROUP_CONCAT(MD5(fact) ORDER BY MD5(fact) SEPARATOR '')) AS CHAR) FROM (
            SELECT TABLE_SCHEMA AS place, CONCAT_WS('\\t', 'table', TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT) AS fact
            FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({places}){t}
            UNION ALL
            SELECT TABLE_SCHEMA, CONCAT_WS('\\t', 'column', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, IFNULL(COLUMN_DEFAULT, 'NULL'),
                EXTRA, IFNULL(COLLATION_NAME, ''), IFNULL(GENERATION_EXPRESSION, ''), COLUMN_COMMENT)
            FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ({places}){t}
            UNION ALL
            SELECT TABLE_SCHEMA, CONCAT_WS('\\t', 'index', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, IFNULL(COLUMN_NAME, ''), NON_UNIQUE, IFNULL(COLLATION, ''),
                IFNULL(SUB_PART, ''), INDEX_TYPE)
            FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN ({places}){t}
            UNION ALL
            SELECT k.TABLE_SCHEMA, CONCAT_WS('\\t', 'foreign', k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION, k.COLUMN_NAME,
                CASE WHEN k.REFERENCED_TABLE_SCHEMA = k.TABLE_SCHEMA THEN '' WHEN k.REFERENCED_TABLE_SCHEMA IN ({shared}) THEN '{SHARED}' ELSE k.REFERENCED_TABLE_SCHEMA END,
                k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME)
            FROM information_schema.KEY_COLUMN_USAGE AS k
            WHERE k.TABLE_SCHEMA IN ({places}) AND k.REFERENCED_TABLE_NAME IS NOT NULL{k}
            UNION ALL
            SELECT CONSTRAINT_SCHEMA, CONCAT_WS('\\t', 'rule', TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE)
            FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({places}){t}
            UNION ALL
            SELECT CONSTRAINT_SCHEMA, CONCAT_WS('\\t', 'check', CONSTRAINT_NAME, CHECK_CLAUSE)
            FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({places})
            UNION ALL
            SELECT TRIGGER_SCHEMA, CONCAT_WS('\\t', 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION,
                REPLACE(ACTION_STATEMENT, CONCAT('`', TRIGGER_SCHEMA, '`.'), ''))
            FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({places}){e}
            UNION ALL
            SELECT TABLE_SCHEMA, CONCAT_WS('\\t', 'view', TABLE_NAME, REPLACE(VIEW_DEFINITION, CONCAT('`', TABLE_SCHEMA, '`.'), ''))
            FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({places}){t}
        ) AS facts GROUP BY place",
        t = not("TABLE_NAME"),
        k = not("k.TABLE_NAME"),
        e = not("EVENT_OBJECT_TABLE"),
    );
    // Without it the list of hashes is cut off at 1,024 characters, and all that differs later is lost.
    rows(conn, "SET SESSION group_concat_max_len = 1000000000".to_owned()).await?;
    let found = rows(conn, sql).await;
    rows(conn, "SET SESSION group_concat_max_len = DEFAULT".to_owned()).await?;
    let mut hashes = BTreeMap::new();
    for row in found? {
        let place: String = row.try_get(0).map_err(failed)?;
        hashes.insert(place, Fingerprint(row.try_get(1).map_err(failed)?));
    }
    Ok(hashes)
}

/// What statements make, in a database that is made for it and dropped, also after an error.
///
/// What comes [before](Shadow::before) is made in a second one. The connection is in the database it was in afterwards, or in none; give it one of its own, since a
/// future that is dropped leaves the new database behind, which [`sweep`] takes away.
///
/// # Errors
///
/// The server's, and one [of configuration](Error::is_config) with the statement it did not take.
pub async fn shadow(
    conn: &mut MySqlConnection,
    shadow: &Shadow<'_>,
    reading: &Reading<'_>,
) -> Result<Cast> {
    let before: Option<String> =
        match rows(conn, "SELECT CAST(DATABASE() AS CHAR)".to_owned()).await?.first() {
            Some(row) => row.try_get(0).map_err(failed)?,
            None => None,
        };
    let (database, shared) = (super::unique(SHADOW), super::unique(SHADOW));
    // What is done here is not undone, so nothing is done to what tenants really share.
    let leans = !shadow.before.is_empty()
        || shadow.statements.iter().any(|sql| sql.contains(SHARED) || sql.contains(SHARED_PLACE));
    let databases = || [Some(&database), leans.then_some(&shared)].into_iter().flatten();
    let mut made = Ok(());
    for database in databases() {
        made = made.and(rows(conn, format!("CREATE DATABASE {}", name(database))).await.map(drop));
    }
    let made = match made {
        Ok(()) => inside(conn, &database, &shared, shadow, reading).await,
        Err(error) => Err(error),
    };
    let mut dropped = Ok(());
    for database in databases() {
        let drop_it = format!("DROP DATABASE IF EXISTS {}", name(database));
        dropped = dropped.and(rows(conn, drop_it).await.map(drop));
    }
    if let Some(before) = before {
        rows(conn, format!("USE {}", name(&before))).await?;
    }
    let made = made?;
    dropped?;
    Ok(made)
}

const SHADOW: &str = "tenancy_shadow_";

async fn inside(
    conn: &mut MySqlConnection,
    database: &str,
    shared: &str,
    shadow: &Shadow<'_>,
    reading: &Reading<'_>,
) -> Result<Cast> {
    let names = Names { own: database, shared: Some(shared) };
    let mut all = reading.shared.to_vec();
    all.push(shared);
    if !shadow.before.is_empty() {
        rows(conn, format!("USE {}", name(shared))).await?;
        run(conn, shadow.before, Names { own: shared, ..names }).await?;
    }
    rows(conn, format!("USE {}", name(database))).await?;
    run(conn, shadow.statements, names).await?;
    let reading = Reading { shared: &all, ..*reading };
    let structure = read(conn, database, &reading).await?;
    let hashes = fingerprints(conn, [database], &reading).await?;
    let empty = || Fingerprint(String::new());
    let fingerprint = hashes.get(database).cloned().unwrap_or_else(empty);
    let mut contents = Contents::default();
    if shadow.contents {
        for question in Contents::questions(Dialect::MySql, &structure) {
            let rows = rows(conn, question.sql.clone()).await?;
            let rows: std::result::Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
            contents.found(question, rows.map_err(failed)?);
        }
    }
    Ok(Cast { structure, fingerprint, contents })
}

async fn run(conn: &mut MySqlConnection, statements: &[String], names: Names<'_>) -> Result<()> {
    for statement in statements {
        let sql = raw_sql(AssertSqlSafe(names.put(Dialect::MySql, statement)?));
        conn.execute(sql).await.map_err(|error| super::failed_at(statement, &error))?;
    }
    Ok(())
}

/// Drops databases that shadows left behind when their futures were dropped, if they are older than
/// an hour.
///
/// # Errors
///
/// The server's.
pub async fn sweep(conn: &mut MySqlConnection) -> Result<usize> {
    let left = "SELECT CAST(SCHEMA_NAME AS CHAR) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'tenancy\\_shadow\\_%'";
    let now = chrono::Utc::now().timestamp();
    let mut dropped = 0;
    for row in rows(conn, left.to_owned()).await? {
        let database: String = row.try_get(0).map_err(failed)?;
        let made = database
            .strip_prefix(SHADOW)
            .and_then(|id| uuid::Uuid::try_parse(id).ok()?.get_timestamp())
            .and_then(|time| i64::try_from(time.to_unix().0).ok());
        if made.is_some_and(|made| made < now - 3_600) {
            rows(conn, format!("DROP DATABASE IF EXISTS {}", name(&database))).await?;
            dropped += 1;
        }
    }
    Ok(dropped)
}
