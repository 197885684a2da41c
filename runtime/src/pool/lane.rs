//! Lanes: connections that belong to one tenant from birth to death.
//!
//! They carry the tenant in their startup options, where nothing that runs later can take it away:
//! a `RESET` or the end of a transaction leads back to it. So a statement needs nothing around it
//! and takes one round trip. No other tenant ever gets such a connection: a lane is an
//! [engine](super::engine) of its tenant's own.

use std::time::Duration;

use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Error as SqlxError, Executor as _,
    PgConnection, Row as _, postgres::PgConnectOptions,
};
use tokio::time::timeout;

use super::{PoolOptions, postgres::SETUP, unreadable};
use crate::{Error, Result};

/// Statements that stay prepared on a connection, whatever the URL says: that is for poolers.
const STATEMENTS: usize = 100;

/// Carried by the connection that proves, before there is a tenant, that lanes can be opened. It is
/// no tenant's id.
const PROBE: &str = "tenancy:probe";

/// Opens a connection for a tenant. `setting` is where policies look.
///
/// It is tried once: a lane is worth no wait.
///
/// # Errors
///
/// If the server cannot be reached, or does not know of the tenant afterwards: some poolers
/// refuse startup options, or drop them.
pub(super) async fn connect(
    options: &PoolOptions,
    wait: Duration,
    setting: &str,
    tenant: &str,
) -> Result<PgConnection> {
    let parsed: PgConnectOptions =
        options.url.expose().parse().map_err(|error| unreadable(&error))?;
    let postgres = parsed
        .options([(setting, tenant)])
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let opened = timeout(wait, async {
        let mut conn = postgres.connect().await?;
        conn.execute(SETUP).await?;
        let read = format!("SELECT current_setting('{setting}', true) AS value");
        let row = conn.fetch_one(AssertSqlSafe(read)).await?;
        let carried: Option<String> = row.try_get("value")?;
        Ok::<_, SqlxError>((conn, carried))
    });
    match opened.await {
        Ok(Ok((conn, Some(carried)))) if carried == tenant => Ok(conn),
        Ok(Ok((conn, _))) => {
            let _ = conn.close().await;
            Err(refused("the server does not know the tenant of a new connection"))
        }
        Ok(Err(error)) => Err(refused(&error.to_string())),
        Err(_) => Err(refused(&format!("there was no answer within {wait:?}"))),
    }
}

/// Proves that lanes can be opened.
///
/// # Errors
///
/// As [`connect`].
pub(crate) async fn prove(options: &PoolOptions, setting: &str) -> Result<()> {
    let conn = connect(options, options.acquire_timeout, setting, PROBE).await?;
    // It has served its purpose.
    let _ = conn.close().await;
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::config(format!(
        "no lane can be opened: {why}; lanes need a direct connection to PostgreSQL, since poolers \
         do not pass on startup options: name the server itself in `Builder::database`, or leave \
         out `Rls::lanes`"
    ))
}
