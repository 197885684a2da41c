//! The runtime crate is reached through another crate's module.

mod deps {
    pub use tenancy as multi;
}

mod order {
    use sea_orm::entity::prelude::*;

    // Would be found if the expansion said `tenancy`.
    mod tenancy {}

    #[crate::deps::multi::tenant_scoped(type = Uuid, crate = crate::deps::multi)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(has_many)]
        pub tags: HasMany<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod tag {
    use crate::deps::multi;
    use sea_orm::entity::prelude::*;

    #[multi::tenant_scoped(type = Uuid, crate = multi)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub order_id: i64,
        #[sea_orm(belongs_to, from = "order_id", to = "id")]
        pub order: BelongsTo<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use tenancy::TenantEntity;

fn main() {
    assert!(matches!(order::Entity::tenant_column(), order::Column::TenantId));
    assert!(matches!(tag::Entity::tenant_column(), tag::Column::TenantId));
}
