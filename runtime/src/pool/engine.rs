//! An engine for each database, and one budget of connections over all of them.
//!
//! When every tenant has a database of its own, a pool for each would hold connections in
//! proportion to the tenants that exist. Here an [`Engine`] is a name and an address and holds
//! nothing until somebody takes a [`Lease`] of a connection. [`Engines`] sees to it that all
//! together never have more than the budget, and none more than its share:
//!
//! - A lease takes an idle connection of its engine; else it opens one; else it closes the least
//!   recently used idle one of another engine and opens one in its place; else it waits.
//! - Engines take turns. One with many waiting has one place in the queue like any other, and none
//!   while it has as many connections as one engine may have. Under pressure it may pass a
//!   connection on among its own for a tenth of a second before it makes room for the next engine.
//! - An engine opens one connection at a time. What fails for one caller fails at once for all who
//!   wait for the same database.
//! - A connection counts until it is closed: until the server was told and the socket is closed. A
//!   server may take a moment longer to notice.
//!
//! A connection is a pool of one, opened like every other pool. The pool takes a connection
//! back only after the statement on it has come to its end, so a lease that was dropped in the
//! middle of one is not lent again before, and keeps its place in the budget until then.
//!
//! A [lane](Engines::lane) is an engine as well: connections to the shared database that belong to
//! one tenant. Nobody waits for one.
//!
//! Dropping the last handle of [`Engines`] closes what is idle, refuses new leases, and closes the
//! others as they come back; [`Engines::close`] also waits for that.

#[cfg_attr(not(feature = "postgres"), allow(dead_code))]
mod admission;
#[cfg(feature = "postgres")]
mod lane;
mod lease;
#[cfg_attr(not(feature = "postgres"), allow(dead_code))]
mod ledger;
mod limits;
mod report;
#[cfg_attr(not(feature = "postgres"), allow(dead_code))]
mod sketch;
mod target;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr};
use tenancy_core::Secret;
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
    task::AbortHandle,
    time::Instant,
};

#[cfg(feature = "postgres")]
pub(crate) use self::lane::LaneSource;
#[cfg(any(test, feature = "postgres"))]
pub(crate) use self::limits::LaneLimits;
pub use self::report::{Connections, TenantConnections};
use self::{
    lease::Conn,
    ledger::{Effect, Ledger},
    target::{Address, Registry, Target},
};
pub(crate) use self::{lease::Lease, limits::Limits};
#[cfg(feature = "postgres")]
use crate::pool::Health;
use crate::{Error, Result};

/// All engines. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engines {
    owner: Arc<Owner>,
}

/// What the handles share. Engines and leases do not hold it.
struct Owner(Arc<Inner>);

/// What handles, engines and leases share.
struct Inner {
    limits: Limits,
    registry: Mutex<Registry>,
    /// Where lanes lead.
    #[cfg(feature = "postgres")]
    lanes: Option<LaneSource>,
    /// Of the servers of all databases: a ping more, where there are several, does no harm.
    #[cfg(feature = "postgres")]
    health: Health,
    next_id: AtomicU64,
    state: Mutex<State>,
    /// All connections are closed, after `close`.
    empty: Notify,
}

type Books = Ledger<Arc<Engine>, Conn, oneshot::Sender<Result<Lease, DbErr>>>;

struct State {
    ledger: Books,
    /// Where the latest lease was asked for.
    runtime: Option<Handle>,
    /// Closes what has been idle for too long. There is one while something is idle.
    sweeper: Option<AbortHandle>,
}

/// One database, or one tenant's lane. It costs a few hundred bytes, and nothing once nobody holds it.
pub(crate) struct Engine {
    id: ledger::Id,
    key: Arc<str>,
    inner: Arc<Inner>,
    target: Target,
    retired: AtomicBool,
}

/// Locks what no panic leaves half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(why: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why))
}

impl Engines {
    /// No engine yet.
    pub(crate) fn new(limits: Limits) -> Result<Self> {
        limits.check()?;
        let inner = Inner {
            limits,
            registry: Mutex::default(),
            #[cfg(feature = "postgres")]
            lanes: None,
            #[cfg(feature = "postgres")]
            health: Health::default(),
            next_id: AtomicU64::new(0),
            state: Mutex::new(State { ledger: Ledger::new(limits), runtime: None, sweeper: None }),
            empty: Notify::new(),
        };
        Ok(Self { owner: Arc::new(Owner(Arc::new(inner))) })
    }

    /// The engine of that name; nothing is opened yet.
    ///
    /// It is the same one for the same key as long as somebody holds it or it has a connection. A
    /// new address is used for connections opened from now on; those to the old one are closed as
    /// soon as nobody uses them. The key appears in errors.
    pub(crate) fn engine(&self, key: &str, url: Secret) -> Arc<Engine> {
        let inner = self.inner();
        // Outlives the lock: dropping the last handle of an engine takes it.
        let known;
        let mut registry = lock(&inner.registry);
        known = registry.databases.get(key).and_then(Weak::upgrade);
        if let Some(engine) = &known
            && !engine.retired.load(Ordering::Acquire)
        {
            drop(registry);
            engine.move_to(url);
            return Arc::clone(engine);
        }
        let address = Mutex::new(Address { url, generation: 0 });
        let engine = Engine::new(inner, key, Target::Database(address));
        registry.databases.insert(Arc::clone(&engine.key), Arc::downgrade(&engine));
        engine
    }

    /// No new leases; waits until all connections have come back and are closed.
    pub(crate) async fn close(&self) {
        let inner = self.inner();
        inner.shut();
        loop {
            let mut empty = std::pin::pin!(inner.empty.notified());
            empty.as_mut().enable();
            if lock(&inner.state).ledger.open() == 0 {
                return;
            }
            empty.await;
        }
    }

    /// Closes what nobody has used for too long at that time. This happens by itself as well.
    #[cfg(test)]
    pub(crate) fn sweep(&self, now: Instant) {
        self.inner().with(|ledger| ledger.sweep(now));
    }

    /// Who has how many connections.
    pub(crate) fn stats(&self) -> Connections {
        self.inner().stats()
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.owner.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.shut();
    }
}

impl Inner {
    /// Changes the books, then does what follows from that.
    fn with<R>(self: &Arc<Self>, change: impl FnOnce(&mut Books) -> R) -> R {
        self.with_state(|state| change(&mut state.ledger))
    }

    fn with_state<R>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, effects, runtime) = {
            let mut state = lock(&self.state);
            let result = change(&mut state);
            self.tend(&mut state);
            (result, state.ledger.effects(), state.runtime.clone())
        };
        for effect in effects {
            match effect {
                // If the other end is gone, the lease comes back here and finds its next place.
                Effect::Lend(waiter, engine, lent) => {
                    let _ = waiter.send(Ok(Lease::new(engine, lent)));
                }
                Effect::Open(engine) => lease::open(engine, runtime.as_ref()),
                Effect::Close(engine, conn) => lease::close(engine, conn),
                Effect::Forget(engine) => drop(engine),
            }
        }
        result
    }

    /// Keeps a sweeper while there is something to sweep, and says when everything is closed.
    fn tend(self: &Arc<Self>, state: &mut State) {
        if state.ledger.is_closed() {
            if let Some(sweeper) = state.sweeper.take() {
                sweeper.abort();
            }
            if state.ledger.open() == 0 {
                self.empty.notify_waiters();
            }
        } else if state.ledger.next_sweep().is_some()
            && state.sweeper.as_ref().is_none_or(AbortHandle::is_finished)
            && let Some(runtime) = &state.runtime
        {
            state.sweeper = Some(runtime.spawn(sweep(Arc::downgrade(self))).abort_handle());
        }
    }

    fn shut(self: &Arc<Self>) {
        for waiter in self.with(Ledger::close) {
            let _ = waiter.send(Err(Error::closed().into()));
        }
    }
}

/// Closes connections as they have been idle for too long, until none is idle.
async fn sweep(inner: Weak<Inner>) {
    loop {
        let due = {
            let Some(inner) = inner.upgrade() else { return };
            inner.with_state(|state| {
                state.ledger.sweep(Instant::now());
                let due = state.ledger.next_sweep();
                if due.is_none() {
                    // Before the lock is released, so that whoever needs another one sees it.
                    state.sweeper = None;
                }
                due
            })
        };
        let Some(due) = due else { return };
        tokio::time::sleep_until(due).await;
    }
}

impl Engine {
    fn new(inner: &Arc<Inner>, key: &str, target: Target) -> Arc<Self> {
        Arc::new(Self {
            id: inner.next_id.fetch_add(1, Ordering::Relaxed),
            key: key.into(),
            inner: Arc::clone(inner),
            target,
            retired: AtomicBool::new(false),
        })
    }

    /// A connection of this engine, for as long as the lease lives.
    ///
    /// Dropping the future leaves nothing behind. A connection that is being opened for it goes to
    /// whoever waits next, or stays as an idle one.
    ///
    /// # Errors
    ///
    /// If the engine is retired or all are closed, if the connection cannot be opened, and if there
    /// is none in time; the text then says who has them.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, DbErr> {
        match self.idle() {
            Some(lease) => Ok(lease),
            None => self.lease_within(self.inner.limits.wait).await,
        }
    }

    /// A connection nobody uses.
    fn idle(self: &Arc<Self>) -> Option<Lease> {
        let lent = self.inner.with_state(|state| {
            if self.retired.load(Ordering::Acquire) {
                return None;
            }
            let lent = state.ledger.take(self.id, Instant::now())?;
            state.runtime = Some(Handle::current());
            Some(lent)
        })?;
        Some(Lease::new(Arc::clone(self), lent))
    }

    async fn lease_within(self: &Arc<Self>, wait: Duration) -> Result<Lease, DbErr> {
        let (sender, mut receiver) = oneshot::channel();
        let ticket = self.inner.with_state(|state| {
            if state.ledger.is_closed() {
                return Err(Error::closed().into());
            }
            if self.retired.load(Ordering::Acquire) {
                return Err(self.refusal());
            }
            state.runtime = Some(Handle::current());
            Ok(state.ledger.wait(self.id, self, sender, Instant::now()))
        })?;
        // Leaves the queue before the receiver is dropped, with what may have come meanwhile.
        let waiting = Waiting { engine: self, ticket };
        match tokio::time::timeout(wait, &mut receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::closed().into()),
            Err(_) => {
                let error = failure(self.inner.stats().timeout(&self.key, wait));
                drop(waiting);
                // It may have come at the last moment.
                receiver.try_recv().unwrap_or(Err(error))
            }
        }
    }

    /// No new leases: the database goes away. What is idle is closed now, what is lent when it
    /// comes back. The same key makes a new engine from now on.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.unregister();
        let waiters = self.inner.with(|ledger| {
            ledger.evict(self.id);
            ledger.dismiss(self.id)
        });
        for waiter in waiters {
            let _ = waiter.send(Err(self.refusal()));
        }
    }

    /// Whether it has connections.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.inner.state).ledger.has(self.id)
    }

    fn refusal(&self) -> DbErr {
        failure(format!("the database of `{}` is no longer served", self.key))
    }

    /// The address changes only here, and what is idle at the old one is closed.
    #[cfg_attr(not(feature = "postgres"), allow(clippy::infallible_destructuring_match))]
    fn move_to(&self, url: Secret) {
        {
            let address = match &self.target {
                Target::Database(address) => address,
                #[cfg(feature = "postgres")]
                Target::Lane { .. } => return,
            };
            let mut address = lock(address);
            if address.url == url {
                return;
            }
            address.url = url;
            address.generation += 1;
        }
        self.inner.with(|ledger| ledger.evict(self.id));
    }

    /// Whether a connection to that address may be lent again. Asked under the lock of the books,
    /// so that nothing can become idle after it was outdated.
    fn keeps(&self, generation: u64) -> bool {
        let current = match &self.target {
            Target::Database(address) => lock(address).generation == generation,
            #[cfg(feature = "postgres")]
            Target::Lane { .. } => true,
        };
        current && !self.retired.load(Ordering::Acquire)
    }

    fn unregister(&self) {
        let mut registry = lock(&self.inner.registry);
        let registry = registry.of(&self.target);
        // Another engine may have the key by now.
        if registry.get(&self.key).is_some_and(|known| std::ptr::eq(known.as_ptr(), self)) {
            registry.remove(&self.key);
            if registry.len() < registry.capacity() / 4 {
                let twice = registry.len() * 2;
                registry.shrink_to(twice);
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.unregister();
    }
}

/// A place among those who wait for an engine.
struct Waiting<'a> {
    engine: &'a Engine,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waiter = self.engine.inner.with(|ledger| ledger.cancel(self.engine.id, self.ticket));
        drop(waiter);
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engines").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
