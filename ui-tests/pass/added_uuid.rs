//! The added column is a `Uuid`, in a crate that has no `uuid` in scope.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(type = Uuid)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use order::{Column, Entity};
use sea_orm::{ColumnTrait, ColumnType, UuidColumn, prelude::Uuid};
use tenancy::TenantEntity;

fn key_of<E: TenantEntity<Key = Uuid>>() {}

fn main() {
    key_of::<Entity>();
    assert!(matches!(Entity::tenant_column(), Column::TenantId));
    assert_eq!(Column::TenantId.def().get_column_type(), &ColumnType::Uuid);
    let _typed: UuidColumn<Entity> = Entity::COLUMN.tenant_id;
    // UUIDs are unique everywhere.
    const { assert!(!Entity::KEY_PER_TENANT) };
}
