//! The tables, as plain SeaORM entities: they are not registered, so they are in no tenant's catalog.

#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
pub(super) mod lifecycle {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_lifecycle")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub happened_at: String,
        pub tenant_id: String,
        pub slug: String,
        pub action: String,
        pub detail: Option<String>,
        pub actor: String,
        pub reason: Option<String>,
        pub origin: Option<String>,
        pub process: String,
        pub outcome: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
pub(super) mod usage {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_usage")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub batch_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: String,
        pub until_at: String,
        pub requests: i64,
        pub statements: i64,
        pub row_count: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
