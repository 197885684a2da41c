//! The shop's tables.

use sea_orm::{DatabaseConnection, FromQueryResult, JsonValue, Statement};

/// A customer of a tenant; the e-mail address is unique within the tenant.
pub mod customer {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub name: String,
        #[sea_orm(unique)]
        pub email: String,
        #[sea_orm(has_many)]
        pub orders: HasMany<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// From a customer over the orders to what is in them.
    #[derive(Debug)]
    pub struct Bought;

    impl Linked for Bought {
        type FromEntity = Entity;
        type ToEntity = super::item::Entity;

        fn link(&self) -> Vec<RelationDef> {
            vec![
                <Entity as Related<super::order::Entity>>::to(),
                <super::order::Entity as Related<super::item::Entity>>::to(),
            ]
        }
    }
}

/// An order of a customer.
pub mod order {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub customer_id: i64,
        pub status: String,
        pub total: i64,
        #[sea_orm(belongs_to, from = "customer_id", to = "id")]
        pub customer: HasOne<super::customer::Entity>,
        #[sea_orm(has_many)]
        pub items: HasMany<super::item::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A line of an order.
pub mod item {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
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

/// A table whose numbers count over all tenants: the key does not contain the tenant.
pub mod ledger {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub entry: String,
        pub amount: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What everybody sells; tenants cannot change it.
pub mod product {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub title: String,
        pub price: i64,
        #[sea_orm(has_many)]
        pub items: HasMany<super::item::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Words everybody may add to.
pub mod word {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[shared(writable)]
    #[sea_orm(table_name = "words")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub word: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table nobody classified.
pub mod secret {
    #![allow(missing_docs)]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "secrets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The rows of any query, as text.
///
/// # Panics
///
/// If the query fails.
pub async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = JsonValue::find_by_statement(statement).all(db).await.expect("the query runs");
    rows.iter().map(ToString::to_string).collect()
}
