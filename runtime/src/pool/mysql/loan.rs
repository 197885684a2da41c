//! A connection while it is somebody's, and what becomes of a statement that nobody waits for.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::{
    runtime::Handle,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use super::{
    Canceller, Seat,
    cancel::Victim,
    pool::{Member, Single},
};

/// What ends in this time is not cancelled: to ask for it would take as long.
const GRACE: Duration = Duration::from_millis(10);

/// When it is asked for again if the statement goes on, at first: it had not begun yet. Then each time
/// twice as long.
const AGAIN: Duration = Duration::from_millis(20);

/// How often it is asked for before the whole connection is closed: some 20 seconds.
const ATTEMPTS: u32 = 10;

/// What is tried after a statement was cancelled.
const PROBES: u32 = 3;

/// A connection on loan.
///
/// It goes back to the pool when nothing runs on it, and when the driver has it back; never while a
/// statement may be cancelled on it that was not meant. Otherwise it is closed.
#[derive(Debug)]
pub(crate) struct Loan {
    // `None` only while it is dropped.
    member: Option<Member>,
    state: State,
    watch: Watch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing runs.
    Idle,
    /// A statement was sent whose end was not seen.
    Running,
    /// A transaction was begun, which the driver rolls back if it is dropped.
    Open,
}

/// Looks after the statements on one connection.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    canceller: Canceller,
    seat: Arc<Seat>,
    /// One statement at a time: what is cancelled is whatever runs on the connection.
    turn: Arc<Mutex<()>>,
    /// Something may be cancelled at any time.
    doubtful: Arc<AtomicBool>,
}

impl Loan {
    pub(super) fn new(member: Member) -> Self {
        let canceller = Member::pool(&member).map(|pool| pool.manager().canceller().clone());
        let canceller = canceller.expect("a connection is lent by a pool that is there");
        let seat = Arc::clone(&member.seat);
        let watch = Watch { canceller, seat, turn: Arc::default(), doubtful: Arc::default() };
        Self { member: Some(member), state: State::Idle, watch }
    }

    fn db(&self) -> &DatabaseConnection {
        let member = self.member.as_ref().expect("a loan has its member until it is dropped");
        Single::db(member)
    }

    /// The connection, for something to be [seen through](Self::see_through).
    pub(crate) fn start(&mut self) -> DatabaseConnection {
        self.state = State::Running;
        self.db().clone()
    }

    /// There is a transaction, which the driver knows of.
    pub(crate) fn opened(&mut self) {
        self.state = State::Open;
    }

    /// The transaction is over.
    pub(crate) fn closed(&mut self) {
        self.state = State::Idle;
    }

    /// What looks after statements.
    pub(crate) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Runs a statement on the connection to its end, and ends it when it is known that nobody waits
    /// for it any more.
    pub(crate) async fn see_through<T>(
        &mut self,
        gone: impl Future<Output = ()> + Send,
        work: impl Future<Output = T> + Send,
    ) -> T {
        let done = self.watch.see_through(gone, work, self.db()).await;
        self.state = State::Idle;
        done
    }
}

/// How a statement ended.
enum Ending {
    ByItself,
    /// After it was cancelled, and nothing of that is under way any more.
    Cancelled,
    /// It may be cancelled at any time.
    Doubtful,
}

impl Watch {
    /// Waits until nothing runs on the connection, nor may be cancelled on it. For what is not
    /// [seen through](Self::see_through).
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Runs a statement on that connection to its end, and ends it when it is known that nobody waits
    /// for it any more.
    ///
    /// A server may remember that it was asked for this until the next statement. So after that the
    /// probe is what is hit, and no statement of anybody's. Others on the connection wait for that.
    pub(crate) async fn see_through<T>(
        &self,
        gone: impl Future<Output = ()> + Send,
        work: impl Future<Output = T> + Send,
        conn: &impl ConnectionTrait,
    ) -> T {
        let _turn = self.turn().await;
        let (done, ending) = self.attend(pin!(gone), pin!(work)).await;
        let sound = match ending {
            Ending::ByItself => true,
            Ending::Cancelled => {
                let mut sound = false;
                for _ in 0..PROBES {
                    if conn.execute_unprepared("DO 0").await.is_ok() {
                        sound = true;
                        break;
                    }
                }
                sound
            }
            Ending::Doubtful => false,
        };
        if !sound {
            self.doubtful.store(true, Ordering::Release);
        }
        done
    }

    async fn attend<T>(
        &self,
        gone: Pin<&mut (dyn Future<Output = ()> + Send)>,
        mut work: Pin<&mut (dyn Future<Output = T> + Send)>,
    ) -> (T, Ending) {
        tokio::select! {
            biased;
            done = &mut work => return (done, Ending::ByItself),
            () = gone => {}
        }
        if let Ok(done) = tokio::time::timeout(GRACE, &mut work).await {
            return (done, Ending::ByItself);
        }
        let mut wait = AGAIN;
        for attempt in 0.. {
            let whole = attempt >= ATTEMPTS;
            let Some(name) = self.seat.name() else { break };
            // Also if it ends meanwhile, the answer is waited for.
            if !self.canceller.cancel(Victim { name, whole }).await {
                break;
            }
            let until = Instant::now() + wait;
            if let Ok(done) = tokio::time::timeout_at(until, &mut work).await {
                return (done, Ending::Cancelled);
            }
            wait = if whole { wait } else { wait * 2 };
        }
        (work.await, Ending::Doubtful)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(mut member) = self.member.take() else { return };
        let doubtful = self.watch.doubtful.load(Ordering::Acquire);
        if self.state == State::Idle && !doubtful {
            return;
        }
        // Not lent, whatever becomes of the task.
        member.retired = true;
        let Ok(runtime) = Handle::try_current() else { return };
        let keep = self.state != State::Running && !doubtful;
        runtime.spawn(async move {
            if keep && member.is_back().await {
                member.retired = false;
            } else {
                // Counts until it is closed.
                member.close().await;
            }
        });
    }
}
