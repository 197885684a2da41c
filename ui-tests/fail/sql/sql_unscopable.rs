//! A function that could read other tenants' rows.

use tenancy::tenant_sql;

mod order {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub total: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    let _ = tenant_sql!(
        "SELECT id FROM orders
         WHERE load_extension('x') IS NULL"
    );
}
