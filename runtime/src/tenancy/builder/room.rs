//! How many connections there are, and for how long.

use std::time::Duration;

use super::Builder;
use crate::Timeouts;

impl Builder {
    /// Sets how many connections the pool may hold; 10 unless set. That of the
    /// [operator](Self::operator) may hold as many, and so may that of
    /// [`unscoped`](crate::Tenancy::unscoped), which is opened when it is first used. On PostgreSQL tables
    /// are made and tenants removed by a further one of that size, opened when it is needed, and a
    /// pool has one connection more for a second while it cancels statements nobody waits for.
    ///
    /// An in-memory SQLite database has one whatever is set here: each further one would lock the
    /// others out.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.pool.max_connections = connections;
        self
    }

    /// Sets how long a statement may wait for a free connection; 10 seconds unless set.
    #[must_use]
    pub fn acquire_timeout(mut self, longest: Duration) -> Self {
        self.pool.acquire_timeout = longest;
        self
    }

    /// Sets how many of the pool's [connections](Self::max_connections) one tenant may use at a
    /// time; half of them unless set, and two at least, so that the others find some that are free.
    ///
    /// A transaction uses one until it ends, and a stream until it is dropped. A tenant that wants
    /// more than its share waits, and so does everybody when all are in use; what comes free then
    /// goes to the next tenant, however many callers each of them has. Who waits for
    /// [too long](Self::acquire_timeout) is told [who has them](crate::Error::is_busy).
    ///
    /// This is for tenants that share a pool. One with a [`Database`](crate::Database) of its own has
    /// [`connections_per_tenant`](Self::connections_per_tenant), and what goes by a lane is not counted.
    #[must_use]
    pub fn pool_share(mut self, connections: u32) -> Self {
        self.share = Some(connections);
        self
    }

    /// Sets how many connections all databases of tenants' own and all lanes may have together; 100
    /// unless set.
    ///
    /// It is for tenants that have a [`Database`](crate::Database) or a lane; the pool of the shared one has
    /// its own number, [`max_connections`](Self::max_connections). When all are in use, whoever
    /// needs another one waits, for [as long as is set](Self::acquire_timeout); tenants take turns.
    /// What nobody uses is closed to make room, the least recently used first.
    #[must_use]
    pub fn connection_budget(mut self, connections: usize) -> Self {
        self.budget = connections;
        self
    }

    /// Sets how many of the [budget](Self::connection_budget) one tenant may have; 8 unless set,
    /// or the whole budget if that is less.
    #[must_use]
    pub fn connections_per_tenant(mut self, connections: usize) -> Self {
        self.per_tenant = Some(connections);
        self
    }

    /// Sets how long statements of all tenants may take, on PostgreSQL; as long as the server lets
    /// them unless set. Another engine is refused.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how long statements of a tier's tenants may take. What it leaves out is as for
    /// [all tenants](Self::timeouts).
    #[must_use]
    pub fn tier_timeouts(mut self, tier: impl Into<String>, timeouts: Timeouts) -> Self {
        self.tier_timeouts.insert(tier.into(), timeouts);
        self
    }

    /// Sets how long a connection to a tenant's own database, or of its lane, stays open when nobody
    /// uses it; 60 seconds unless set.
    #[must_use]
    pub fn idle_timeout(mut self, longest: Duration) -> Self {
        self.idle = longest;
        self
    }
}
