//! A tenant more, if there may be one.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IsolationLevel, PaginatorTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tenancy_core::Tenant;

use super::{
    SqlStore, is_taken,
    row::{self, ActiveModel, Entity},
};
use crate::{Error, Result};

/// An arbitrary number: who counts the tenants of a PostgreSQL database holds this lock.
const POSTGRES_LOCK: i64 = 0x7465_6e61_6e63_7902;

/// What came of it.
enum Inserted {
    Yes,
    Taken,
    Full,
}

/// Inserts first and counts then, with a lock in between that others who do the same wait for.
///
/// It runs in a task of its own, so that a caller that goes away leaves no transaction behind.
pub(super) async fn insert(store: &SqlStore, tenant: &Tenant, most: u64) -> Result<()> {
    let (conn, row) = (store.conn.clone(), row::active(tenant));
    let work = tokio::spawn(async move { insert_locked(conn.unguarded(), row, most).await });
    let inserted = work.await.map_err(|error| DbErr::Custom(error.to_string()))?;
    match inserted? {
        Inserted::Yes => Ok(()),
        Inserted::Taken => Err(store.clash(tenant).await?),
        Inserted::Full => Err(Error::full(most)),
    }
}

async fn insert_locked(
    conn: &DatabaseConnection,
    row: ActiveModel,
    most: u64,
) -> Result<Inserted, DbErr> {
    let transaction = begin(conn).await?;
    let inserted = async {
        lock(&transaction).await?;
        match Entity::insert(row).exec_without_returning(&transaction).await {
            Ok(_) => {}
            Err(error) if is_taken(&error) => return Ok(Inserted::Taken),
            Err(error) => return Err(error),
        }
        // The first read of this transaction: it shows all that was committed before the lock came.
        let full = Entity::find().count(&transaction).await? > most;
        Ok(if full { Inserted::Full } else { Inserted::Yes })
    };
    let inserted = inserted.await;
    if matches!(inserted, Ok(Inserted::Yes)) {
        transaction.commit().await?;
    } else {
        // The first error says why; the connection is dropped if it cannot roll back.
        let _ = transaction.rollback().await;
    }
    inserted
}

async fn begin(conn: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match conn.get_database_backend() {
        // After the wait, a statement must show what the other process did.
        DbBackend::Postgres => {
            conn.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await
        }
        DbBackend::MySql => conn.begin().await,
        _ => {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            };
            conn.begin_with_options(options).await
        }
    }
}

async fn lock(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let lock = match transaction.get_database_backend() {
        DbBackend::Postgres => format!("SELECT pg_advisory_xact_lock({POSTGRES_LOCK})"),
        // A row that is there for good. A lock with a name would be gone before the commit.
        DbBackend::MySql => {
            "SELECT version FROM tenancy_migrations WHERE version = 1 FOR UPDATE".to_owned()
        }
        // Whoever began holds the lock for writing.
        _ => return Ok(()),
    };
    transaction.execute_unprepared(&lock).await?;
    Ok(())
}
