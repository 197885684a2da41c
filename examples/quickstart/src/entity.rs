//! The shop's tables. Customers, orders and items belong to tenants; products are shared.
#![allow(unreachable_pub)] // SeaORM's macros make everything of an entity public.

pub(crate) mod customer {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::tenant_scoped;

    /// A customer of a tenant.
    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub name: String,
        pub city: String,
        #[sea_orm(has_many)]
        pub orders: HasMany<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod order {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::tenant_scoped;

    /// An order of one of a tenant's customers.
    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub customer_id: i64,
        pub status: String,
        pub total_cents: i64,
        #[sea_orm(belongs_to, from = "customer_id", to = "id")]
        pub customer: HasOne<super::customer::Entity>,
        #[sea_orm(has_many)]
        pub items: HasMany<super::item::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod item {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::tenant_scoped;

    /// One line of an order.
    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub order_id: i64,
        pub product_id: i64,
        pub quantity: i64,
        #[sea_orm(belongs_to, from = "order_id", to = "id", on_delete = "Cascade")]
        pub order: HasOne<super::order::Entity>,
        #[sea_orm(belongs_to, from = "product_id", to = "id")]
        pub product: HasOne<super::product::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod product {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::SharedEntity;

    /// A product all tenants sell. They can read it, and not change it.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity, Serialize)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub title: String,
        pub price_cents: i64,
        #[sea_orm(has_many)]
        pub items: HasMany<super::item::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
