//! A connection of the pool while it is ours, and what becomes of it afterwards.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor as _, PgConnection, Postgres, pool::PoolConnection,
};
use tokio::runtime::Handle;

use crate::pool::engine::{self, After};

/// A connection on loan.
///
/// It goes back to the pool or engine it is from only without a transaction on it. What is known to be clean goes back
/// at once. Where a transaction may be open, a `ROLLBACK` is sent first and its answer awaited,
/// in the background. Where it is not known whether there is one, because a `BEGIN` failed or was
/// dropped before its answer, the connection is closed.
///
/// The driver's own count of transactions is left alone: it is wrong after a dropped `BEGIN`.
#[derive(Debug)]
pub(super) struct Lease {
    // `None` only while it is dropped.
    held: Option<Held>,
    state: State,
}

/// Where the connection is from.
#[derive(Debug)]
enum Held {
    Pool(PoolConnection<Postgres>),
    Engine(engine::Lease),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction is open.
    Clean,
    /// A statement was sent, and not answered; no transaction is open. A pool finds out by itself.
    Busy,
    /// A `BEGIN` was sent, and not answered.
    Beginning,
    /// A transaction may be open.
    Open,
}

impl Lease {
    pub(super) fn new(conn: PoolConnection<Postgres>) -> Self {
        Self { held: Some(Held::Pool(conn)), state: State::Clean }
    }

    pub(super) fn of_engine(lease: engine::Lease) -> Self {
        Self { held: Some(Held::Engine(lease)), state: State::Clean }
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        let conn = self.held.as_mut().and_then(|held| match held {
            Held::Pool(conn) => Some(&mut **conn),
            Held::Engine(lease) => lease.postgres(),
        });
        conn.expect("a lease has its connection until it is dropped")
    }

    /// A statement is about to be sent, out of a transaction.
    pub(super) fn set_busy(&mut self) {
        self.state = State::Busy;
    }

    /// It was answered.
    pub(super) fn set_clean(&mut self) {
        self.state = State::Clean;
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
        let mut conn = match self.held.take() {
            None => return,
            Some(Held::Pool(conn)) => conn,
            Some(Held::Engine(mut lease)) => {
                lease.leave(match self.state {
                    State::Clean => After::Nothing,
                    State::Busy => After::Ping,
                    State::Beginning => After::Close,
                    State::Open => After::RollBack,
                });
                return;
            }
        };
        let Ok(runtime) = Handle::try_current() else {
            // Nothing can be sent any more. Without its socket, the server rolls back.
            drop(conn.detach());
            return;
        };
        match self.state {
            State::Clean | State::Busy => drop(conn),
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
