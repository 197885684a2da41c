//! The triggers of an audited table.

use sea_orm::{
    DbBackend, RelationDef, Statement,
    sea_query::{ColumnType, ForeignKeyAction},
};
use tenancy_core::{
    Dialect,
    catalog::Entity,
    change::{Audited, Key, Shape},
};

use super::{Parts, Place, parts::Column};
use crate::{Error, Result};

/// The statements that make them, once the tables are there.
pub(super) fn triggers(
    parts: &Parts,
    backend: DbBackend,
    own: &Entity,
    place: Option<&Place<'_>>,
) -> Result<Vec<Statement>> {
    let Some((column, kind)) = own.tenant_column() else { return Ok(Vec::new()) };
    if own.schema.is_some() {
        return Err(Error::config(format!(
            "the entity of `{}` is audited and names a schema, and records are kept beside the tables \
             of the connection's own; take `audit` or `schema_name` off it",
            own.table
        )));
    }
    let dialect = match backend {
        DbBackend::Postgres => Dialect::Postgres,
        DbBackend::Sqlite => Dialect::Sqlite,
        DbBackend::MySql => Dialect::MySql,
        other => {
            return Err(Error::config(format!("there are no triggers for the engine {other:?}")));
        }
    };
    if dialect == Dialect::MySql {
        every_change_fires(&parts.relations, own)?;
    }
    let order = own.keys.first().map_or(&[][..], Vec::as_slice);
    let key = parts.key(order).filter(|it| it.name != column);
    let audited = Audited {
        dialect,
        place: match place {
            Some(Place::Named { name, .. }) => Some(name),
            Some(Place::Bare | Place::Database) | None => None,
        },
        table: &own.table,
        tenant: Key::tenant(column, kind),
        key: key.map(|it| Key { column: it.name, shape: shape(it) }).collect(),
    };
    Ok(audited.up().into_iter().map(|sql| Statement::from_string(backend, sql)).collect())
}

fn shape(column: &Column) -> Shape {
    match column.theirs.get_column_type() {
        Some(ColumnType::Uuid) => Shape::Uuid,
        Some(ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob) => Shape::Bytes,
        _ => Shape::Plain,
    }
}

/// MySQL and MariaDB fire no trigger for rows that a foreign key changes or removes.
fn every_change_fires(relations: &[RelationDef], own: &Entity) -> Result<()> {
    let silent = |action: &Option<ForeignKeyAction>| {
        matches!(
            action,
            Some(
                ForeignKeyAction::Cascade
                    | ForeignKeyAction::SetNull
                    | ForeignKeyAction::SetDefault
            )
        )
    };
    for relation in relations {
        if relation.is_owner || relation.skip_fk {
            continue;
        }
        if silent(&relation.on_delete) || silent(&relation.on_update) {
            let columns: Vec<String> =
                relation.from_col.clone().into_iter().map(|column| column.to_string()).collect();
            return Err(Error::config(format!(
                "the table `{}` is audited, and MySQL fires no trigger for rows that the foreign key \
                 {columns:?} changes or removes, so they would leave no record; write `Restrict` for \
                 `on_delete` and `on_update`",
                own.table
            )));
        }
    }
    Ok(())
}
