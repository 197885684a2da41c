//! The table that says where a place is: one row for each head, as Alembic's.

use std::collections::BTreeSet;

use tenancy_core::{
    Dialect,
    revision::{Change, RevisionId},
};

use super::site::{Site, literal};

/// The heads a place has.
pub(crate) type Heads = BTreeSet<RevisionId>;

/// The table of heads of one place.
#[derive(Debug, Clone)]
pub(super) struct HeadsTable {
    dialect: Dialect,
    name: String,
    constraint: String,
}

impl HeadsTable {
    pub(super) fn new(site: &Site, dialect: Dialect, table: &str) -> Self {
        let constraint = super::site::quoted(dialect, &format!("{table}_pkc"));
        Self { dialect, name: site.table(dialect, table), constraint }
    }

    /// Makes it, where it is not there.
    pub(super) fn create(&self) -> String {
        let Self { name, constraint, dialect } = self;
        // On SQLite, names of constraints stand in nobody's way.
        let constraint = match dialect {
            Dialect::Sqlite | Dialect::Postgres => format!("CONSTRAINT {constraint} "),
            Dialect::MySql => String::new(),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (version_num VARCHAR(32) NOT NULL, {constraint}PRIMARY KEY \
             (version_num))"
        )
    }

    /// The rows, in an order that is always the same.
    pub(super) fn select(&self) -> String {
        format!("SELECT version_num FROM {} ORDER BY version_num", self.name)
    }

    /// Takes all rows out.
    pub(super) fn purge(&self) -> String {
        format!("DELETE FROM {}", self.name)
    }

    /// One change. It must meet one row, where it does not add one.
    pub(super) fn change(&self, change: &Change) -> String {
        let name = &self.name;
        let id = |id: &RevisionId| literal(self.dialect, id.as_str());
        match change {
            Change::Insert(head) => {
                format!("INSERT INTO {name} (version_num) VALUES ({})", id(head))
            }
            Change::Delete(head) => {
                format!("DELETE FROM {name} WHERE {name}.version_num = {}", id(head))
            }
            Change::Update { from, to } => format!(
                "UPDATE {name} SET version_num={} WHERE {name}.version_num = {}",
                id(to),
                id(from)
            ),
        }
    }

    /// On PostgreSQL: fails, with a division by zero, unless the rows are these.
    #[cfg(feature = "postgres")]
    pub(super) fn guard(&self, heads: &Heads) -> String {
        let ids: Vec<_> = heads.iter().map(|head| literal(self.dialect, head.as_str())).collect();
        format!(
            "SELECT 1 / (COALESCE((SELECT array_agg(version_num::text ORDER BY version_num COLLATE \"C\") \
             FROM {}), '{{}}') = ARRAY[{}]::text[])::int",
            self.name,
            ids.join(", ")
        )
    }
}

/// Heads as one text, for the ledger.
pub(crate) fn joined(heads: &Heads) -> String {
    let heads: Vec<_> = heads.iter().map(RevisionId::as_str).collect();
    heads.join(",")
}

/// What [`joined`] made, read back.
pub(super) fn parted(text: &str) -> Option<Heads> {
    let words = text.split(',').filter(|word| !word.is_empty());
    words.map(|word| RevisionId::new(word).ok()).collect()
}
