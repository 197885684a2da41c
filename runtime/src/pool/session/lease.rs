//! A connection of the pool while it is ours, and what becomes of it afterwards.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _,
    error::DatabaseError,
    postgres::{PgDatabaseError, PgSeverity},
};
use tokio::runtime::Handle;

use crate::pool::{Pass, postgres::Member};

/// A connection on loan.
///
/// It goes back to the pool only without a transaction on it and with no statement running. What
/// is known to be clean goes back at once. A statement whose answer nobody awaits any more is
/// cancelled on the server. Where a transaction may be open, a `ROLLBACK` is sent and its answer
/// awaited, in the background. Where it is not known whether there is one, because a `BEGIN` failed
/// or was dropped before its answer, the connection is closed.
///
/// The driver's own count of transactions is left alone: it is wrong after a dropped `BEGIN`.
#[derive(Debug)]
pub(super) struct Lease {
    // `None` only while it is dropped.
    member: Option<Member>,
    state: State,
    /// A statement was sent whose end was not seen.
    running: bool,
    /// Given back after the connection.
    pass: Option<Pass>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction is open.
    Clean,
    /// A `BEGIN` was sent, and not answered.
    Beginning,
    /// A transaction may be open.
    Open,
    /// The connection is of no use any more.
    Broken,
}

impl Lease {
    pub(super) fn new(member: Member, pass: Option<Pass>) -> Self {
        Self { member: Some(member), state: State::Clean, running: false, pass }
    }

    fn conn(&mut self) -> &mut PgConnection {
        let member = self.member.as_mut().expect("a lease has its member until it is dropped");
        member.conn.as_mut().expect("a connection is closed only when its lease is dropped")
    }

    /// The connection, for a statement. It counts as running until it [has ended](Self::ended).
    pub(super) fn start(&mut self) -> &mut PgConnection {
        self.running = true;
        self.conn()
    }

    /// The statement has come to its end, and this is what came of it.
    pub(super) fn ended<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.over(result.as_ref().err().is_none_or(survives));
        result
    }

    /// The statement has come to its end, and the connection is of use or not.
    pub(super) fn over(&mut self, survived: bool) {
        self.running = false;
        if !survived {
            self.state = State::Broken;
            if let Some(pool) = self.member.as_ref().and_then(Member::pool) {
                pool.manager().suspect();
            }
        }
    }

    /// Sends text without values, which may hold several statements, in one round trip.
    pub(super) async fn send(&mut self, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        let sql: String = sql.into();
        let sent = self.start().execute(AssertSqlSafe(sql)).await.map(drop);
        self.ended(sent)
    }

    /// Sends a `BEGIN`, and whatever comes with it.
    pub(super) async fn begin(&mut self, begin: String) -> Result<(), sqlx::Error> {
        self.begin_asking(begin).await.map(drop)
    }

    /// The same, where the last of what comes with it is a query for one text.
    pub(super) async fn begin_asking(
        &mut self,
        begin: String,
    ) -> Result<Option<String>, sqlx::Error> {
        self.state = State::Beginning;
        let answer = self.start().fetch_all(AssertSqlSafe(begin)).await;
        let rows = self.ended(answer)?;
        self.state = State::Open;
        rows.last().map_or(Ok(None), |row| row.try_get(0))
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

/// Whether a connection is of use after an error. Of those not named here nothing is known.
pub(super) fn survives(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => !ends_session(error.as_ref()),
        sqlx::Error::RowNotFound
        | sqlx::Error::TypeNotFound { .. }
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_) => true,
        _ => false,
    }
}

/// Whether the server has ended the session with this error.
fn ends_session(error: &dyn DatabaseError) -> bool {
    let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    severity.is_none_or(|severity| matches!(severity, PgSeverity::Fatal | PgSeverity::Panic))
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(member) = self.member.take() else { return };
        let (state, running) = (self.state, self.running);
        if state == State::Clean && !running {
            return;
        }
        let mut untidy = Untidy { member: Some(member), _pass: self.pass.take() };
        let Ok(runtime) = Handle::try_current() else {
            // Nothing can be sent any more.
            return;
        };
        runtime.spawn(async move {
            let Some(member) = &mut untidy.member else { return };
            if tidy(member, state, running).await {
                drop(untidy.member.take());
            } else {
                // Counts until it is closed.
                member.close().await;
            }
        });
    }
}

/// A connection that does not go back to the pool as it is, not even if the task that tidies it is
/// cut short, by a panic or the end of its runtime.
struct Untidy {
    member: Option<Member>,
    _pass: Option<Pass>,
}

impl Drop for Untidy {
    fn drop(&mut self) {
        if let Some(member) = self.member.take() {
            // Without its socket, the server rolls back.
            drop(Member::take(member));
        }
    }
}

/// Leads a connection back to where it runs nothing and no transaction is open. False if that is
/// not known of it.
async fn tidy(member: &mut Member, state: State, running: bool) -> bool {
    let open = match state {
        State::Clean => false,
        State::Open => true,
        State::Beginning | State::Broken => return false,
    };
    if running
        && let Some(pool) = Member::pool(member)
        && let Some(canceller) = pool.manager().canceller()
        && !canceller.cancel(std::sync::Arc::clone(&member.name)).await
    {
        // It may be cancelled at any time, which must not be somebody else's.
        return false;
    }
    let Some(conn) = &mut member.conn else { return false };
    // Answers that are still on their way are read first. If one of them is an error, as that of a
    // cancelled statement is, the driver stops there, and goes on from there the next time.
    let drained = conn.ping().await.is_ok() || conn.ping().await.is_ok();
    if !open {
        return drained;
    }
    drained && conn.execute("ROLLBACK").await.is_ok()
}
