use sea_orm::entity::prelude::*;
use tenancy::tenant_scoped;

#[tenant_scoped]
#[derive(Clone, Debug)]
pub struct Model {
    pub id: i64,
}

fn main() {}
