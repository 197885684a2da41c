use sea_orm::entity::prelude::*;
use tenancy::{SharedEntity, TenantEntity};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity, SharedEntity)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub tenant_id: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
