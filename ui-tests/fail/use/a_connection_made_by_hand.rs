use tenancy::TenantDb;

fn forge() -> TenantDb {
    TenantDb {}
}

fn main() {}
