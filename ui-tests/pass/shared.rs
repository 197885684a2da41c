//! Shared entities: read by tenants, or written too.

mod product {
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(has_many)]
        pub reviews: HasMany<super::review::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod review {
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "reviews")]
    #[shared(writable, crate = ::tenancy)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub product_id: i64,
        #[sea_orm(belongs_to, from = "product_id", to = "id")]
        pub product: BelongsTo<super::product::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use tenancy::SharedEntity;

fn main() {
    const { assert!(!product::Entity::WRITABLE) };
    const { assert!(review::Entity::WRITABLE) };
}
