use tenancy::tenant_scoped;

#[tenant_scoped]
fn model() {}

fn main() {}
