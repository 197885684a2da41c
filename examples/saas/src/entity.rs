//! The tables: all rows belong to customers.
#![allow(unreachable_pub)] // SeaORM's macros make everything of an entity public.

pub(crate) mod order {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::tenant_scoped;

    /// An order.
    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub item: String,
        pub cents: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod report {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;
    use tenancy::tenant_scoped;

    /// What a job has found out.
    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "reports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub orders: i64,
        pub cents: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
