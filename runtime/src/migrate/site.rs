//! Places whose structure revisions change.

use tenancy_core::{Dialect, SchemaName, Secret, scope::PREFIX_END};

/// A place whose structure revisions change: what all tenants share, or a tenant's own schema or
/// database. Made by [`Grounds`](crate::isolation::Grounds).
#[derive(Debug, Clone)]
pub struct Site {
    /// What the lock on it is called; whoever makes or drops the place takes the same.
    pub(super) lock: String,
    pub(super) extent: Extent,
    pub(super) reach: Reach,
}

/// How much of a database it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it, where bare names lead.
    Whole,
    /// A schema; on MySQL a database, on SQLite the tables with a prefix.
    Named(SchemaName),
}

/// The way to its database.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// The operator's.
    Shared,
    /// One of its own.
    Own(Secret),
}

impl Site {
    pub(crate) fn shared() -> Self {
        Self { lock: "shared".to_owned(), extent: Extent::Whole, reach: Reach::Shared }
    }

    pub(crate) fn schema(name: &SchemaName) -> Self {
        Self {
            lock: name.as_str().to_owned(),
            extent: Extent::Named(name.clone()),
            reach: Reach::Shared,
        }
    }

    pub(crate) fn database(name: &str, url: Secret) -> Self {
        Self { lock: name.to_owned(), extent: Extent::Whole, reach: Reach::Own(url) }
    }

    /// The schema's name in quotes, if it is one.
    pub(super) fn schema_name(&self, dialect: Dialect) -> Option<String> {
        match &self.extent {
            Extent::Whole => None,
            Extent::Named(name) => Some(quoted(dialect, name.as_str())),
        }
    }

    /// The name of a table of ours there, as it stands in statements.
    pub(super) fn table(&self, dialect: Dialect, table: &str) -> String {
        match (&self.extent, dialect) {
            (Extent::Whole, _) => quoted(dialect, table),
            (Extent::Named(name), Dialect::Sqlite) => {
                quoted(dialect, &format!("{name}{PREFIX_END}{table}"))
            }
            (Extent::Named(name), _) => {
                format!("{}.{}", quoted(dialect, name.as_str()), quoted(dialect, table))
            }
        }
    }

    /// What stands before the names of its tables, on SQLite.
    pub(super) fn prefix(&self, dialect: Dialect) -> Option<String> {
        match (&self.extent, dialect) {
            (Extent::Named(name), Dialect::Sqlite) => Some(format!("{name}{PREFIX_END}")),
            _ => None,
        }
    }

    /// The schema's name, if it is one.
    pub(crate) fn named(&self) -> Option<&str> {
        match &self.extent {
            Extent::Whole => None,
            Extent::Named(name) => Some(name.as_str()),
        }
    }

    /// Whether it is what all tenants share.
    pub(crate) fn is_shared(&self) -> bool {
        self.extent == Extent::Whole && !self.is_own_database()
    }

    pub(super) fn is_own_database(&self) -> bool {
        matches!(self.reach, Reach::Own(_))
    }
}

/// A name in the engine's quotes.
pub(super) fn quoted(dialect: Dialect, name: &str) -> String {
    let quote = dialect.quote();
    let doubled = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// A text in the engine's quotes, where no backslash means anything.
pub(super) fn literal(dialect: Dialect, text: &str) -> String {
    let text = text.replace('\'', "''");
    match dialect {
        Dialect::MySql => format!("'{}'", text.replace('\\', "\\\\")),
        Dialect::Sqlite | Dialect::Postgres => format!("'{text}'"),
    }
}
