use sea_orm::entity::prelude::*;
use tenancy::TenantEntity;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
#[sea_orm(table_name = "orders")]
#[tenancy(colum = "org_id")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub org_id: String,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
