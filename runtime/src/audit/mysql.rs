//! What the information schema of MySQL and MariaDB says.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use tenancy_core::{catalog::Entity, policy::literal};

use super::{
    column::quoted,
    facts::{Column, Foreign, Key, Relation, Sort, Table},
};
use crate::Result;

// Names are cast, since some versions give them as bytes.
const COLUMNS: &str = "SELECT CAST(c.TABLE_SCHEMA AS CHAR) AS place, c.TABLE_SCHEMA = DATABASE() AS here, \
     CAST(c.TABLE_NAME AS CHAR) AS name, CAST(t.TABLE_TYPE AS CHAR) AS type, \
     CAST(c.COLUMN_NAME AS CHAR) AS column_name, CAST(c.COLUMN_TYPE AS CHAR) AS column_type, \
     c.IS_NULLABLE = 'NO' AS not_null, \
     c.COLLATION_NAME IS NULL OR c.COLLATION_NAME LIKE '%\\_bin' OR c.COLLATION_NAME = 'binary' AS exact \
     FROM information_schema.COLUMNS AS c JOIN information_schema.TABLES AS t \
     ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME \
     WHERE c.TABLE_SCHEMA IN ({places}) \
     ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION";

const KEYS: &str = "SELECT CAST(TABLE_SCHEMA AS CHAR) AS place, CAST(TABLE_NAME AS CHAR) AS name, \
     CAST(INDEX_NAME AS CHAR) AS key_name, CAST(COLUMN_NAME AS CHAR) AS column_name \
     FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 \
     AND TABLE_SCHEMA IN ({places}) \
     ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";

const FOREIGN: &str = "SELECT CAST(k.TABLE_SCHEMA AS CHAR) AS place, CAST(k.TABLE_NAME AS CHAR) AS name, \
     CAST(k.CONSTRAINT_NAME AS CHAR) AS key_name, CAST(k.REFERENCED_TABLE_SCHEMA AS CHAR) AS target_place, \
     CAST(k.REFERENCED_TABLE_NAME AS CHAR) AS target, CAST(k.COLUMN_NAME AS CHAR) AS from_column, \
     CAST(k.REFERENCED_COLUMN_NAME AS CHAR) AS to_column, CAST(r.DELETE_RULE AS CHAR) AS on_delete \
     FROM information_schema.KEY_COLUMN_USAGE AS k JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r \
     ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
     AND r.TABLE_NAME = k.TABLE_NAME \
     WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND k.TABLE_SCHEMA IN ({places}) \
     ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";

/// The databases to look at: on a server with many, the catalogs of all would be slow to read.
fn places(entities: &[&Entity]) -> String {
    let named: BTreeSet<&str> = entities.iter().filter_map(|it| it.schema.as_deref()).collect();
    let named = named.into_iter().map(|name| format!(", {}", literal(name)));
    format!("DATABASE(){}", named.collect::<String>())
}

async fn rows(conn: &impl ConnectionTrait, sql: &str, places: &str) -> Result<Vec<QueryResult>> {
    let sql = sql.replace("{places}", places);
    Ok(conn.query_all_raw(Statement::from_string(DbBackend::MySql, sql)).await?)
}

/// The tables of the entities.
pub(super) async fn tables(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
) -> Result<Vec<Table>> {
    let mut tables: BTreeMap<(String, String), Table> = BTreeMap::new();
    let places = places(entities);
    let mut here = String::new();
    for row in rows(conn, COLUMNS, &places).await? {
        let place: String = row.try_get("", "place")?;
        let name: String = row.try_get("", "name")?;
        if row.try_get::<Option<bool>>("", "here")? == Some(true) {
            here.clone_from(&place);
        }
        let Some(position) = find(entities, &place, &name, &here) else { continue };
        let relation = match row.try_get::<String>("", "type")?.as_str() {
            "VIEW" => Relation::InvokerView,
            _ => Relation::Table,
        };
        let table = tables.entry((place.clone(), name.clone())).or_insert_with(|| Table {
            position,
            name: full(&place, &name, &here),
            relation,
            columns: Vec::new(),
            keys: Vec::new(),
            foreign: Vec::new(),
        });
        table.columns.push(Column {
            name: row.try_get("", "column_name")?,
            kind: row.try_get("", "column_type")?,
            not_null: row.try_get("", "not_null")?,
            exact: row.try_get("", "exact")?,
        });
    }
    for row in rows(conn, KEYS, &places).await? {
        let at = (row.try_get("", "place")?, row.try_get("", "name")?);
        let Some(table) = tables.get_mut(&at) else { continue };
        let name: String = row.try_get("", "key_name")?;
        if table.keys.last().is_none_or(|key| key.name != name) {
            let sort = if name == "PRIMARY" { Sort::Primary } else { Sort::Unique };
            table.keys.push(Key { name, sort, columns: Vec::new(), plain: true });
        }
        if let Some(key) = table.keys.last_mut() {
            match row.try_get("", "column_name")? {
                Some(column) => key.columns.push(column),
                None => key.plain = false,
            }
        }
    }
    for row in rows(conn, FOREIGN, &places).await? {
        let at = (row.try_get("", "place")?, row.try_get("", "name")?);
        let Some(table) = tables.get_mut(&at) else { continue };
        let name: String = row.try_get("", "key_name")?;
        let place: String = row.try_get("", "target_place")?;
        let target: String = row.try_get("", "target")?;
        let tenant = find(entities, &place, &target, &here)
            .and_then(|position| entities[position].tenant_column())
            .map(|(column, _)| column.to_owned());
        if table.foreign.last().is_none_or(|foreign| foreign.name != name) {
            let actions = format!(" ON DELETE {}", row.try_get::<String>("", "on_delete")?);
            let (from, to) = (Vec::new(), Vec::new());
            let target = full(&place, &target, &here);
            table.foreign.push(Foreign { name, target, tenant, from, to, actions });
        }
        if let Some(foreign) = table.foreign.last_mut() {
            foreign.from.push(row.try_get("", "from_column")?);
            foreign.to.push(row.try_get("", "to_column")?);
        }
    }
    Ok(tables.into_values().collect())
}

fn find(entities: &[&Entity], place: &str, name: &str, here: &str) -> Option<usize> {
    entities.iter().position(|entity| {
        entity.table == name && entity.schema.as_deref().unwrap_or(here) == place
    })
}

fn full(place: &str, name: &str, here: &str) -> String {
    let name = quoted(name, DbBackend::MySql);
    if place == here { name } else { format!("{}.{name}", quoted(place, DbBackend::MySql)) }
}
