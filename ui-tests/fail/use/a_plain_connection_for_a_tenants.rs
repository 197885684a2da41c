use sea_orm::DatabaseConnection;
use tenancy::TenantDb;

fn handler(_: TenantDb) {}

fn call(db: DatabaseConnection) {
    handler(db);
}

fn main() {}
