//! The table of the records.

// SeaORM's derives write items without documentation.
#![allow(missing_docs)]

use sea_orm::entity::prelude::*;

/// What was done to a row.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum Operation {
    /// It was added.
    #[sea_orm(string_value = "insert")]
    Insert,
    /// It was changed. A change of its key leaves a record of either key.
    #[sea_orm(string_value = "update")]
    Update,
    /// It was removed.
    #[sea_orm(string_value = "delete")]
    Delete,
}

/// A record of one change of one row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenancy_changes")]
pub struct Model {
    /// Counts up.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose row it was.
    pub tenant_id: String,
    /// The table of the row, as its entity names it.
    #[sea_orm(column_type = "String(StringLen::N(64))", indexed)]
    pub table_name: String,
    /// The primary key of the row, without the tenant column: as text, or, where several columns are
    /// in it, as a list of texts in JSON. [`key`](super::key) writes one.
    #[sea_orm(column_type = "Text")]
    pub row_key: String,
    /// What was done.
    pub operation: Operation,
    /// When the statement began that did it.
    pub at: DateTimeUtc,
    /// As which user of the database it was done. SQLite has none.
    #[sea_orm(column_type = "Text", nullable)]
    pub db_user: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

// It is no answer to a missing classification.
#[diagnostic::do_not_recommend]
impl crate::TenantEntity for Entity {
    type Key = String;

    const KEY_PER_TENANT: bool = false;

    fn tenant_column() -> Column {
        Column::TenantId
    }
}
