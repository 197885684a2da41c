//! One table: its columns, keys and indexes.

use std::collections::BTreeSet;

use sea_orm::{
    DbBackend, Statement,
    sea_query::{
        Alias, Index, IndexCreateStatement, PostgresQueryBuilder, Table, TableName, TableRef,
    },
};
use tenancy_core::catalog::Entity;

use super::{Blueprint, Parts, Place, column, foreign, parts::Enumeration};
use crate::{Error, Result};

/// Longest identifier PostgreSQL keeps; it cuts off the rest, and two names may become one.
const LONGEST_NAME: usize = 63;

pub(super) fn draw(
    parts: &Parts,
    backend: DbBackend,
    known: &[Entity],
    own: &Entity,
    key_per_tenant: bool,
    place: Option<&Place<'_>>,
) -> Result<Blueprint> {
    let table_ref = match place {
        Some(place) => place.table(own, backend)?,
        None => parts.table.clone(),
    };
    let tenant = own.tenant_column();
    let with_tenant = |mut columns: Vec<String>| {
        if let Some((column, _)) = tenant
            && !columns.iter().any(|known| known == column)
        {
            columns.insert(0, column.to_owned());
        }
        columns
    };
    if key_per_tenant && parts.counted {
        return Err(Error::config(format!(
            "the primary key of `{}` is counted per tenant and made up by the database, which \
             counts per table; set `auto_increment = false`, or let the key be one of the whole table",
            own.table
        )));
    }

    let mut table = Table::create();
    table.table(table_ref.clone()).if_not_exists();
    if let Some(comment) = &parts.comment {
        table.comment(comment);
    }
    let (primary, unique) = match own.keys.split_first() {
        Some((primary, unique)) => (primary.clone(), unique),
        None => (Vec::new(), [].as_slice()),
    };
    // A key of one column stands beside it: only there SQLite makes up its values.
    let alone = primary.len() == 1;
    for column in &parts.columns {
        table.col(column::define(column, backend, own, alone, place)?);
    }
    if !alone && !primary.is_empty() {
        table.primary_key(columns(Index::create().primary(), &primary));
    }
    let mut keys: Vec<Vec<String>> = vec![primary.clone()];
    for key in std::iter::once(with_tenant(primary)).chain(unique.iter().cloned()) {
        if !keys.contains(&key) {
            table.index(columns(Index::create().unique(), &key));
            keys.push(key);
        }
    }

    let foreign = foreign::keys(&parts.relations, known, own, backend, place)?;
    let mut parents = BTreeSet::new();
    let mut indexes: Vec<Vec<String>> = Vec::new();
    let mut references = Vec::new();
    for key in foreign {
        references.push(key.reference(own, &parts.columns));
        if key.target != (own.schema.clone(), own.table.clone()) {
            parents.insert(key.target.clone());
        }
        indexes.push(with_tenant(key.from.clone()));
        table.foreign_key(&mut key.statement(&own.table));
    }
    for index in &parts.indexes {
        if !index.is_unique_key() {
            indexes.push(with_tenant(index.get_index_spec().get_column_names()));
        }
    }
    let mut separate = Vec::new();
    for index in indexes {
        if keys.iter().any(|key| key.starts_with(&index)) {
            continue;
        }
        let name = match place.filter(|_| backend == DbBackend::Sqlite) {
            Some(place) => place.prefixed(&name("idx", &own.table, &index)),
            None => name("idx", &own.table, &index),
        };
        let mut create = Index::create().name(name).take();
        columns(&mut create, &index);
        // MySQL has no CREATE INDEX IF NOT EXISTS, and the others no index within CREATE TABLE.
        if backend == DbBackend::MySql {
            table.index(&mut create);
        } else {
            create.table(index_table(table_ref.clone(), backend)).if_not_exists();
            separate.push(backend.build(&create));
        }
        keys.push(index);
    }

    let mut create = backend.build(&table);
    if let Some(place) = place {
        create.sql = place.qualify(&create.sql);
    }
    let mut statements = vec![create];
    statements.append(&mut separate);
    Ok(Blueprint {
        name: (own.schema.clone(), own.table.clone()),
        columns: own.columns.len(),
        parents,
        references,
        types: types(parts, backend, place),
        enumerations: enumerations(parts).map(|it| it.name.clone()).collect(),
        statements,
        last: Vec::new(),
        shared: tenant.is_none(),
    })
}

fn columns<'a>(
    index: &'a mut IndexCreateStatement,
    columns: &[String],
) -> &'a mut IndexCreateStatement {
    for column in columns {
        index.col(Alias::new(column));
    }
    index
}

/// The native enumerations of a table's columns.
fn enumerations(parts: &Parts) -> impl Iterator<Item = &Enumeration> {
    parts.columns.iter().filter_map(|column| column.enumeration.as_ref())
}

/// PostgreSQL's enumerations, which know no IF NOT EXISTS. In a tenant's schema, those that are there.
fn types(parts: &Parts, backend: DbBackend, place: Option<&Place<'_>>) -> Vec<Statement> {
    let create: Vec<String> = match place {
        Some(place @ Place::Named { .. }) if backend == DbBackend::Postgres => {
            let own = enumerations(parts).filter_map(|Enumeration { name, values, .. }| {
                let name = place.enumeration(name)?;
                let values: Vec<String> =
                    values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
                Some(format!("CREATE TYPE {name} AS ENUM ({})", values.join(", ")))
            });
            own.collect()
        }
        _ => parts.types.iter().map(|kind| kind.to_string(PostgresQueryBuilder)).collect(),
    };
    let unless_there = |create: String| {
        let sql = format!(
            "DO $tenancy$ BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END $tenancy$"
        );
        Statement::from_string(backend, sql)
    };
    create.into_iter().map(unless_there).collect()
}

/// What an index is created on: only PostgreSQL takes a schema there, and elsewhere it follows.
fn index_table(table: TableRef, backend: DbBackend) -> TableRef {
    match table {
        TableRef::Table(TableName(Some(_), name), alias) if backend != DbBackend::Postgres => {
            TableRef::Table(TableName(None, name), alias)
        }
        table => table,
    }
}

/// A name for an index or a foreign key, not cut off by any engine.
pub(super) fn name(kind: &str, table: &str, columns: &[String]) -> String {
    let full = format!("{kind}-{table}-{}", columns.join("-"));
    if full.len() <= LONGEST_NAME {
        return full;
    }
    // FNV-1a: stable over releases of Rust, which the standard hashers are not.
    let hash = full.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut cut = LONGEST_NAME - 17;
    while !full.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}-{hash:016x}", &full[..cut])
}
