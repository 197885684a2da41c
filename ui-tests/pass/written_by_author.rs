//! The author writes the column: under the attribute, and with the derive.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_name = "organisation", indexed)]
        pub tenant_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod invoice {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "invoices")]
    #[tenancy(column = "org")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(enum_name = "Organisation")]
        pub org: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod tag {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, tenancy::TenantEntity)]
    #[sea_orm(table_name = "tags", rename_all = "camelCase")]
    #[tenancy(column = "type")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub name: String,
        pub r#type: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{IdenStatic, Iterable, prelude::Uuid};
use tenancy::TenantEntity;

fn key_of<E: TenantEntity<Key = K>, K>() {}

fn main() {
    key_of::<order::Entity, Uuid>();
    assert_eq!(order::Entity::tenant_column().as_str(), "organisation");
    assert_eq!(order::Column::iter().count(), 2);

    key_of::<invoice::Entity, i64>();
    assert!(matches!(invoice::Entity::tenant_column(), invoice::Column::Organisation));
    assert_eq!(invoice::Column::iter().count(), 2);

    assert!(matches!(tag::Entity::tenant_column(), tag::Column::Type));
    const { assert!(tag::Entity::KEY_PER_TENANT) };
}
