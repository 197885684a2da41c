//! Rows into tables.
//!
//! The first tenant's rows go into the shared tables through its [`TenantDb`], in batches of bound
//! values. For the others the rows are written beside it, with the tenant in the text of the statement,
//! which is several times faster; so are those of the private databases.

use sea_orm::{ConnectionTrait, TransactionSession, TransactionTrait};
use tenancy::TenantDb;

use crate::{
    query::statement,
    table::{Row, tables},
};

/// Rows of one INSERT with its values in the text.
const IN_TEXT: usize = 1_000;

/// Rows of one INSERT with bound values. SQLite looks each numbered placeholder up in a list, so that
/// the time grows with the square of their number.
const BOUND: usize = 50;

/// Writes the rows of a tenant; with the tenant in each, if it is named.
pub(crate) async fn directly<C>(db: &C, rows: &[Vec<Row>; 8], tenant: Option<&str>)
where
    C: ConnectionTrait + TransactionTrait,
{
    let last = tenant.map(|tenant| ("tenant_id", tenant));
    let transaction = db.begin().await.expect("a transaction begins");
    for (table, rows) in tables().iter().zip(rows) {
        for batch in rows.chunks(IN_TEXT) {
            let sql = table.insert(batch, last);
            transaction.execute_unprepared(&sql).await.expect("rows can be inserted");
        }
    }
    transaction.commit().await.expect("a transaction is committed");
}

/// Writes the rows of a tenant through its connection.
pub(crate) async fn through(db: &TenantDb, rows: &[Vec<Row>; 8]) {
    let backend = ConnectionTrait::get_database_backend(db);
    let transaction = db.begin().await.expect("a transaction begins");
    for (table, rows) in tables().iter().zip(rows) {
        for batch in rows.chunks(BOUND) {
            let insert = statement(backend, &table.template(batch.len()), batch.concat());
            transaction.execute_raw(insert).await.expect("rows can be inserted");
        }
    }
    transaction.commit().await.expect("a transaction is committed");
}
