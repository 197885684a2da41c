use sea_orm::entity::prelude::*;
use tenancy::SharedEntity;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
#[sea_orm(table_name = "a_name_that_says_everything_there_is_to_say_about_what_it_stands_for")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
