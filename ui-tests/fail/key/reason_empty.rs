use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped(key = "global", reason = " ")]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: i64,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
