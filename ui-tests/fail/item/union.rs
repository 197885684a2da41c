use tenancy::tenant_scoped;

#[tenant_scoped]
pub union Model {
    id: i64,
    bits: u64,
}

fn main() {}
