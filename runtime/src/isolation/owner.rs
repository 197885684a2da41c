//! Schemas and databases that belong to one tenant, and say so.
//!
//! Each carries its tenant's id: a schema of PostgreSQL in its comment, everything else in a table.
//! A place that is there and says another id, or none, is never used: two tenants would share it.

mod place;

use sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait as _,
};
use tenancy_core::{SchemaName, TenantId};

use self::place::{Extent, Place};
use super::Grounds;
use crate::{Error, Result};

/// Makes a tenant's schema and the tables in it, or completes them.
///
/// It runs in a task of its own: a caller that goes away cannot cut it off half-way.
pub(super) async fn provision(grounds: &Grounds, name: &SchemaName, id: &TenantId) -> Result<()> {
    let mut statements = grounds.tables_in(name)?;
    statements.extend(grounds.rights_in(name).await?);
    let deed = Deed { extent: Extent::Schema, name: name.to_string(), id: id.clone() };
    in_turn(grounds.operator(), deed, |place| Box::pin(place.settle(statements))).await
}

/// Drops a tenant's schema and all that is in it. One that is gone is fine.
pub(super) async fn destroy(grounds: &Grounds, name: &SchemaName, id: &TenantId) -> Result<()> {
    let deed = Deed { extent: Extent::Schema, name: name.to_string(), id: id.clone() };
    in_turn(grounds.operator(), deed, |place| Box::pin(place.raze())).await
}

/// Makes a database the tenant's that is there and empty, and the tables in it, or completes them.
/// `conn` leads to it.
pub(super) async fn settle(
    conn: &DatabaseConnection,
    name: &str,
    id: &TenantId,
    statements: Vec<Statement>,
) -> Result<()> {
    let deed = Deed { extent: Extent::Database, name: name.to_owned(), id: id.clone() };
    in_turn(conn, deed, |place| Box::pin(place.settle(statements))).await
}

/// Whether the database that `conn` leads to is the tenant's, or nobody's and empty.
///
/// # Errors
///
/// If it is somebody else's.
pub(super) async fn check(conn: &DatabaseConnection, name: &str, id: &TenantId) -> Result<()> {
    let deed = Deed { extent: Extent::Database, name: name.to_owned(), id: id.clone() };
    in_turn(conn, deed, |place| Box::pin(place.check())).await
}

/// Whose place it is, or is to be.
struct Deed {
    extent: Extent,
    name: String,
    id: TenantId,
}

type Work<'a> = std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

async fn in_turn(
    conn: &DatabaseConnection,
    deed: Deed,
    work: impl for<'a> FnOnce(&'a Place<'a>) -> Work<'a> + Send + 'static,
) -> Result<()> {
    let conn = conn.clone();
    let task = tokio::spawn(async move {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = conn.begin_with_options(options).await?;
        let Deed { extent, name, id } = deed;
        let backend = conn.get_database_backend();
        let place = Place { transaction: &transaction, backend, extent, name, id };
        let outcome = match place.lock().await {
            Ok(()) => {
                let outcome = work(&place).await;
                place.unlock().await.and(outcome)
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => Ok(transaction.commit().await?),
            Err(error) => {
                // The first error says why; the connection is dropped if it cannot roll back.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    });
    task.await.map_err(|error| Error::from(DbErr::Custom(error.to_string())))?
}
