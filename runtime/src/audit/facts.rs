//! What an engine's catalogs say about a table, in the same words for all engines.

use serde::Deserialize;

/// A table that was found for an entity.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Table {
    /// Which entity, by its place in the list.
    pub(super) position: usize,
    /// Its name, as it stands in a statement.
    pub(super) name: String,
    /// What it is.
    pub(super) relation: Relation,
    pub(super) columns: Vec<Column>,
    /// Unique keys, and what else lets one row forbid another.
    pub(super) keys: Vec<Key>,
    pub(super) foreign: Vec<Foreign>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Relation {
    Table,
    /// A partition of the entity's table, or a table that inherits from it.
    Part,
    View,
    /// A view that asks for the rights and policies of who reads it.
    InvokerView,
    /// A materialized view, or a table on another server: row security cannot be put on it.
    Other,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// The type, as the engine prints it.
    pub(super) kind: String,
    pub(super) not_null: bool,
    /// Whether different texts are never equal there.
    pub(super) exact: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) sort: Sort,
    /// Its columns; an expression is no column.
    pub(super) columns: Vec<String>,
    /// Whether columns are all there is to it: no expression and no condition.
    pub(super) plain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sort {
    Primary,
    Unique,
    /// A unique index that is no constraint.
    Index,
    Exclusion,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Foreign {
    pub(super) name: String,
    /// The table it points at, as it stands in a statement.
    pub(super) target: String,
    /// That table's tenant column, if it is a tenant's.
    pub(super) tenant: Option<String>,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    /// What follows the columns in its declaration: ` ON DELETE CASCADE`.
    pub(super) actions: String,
}
