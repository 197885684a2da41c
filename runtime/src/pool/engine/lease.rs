//! A connection on its way: opened, lent, coming back, closed.
//!
//! Each of these steps is a value that settles with the books when it is dropped, so that a task
//! that is cut short, by a panic or the end of its runtime, leaves no place in the budget taken.

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "postgres")]
use sea_orm::sqlx::{Connection as _, Executor as _, PgConnection};
use sea_orm::{DbBackend, DbErr};
use tokio::{runtime::Handle, time::Instant};

use super::{Engine, Target, failure, ledger::Lent, lock};
#[cfg(feature = "postgres")]
use crate::pool::{PING_AFTER, lane};
use crate::{
    Error, Result,
    pool::{Connection, PoolOptions},
};

/// How long a connection that comes back is expected at any moment.
const MOMENT: Duration = Duration::from_millis(50);

/// How long an answer to a ping may take before another connection is looked for.
#[cfg(feature = "postgres")]
const PING_WITHIN: Duration = Duration::from_secs(1);

/// A connection.
pub(super) struct Conn {
    body: Body,
    /// Which address of its engine it was opened at.
    generation: u64,
    /// Where it was opened, and where alone it works.
    runtime: Handle,
}

enum Body {
    /// A pool of one.
    Pool(Connection),
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres>),
}

/// A connection without a pool, which would ask the server after each statement whether it is there.
#[cfg(feature = "postgres")]
struct Postgres {
    conn: PgConnection,
    /// Whether statements stay prepared on it.
    named: bool,
    after: After,
}

/// What must happen with a connection of PostgreSQL before it is lent again.
#[cfg_attr(not(feature = "postgres"), allow(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It is in step with its server, and no transaction is open.
    Nothing,
    /// A statement was not answered, or failed: answers are read, and it must still be there.
    Ping,
    /// A transaction may be open.
    RollBack,
    /// It is not known what became of it: nobody gets it.
    Close,
}

/// What is known of a connection.
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
        let db = match &self.body {
            Body::Pool(db) => db.unguarded(),
            #[cfg(feature = "postgres")]
            Body::Postgres(own) => match own.after {
                After::Nothing => return Pulse::Quiet,
                After::Ping | After::RollBack => return Pulse::Busy,
                After::Close => return Pulse::Gone,
            },
        };
        let (size, idle) = match db.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => {
                let pool = db.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
            #[cfg(feature = "mysql")]
            DbBackend::MySql => {
                let pool = db.get_mysql_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => (0, 0),
        };
        match (size, idle) {
            (0, _) => Pulse::Gone,
            (_, 0) => Pulse::Busy,
            _ => Pulse::Quiet,
        }
    }

    /// Waits until the driver has taken the connection back; `false` if it is no more.
    async fn turn_quiet(&mut self) -> bool {
        #[cfg(feature = "postgres")]
        if let Body::Postgres(own) = &mut self.body {
            let good = own.tend().await;
            own.after = if good { After::Nothing } else { After::Close };
            return good;
        }
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
        let db = match &self.body {
            Body::Pool(db) => db.unguarded(),
            #[cfg(feature = "postgres")]
            Body::Postgres(_) => return Some(true),
        };
        match db.get_database_backend() {
            #[cfg(feature = "sqlite")]
            DbBackend::Sqlite => answer(&db.get_sqlite_connection_pool().acquire().await),
            #[cfg(feature = "mysql")]
            DbBackend::MySql => answer(&db.get_mysql_connection_pool().acquire().await),
            _ => Some(false),
        }
    }
}

#[cfg(feature = "postgres")]
impl Postgres {
    /// Reads what is still on its way and ends what is open. False if it broke.
    async fn tend(&mut self) -> bool {
        let tended = match self.after {
            After::Nothing => Ok(()),
            After::Ping => self.conn.ping().await,
            After::RollBack => self.conn.execute("ROLLBACK").await.map(drop),
            After::Close => return false,
        };
        tended.is_ok()
    }
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
fn answer<T>(acquired: &Result<T, sea_orm::sqlx::Error>) -> Option<bool> {
    match acquired {
        Ok(_) => Some(true),
        Err(sea_orm::sqlx::Error::PoolTimedOut) => None,
        Err(_) => Some(false),
    }
}

/// A connection that is somebody's until this is dropped.
///
/// Do not keep a clone of a pool beyond it. A transaction or a stream may outlive it: the
/// connection then comes back when they end.
pub(crate) struct Lease {
    engine: Arc<Engine>,
    /// There until it is dropped.
    lent: Option<Lent<Conn>>,
    discarded: bool,
}

impl Lease {
    pub(super) fn new(engine: Arc<Engine>, lent: Lent<Conn>) -> Self {
        Self { engine, lent: Some(lent), discarded: false }
    }

    fn body(&self) -> Option<&Body> {
        self.lent.as_ref().map(|lent| &lent.conn.body)
    }

    /// The pool of one, if it is one. Its statements may be dropped half-way.
    pub(crate) fn pool(&self) -> Option<&Connection> {
        match self.body()? {
            Body::Pool(db) => Some(db),
            #[cfg(feature = "postgres")]
            Body::Postgres(_) => None,
        }
    }

    /// The connection, if it is one of PostgreSQL's.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(&mut self) -> Option<&mut PgConnection> {
        self.own().map(|own| &mut own.conn)
    }

    #[cfg(feature = "postgres")]
    fn own(&mut self) -> Option<&mut Postgres> {
        match &mut self.lent.as_mut()?.conn.body {
            Body::Postgres(own) => Some(own),
            Body::Pool(_) => None,
        }
    }

    /// Whether statements stay prepared, if it is a connection of PostgreSQL's.
    #[cfg(feature = "postgres")]
    pub(crate) fn named(&self) -> Option<bool> {
        match self.body()? {
            Body::Postgres(own) => Some(own.named),
            Body::Pool(_) => None,
        }
    }

    /// Says what must happen with a connection of PostgreSQL's before it is lent again.
    #[cfg(feature = "postgres")]
    pub(crate) fn leave(&mut self, after: After) {
        if let Some(own) = self.own() {
            own.after = after;
        }
    }

    /// Itself, if the connection is still there: one that nobody has used for long is asked. Pools
    /// see to that themselves.
    pub(super) async fn awake(
        #[cfg_attr(not(feature = "postgres"), expect(unused_mut))] mut self,
    ) -> Option<Self> {
        #[cfg(feature = "postgres")]
        if self.lent.as_ref().is_some_and(|lent| lent.rested >= PING_AFTER)
            && let Some(own) = self.own()
        {
            own.after = After::Ping;
            match tokio::time::timeout(PING_WITHIN, own.conn.ping()).await {
                Ok(Ok(())) => own.after = After::Nothing,
                Ok(Err(_)) => {
                    own.after = After::Close;
                    self.engine.broke();
                    return None;
                }
                Err(_) => return None,
            }
        }
        Some(self)
    }

    /// Closes the connection when the lease is dropped: nobody uses it again.
    #[cfg(test)]
    pub(crate) fn discard(&mut self) {
        self.discarded = true;
    }
}

/// Tests use the pool's connection as it is.
#[cfg(test)]
impl std::ops::Deref for Lease {
    type Target = sea_orm::DatabaseConnection;

    fn deref(&self) -> &Self::Target {
        self.pool().expect("a pool of one").unguarded()
    }
}

#[cfg(feature = "postgres")]
impl Engine {
    /// A server that went away left other connections broken too: what is idle is not lent again.
    fn broke(&self) {
        self.inner.with(|ledger| ledger.evict(self.id));
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
        #[cfg(feature = "postgres")]
        if !keep && self.lent.as_ref().is_some_and(|it| matches!(it.conn.body, Body::Postgres(_))) {
            self.engine.broke();
        }
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
    let (body, generation) = match &engine.target {
        Target::Database(address) => {
            let (url, generation) = {
                let address = lock(address);
                (address.url.clone(), address.generation)
            };
            let mut options = PoolOptions::new(url);
            options.max_connections = 1;
            options.acquire_timeout = wait;
            (Body::open(&options).await?, generation)
        }
        #[cfg(feature = "postgres")]
        Target::Lane { .. } => {
            let source = engine.inner.lanes.as_ref();
            let source = source.ok_or_else(|| Error::config("there are no lanes"))?;
            let conn = lane::connect(&source.options, wait, source.setting, &engine.key).await?;
            (Body::Postgres(Box::new(Postgres::new(conn, true))), 0)
        }
    };
    Ok(Conn { body, generation, runtime: Handle::current() })
}

impl Body {
    async fn open(options: &PoolOptions) -> Result<Self> {
        if is_in_memory(options.url.expose()) {
            return Err(Error::config(
                "an in-memory database is gone with its connection, and an engine closes \
                 connections that nobody uses; give each tenant a file",
            ));
        }
        let db = Connection::open(options).await?;
        #[cfg(feature = "postgres")]
        if sea_orm::ConnectionTrait::get_database_backend(&db) == DbBackend::Postgres {
            let pool = db.unguarded().get_postgres_connection_pool();
            let conn = pool.acquire().await.map_err(|error| failure(error.to_string()))?;
            return Ok(Self::Postgres(Box::new(Postgres::new(conn.detach(), options.named()))));
        }
        Ok(Self::Pool(db))
    }
}

#[cfg(feature = "postgres")]
impl Postgres {
    fn new(conn: PgConnection, named: bool) -> Self {
        Self { conn, named, after: After::Nothing }
    }
}

fn is_in_memory(url: &str) -> bool {
    url.starts_with("sqlite:") && (url.contains(":memory:") || url.contains("mode=memory"))
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
        let mut closing = closing;
        let closed = match closing.conn.take().map(|conn| conn.body) {
            // Kept until it is closed, should this be cut short.
            Some(Body::Pool(db)) => db.unguarded().close_by_ref().await,
            #[cfg(feature = "postgres")]
            Some(Body::Postgres(own)) => {
                own.conn.close().await.map_err(|error| failure(error.to_string()))
            }
            None => Ok(()),
        };
        if let Err(error) = closed {
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
