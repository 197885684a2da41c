use sea_orm::{ConnectionTrait, DbErr};
use tenancy::TenantTransaction;

async fn late(transaction: TenantTransaction) -> Result<(), DbErr> {
    transaction.commit().await?;
    transaction.execute_unprepared("DELETE FROM orders").await?;
    Ok(())
}

fn main() {}
