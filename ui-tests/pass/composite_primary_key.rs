//! The tenant column is part of the primary key, or all of it.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod plan {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "plans")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        pub name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod placement {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "placements")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub shelf: i64,
        #[sea_orm(primary_key)]
        pub position: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{Iterable, PrimaryKeyTrait};
use tenancy::TenantEntity;

fn main() {
    const { assert!(order::Entity::KEY_PER_TENANT) };
    assert_eq!(order::PrimaryKey::iter().count(), 2);
    const { assert!(plan::Entity::KEY_PER_TENANT) };
    const { assert!(placement::Entity::KEY_PER_TENANT) };
    assert!(!placement::PrimaryKey::auto_increment());
    // The added column is behind the key, not in it.
    let columns: Vec<_> = placement::Column::iter().map(|column| format!("{column:?}")).collect();
    assert_eq!(columns, ["Shelf", "Position", "TenantId"]);
    assert_eq!(placement::PrimaryKey::iter().count(), 2);
}
