//! Deleting one tenant's rows from the tables all tenants share, completely.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait as _, Value,
};
use tenancy_core::{
    Secret, TenantId,
    catalog::{Entity, KeyKind},
    change,
};

use super::Grounds;
use crate::{Error, Result, schema};

/// Deletes a tenant's rows from every tenant's table on a connection of the operator's, and looks afterwards that none is left. All
/// in one transaction, children before parents.
///
/// It runs in a task of its own, so that a caller that goes away does not cut it off.
pub(super) async fn rows(
    grounds: &Grounds,
    conn: &DatabaseConnection,
    id: &TenantId,
    token: Option<Secret>,
) -> Result<()> {
    let backend = grounds.backend();
    let mut statements = Vec::new();
    let mut counts = Vec::new();
    let mut entities = schema::children_first(grounds.catalog().iter())?;
    // What is deleted leaves records, so they are deleted at the end.
    entities.sort_by_key(|entity| entity.table == change::TABLE);
    for entity in entities {
        let Some((column, kind)) = entity.tenant_column() else { continue };
        let value = value(id, kind)?;
        let condition = format!("{} = {}", quoted(backend, column), placeholder(backend));
        let table = table(backend, entity);
        let statement = |verb: &str| {
            let sql = format!("{verb} FROM {table} WHERE {condition}");
            Statement::from_sql_and_values(backend, sql, [value.clone()])
        };
        statements.push(statement("DELETE"));
        counts.push((entity.table.clone(), statement("SELECT COUNT(*)")));
    }
    let (conn, name) = (conn.clone(), id.as_str().to_owned());
    let work = tokio::spawn(async move {
        let transaction = conn.begin().await?;
        if backend == DbBackend::Postgres {
            tell(&transaction, name, token).await?;
        }
        // InnoDB checks row by row, so rows of one table that refer to each other could never be
        // deleted at once. Between tenants there are no references.
        let unchecked = backend == DbBackend::MySql;
        if unchecked {
            transaction.execute_unprepared("SET foreign_key_checks = 0").await?;
        }
        let outcome = delete(&transaction, statements, counts).await;
        if unchecked {
            transaction.execute_unprepared("SET foreign_key_checks = 1").await?;
        }
        match outcome {
            Ok(()) => transaction.commit().await.map_err(Error::from),
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    });
    work.await.map_err(|error| Error::from(DbErr::Custom(error.to_string())))?
}

/// The owner of the tables is bound by their policies too.
async fn tell(
    transaction: &impl ConnectionTrait,
    tenant: String,
    token: Option<Secret>,
) -> Result<()> {
    let backend = DbBackend::Postgres;
    let sql =
        "SELECT set_config('tenancy.tenant_id', $1, true), set_config('tenancy.token', $2, true)";
    let signed = token.is_some();
    let token = token.map(|token| token.expose().to_owned()).unwrap_or_default();
    let told = Statement::from_sql_and_values(backend, sql, [tenant.into(), token.into()]);
    transaction.execute_raw(told).await?;
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_depend AS d \
               JOIN pg_catalog.pg_proc AS f ON f.oid = d.refobjid \
                   AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
               JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace \
               WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass \
                   AND n.nspname = 'tenancy' AND f.proname = 'tenant')";
    let row = transaction.query_one_raw(Statement::from_string(backend, sql)).await?;
    let verifies: bool = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    if verifies && !signed {
        // They would show nothing, and it would look as if nothing were left.
        return Err(Error::config(
            "policies in the database verify tokens, and this tenancy signs none, so the tenant's \
             rows cannot be seen to be deleted; use `Rls::signed` with one of the keys in \
             `tenancy.key`",
        ));
    }
    Ok(())
}

async fn delete(
    transaction: &impl ConnectionTrait,
    statements: Vec<Statement>,
    counts: Vec<(String, Statement)>,
) -> Result<()> {
    for statement in statements {
        transaction.execute_raw(statement).await?;
    }
    for (table, count) in counts {
        let row = transaction.query_one_raw(count).await?;
        let left: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        if left != 0 {
            return Err(Error::config(format!(
                "{left} rows of the tenant are left in `{table}` after they were deleted, so \
                 nothing was: the operator's connection does not see or may not delete all rows; \
                 give it a role that row-level security does not hide rows from"
            )));
        }
    }
    Ok(())
}

fn value(id: &TenantId, kind: KeyKind) -> Result<Value> {
    let value = match kind {
        KeyKind::Text => Some(Value::from(id.as_str())),
        KeyKind::Uuid => id.as_uuid().map(Value::from),
        KeyKind::Integer => id.as_integer().map(Value::from),
    };
    value.ok_or_else(|| {
        Error::config(format!("the tenant id `{id}` does not fit a tenant column of type `{kind}`"))
    })
}

fn table(backend: DbBackend, entity: &Entity) -> String {
    let name = quoted(backend, &entity.table);
    match &entity.schema {
        Some(schema) => format!("{}.{name}", quoted(backend, schema)),
        None => name,
    }
}

/// An identifier, quoted as the engine has it.
pub(super) fn quoted(backend: DbBackend, name: &str) -> String {
    let quote = if backend == DbBackend::MySql { '`' } else { '"' };
    let doubled: String =
        name.chars().flat_map(|c| std::iter::repeat_n(c, if c == quote { 2 } else { 1 })).collect();
    format!("{quote}{doubled}{quote}")
}

pub(super) fn placeholder(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { "$1" } else { "?" }
}
