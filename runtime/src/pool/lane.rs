//! Lanes: a few connections that belong to one tenant from birth to death.
//!
//! They carry the tenant in their startup options, where nothing that runs later can take it away:
//! a `RESET` or the end of a transaction leads back to it. So a statement needs nothing around it
//! and takes one round trip. No other tenant ever gets such a connection.

use sea_orm::{
    DatabaseConnection,
    sqlx::{
        AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool, Row as _,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tenancy_core::TenantId;

use super::{Connection, PING_AFTER, PoolOptions, postgres::SETUP, unreadable};
use crate::{Error, Result};

/// Statements that stay prepared on a connection, whatever the URL says: that is for poolers.
const STATEMENTS: usize = 100;

/// The connections of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    tenant: TenantId,
    pool: PgPool,
}

impl Lane {
    /// Opens a lane and proves it with one connection. `setting` is where policies look.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, or does not know of the tenant afterwards: some poolers
    /// refuse startup options, or drop them.
    pub(crate) async fn open(
        options: &PoolOptions,
        setting: &'static str,
        tenant: &TenantId,
        connections: u32,
    ) -> Result<Self> {
        let parsed: PgConnectOptions =
            options.url.expose().parse().map_err(|error| unreadable(&error))?;
        let postgres = parsed
            .options([(setting, tenant.as_str())])
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        // Once beside the pool, which would try again and again and then say nothing but "timeout".
        let mut first = postgres.connect().await.map_err(|error| refused(&error.to_string()))?;
        let carried = carries(&mut first, setting, tenant).await;
        // It has served its purpose.
        let _ = first.close().await;
        if !carried.map_err(|error| refused(&error.to_string()))? {
            return Err(refused("the server does not know the tenant of a new connection"));
        }
        let own = tenant.clone();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|conn, known| {
                Box::pin(async move {
                    if known.idle_for >= PING_AFTER {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |conn, _| {
                let own = own.clone();
                Box::pin(async move {
                    conn.execute(SETUP).await?;
                    if carries(conn, setting, &own).await? {
                        return Ok(());
                    }
                    Err(sea_orm::sqlx::Error::Protocol("the lane's tenant was lost".to_owned()))
                })
            })
            .connect_lazy_with(postgres);
        Ok(Self { tenant: tenant.clone(), pool })
    }

    /// Whose it is.
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Its connections.
    pub(crate) fn connection(&self) -> Connection {
        Connection::new(DatabaseConnection::from(self.pool.clone()))
    }

    /// Closes it, and waits until its connections were given back.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn carries(
    conn: &mut sea_orm::sqlx::PgConnection,
    setting: &str,
    tenant: &TenantId,
) -> Result<bool, sea_orm::sqlx::Error> {
    let read = format!("SELECT current_setting('{setting}', true) AS value");
    let row = conn.fetch_one(AssertSqlSafe(read)).await?;
    Ok(row.try_get::<Option<String>, _>("value")?.as_deref() == Some(tenant.as_str()))
}

fn refused(why: &str) -> Error {
    Error::config(format!(
        "no lane can be opened: {why}; lanes need a direct connection to PostgreSQL, since poolers \
         do not pass on startup options"
    ))
}
