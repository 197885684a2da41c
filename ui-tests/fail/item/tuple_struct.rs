use tenancy::tenant_scoped;

#[tenant_scoped]
pub struct Model(i64);

fn main() {}
