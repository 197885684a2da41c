//! The tables of annotated entities, with the keys that keep tenants apart.
//!
//! SeaORM can make tables too, but its keys know nothing of tenants: a unique name would be unique
//! among all of them, and a foreign key could point at a neighbour's row. Here
//!
//! - the primary key is the tenant column and the entity's key, where keys are counted per tenant
//!   ([`TenantEntity::KEY_PER_TENANT`]); elsewhere both together are unique, for foreign keys;
//! - unique columns and groups of `unique_key` are unique per tenant;
//! - foreign keys between tenants' tables contain the tenant column at both ends, so that the
//!   database itself refuses a reference to another tenant's row;
//! - foreign keys and `indexed` columns get an index that begins with the tenant column;
//! - an audited table gets the triggers that write its [records](crate::change). MySQL takes those
//!   through `execute_unprepared` only.
//!
//! A tenant column of text is a `VARCHAR(64)`, on MySQL in ASCII compared byte by byte. For
//! `on_delete = "SetNull"` there is no such key: it would clear the tenant column as well. It is
//! refused; clear the reference before you delete the row it points at, or set `skip_fk` on the
//! relation.

mod change;
mod column;
mod foreign;
mod parts;
mod place;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use sea_orm::{DbBackend, Statement};
use tenancy_core::catalog::Entity;

use self::parts::Parts;
pub(crate) use self::place::Place;
use crate::{
    Error, Result, SharedEntity, TenantEntity,
    entity::{self, registered, shared_definition, tenant_definition},
};

/// The name of a table and the schema its author placed it in.
type TableName = (Option<String>, String);

/// The statements that make one table, and what must be there before.
#[derive(Debug)]
pub(crate) struct Blueprint {
    name: TableName,
    columns: usize,
    parents: BTreeSet<TableName>,
    #[cfg_attr(not(feature = "testkit"), allow(dead_code))]
    references: Vec<Reference>,
    types: Vec<Statement>,
    /// The native enumerations of its columns, by name.
    enumerations: BTreeSet<String>,
    statements: Vec<Statement>,
    /// What comes when all tables are there.
    last: Vec<Statement>,
    /// Whether all tenants share the table.
    shared: bool,
}

/// A foreign key of a table, as the database has it.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "testkit"), allow(dead_code))]
pub(crate) struct Reference {
    /// The table it is of.
    pub(crate) own: TableName,
    pub(crate) target: TableName,
    /// Columns, and those they are equal to.
    pub(crate) pairs: Vec<(String, String)>,
    /// Whether a row may do without.
    pub(crate) optional: bool,
}

/// The foreign keys of all annotated entities of this program.
#[cfg(feature = "testkit")]
pub(crate) fn references(backend: DbBackend, known: &[Entity]) -> Result<Vec<Reference>> {
    let mut references = Vec::new();
    for table in entity::blueprints(backend, known, None) {
        references.extend(table?.references);
    }
    Ok(references)
}

/// Statements that create the table of a tenant's entity unless it is there.
///
/// A table that is there is left as it is, even if it differs. With an audited one comes the table of
/// its records.
///
/// # Errors
///
/// An error that [is one of configuration](Error::is_config) if a foreign key points at a table
/// without an annotated entity, or could not keep tenants apart.
pub fn create_table<E: TenantEntity>(backend: DbBackend) -> Result<Vec<Statement>> {
    let own = tenant_definition::<E>(std::any::type_name::<E>());
    let known: Vec<Entity> = registered().chain([own]).collect();
    let mut tables = vec![tenant::<E>(backend, &known, None)?];
    if E::AUDITED {
        tables.push(tenant::<entity::change::Entity>(backend, &known, None)?);
    }
    in_order(tables, backend)
}

/// Statements that create the table of a shared entity unless it is there.
///
/// # Errors
///
/// As [`create_table`].
pub fn create_shared_table<E: SharedEntity>(backend: DbBackend) -> Result<Vec<Statement>> {
    let own = shared_definition::<E>(std::any::type_name::<E>());
    let known: Vec<Entity> = registered().chain([own]).collect();
    in_order(vec![shared::<E>(backend, &known, None)?], backend)
}

/// Statements that create the tables of all annotated entities of this program unless they are
/// there, each after those its foreign keys point at.
///
/// Where several entities describe one table, the one with the most columns makes it.
///
/// # Errors
///
/// As [`create_table`]; and if foreign keys run in a circle, which only SQLite can create.
pub fn create_all(backend: DbBackend) -> Result<Vec<Statement>> {
    let known: Vec<Entity> = registered().collect();
    unite(entity::blueprints(backend, &known, None), backend)
}

/// Statements that create the tables all tenants share unless they are there.
pub(crate) fn create_shared(backend: DbBackend) -> Result<Vec<Statement>> {
    let known: Vec<Entity> = registered().collect();
    let all = entity::blueprints(backend, &known, None);
    unite(all.filter(|table| !matches!(table, Ok(Blueprint { shared: false, .. }))), backend)
}

/// Statements that create one tenant's tables in its place unless they are there.
pub(crate) fn create_in(backend: DbBackend, place: &Place<'_>) -> Result<Vec<Statement>> {
    let known: Vec<Entity> = registered().collect();
    let all = entity::blueprints(backend, &known, Some(place));
    unite(all.filter(|table| !matches!(table, Ok(Blueprint { shared: true, .. }))), backend)
}

/// The native enumerations that only tenants' tables have. Where tenants have schemas, each has its own
/// there; one that a shared table has too is with that.
pub(crate) fn own_enumerations() -> &'static BTreeSet<String> {
    // What is linked does not change.
    static OWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let known: Vec<Entity> = registered().collect();
        let tables: Vec<Blueprint> =
            entity::blueprints(DbBackend::Postgres, &known, None).filter_map(Result::ok).collect();
        let of = |shared: bool| {
            let tables = tables.iter().filter(move |table| table.shared == shared);
            tables.flat_map(|table| table.enumerations.iter().cloned())
        };
        let shared: BTreeSet<String> = of(true).collect();
        of(false).filter(|name| !shared.contains(name)).collect()
    });
    &OWN
}

/// The entities of a catalog, each before those its foreign keys point at.
pub(crate) fn children_first<'a>(
    entities: impl Iterator<Item = &'a Entity>,
) -> Result<Vec<&'a Entity>> {
    let known: Vec<Entity> = registered().collect();
    // In what order tables are made does not depend on the engine; this one knows no circles.
    let tables: Result<Vec<Blueprint>> =
        entity::blueprints(DbBackend::Sqlite, &known, None).collect();
    let parents: Vec<(TableName, BTreeSet<TableName>)> =
        tables?.into_iter().map(|table| (table.name, table.parents)).collect();
    let mut waiting: Vec<&Entity> = entities.collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let name = |entity: &Entity| (entity.schema.clone(), entity.table.clone());
        let is_parent = |entity: &Entity| {
            waiting.iter().any(|other| {
                let own = name(other);
                own != name(entity)
                    && parents.iter().any(|(child, of)| *child == own && of.contains(&name(entity)))
            })
        };
        let (parents, free): (Vec<&Entity>, Vec<&Entity>) =
            waiting.iter().copied().partition(|entity| is_parent(entity));
        if free.is_empty() {
            // A circle, which only deferred checks can take apart.
            ordered.extend(parents);
            return Ok(ordered);
        }
        ordered.extend(free);
        waiting = parents;
    }
    Ok(ordered)
}

fn unite(
    blueprints: impl IntoIterator<Item = Result<Blueprint>>,
    backend: DbBackend,
) -> Result<Vec<Statement>> {
    let mut tables: BTreeMap<TableName, Blueprint> = BTreeMap::new();
    for blueprint in blueprints {
        let blueprint = blueprint?;
        match tables.get(&blueprint.name) {
            Some(drawn) if drawn.columns >= blueprint.columns => {}
            _ => drop(tables.insert(blueprint.name.clone(), blueprint)),
        }
    }
    in_order(tables.into_values().collect(), backend)
}

pub(crate) fn tenant<E: TenantEntity>(
    backend: DbBackend,
    known: &[Entity],
    place: Option<&Place<'_>>,
) -> Result<Blueprint> {
    let own = tenant_definition::<E>(std::any::type_name::<E>());
    let parts = Parts::of::<E>(backend);
    tenants(&parts, backend, known, &own, E::KEY_PER_TENANT, E::AUDITED, place)
}

pub(crate) fn shared<E: SharedEntity>(
    backend: DbBackend,
    known: &[Entity],
    place: Option<&Place<'_>>,
) -> Result<Blueprint> {
    let own = shared_definition::<E>(std::any::type_name::<E>());
    table::draw(&Parts::of::<E>(backend), backend, known, &own, false, place)
}

fn tenants(
    parts: &Parts,
    backend: DbBackend,
    known: &[Entity],
    own: &Entity,
    key_per_tenant: bool,
    audited: bool,
    place: Option<&Place<'_>>,
) -> Result<Blueprint> {
    let mut table = table::draw(parts, backend, known, own, key_per_tenant, place)?;
    if audited {
        table.last = change::triggers(parts, backend, own, place)?;
    }
    Ok(table)
}

/// All statements, parents first. Parents that are not among the tables are taken to be there.
fn in_order(mut tables: Vec<Blueprint>, backend: DbBackend) -> Result<Vec<Statement>> {
    let mut statements: Vec<Statement> = Vec::new();
    for table in &mut tables {
        for kind in table.types.drain(..) {
            if !statements.contains(&kind) {
                statements.push(kind);
            }
        }
    }
    let last: Vec<Statement> = tables.iter_mut().flat_map(|table| table.last.drain(..)).collect();
    let mut waiting: BTreeSet<TableName> = tables.iter().map(|table| table.name.clone()).collect();
    while !tables.is_empty() {
        let before = tables.len();
        let mut later = Vec::new();
        for table in tables {
            // SQLite looks a foreign key's target up when it is used, not when it is declared.
            let ready = backend == DbBackend::Sqlite || table.parents.is_disjoint(&waiting);
            if ready {
                waiting.remove(&table.name);
                statements.extend(table.statements);
            } else {
                later.push(table);
            }
        }
        if later.len() == before {
            let names: Vec<&str> = later.iter().map(|table| table.name.1.as_str()).collect();
            return Err(Error::config(format!(
                "the foreign keys of the tables {names:?} run in a circle; set `skip_fk` on one of \
                 the relations, and add its key in a migration"
            )));
        }
        tables = later;
    }
    statements.extend(last);
    Ok(statements)
}

#[cfg(test)]
mod tests;
