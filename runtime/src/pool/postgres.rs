//! PostgreSQL: strings read by the standard's rules, as the scoper reads them.

use sea_orm::{
    ConnectOptions,
    sqlx::{ConnectOptions as _, Executor as _, postgres::PgConnectOptions},
};

use super::{PING_AFTER, PoolOptions, stand_in, unreadable};
use crate::Result;

/// What each new connection is told.
///
/// With it off, a backslash in a literal means something else to the server than to the scoper.
/// PgBouncer carries this setting along.
pub(super) const SETUP: &str = "SET standard_conforming_strings = on";

pub(super) fn options(options: &PoolOptions) -> Result<ConnectOptions> {
    let text = options.url.expose();
    let parsed: PgConnectOptions = text.parse().map_err(|error| unreadable(&error))?;
    let postgres = parsed.disable_statement_logging();

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
