//! The expansion passes the strictest lints.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub)]
#![deny(missing_debug_implementations, rust_2018_idioms, single_use_lifetimes)]

pub mod order {
    //! Orders.

    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    /// An order.
    #[tenant_scoped(column = "org_id", type = Uuid)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    /// Its relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod product {
    //! Products.

    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    /// A product.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    /// Its relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    use tenancy::{SharedEntity, TenantEntity};

    assert!(matches!(order::Entity::tenant_column(), order::Column::OrgId));
    const { assert!(!product::Entity::WRITABLE) };
}
