//! Records of changes: what an audited table writes down by itself, as triggers for each engine.
//!
//! The triggers are the database's, so a change is recorded whoever makes it and however, within its
//! transaction, and in the place of the changed row. A record says whose row it was, of which table
//! and with which key, what was done, when, and as which user of the database. It does not say what
//! the row was like.

mod postgres;
mod value;

use crate::{
    Dialect,
    catalog::{Class, Entity, KeyKind},
    name::short,
    policy::{ident, literal},
    scope::PREFIX_END,
};

pub use value::{Key, Shape};

/// The table with the records. Tenants may read their own, and nobody but the triggers writes them.
pub const TABLE: &str = "tenancy_changes";

/// The table with the records, for a catalog.
#[must_use]
pub fn entity() -> Entity {
    let columns = ["id", "tenant_id", "table_name", "row_key", "operation", "at", "db_user"];
    Entity {
        table: TABLE.to_owned(),
        schema: None,
        class: Class::Tenant { column: "tenant_id".to_owned(), kind: KeyKind::Text },
        columns: columns.map(str::to_owned).to_vec(),
        keys: vec![vec!["id".to_owned()]],
        module: "tenancy::change",
    }
}

/// A table whose changes are recorded.
#[derive(Debug, Clone)]
pub struct Audited<'a> {
    /// The engine it is on.
    pub dialect: Dialect,
    /// The schema it is in, on SQLite the prefix of its name; `None` where bare names are right.
    pub place: Option<&'a str>,
    /// Its name.
    pub table: &'a str,
    /// Its tenant column.
    pub tenant: Key<'a>,
    /// Its primary key, without the tenant column.
    pub key: Vec<Key<'a>>,
}

impl<'a> Audited<'a> {
    /// The table of a tenant's entity, on PostgreSQL and where bare names are right; `None` for a
    /// shared one, and for one whose key is not known.
    #[must_use]
    pub fn on_postgres(entity: &'a Entity) -> Option<Self> {
        let (tenant, kind) = entity.tenant_column()?;
        let key = entity.keys.first()?.iter().filter(|column| *column != tenant);
        Some(Self {
            dialect: Dialect::Postgres,
            place: None,
            table: &entity.table,
            tenant: Key::tenant(tenant, kind),
            key: key.map(|column| Key { column, shape: Shape::Plain }).collect(),
        })
    }

    /// The statements that make the triggers unless they are there. The table and [`TABLE`] are.
    #[must_use]
    pub fn up(&self) -> Vec<String> {
        match self.dialect {
            Dialect::Postgres => vec![self.function()],
            Dialect::MySql => OPERATIONS
                .map(|operation| {
                    format!(
                        "CREATE TRIGGER IF NOT EXISTS {} AFTER {} ON {} FOR EACH ROW\n{}",
                        self.name(operation),
                        operation.to_uppercase(),
                        self.quoted(self.table),
                        self.records(operation)
                    )
                })
                .to_vec(),
            Dialect::Sqlite => OPERATIONS
                .map(|operation| {
                    format!(
                        "CREATE TRIGGER IF NOT EXISTS {} AFTER {} ON {} FOR EACH ROW BEGIN\n{};\nEND",
                        self.name(operation),
                        operation.to_uppercase(),
                        self.quoted(self.table),
                        self.records(operation)
                    )
                })
                .to_vec(),
        }
    }

    /// The statements that take the triggers away. The records stay.
    #[must_use]
    pub fn down(&self) -> Vec<String> {
        match self.dialect {
            Dialect::Postgres => vec![
                format!("DROP TRIGGER IF EXISTS {TABLE} ON {}", self.quoted(self.table)),
                format!("DROP FUNCTION IF EXISTS {}()", self.quoted(&self.function_name())),
            ],
            _ => OPERATIONS
                .map(|operation| format!("DROP TRIGGER IF EXISTS {}", self.name(operation)))
                .to_vec(),
        }
    }

    /// The names of the triggers in the database's own catalogs.
    #[must_use]
    pub fn triggers(&self) -> Vec<String> {
        match self.dialect {
            Dialect::Postgres => vec![TABLE.to_owned()],
            _ => OPERATIONS.map(|operation| self.bare(operation)).to_vec(),
        }
    }

    /// What a trigger of the other engines does: a change of a key is recorded for both of them.
    fn records(&self, operation: &str) -> String {
        let changes = self.quoted(TABLE);
        let (at, user, none) = match self.dialect {
            Dialect::MySql => ("CURRENT_TIMESTAMP", "USER()", " FROM DUAL"),
            _ => ("strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')", "NULL", ""),
        };
        let row = if operation == "insert" { "NEW" } else { "OLD" };
        let select = |row: &str| format!("SELECT {}, '{operation}', {at}, {user}", self.what(row));
        let mut sql = format!(
            "INSERT INTO {changes} (tenant_id, table_name, row_key, operation, at, db_user)\n{}",
            select(row)
        );
        if operation == "update" {
            sql.push_str(&format!("\nUNION ALL {}{none} WHERE {}", select("NEW"), self.moved()));
        }
        sql
    }

    /// The tenant, the table and the key, as a record has them.
    fn what(&self, row: &str) -> String {
        let table = match self.dialect {
            // It stands in a format.
            Dialect::Postgres => literal(self.table).replace('%', "%%"),
            Dialect::MySql => format!("'{}'", self.table.replace('\\', "\\\\").replace('\'', "''")),
            Dialect::Sqlite => format!("'{}'", self.table.replace('\'', "''")),
        };
        let tenant = self.tenant.text(self.dialect, row);
        format!("{tenant}, {table}, {}", value::key(self.dialect, row, &self.key))
    }

    /// Whether an update made another row of it.
    fn moved(&self) -> String {
        let columns = self.key.iter().chain([&self.tenant]);
        let different = columns.map(|key| {
            let [old, new] = ["OLD", "NEW"].map(|row| key.column(self.dialect, row));
            format!("{old} <> {new}")
        });
        different.collect::<Vec<_>>().join(" OR ")
    }

    /// A table, or what else the schema has, in a statement.
    fn quoted(&self, name: &str) -> String {
        let quote = |name: &str| match self.dialect {
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
            _ => ident(name),
        };
        match (self.dialect, self.place) {
            (Dialect::Sqlite, Some(prefix)) => quote(&format!("{prefix}{PREFIX_END}{name}")),
            (_, Some(schema)) => format!("{}.{}", quote(schema), quote(name)),
            (_, None) => quote(name),
        }
    }

    fn bare(&self, operation: &str) -> String {
        let prefix = match (self.dialect, self.place) {
            (Dialect::Sqlite, Some(prefix)) => format!("{prefix}{PREFIX_END}"),
            _ => String::new(),
        };
        format!("{prefix}{}", short(&format!("tenancy-{operation}-{}", self.table)))
    }

    fn name(&self, operation: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => ident(&self.bare(operation)),
            _ => self.quoted(&self.bare(operation)),
        }
    }
}

const OPERATIONS: [&str; 3] = ["insert", "update", "delete"];

#[cfg(test)]
mod tests;
