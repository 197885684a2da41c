//! One row of `tenancy_unscoped`, and what it records.

use chrono::DateTime;
use sea_orm::{ActiveValue::Set, DbErr};

use super::row::text;
use crate::{Result, UnscopedAccess};

pub(super) use self::entity::{ActiveModel, Column, Entity, Model};

// A plain SeaORM entity: it is not registered, so it is in no tenant's catalog.
#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_unscoped")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub taken_at: String,
        pub reason: String,
        pub place: String,
        pub database_role: Option<String>,
        pub process: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is written.
pub(super) fn active(access: &UnscopedAccess) -> ActiveModel {
    ActiveModel {
        id: Set(access.id.clone()),
        taken_at: Set(text(access.taken_at)),
        reason: Set(access.reason.clone()),
        place: Set(access.place.clone()),
        database_role: Set(access.role.clone()),
        process: Set(access.process.clone()),
    }
}

/// Reads it back.
pub(super) fn access(row: Model) -> Result<UnscopedAccess> {
    let Model { id, taken_at, reason, place, database_role: role, process } = row;
    let taken_at = DateTime::parse_from_rfc3339(&taken_at).map_err(|error| {
        DbErr::Type(format!("the moment of `{id}` in `tenancy_unscoped` is unreadable: {error}"))
    })?;
    Ok(UnscopedAccess { id, taken_at: taken_at.to_utc(), reason, place, role, process })
}
