use tenancy::tenant_scoped;

#[tenant_scoped]
pub enum Model {
    Order,
}

fn main() {}
