use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "folders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub parent_id: Option<i64>,
    #[sea_orm(self_ref, relation_enum = "Parent", from = "parent_id", to = "id", on_delete = "SetNull")]
    pub parent: HasOne<Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
