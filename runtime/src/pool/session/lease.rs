//! A connection of the pool while it is ours, and what becomes of it afterwards.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor as _, PgConnection, Postgres, pool::PoolConnection,
};
use tokio::runtime::Handle;

/// A connection on loan.
///
/// It goes back to the pool only without a transaction on it. What is known to be clean goes back
/// at once. Where a transaction may be open, a `ROLLBACK` is sent first and its answer awaited,
/// in the background. Where it is not known whether there is one, because a `BEGIN` failed or was
/// dropped before its answer, the connection is closed.
///
/// The driver's own count of transactions is left alone: it is wrong after a dropped `BEGIN`.
#[derive(Debug)]
pub(super) struct Lease {
    // `None` only while it is dropped.
    conn: Option<PoolConnection<Postgres>>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction is open.
    Clean,
    /// A `BEGIN` was sent, and not answered.
    Beginning,
    /// A transaction may be open.
    Open,
}

impl Lease {
    pub(super) fn new(conn: PoolConnection<Postgres>) -> Self {
        Self { conn: Some(conn), state: State::Clean }
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("a lease has its connection until it is dropped")
    }

    /// Sends text without values, which may hold several statements, in one round trip.
    pub(super) async fn send(&mut self, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        let sql: String = sql.into();
        self.conn().execute(AssertSqlSafe(sql)).await.map(drop)
    }

    /// Sends a `BEGIN`, and whatever comes with it.
    pub(super) async fn begin(&mut self, begin: String) -> Result<(), sqlx::Error> {
        self.state = State::Beginning;
        self.send(begin).await?;
        self.state = State::Open;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.send("COMMIT").await?;
        self.state = State::Clean;
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        self.send("ROLLBACK").await?;
        self.state = State::Clean;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let Ok(runtime) = Handle::try_current() else {
            // Nothing can be sent any more. Without its socket, the server rolls back.
            drop(conn.detach());
            return;
        };
        match self.state {
            State::Clean => drop(conn),
            State::Beginning => {
                runtime.spawn(conn.close());
            }
            State::Open => {
                runtime.spawn(async move {
                    // Answers that are still on their way are read first.
                    if conn.execute("ROLLBACK").await.is_err() {
                        // Closed either way: it does not go back to the pool.
                        let _ = conn.close().await;
                    }
                });
            }
        }
    }
}
