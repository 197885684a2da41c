//! PostgreSQL: strings read by the standard's rules, as the scoper reads them.

mod cancel;
mod pool;

use sea_orm::{
    ConnectOptions,
    sqlx::{ConnectOptions as _, Executor as _, postgres::PgConnectOptions},
};

use self::cancel::Canceller;
pub(super) use self::pool::{Member, Pool};
use super::{PING_AFTER, PoolOptions, stand_in, unreadable};
use crate::Result;

/// What each new connection is told.
///
/// With it off, a backslash in a literal means something else to the server than to the scoper.
/// PgBouncer carries this setting along.
pub(super) const SETUP: &str = "SET standard_conforming_strings = on";

/// Statements that stay prepared on a connection, unless the URL says how many. Where tenants have
/// schemas of their own, each has its own statements, and the driver's hundred are soon used up.
const STATEMENTS: usize = 500;

/// How to connect to the server.
fn server(options: &PoolOptions) -> Result<PgConnectOptions> {
    let parsed = options.url.expose().parse::<PgConnectOptions>();
    let parsed = parsed.map_err(|error| unreadable(&error))?.disable_statement_logging();
    Ok(if options.url.expose().contains("statement-cache-capacity=") {
        parsed
    } else {
        parsed.statement_cache_capacity(STATEMENTS)
    })
}

/// How SeaORM opens a pool.
pub(super) fn options(options: &PoolOptions) -> Result<ConnectOptions> {
    let postgres = server(options)?;
    let mut connect = stand_in("postgres://localhost", options);
    let probe = options.probe.clone();
    connect
        .test_before_acquire_if_idle_for(PING_AFTER)
        .map_sqlx_postgres_opts(move |_| postgres.clone())
        .map_sqlx_postgres_pool_opts(move |pool| {
            let probe = probe.clone();
            pool.after_connect(move |conn, _| {
                let probe = probe.clone();
                Box::pin(async move {
                    conn.execute(SETUP).await?;
                    match probe {
                        Some(probe) => probe.try_out(conn).await,
                        None => Ok(()),
                    }
                })
            })
        });
    Ok(connect)
}
