use tenancy::{TenantDb, TenantTransaction, Tenancy, sea_orm::TransactionTrait};

fn handler(_: TenantDb) {}

fn within(_: &TenantTransaction) {}

async fn call(tenancy: Tenancy) -> tenancy::Result<()> {
    let db = tenancy.unscoped("a mistake").await?;
    within(&db.begin().await?);
    handler(db);
    Ok(())
}

fn main() {}
