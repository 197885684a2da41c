//! The plain compact format, with a key that two tenants may both choose.

mod setting {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub name: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::Iterable;
use setting::{Column, Entity};
use tenancy::TenantEntity;

fn main() {
    assert!(matches!(Entity::tenant_column(), Column::TenantId));
    const { assert!(Entity::KEY_PER_TENANT) };
    assert_eq!(Column::iter().count(), 3);
}
