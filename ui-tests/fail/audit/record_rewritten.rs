//! Tenants read the records of changes; only the database writes them.

use tenancy::tenant_sql;

mod order {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(audit)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    let _ = tenant_sql!("SELECT operation FROM tenancy_changes WHERE row_key = ?", "1");
    let _ = tenant_sql!("DELETE FROM tenancy_changes WHERE row_key = ?", "1");
}
