//! The column has another name, and the key another scope than the default.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(column = "org_id", key = "per_tenant")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod invoice {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(key = "global", reason = "an authority gives the numbers out")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invoices")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub number: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{IdenStatic, Iterable};
use tenancy::TenantEntity;

fn main() {
    assert!(matches!(order::Entity::tenant_column(), order::Column::OrgId));
    assert_eq!(order::Column::OrgId.as_str(), "org_id");
    assert_eq!(order::Column::iter().count(), 2);
    const { assert!(order::Entity::KEY_PER_TENANT) };
    const { assert!(!invoice::Entity::KEY_PER_TENANT) };
}
