use sea_orm::entity::prelude::*;
use tenancy::TenantEntity;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(column_name = "tenant_id")]
    pub org: String,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
