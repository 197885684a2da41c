//! `#[sea_orm::model]` above: it repeats us on `ModelEx`, which needs the column too.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[sea_orm::model]
    #[tenant_scoped(column = "org_id", type = i64)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use tenancy::TenantEntity;

fn main() {
    assert!(matches!(order::Entity::tenant_column(), order::Column::OrgId));
    let model = order::Model { id: 1, org_id: 7 };
    assert_eq!(model.into_ex().org_id, 7);
}
