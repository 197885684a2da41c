//! An entity whose author has an `ActiveModelBehavior`, which sees the added column.

mod order {
    use sea_orm::{ActiveValue::Set, entity::prelude::*};
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub status: String,
    }

    impl ActiveModelBehavior for ActiveModel {
        fn new() -> Self {
            Self { status: Set("open".to_owned()), ..<Self as ActiveModelTrait>::default() }
        }
    }
}

use order::{ActiveModel, Entity};
use sea_orm::{ActiveModelBehavior, ActiveModelTrait, ActiveValue};
use tenancy::TenantEntity;

fn main() {
    let order = ActiveModel::new();
    assert_eq!(order.get(Entity::tenant_column()), ActiveValue::NotSet);
    assert_eq!(order.status, ActiveValue::Set("open".to_owned()));
}
