//! What SQLite's pragmas say.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use tenancy_core::{catalog::Entity, policy::ident};

use super::facts::{Column, Foreign, Key, Relation, Sort, Table};
use crate::Result;

const COLUMNS: &str = "SELECT m.name, m.type, c.name AS column_name, c.type AS column_type, \
     c.\"notnull\" OR c.pk > 0 AS not_null \
     FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type IN ('table', 'view')";

const KEYS: &str = "SELECT m.name, i.name AS key_name, i.origin, i.partial, c.name AS column_name \
     FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS i JOIN pragma_index_info(i.name) AS c \
     WHERE m.type = 'table' AND i.\"unique\" ORDER BY m.name, i.name, c.seqno";

/// A primary key of one integer is the table itself and no index.
const ROWIDS: &str = "SELECT m.name, c.name AS column_name \
     FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c \
     WHERE m.type = 'table' AND c.pk = 1 AND NOT EXISTS ( \
         SELECT 1 FROM pragma_index_list(m.name) AS i WHERE i.origin = 'pk')";

const FOREIGN: &str = "SELECT m.name, f.id, f.\"table\" AS target, f.\"from\" AS from_column, \
     coalesce(f.\"to\", '') AS to_column, f.on_delete \
     FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f \
     WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq";

async fn rows(conn: &impl ConnectionTrait, sql: &str) -> Result<Vec<QueryResult>> {
    Ok(conn.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?)
}

/// The tables of the entities.
pub(super) async fn tables(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
) -> Result<Vec<Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let find =
        |name: &str| entities.iter().position(|entity| entity.table.eq_ignore_ascii_case(name));
    for row in rows(conn, COLUMNS).await? {
        let name: String = row.try_get("", "name")?;
        let Some(position) = find(&name) else { continue };
        let relation = match row.try_get::<String>("", "type")?.as_str() {
            "view" => Relation::InvokerView,
            _ => Relation::Table,
        };
        let table = tables.entry(name.clone()).or_insert_with(|| Table {
            position,
            name: ident(&name),
            relation,
            columns: Vec::new(),
            keys: Vec::new(),
            foreign: Vec::new(),
        });
        table.columns.push(Column {
            name: row.try_get("", "column_name")?,
            kind: row.try_get("", "column_type")?,
            not_null: row.try_get("", "not_null")?,
            exact: true,
        });
    }
    for row in rows(conn, ROWIDS).await? {
        if let Some(table) = tables.get_mut(&row.try_get::<String>("", "name")?) {
            let columns = vec![row.try_get("", "column_name")?];
            let name = "rowid".to_owned();
            table.keys.push(Key { name, sort: Sort::Primary, columns, plain: true });
        }
    }
    for row in rows(conn, KEYS).await? {
        let Some(table) = tables.get_mut(&row.try_get::<String>("", "name")?) else { continue };
        let name: String = row.try_get("", "key_name")?;
        if table.keys.last().is_none_or(|key| key.name != name) {
            let sort = match row.try_get::<String>("", "origin")?.as_str() {
                "pk" => Sort::Primary,
                "u" => Sort::Unique,
                _ => Sort::Index,
            };
            let plain = !row.try_get::<bool>("", "partial")?;
            table.keys.push(Key { name, sort, columns: Vec::new(), plain });
        }
        if let Some(key) = table.keys.last_mut() {
            match row.try_get("", "column_name")? {
                Some(column) => key.columns.push(column),
                None => key.plain = false,
            }
        }
    }
    for row in rows(conn, FOREIGN).await? {
        let Some(table) = tables.get_mut(&row.try_get::<String>("", "name")?) else { continue };
        let target: String = row.try_get("", "target")?;
        let tenant = find(&target)
            .and_then(|position| entities[position].tenant_column())
            .map(|(column, _)| column.to_owned());
        let name = row.try_get::<i64>("", "id")?.to_string();
        if table.foreign.last().is_none_or(|foreign| foreign.name != name) {
            let actions = format!(" ON DELETE {}", row.try_get::<String>("", "on_delete")?);
            let (from, to) = (Vec::new(), Vec::new());
            let target = ident(&target);
            table.foreign.push(Foreign { name, target, tenant, from, to, actions });
        }
        if let Some(foreign) = table.foreign.last_mut() {
            foreign.from.push(row.try_get("", "from_column")?);
            foreign.to.push(row.try_get("", "to_column")?);
        }
    }
    Ok(tables.into_values().collect())
}
