//! Statements are cancelled by the name of their connection.
//!
//! A server asks for the number of a connection, which is a bad way to say whose statement is meant:
//! another server behind the same address, the same one after a restart, or a proxy that lends its
//! connections as it likes has given the number to somebody else. So each connection takes a lock when
//! it is opened, under a name that nobody else has, and a server is told to cancel whatever its owner
//! of that lock is at. Where there is no such owner, nothing is cancelled.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, Row,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};
use uuid::Uuid;

use crate::pool::cancel::{self, Means};

/// Nobody has the lock: the connection is gone, and with it the statement, or it is on another server.
const NO_SUCH_CONNECTION: u16 = 1094;

/// Cancels the statements of one pool.
pub(crate) type Canceller = cancel::Canceller<ByLock>;

/// The name of a connection: a lock that it has for as long as it is there. Letters, digits and
/// hyphens.
#[derive(Debug, Clone)]
pub(crate) struct Name(Arc<str>);

/// Where the connection of a pool of one sits.
#[derive(Debug, Default)]
pub(crate) struct Seat(Mutex<Option<Name>>);

impl Seat {
    /// Seats a connection that was just opened. On a server without such locks it has no name, and no
    /// statement on it can be cancelled.
    pub(super) async fn take(&self, conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let name = match Name::give(conn).await {
            Err(sqlx::Error::Database(error)) => {
                tracing::debug!(target: "tenancy::pool", "a connection has no name: {error}");
                None
            }
            given => given?,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = name;
        Ok(())
    }

    /// Who sits there.
    pub(super) fn name(&self) -> Option<Name> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Name {
    async fn give(conn: &mut MySqlConnection) -> Result<Option<Self>, sqlx::Error> {
        let name = format!("tenancy-{}", Uuid::now_v7().simple());
        let lock = AssertSqlSafe(format!("SELECT GET_LOCK('{name}', 0) = 1"));
        // Not to be kept among the statements of the connection.
        let row = sqlx::query(lock).persistent(false).fetch_one(conn).await?;
        let taken: Option<i64> = row.try_get(0)?;
        Ok((taken == Some(1)).then(|| Self(name.into())))
    }
}

/// What is cancelled.
pub(crate) struct Victim {
    pub(super) name: Name,
    /// Not the statement alone but its connection.
    pub(super) whole: bool,
}

/// Asks for connections by their locks.
pub(crate) struct ByLock(MySqlConnectOptions);

impl Canceller {
    pub(super) fn new(options: MySqlConnectOptions) -> Self {
        Self::by(ByLock(options.statement_cache_capacity(0)))
    }
}

impl Means for ByLock {
    type Conn = MySqlConnection;
    type Victim = Victim;

    async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        self.0.connect().await
    }

    async fn cancel(
        &self,
        conn: &mut MySqlConnection,
        victims: &[Victim],
    ) -> Result<(), sqlx::Error> {
        for Victim { name: Name(name), whole } in victims {
            let what = if *whole { "CONNECTION" } else { "QUERY" };
            let kill = AssertSqlSafe(format!("KILL {what} IS_USED_LOCK('{name}')"));
            match conn.execute(kill).await {
                Err(sqlx::Error::Database(error)) if is_unknown(error.as_ref()) => {}
                killed => {
                    killed?;
                }
            }
        }
        Ok(())
    }

    async fn close(&self, conn: MySqlConnection) {
        // Nobody is served any more either way.
        let _ = conn.close().await;
    }
}

fn is_unknown(error: &dyn sqlx::error::DatabaseError) -> bool {
    error
        .try_downcast_ref::<MySqlDatabaseError>()
        .is_some_and(|error| error.number() == NO_SUCH_CONNECTION)
}
