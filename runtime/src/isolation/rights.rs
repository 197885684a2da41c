//! What the role that serves tenants may do in a place the operator made.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tenancy_core::{change, policy::RoleName};

use super::{Grounds, erase::quoted};
use crate::{Error, Result};

/// Reads and writes rows, and nothing else.
const ROWS: &str = "SELECT, INSERT, UPDATE, DELETE";

/// What only triggers do with the records of changes.
const CHANGES: &str = "INSERT, UPDATE, DELETE";

/// The role that serves tenants, as it stands in a statement. `None` if it made the place itself,
/// or if the engine knows no roles.
async fn grantee(grounds: &Grounds) -> Result<Option<String>> {
    grounds.grantee.get_or_try_init(|| asked(grounds)).await.cloned()
}

async fn asked(grounds: &Grounds) -> Result<Option<String>> {
    let backend = grounds.backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT current_user::text",
        DbBackend::MySql => "SELECT CURRENT_USER()",
        _ => return Ok(None),
    };
    let statement = || Statement::from_string(backend, sql);
    let name = |row: Option<sea_orm::QueryResult>| {
        let name = row.map(|row| row.try_get_by_index::<String>(0)).transpose()?;
        Ok::<_, Error>(name.unwrap_or_default())
    };
    let serving = name(grounds.connection().query_one_raw(statement()).await?)?;
    let operator = name(grounds.operator_connection().query_one_raw(statement()).await?)?;
    if serving == operator {
        return Ok(None);
    }
    if backend == DbBackend::MySql {
        let (user, host) = serving.rsplit_once('@').unwrap_or((&serving, "%"));
        return Ok(Some(format!("{}@{}", quoted(backend, user), quoted(backend, host))));
    }
    let role = RoleName::new(serving).map_err(|error| {
        Error::config(format!(
            "the role that serves tenants cannot be given rights: {error}; use one whose name is \
             plain"
        ))
    })?;
    Ok(Some(role.quoted()))
}

/// The statements that let the role use the tables in a schema.
pub(super) async fn in_schema(grounds: &Grounds, schema: &str) -> Result<Vec<Statement>> {
    let Some(grantee) = grantee(grounds).await? else { return Ok(Vec::new()) };
    let backend = grounds.backend();
    let schema = quoted(backend, schema);
    let records = grounds.catalog().iter().any(|entity| entity.table == change::TABLE);
    let statements = match backend {
        DbBackend::Postgres => {
            let mut statements = vec![
                format!("GRANT USAGE ON SCHEMA {schema} TO {grantee}"),
                format!("GRANT {ROWS} ON ALL TABLES IN SCHEMA {schema} TO {grantee}"),
                format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {grantee}"),
            ];
            if records {
                let table = format!("{schema}.{}", quoted(backend, change::TABLE));
                statements.push(format!("REVOKE {CHANGES} ON {table} FROM {grantee}"));
            }
            statements
        }
        _ => vec![format!("GRANT {ROWS} ON {schema}.* TO {grantee}")],
    };
    Ok(statements.into_iter().map(|sql| Statement::from_string(backend, sql)).collect())
}

/// The statements that let the role into a database of a tenant's, and nobody else but its owner.
pub(super) async fn in_database(grounds: &Grounds, database: &str) -> Result<Vec<Statement>> {
    if grounds.backend() != DbBackend::Postgres {
        return in_schema(grounds, database).await;
    }
    let backend = DbBackend::Postgres;
    let name = quoted(backend, database);
    let mut statements =
        vec![Statement::from_string(backend, format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"))];
    if let Some(grantee) = grantee(grounds).await? {
        let connect = format!("GRANT CONNECT ON DATABASE {name} TO {grantee}");
        statements.push(Statement::from_string(backend, connect));
        statements.extend(in_schema(grounds, "public").await?);
    }
    Ok(statements)
}
