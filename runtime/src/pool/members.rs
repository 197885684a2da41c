//! The connections to one server, each of which can be told from the others.
//!
//! The driver's own pool does not tell one connection from another. Here each has what a statement on
//! it can be [cancelled](super::cancel) by.

use std::{
    fmt,
    time::{Duration, Instant},
};

use deadpool::managed::{self, Metrics, QueueMode, RecycleError, Timeouts};
use sea_orm::{ConnAcquireErr, DbErr};

use super::PoolOptions;
use crate::Result;

/// How long a connection nobody uses stays open.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// How long a connection is used before another takes its place, since a server's process keeps
/// some of the memory it ever needed.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A connection on loan. It goes back when it is dropped.
pub(crate) type Member<M> = managed::Object<M>;

/// Opens connections and closes them.
pub(crate) trait Manager: managed::Manager<Type: Send> {
    /// Why a connection could not be opened.
    fn failure(error: Self::Error) -> DbErr;

    /// Says farewell to the server.
    fn close(connected: &mut Self::Type) -> impl Future<Output = ()> + Send;
}

/// The connections to one server.
pub(crate) struct Members<M: Manager> {
    members: managed::Pool<M>,
}

impl<M: Manager + Send + Sync + 'static> Members<M> {
    /// A pool without a connection yet.
    pub(super) fn of(manager: M, options: &PoolOptions, queue: QueueMode) -> Result<Self> {
        let longest = Some(options.acquire_timeout);
        let members = managed::Pool::builder(manager)
            .max_size(options.max_connections as usize)
            .timeouts(Timeouts { wait: longest, create: longest, recycle: longest })
            .queue_mode(queue)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| crate::Error::config(error.to_string()))?;
        Ok(Self { members })
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn acquire(&self) -> Result<Member<M>, DbErr> {
        self.members.get().await.map_err(|error| match error {
            managed::PoolError::Timeout(_) => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
            managed::PoolError::Closed => {
                DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
            }
            managed::PoolError::Backend(error) => M::failure(error),
            // There are no hooks, and there is a runtime.
            _ => {
                let why = "the pool cannot open connections";
                DbErr::Conn(sea_orm::RuntimeErr::Internal(why.to_owned()))
            }
        })
    }

    /// How many connections there are, and how many of them nobody uses.
    pub(crate) fn usage(&self) -> (usize, usize) {
        let status = self.members.status();
        (status.size, status.available)
    }

    /// Closes what nobody has used for long.
    pub(crate) fn sweep(&self) {
        let idle = self.members.retain(|_, metrics| metrics.last_used() < IDLE).removed;
        if !idle.is_empty() {
            tokio::spawn(async move {
                for mut connected in idle {
                    M::close(&mut connected).await;
                }
            });
        }
    }

    /// Closes the pool, and waits until all connections were given back.
    pub(crate) async fn close(&self) {
        for mut idle in self.members.retain(|_, _| false).removed {
            M::close(&mut idle).await;
        }
        self.members.close();
        while self.usage().0 > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sweeps from time to time, as long as somebody has the pool.
    pub(crate) fn tend(&self) {
        let weak = self.members.weak();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE / 10).await;
                let Some(members) = weak.upgrade() else { return };
                let pool = Self { members };
                if pool.members.is_closed() {
                    return;
                }
                pool.sweep();
            }
        });
    }
}

/// When a connection was last lent, or opened.
///
/// # Errors
///
/// If it has served long enough.
pub(super) fn last_lent<E>(metrics: &Metrics) -> Result<Instant, RecycleError<E>> {
    if metrics.age() >= LIFETIME {
        return Err(RecycleError::message("the connection has served long enough"));
    }
    Ok(metrics.recycled.unwrap_or(metrics.created))
}

/// Why the driver could not open a connection.
#[cfg(feature = "postgres")]
pub(super) fn unopened(error: sea_orm::sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()))
}

impl<M: Manager> Clone for Members<M> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone() }
    }
}

impl<M: Manager> fmt::Debug for Members<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.members.status();
        let (size, idle) = (status.size, status.available);
        f.debug_struct("Members").field("size", &size).field("idle", &idle).finish_non_exhaustive()
    }
}
