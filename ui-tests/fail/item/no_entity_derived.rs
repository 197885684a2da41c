use tenancy::TenantEntity;

#[derive(Clone, Debug, TenantEntity)]
pub struct Model {
    pub id: i64,
    pub tenant_id: String,
}

fn main() {}
