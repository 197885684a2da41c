//! A connection on its way: opened, lent, coming back, closed.
//!
//! Each of these steps is a value that settles with the books when it is dropped, so that a task
//! that is cut short, by a panic or the end of its runtime, leaves no place in the budget taken.

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use tokio::{runtime::Handle, time::Instant};

use super::{Engine, Target, failure, ledger::Lent, lock};
#[cfg(feature = "postgres")]
use crate::pool::lane;
use crate::{
    Error, Result,
    pool::{Connection, PoolOptions},
};

/// How long a connection that comes back is expected at any moment.
const MOMENT: Duration = Duration::from_millis(50);

/// A connection: a pool of one.
pub(super) struct Conn {
    db: Connection,
    /// Which address of its engine it was opened at.
    generation: u64,
    /// Where it was opened, and where alone it works.
    runtime: Handle,
}

/// What the pool of one says of its connection.
#[derive(Debug, PartialEq, Eq)]
enum Pulse {
    /// Nobody uses it.
    Quiet,
    /// A statement, transaction or stream is not over, or the driver is still taking it back.
    Busy,
    /// It is closed or broken.
    Gone,
}

impl Conn {
    fn pulse(&self) -> Pulse {
        match self.db.usage() {
            (0, _) => Pulse::Gone,
            (_, 0) => Pulse::Busy,
            _ => Pulse::Quiet,
        }
    }

    /// Waits until the driver has taken the connection back; `false` if it is no more.
    async fn turn_quiet(&self) -> bool {
        // The driver's own task often needs no more than its turn.
        for _ in 0..4 {
            match self.pulse() {
                Pulse::Quiet => return true,
                Pulse::Gone => return false,
                Pulse::Busy => tokio::task::yield_now().await,
            }
        }
        // The pool gives it to us only then. The wait may be as long as the statement, and
        // each attempt ends with the pool's time-out.
        loop {
            if let Some(taken) = self.take_back().await {
                return taken && self.pulse() != Pulse::Gone;
            }
        }
    }

    /// Whether the connection is back, if that is known before the pool's time-out.
    async fn take_back(&self) -> Option<bool> {
        match self.db.taken_back().await {
            Ok(()) => Some(true),
            Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) => None,
            Err(_) => Some(false),
        }
    }
}

/// A connection that is somebody's until this is dropped.
///
/// Do not keep a clone of the connection beyond it. A transaction or a stream may outlive it: the
/// connection then comes back when they end.
pub(crate) struct Lease {
    engine: Arc<Engine>,
    /// There until it is dropped.
    lent: Option<Lent<Conn>>,
    discarded: bool,
    /// A handle of the same pool.
    db: Connection,
}

impl Lease {
    pub(super) fn new(engine: Arc<Engine>, lent: Lent<Conn>) -> Self {
        let db = lent.conn.db.clone();
        Self { engine, lent: Some(lent), discarded: false, db }
    }

    /// The connection, for statements that may be dropped half-way.
    pub(crate) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Closes the connection when the lease is dropped: nobody uses it again.
    #[cfg(test)]
    pub(crate) fn discard(&mut self) {
        self.discarded = true;
    }
}

impl Deref for Lease {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        self.db.unguarded()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take() else { return };
        let engine = Arc::clone(&self.engine);
        let pulse = lent.conn.pulse();
        if pulse == Pulse::Busy && !self.discarded {
            engine.inner.with(|ledger| ledger.returning(engine.id));
            let runtime = lent.conn.runtime.clone();
            let back = Back { engine, lent: Some(lent), returning: true };
            runtime.spawn(back.settle());
        } else {
            let keep = pulse == Pulse::Quiet && !self.discarded;
            Back { engine, lent: Some(lent), returning: false }.finish(keep);
        }
    }
}

/// A connection that is coming back.
struct Back {
    engine: Arc<Engine>,
    lent: Option<Lent<Conn>>,
    returning: bool,
}

impl Back {
    async fn settle(mut self) {
        let keep = {
            let Self { engine, lent, returning } = &mut self;
            let Some(lent) = lent else { return };
            let mut quiet = std::pin::pin!(lent.conn.turn_quiet());
            match tokio::time::timeout(MOMENT, &mut quiet).await {
                Ok(keep) => keep,
                Err(_) => {
                    *returning = false;
                    engine.inner.with(|ledger| ledger.delayed(engine.id));
                    quiet.await
                }
            }
        };
        self.finish(keep);
    }

    fn finish(mut self, keep: bool) {
        let Some(lent) = self.lent.take() else { return };
        let (id, returning) = (self.engine.id, self.returning);
        self.engine.inner.with(|ledger| {
            let reuse = keep && self.engine.keeps(lent.conn.generation);
            ledger.returned(id, lent, returning, reuse, Instant::now());
        });
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            drop(lent);
            self.engine.inner.with(|ledger| ledger.lost(self.engine.id, self.returning));
        }
    }
}

/// A connection that is being opened.
struct Opening(Option<Arc<Engine>>);

/// Opens a connection for an engine, in a task: it comes to its end whoever waits for it.
pub(super) fn open(engine: Arc<Engine>, runtime: Option<&Handle>) {
    let opening = Opening(Some(engine));
    if let Some(runtime) = runtime {
        runtime.spawn(opening.run());
    }
}

impl Opening {
    async fn run(mut self) {
        let Some(engine) = &self.0 else { return };
        let opened = connect(engine).await;
        let Some(engine) = self.0.take() else { return };
        match opened {
            Ok(conn) => engine.inner.with(|ledger| {
                let reuse = engine.keeps(conn.generation);
                ledger.opened(engine.id, conn, reuse, Instant::now());
            }),
            Err(error) => failed(&engine, &error.into()),
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(engine) = self.0.take() {
            failed(&engine, &failure("the task that opens a connection did not finish".into()));
        }
    }
}

async fn connect(engine: &Engine) -> Result<Conn> {
    let wait = engine.inner.limits.wait;
    let (url, generation) = match &engine.target {
        Target::Database(address) => {
            let address = lock(address);
            (address.url.clone(), address.generation)
        }
        #[cfg(feature = "postgres")]
        Target::Lane { settings, .. } => {
            let lanes = engine.inner.lanes.as_ref();
            let lanes = lanes.ok_or_else(|| Error::config("there are no lanes"))?;
            let mut options = lanes.options.clone();
            options.acquire_timeout = wait;
            let db = lane::open(&options, lanes.setting, &engine.key, settings).await?;
            return Ok(Conn { db, generation: 0, runtime: Handle::current() });
        }
    };
    let mut options = PoolOptions::new(url);
    if options.is_in_memory() {
        return Err(Error::config(
            "an in-memory database is gone with its connection, and an engine closes connections \
             that nobody uses; give each tenant a file",
        ));
    }
    options.max_connections = 1;
    #[cfg(feature = "postgres")]
    {
        options.health = engine.inner.health.clone();
    }
    options.acquire_timeout = wait;
    let db = Connection::open(&options).await?;
    Ok(Conn { db, generation, runtime: Handle::current() })
}

fn failed(engine: &Engine, error: &DbErr) {
    if !matches!(engine.target, Target::Database(_)) {
        tracing::warn!(target: "tenancy::pool", tenant = %engine.key, "no lane: {error}");
        engine.inner.with(|ledger| ledger.pause(Instant::now()));
    }
    for waiter in engine.inner.with(|ledger| ledger.failed(engine.id)) {
        let _ = waiter.send(Err(error.clone()));
    }
}

/// A connection that is being closed.
struct Closing {
    engine: Arc<Engine>,
    conn: Option<Conn>,
}

/// Closes a connection in a task, after whatever still runs on it.
pub(super) fn close(engine: Arc<Engine>, conn: Conn) {
    let runtime = conn.runtime.clone();
    let closing = Closing { engine, conn: Some(conn) };
    runtime.spawn(async move {
        if let Some(conn) = &closing.conn
            && let Err(error) = conn.db.close().await
        {
            tracing::debug!(target: "tenancy::pool", engine = %closing.engine.key, "closing a connection: {error}");
        }
    });
}

impl Drop for Closing {
    fn drop(&mut self) {
        drop(self.conn.take());
        self.engine.inner.with(|ledger| ledger.closed(self.engine.id));
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("engine", &self.engine.key).finish_non_exhaustive()
    }
}
