//! Keys in the table `tenancy_api_keys`.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use tenancy_core::TenantId;

use self::entity::{ActiveModel, Column, Entity, Model};
use super::{
    super::{ApiKeyRecord, ApiKeyStore},
    SqlStore, is_taken,
    row::{moment, text},
};
use crate::{Error, Result};

// A plain SeaORM entity: it is not registered, so it is in no tenant's catalog.
#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
mod entity {
    use std::fmt;

    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_api_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub tenant_id: String,
        pub name: String,
        pub hash: String,
        pub created_at: String,
        pub expires_at: Option<String>,
        pub revoked_at: Option<String>,
        pub last_used_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    // SeaORM wants it; the row has the hash.
    impl fmt::Debug for Model {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Model").field("id", &self.id).finish_non_exhaustive()
        }
    }
}

fn key(row: Model) -> Result<ApiKeyRecord> {
    let corrupt = |what: &str| {
        let id = &row.id;
        DbErr::Type(format!(
            "the {what} of `{id}` in `tenancy_api_keys` is unreadable; mend it by hand"
        ))
    };
    let time = |what: &str, time: &str| moment("tenancy_api_keys", what, time);
    let hash = crate::hex::read(&row.hash).ok_or_else(|| corrupt("hash"))?;
    let tenant = TenantId::new(&row.tenant_id).map_err(|_| corrupt("tenant_id"))?;
    let created_at = time("created_at", &row.created_at)?;
    let mut key = ApiKeyRecord::new(row.id, tenant, row.name, hash, created_at);
    key.expires_at = row.expires_at.map(|at| time("expires_at", &at)).transpose()?;
    key.revoked_at = row.revoked_at.map(|at| time("revoked_at", &at)).transpose()?;
    key.last_used_at = row.last_used_at.map(|at| time("last_used_at", &at)).transpose()?;
    Ok(key)
}

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Keys(pub(super) SqlStore);

#[async_trait::async_trait]
impl ApiKeyStore for Keys {
    async fn insert(&self, key: &ApiKeyRecord) -> Result<()> {
        let row = ActiveModel {
            id: Set(key.id.clone()),
            tenant_id: Set(key.tenant.to_string()),
            name: Set(key.name.clone()),
            hash: Set(crate::hex::write(&key.hash)),
            created_at: Set(text(key.created_at)),
            expires_at: Set(key.expires_at.map(text)),
            revoked_at: Set(key.revoked_at.map(text)),
            last_used_at: Set(key.last_used_at.map(text)),
        };
        match Entity::insert(row).exec_without_returning(&self.0.conn).await {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(Error::conflict("the id of a key")),
            Err(error) => Err(error.into()),
        }
    }

    async fn by_id(&self, id: &str) -> Result<Option<ApiKeyRecord>> {
        Entity::find_by_id(id).one(&self.0.conn).await?.map(key).transpose()
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<ApiKeyRecord>> {
        let own = Entity::find().filter(Column::TenantId.eq(tenant.as_str()));
        let own = own.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
        own.all(&self.0.conn).await?.into_iter().map(key).collect()
    }

    async fn revoke(&self, id: &str, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let own = Condition::all().add(Column::Id.eq(id)).add(Column::TenantId.eq(tenant.as_str()));
        let revoked = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(text(now)))
            .filter(own.clone().add(Column::RevokedAt.is_null()));
        if revoked.exec(&self.0.conn).await?.rows_affected > 0 {
            return Ok(true);
        }
        Ok(Entity::find().filter(own).one(&self.0.conn).await?.is_some())
    }

    async fn used(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        let before =
            Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lt(text(at)));
        let used = Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(text(at)))
            .filter(Column::Id.eq(id))
            .filter(before);
        used.exec(&self.0.conn).await?;
        Ok(())
    }

    async fn forget(&self, tenant: &TenantId) -> Result<()> {
        let own = Entity::delete_many().filter(Column::TenantId.eq(tenant.as_str()));
        own.exec(&self.0.conn).await?;
        Ok(())
    }
}
