use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub a_name_that_says_everything_there_is_to_say_about_what_it_stands_for: String,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
