//! In front of the shared pool: no tenant takes all of it, and tenants take turns.
//!
//! A pool serves its callers in the order they come. One tenant with hundreds of callers would
//! have all connections, and everybody else would wait behind them. So a caller passes a gate
//! first, as one of its tenant's: a tenant has at most its share of the connections, and where more
//! wait than there is room for, the next connection goes to the next tenant.
//!
//! A [`Pass`] is held as long as the connection is. Dropping somebody who waits leaves nothing behind.

mod turns;

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use tenancy_core::TenantId;
use tokio::sync::oneshot;

use self::turns::{Count, Turns};
use crate::Error;

/// How many tenants a time-out names.
const NAMED: usize = 5;

/// The gate of a pool.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    turns: Mutex<Turns<oneshot::Sender<Pass>>>,
    wait: Duration,
}

/// A tenant's way through a gate.
#[derive(Clone)]
pub(crate) struct Door {
    gate: Gate,
    tenant: TenantId,
}

/// Leave to use one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    door: Door,
}

impl Gate {
    /// Room for as many as the pool has connections, of which one tenant may have its share. Nobody
    /// waits longer than that.
    pub(crate) fn new(room: usize, share: usize, wait: Duration) -> Self {
        let turns = Mutex::new(Turns::new(room, share));
        Self(Arc::new(Inner { turns, wait }))
    }

    /// How many connections one tenant may have unless that is set: half of them, so that the
    /// others find some that are free. Two in any case, which one piece of work may need.
    pub(crate) fn usual_share(room: usize) -> usize {
        room.div_ceil(2).max(2).min(room)
    }

    /// A tenant's door.
    pub(crate) fn door(&self, tenant: &TenantId) -> Door {
        Door { gate: self.clone(), tenant: tenant.clone() }
    }

    /// How many connections are in use, and how many callers wait for one.
    pub(crate) fn in_use(&self) -> (usize, usize) {
        let counts = self.turns().counts();
        counts.iter().fold((0, 0), |(inside, waiting), count| {
            (inside + count.inside, waiting + count.waiting)
        })
    }

    fn turns(&self) -> MutexGuard<'_, Turns<oneshot::Sender<Pass>>> {
        // No panic leaves it half-changed.
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whose turn has come.
    fn admit(&self, mut turns: MutexGuard<'_, Turns<oneshot::Sender<Pass>>>) {
        let mut admitted = Vec::new();
        while let Some((tenant, waiter)) = turns.next() {
            admitted.push((waiter, Pass { door: self.door(&tenant) }));
        }
        drop(turns);
        for (waiter, pass) in admitted {
            // If nobody waits there any more, the pass comes back here and lets the next one in.
            let _ = waiter.send(pass);
        }
    }
}

impl Door {
    /// Waits until the tenant may use one more connection.
    ///
    /// # Errors
    ///
    /// If that takes too long; the text then says who has the connections.
    pub(crate) async fn enter(&self) -> Result<Pass, DbErr> {
        let (sender, mut receiver) = oneshot::channel();
        let ticket = {
            let mut turns = self.gate.turns();
            if turns.enter(&self.tenant) {
                return Ok(Pass { door: self.clone() });
            }
            turns.wait(&self.tenant, sender)
        };
        // Leaves the queue before the receiver is dropped, with what may have come meanwhile.
        let waiting = Waiting { door: self, ticket };
        let wait = self.gate.0.wait;
        let began = tokio::time::Instant::now();
        if let Ok(Ok(pass)) = tokio::time::timeout(wait, &mut receiver).await {
            metrics::histogram!("tenancy_pool_wait_seconds").record(began.elapsed());
            return Ok(pass);
        }
        metrics::counter!("tenancy_pool_timeouts_total").increment(1);
        let error = self.too_long(wait);
        drop(waiting);
        // It may have come at the last moment.
        receiver.try_recv().map_err(|_| error.into())
    }

    fn too_long(&self, wait: Duration) -> Error {
        let turns = self.gate.turns();
        let (room, share, counts) = (turns.room(), turns.share(), turns.counts());
        drop(turns);
        let sum = |count: fn(&Count) -> usize| counts.iter().map(count).sum::<usize>();
        let own = counts.iter().find(|count| count.tenant == self.tenant);
        let own = own.map_or(0, |own| own.inside);
        let mut text = format!(
            "no connection of the shared pool for `{}` within {wait:?}: it has {own} of at most \
             {share}, all tenants together {} of at most {room}; ",
            self.tenant,
            sum(|count| count.inside),
        );
        let holders = counts.iter().filter(|count| count.inside > 0);
        for (n, count) in holders.clone().take(NAMED).enumerate() {
            let before = if n == 0 { "held: " } else { ", " };
            // Writing to a text does not fail.
            let _ = write!(text, "{before}{} {}", count.tenant, count.inside);
        }
        if let Some(more) = holders.count().checked_sub(NAMED).filter(|more| *more > 0) {
            let _ = write!(text, ", and {more} more");
        }
        let _ = write!(text, "; {} waiting", sum(|count| count.waiting));
        Error::busy(text)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut turns = self.door.gate.turns();
        turns.leave(&self.door.tenant);
        self.door.gate.admit(turns);
    }
}

/// A place among those who wait.
struct Waiting<'a> {
    door: &'a Door,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut turns = self.door.gate.turns();
        let waiter = turns.cancel(&self.door.tenant, self.ticket);
        self.door.gate.admit(turns);
        drop(waiter);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let turns = self.turns();
        f.debug_struct("Gate").field("room", &turns.room()).field("share", &turns.share()).finish()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
