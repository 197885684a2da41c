use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped(renamed_from, renamed_from(titel = "name", done = "done", title(old)))]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub title: String,
    pub done: bool,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
