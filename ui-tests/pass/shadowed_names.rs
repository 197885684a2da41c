//! Names the expansion could lean on mean something else where the entity is.

mod order {
    use sea_orm::entity::prelude::*;

    // Our crates and traits. The dense format itself needs the standard library's.
    mod core {}
    mod tenancy {}
    mod inventory {}
    mod uuid {}
    pub trait TenantEntity {}
    pub trait TenantOrShared {}
    pub struct Registration;
    pub struct StringLen;
    pub struct Key;

    #[::tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(has_many)]
        pub products: HasMany<super::product::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod product {
    use sea_orm::entity::prelude::*;

    mod tenancy {}
    mod inventory {}
    pub trait SharedEntity {}

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, ::tenancy::SharedEntity)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub order_id: i64,
        #[sea_orm(belongs_to, skip_fk, from = "order_id", to = "id")]
        pub order: BelongsTo<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod setting {
    #![allow(dead_code)]
    use sea_orm::entity::prelude::*;

    // The standard library; SeaORM itself needs `std` and `Result`.
    mod core {}
    struct String;
    struct Uuid;

    #[::tenancy::tenant_scoped(type = String)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use tenancy::{SharedEntity, TenantEntity};

fn key_of<E: TenantEntity<Key = String>>() {}

fn main() {
    key_of::<setting::Entity>();
    assert!(matches!(setting::Entity::tenant_column(), setting::Column::TenantId));
    assert!(matches!(order::Entity::tenant_column(), order::Column::TenantId));
    const { assert!(order::Entity::KEY_PER_TENANT) };
    const { assert!(!product::Entity::WRITABLE) };
}
