//! One column.

use sea_orm::{
    DbBackend,
    sea_query::{Alias, ColumnDef, ColumnType, StringLen},
};
use tenancy_core::{
    TenantId,
    catalog::{Entity, KeyKind},
};

use super::{
    Place,
    parts::{Column, Enumeration},
};
use crate::{Error, Result};

/// Describes a column as SeaORM would, but for what its keys say: those are the table's. `alone`
/// tells whether the table's primary key is one column.
pub(super) fn define(
    column: &Column,
    backend: DbBackend,
    own: &Entity,
    alone: bool,
    place: Option<&Place<'_>>,
) -> Result<ColumnDef> {
    let Column { name, theirs, nullable, .. } = column;
    let Some(theirs_type) = theirs.get_column_type() else {
        return Err(Error::config(format!("the column `{}.{name}` has no type", own.table)));
    };
    let tenant = own.tenant_column().filter(|(tenant, _)| *tenant == *name);
    let kind = match tenant {
        Some((_, kind)) => tenant_type(kind, backend),
        None => placed(column, backend, place).unwrap_or_else(|| theirs_type.clone()),
    };
    let spec = theirs.get_column_spec();
    let mut ours = ColumnDef::new_with_type(Alias::new(*name), kind);
    if tenant.is_some() || !nullable {
        ours.not_null();
    }
    if let Some(default) = &spec.default {
        ours.default(default.clone());
    }
    if let Some(extra) = &spec.extra {
        ours.extra(extra);
    }
    if let Some(comment) = &spec.comment {
        ours.comment(comment);
    }
    if alone && own.keys.first().is_some_and(|key| key.iter().any(|column| column == *name)) {
        if spec.auto_increment {
            ours.auto_increment();
        }
        ours.primary_key();
    }
    Ok(ours)
}

/// The type of a column whose values are of an enumeration in the tenant's schema.
fn placed(column: &Column, backend: DbBackend, place: Option<&Place<'_>>) -> Option<ColumnType> {
    let Enumeration { name, listed, .. } = column.enumeration.as_ref()?;
    let name = place.filter(|_| backend == DbBackend::Postgres)?.enumeration(name)?;
    let one = ColumnType::custom(name);
    Some(if *listed { ColumnType::Array(one.into()) } else { one })
}

/// The type of a tenant column. Two tenants must never compare equal, whatever the collation of
/// the database.
fn tenant_type(kind: KeyKind, backend: DbBackend) -> ColumnType {
    let longest = TenantId::MAX_LEN;
    match kind {
        KeyKind::Uuid => ColumnType::Uuid,
        KeyKind::Integer => ColumnType::BigInteger,
        KeyKind::Text if backend == DbBackend::MySql => {
            ColumnType::custom(format!("varchar({longest}) CHARACTER SET ascii COLLATE ascii_bin"))
        }
        KeyKind::Text => ColumnType::String(StringLen::N(longest as u32)),
    }
}
