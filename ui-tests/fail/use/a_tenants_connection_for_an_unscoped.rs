use tenancy::{Tenancy, UnscopedDb, UnscopedTransaction, sea_orm::TransactionTrait};

fn report(_: UnscopedDb) {}

fn within(_: &UnscopedTransaction) {}

async fn call(tenancy: Tenancy) -> tenancy::Result<()> {
    let db = tenancy.db("acme").await?;
    within(&db.begin().await?);
    report(db);
    Ok(())
}

fn main() {}
