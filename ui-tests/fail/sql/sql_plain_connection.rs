//! A connection that may see every tenant.

use tenancy::{sea_orm::DatabaseConnection, tenant_sql};

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

async fn leak(db: &DatabaseConnection) -> tenancy::Result<u64> {
    tenant_sql!("DELETE FROM orders").execute(db).await
}

fn main() {
    let _ = leak;
}
