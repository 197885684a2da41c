//! Lanes: connections that belong to one tenant from birth to death.
//!
//! They carry the tenant in their startup options, where nothing that runs later can take it away:
//! a `RESET` or the end of a transaction leads back to it. So a statement needs nothing around it
//! and takes one round trip. No other tenant ever gets such a connection: a lane is an
//! [engine](super::engine) of its tenant's own.

use std::sync::Arc;

use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions,
};

use super::{Connection, PoolOptions, Settings};
use crate::{Error, Result};

/// Carried by the connection that proves, before there is a tenant, that lanes can be opened. It is
/// no tenant's id.
const PROBE: &str = "tenancy:probe";

/// What a connection says when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Startup {
    setting: &'static str,
    value: Arc<str>,
    /// What else there is to say.
    further: Settings,
}

impl Startup {
    pub(super) fn told(&self, options: PgConnectOptions) -> PgConnectOptions {
        let further = self.further.iter().map(|(name, value)| (*name, value.as_str()));
        options.options([(self.setting, &*self.value)].into_iter().chain(further))
    }

    /// Looks whether the server heard it.
    ///
    /// # Errors
    ///
    /// If it did not: some poolers drop what is said at the start.
    pub(super) async fn must_hold(&self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        let read = format!("SELECT current_setting('{}', true) AS value", self.setting);
        let row = conn.fetch_one(AssertSqlSafe(read)).await?;
        let heard: Option<String> = row.try_get("value")?;
        if heard.as_deref() == Some(&*self.value) {
            return Ok(());
        }
        let why = "the server does not know the tenant of a new connection";
        Err(sqlx::Error::Protocol(why.to_owned()))
    }
}

/// Opens one of a tenant's connections. `setting` is where policies look.
///
/// # Errors
///
/// If the server cannot be reached, or does not know of the tenant afterwards: poolers refuse
/// startup options, or drop them.
pub(super) async fn open(
    options: &PoolOptions,
    setting: &'static str,
    tenant: &Arc<str>,
    further: &Settings,
) -> Result<Connection> {
    let startup = Startup { setting, value: Arc::clone(tenant), further: Arc::clone(further) };
    let mut options = options.clone();
    options.max_connections = 1;
    options.probe = None;
    options.startup = Some(startup);
    if !options.named() {
        return Err(refused("the URL says `statement-cache-capacity=0`, as for a pooler"));
    }
    Connection::open(&options).await.map_err(|error| refused(&error.to_string()))
}

/// Proves that lanes can be opened.
///
/// # Errors
///
/// As [`open`].
pub(crate) async fn prove(options: &PoolOptions, setting: &'static str) -> Result<()> {
    let conn = open(options, setting, &PROBE.into(), &Settings::default()).await?;
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
