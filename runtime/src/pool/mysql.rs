//! MySQL and MariaDB: one SQL mode, the one the scoper reads statements in.

mod cancel;
mod loan;
mod pool;

use std::sync::Arc;

use sea_orm::{
    ConnectOptions,
    sqlx::{ConnectOptions as _, Executor as _, mysql::MySqlConnectOptions},
};

use self::cancel::{Canceller, Seat};
pub(crate) use self::{
    loan::{Loan, Watch},
    pool::Pool,
};
use super::{PING_AFTER, PoolOptions, stand_in, unreadable};
use crate::Result;

/// The mode of every connection, whatever the server's own.
///
/// `ANSI_QUOTES`, `NO_BACKSLASH_ESCAPES` or `HIGH_NOT_PRECEDENCE` would make the server read another
/// statement than the scoper did; without `STRICT_TRANS_TABLES` a value too long for its column is cut.
pub(super) const SQL_MODE: &str = "SET SESSION sql_mode = 'PIPES_AS_CONCAT,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,\
                        NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// How to connect to the server.
fn server(options: &PoolOptions) -> Result<MySqlConnectOptions> {
    let text = options.url.expose();
    let parsed: MySqlConnectOptions = text.parse().map_err(|error| unreadable(&error))?;
    Ok(parsed.disable_statement_logging())
}

/// How SeaORM opens a pool.
pub(super) fn options(options: &PoolOptions) -> Result<ConnectOptions> {
    let mysql = server(options)?;
    let mut connect = stand_in("mysql://localhost", options);
    connect
        .test_before_acquire_if_idle_for(PING_AFTER)
        .map_sqlx_mysql_opts(move |_| mysql.clone())
        .map_sqlx_mysql_pool_opts(|pool| {
            pool.after_connect(|conn, _| {
                Box::pin(async move { conn.execute(SQL_MODE).await.map(|_| ()) })
            })
        });
    Ok(connect)
}

/// How SeaORM opens a pool of one connection, which takes its seat.
fn single(options: &PoolOptions, seat: &Arc<Seat>) -> Result<ConnectOptions> {
    let mut connect = self::options(options)?;
    let seat = Arc::clone(seat);
    connect.max_connections(1).min_connections(0).idle_timeout(None).max_lifetime(None);
    connect.map_sqlx_mysql_pool_opts(move |pool| {
        let seat = Arc::clone(&seat);
        pool.after_connect(move |conn, _| {
            let seat = Arc::clone(&seat);
            Box::pin(async move {
                conn.execute(SQL_MODE).await?;
                seat.take(conn).await
            })
        })
    });
    Ok(connect)
}
