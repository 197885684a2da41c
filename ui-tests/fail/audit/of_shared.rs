use sea_orm::entity::prelude::*;
use tenancy::SharedEntity;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
#[sea_orm(table_name = "orders")]
#[shared(audit)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
