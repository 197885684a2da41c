use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped(colum = "org_id", type = u8, key = "both")]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique)]
    pub tenant_id: String,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
