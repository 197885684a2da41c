//! The added column is an `i64`, and numbers that the program gives out are a tenant's own.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(type = i64)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use order::{Column, Entity};
use sea_orm::{ColumnTrait, ColumnType, NumericColumn};
use tenancy::TenantEntity;

fn key_of<E: TenantEntity<Key = i64>>() {}

fn main() {
    key_of::<Entity>();
    assert_eq!(Column::TenantId.def().get_column_type(), &ColumnType::BigInteger);
    let _typed: NumericColumn<Entity> = Entity::COLUMN.tenant_id;
    const { assert!(Entity::KEY_PER_TENANT) };
}
