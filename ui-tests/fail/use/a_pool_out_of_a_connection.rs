use tenancy::TenantDb;

fn leak(db: &TenantDb) {
    db.get_sqlite_connection_pool();
}

fn main() {}
