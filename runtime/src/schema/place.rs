//! Tables in a tenant's own place: a schema, behind a prefix, or a database of its own.

use sea_orm::{
    DbBackend,
    sea_query::{Alias, IntoIden, IntoTableRef, SchemaName as Qualifier, TableName, TableRef},
};
use tenancy_core::{
    Dialect,
    catalog::Entity,
    scope::{Mode, PREFIX_END},
};

use crate::{Error, Result};

/// Where a tenant's tables are made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Beside those of others.
    Named {
        /// Schema or prefix; on MySQL a database.
        name: &'a str,
        /// Where the tables all tenants share are, if they need to be named.
        shared: Option<&'a str>,
    },
    /// Where bare names lead, and the tables all tenants share are found by bare names too.
    Bare,
    /// In the database of the connection, which is the tenant's alone. The tables all tenants share
    /// are in another.
    Database,
}

impl Place<'_> {
    /// The name of a table as it is in the place.
    pub(crate) fn table(&self, entity: &Entity, backend: DbBackend) -> Result<TableRef> {
        let plain = Alias::new(&entity.table);
        if entity.tenant_column().is_none() {
            let shared = match self {
                Place::Named { shared, .. } => *shared,
                Place::Bare | Place::Database => None,
            };
            return Ok(match (&entity.schema, shared) {
                (Some(schema), _) => (Alias::new(schema), plain).into_table_ref(),
                (None, Some(shared)) => (Alias::new(shared), plain).into_table_ref(),
                (None, None) => plain.into_table_ref(),
            });
        }
        if let Some(schema) = &entity.schema {
            return Err(Error::config(format!(
                "the entity in `{}` names the schema `{schema}`, and with this isolation each \
                 tenant's tables are in the tenant's own; take `schema_name` off the entity",
                entity.module
            )));
        }
        Ok(match (backend, self) {
            (_, Place::Bare | Place::Database) => plain.into_table_ref(),
            (DbBackend::Sqlite, _) => Alias::new(self.prefixed(&entity.table)).into_table_ref(),
            (_, Place::Named { name, .. }) => TableRef::Table(
                TableName(Some(Qualifier(None, Alias::new(*name).into_iden())), plain.into_iden()),
                None,
            ),
        })
    }

    /// A name that must be of its own within the file, on SQLite.
    pub(crate) fn prefixed(&self, name: &str) -> String {
        match self {
            Place::Named { name: prefix, .. } => format!("{prefix}{PREFIX_END}{name}"),
            Place::Bare | Place::Database => name.to_owned(),
        }
    }

    /// A native enumeration in a tenant's schema, quoted. None of one that is elsewhere.
    pub(super) fn enumeration(&self, name: &str) -> Option<String> {
        let Place::Named { name: schema, .. } = self else { return None };
        let own = super::own_enumerations().contains(name);
        let mode = Mode::Schema { shared: None };
        own.then(|| mode.table_name(Dialect::Postgres, Some(schema), None, name))
    }

    /// Whether a foreign key from a tenant's table to that one can be made.
    pub(super) fn reaches(&self, target: Option<&Entity>) -> bool {
        let shared = target.is_some_and(|entity| entity.tenant_column().is_none());
        !(shared && matches!(self, Place::Database))
    }
}

/// Stands before the name of a table in another database until the text is written. A private-use
/// character, so no table's own name begins with it.
const ELSEWHERE: char = '\u{E000}';

/// A table in the database all tenants share, for a builder that takes bare names only.
pub(super) fn elsewhere(table: &str) -> String {
    format!("{ELSEWHERE}{table}")
}

impl Place<'_> {
    /// Puts the database all tenants share into a text in which [`elsewhere`] stands for it.
    pub(super) fn qualify(&self, sql: &str) -> String {
        let mark = format!("`{ELSEWHERE}");
        match self {
            Place::Named { shared: Some(shared), .. } => {
                sql.replace(&mark, &format!("`{}`.`", shared.replace('`', "``")))
            }
            _ => sql.replace(&mark, "`"),
        }
    }
}
