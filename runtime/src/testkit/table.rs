//! What the proof knows of a table.

use sea_orm::DbBackend;
use tenancy_core::catalog::{Entity, KeyKind};

use crate::{
    Result, entity,
    schema::{self, Reference},
};

/// A table of tenants, in the words of an engine.
pub(super) struct Table {
    /// As messages call it.
    pub(super) name: String,
    /// As statements do.
    pub(super) sql: String,
    /// The tenant column, quoted.
    pub(super) tenant: String,
    pub(super) kind: KeyKind,
    /// All columns but that one.
    pub(super) columns: Vec<String>,
    /// Unique keys without it, the primary key first.
    pub(super) keys: Vec<Vec<String>>,
    /// As the database has the primary key.
    pub(super) conflict: Vec<String>,
    /// Keys that point at rows of other tables of tenants, without it.
    pub(super) references: Vec<Reference>,
    /// What takes away all rows that point at this one's, and what points at rows of the same table.
    pub(super) clearing: Vec<String>,
    /// Whether further policies decide which of its own rows a tenant may change.
    pub(super) ruled: bool,
    pub(super) writable: bool,
    backend: DbBackend,
}

impl Table {
    /// The tables of all linked entities of tenants, and what points at what.
    pub(super) fn all(backend: DbBackend) -> Result<Vec<Self>> {
        let known: Vec<Entity> = entity::catalog()?.iter().cloned().collect();
        let tenants = || known.iter().filter(|it| it.tenant_column().is_some());
        let references = schema::references(backend, &known)?;
        let name = |it: &Entity| (it.schema.clone(), it.table.clone());
        let points = |child: &Entity, parent: &Entity| {
            references.iter().any(|it| it.own == name(child) && it.target == name(parent))
        };
        let children_first = schema::children_first(tenants())?;
        let mut tables = Vec::new();
        for entity in tenants() {
            let Some((tenant, kind)) = entity.tenant_column() else { continue };
            // Those that reach this one, the last of which point straight at it.
            let mut reaching = vec![entity];
            for child in children_first.iter().rev() {
                let reaches = reaching.iter().any(|reached| points(child, reached));
                if reaches && !reaching.contains(child) {
                    reaching.push(child);
                }
            }
            let mut clearing = Vec::new();
            for child in children_first.iter().filter(|it| reaching.contains(it)) {
                let q = sql(backend, child);
                // Not every engine looks at such keys when all rows are gone.
                let own = references.iter().filter(|it| it.own == name(child));
                for loops in own.filter(|it| it.target == it.own && it.optional) {
                    let columns = loops.pairs.iter().map(|(from, _)| from);
                    let columns = columns.filter(|it| Some(it.as_str()) != tenant_of(child));
                    let sets = columns.map(|it| format!("{} = NULL", quoted(backend, it)));
                    let sets = sets.collect::<Vec<_>>().join(", ");
                    clearing.push(format!("UPDATE {q} SET {sets}"));
                }
                if *child != entity {
                    clearing.push(format!("DELETE FROM {q}"));
                }
            }
            let without = |columns: &[String]| -> Vec<String> {
                columns.iter().filter(|it| *it != tenant).cloned().collect()
            };
            let own = references.iter().filter(|it| {
                it.own == name(entity) && tenants().any(|other| it.target == name(other))
            });
            let references = own.map(|it| Reference {
                own: it.own.clone(),
                target: it.target.clone(),
                pairs: it.pairs.iter().filter(|(from, _)| from != tenant).cloned().collect(),
                optional: it.optional,
            });
            tables.push(Self {
                name: entity.table.clone(),
                sql: sql(backend, entity),
                tenant: quoted(backend, tenant),
                kind,
                columns: without(&entity.columns),
                keys: entity.keys.iter().map(|key| without(key)).collect(),
                conflict: entity.keys.first().cloned().unwrap_or_default(),
                references: references.collect(),
                clearing,
                ruled: !entity::rules(entity).is_empty(),
                writable: entity.writable(),
                backend,
            });
        }
        Ok(tables)
    }

    /// The columns of the primary key, without the tenant's.
    pub(super) fn key(&self) -> &[String] {
        self.keys.first().map_or(&[], Vec::as_slice)
    }

    /// A column that may be written back as it is: no key and no reference, if there is one.
    pub(super) fn plain(&self) -> Option<&String> {
        let bound = |column: &&String| {
            self.keys.iter().flatten().any(|key| key == *column)
                || self.references.iter().any(|it| it.pairs.iter().any(|(from, _)| from == *column))
        };
        self.columns.iter().find(|column| !bound(column)).or(self.columns.first())
    }

    /// A name, as statements have it.
    pub(super) fn quoted(&self, name: &str) -> String {
        quoted(self.backend, name)
    }

    /// Names in a list.
    pub(super) fn list<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> String {
        names.into_iter().map(|name| self.quoted(name)).collect::<Vec<_>>().join(", ")
    }

    /// The place of a value, the nth of the statement.
    pub(super) fn place(&self, n: usize) -> String {
        match self.backend {
            DbBackend::Postgres => format!("${n}"),
            _ => "?".to_owned(),
        }
    }

    /// A condition that columns have values, of which the first is the nth.
    pub(super) fn equal(&self, columns: &[String], n: usize) -> String {
        let conditions = columns.iter().enumerate();
        conditions
            .map(|(i, column)| format!("{} = {}", self.quoted(column), self.place(n + i)))
            .collect::<Vec<_>>()
            .join(" AND ")
    }
}

fn tenant_of(entity: &Entity) -> Option<&str> {
    entity.tenant_column().map(|(column, _)| column)
}

/// The table of another's reference, as statements have it.
pub(super) fn target(backend: DbBackend, (schema, table): &(Option<String>, String)) -> String {
    let table = quoted(backend, table);
    match schema {
        Some(schema) => format!("{}.{table}", quoted(backend, schema)),
        None => table,
    }
}

fn sql(backend: DbBackend, entity: &Entity) -> String {
    target(backend, &(entity.schema.clone(), entity.table.clone()))
}

fn quoted(backend: DbBackend, name: &str) -> String {
    match backend {
        DbBackend::MySql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
