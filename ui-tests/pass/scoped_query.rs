//! A query that needs no repository.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(soft_delete = "deleted_at")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub total: i64,
        pub deleted_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenancy::TenantDb;

pub async fn large(db: &TenantDb) -> tenancy::Result<Vec<order::Model>> {
    order::Entity::scoped(db)
        .filter(order::Column::Total.gt(1_000))
        .order_by_asc(order::Column::Id)
        .all()
        .await
}

pub async fn ever(db: &TenantDb) -> tenancy::Result<u64> {
    order::Entity::scoped(db).with_deleted().count().await
}

fn main() {
    fn is_send<T: Send>(_: impl FnOnce(TenantDb) -> T) {}
    is_send(|db| async move { large(&db).await });
}
