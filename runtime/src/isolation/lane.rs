//! How many connections busy tenants may have to themselves.

use std::time::Duration;

use crate::pool::engine::LaneLimits;

/// Connections of all lanes, unless set.
const CONNECTIONS: usize = 20;
/// Connections of one lane, unless set.
const PER_TENANT: usize = 4;

/// Lanes: connections of PostgreSQL that belong to one tenant as long as they live, for tenants that
/// are asked for often. [`Rls::lanes`](super::Rls::lanes) switches them on.
///
/// A lane's connections carry the tenant in their startup options, so a statement on one takes one
/// round trip where it takes three on the pool. They are never lent to another tenant.
///
/// - Nobody waits for a lane. Where none of its connections is free at once, a statement or
///   transaction goes by the pool, as it does without lanes. A lane is opened in the background.
/// - They are within [`Builder::connection_budget`](crate::Builder::connection_budget), and share
///   it with databases of tenants' own. A lane takes no place from those.
/// - Which tenants have one is decided by how often each is asked for of late. Where there is no
///   room, the connection of the tenant that is asked for least, for each connection it has, goes
///   to one that is asked for clearly more: as soon as it is idle, it is closed.
/// - A lane ends when its tenant is suspended, deleted or purged. In other processes, its
///   connections end when they have been idle for long enough.
///
/// They need a direct connection to the server; [`Builder::connect`](crate::Builder::connect)
/// proves it with one. No trigger or function of yours may change the setting `tenancy.tenant_id`:
/// on a lane it would stay changed, and the policies would hide the tenant's own rows.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use tenancy::{Lanes, Rls, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder()
///     .database("postgres://app@localhost/shop")
///     .operator("postgres://owner@localhost/shop")
///     .isolation(Rls::new().lanes(Lanes::new().connections(40).per_tenant(8)))
///     .connect()
///     .await?;
/// for own in tenancy.connections().tenants.iter().filter(|own| own.lane) {
///     println!("{}: {} busy, {} idle", own.tenant, own.held, own.idle);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lanes {
    connections: Option<usize>,
    per_tenant: Option<usize>,
    idle: Option<Duration>,
}

impl Lanes {
    /// Lanes as they are unless told otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many connections all lanes may have together; 20 unless set, or the whole budget if
    /// that is less.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }

    /// Sets how many connections one lane may have; 4 unless set, or those of all if they are fewer.
    #[must_use]
    pub fn per_tenant(mut self, connections: usize) -> Self {
        self.per_tenant = Some(connections);
        self
    }

    /// Sets how long a lane's connection stays open when nobody uses it; as long as
    /// [others](crate::Builder::idle_timeout) unless set.
    #[must_use]
    pub fn idle_timeout(mut self, longest: Duration) -> Self {
        self.idle = Some(longest);
        self
    }

    /// What the pool is told, given the budget and how long others stay open.
    pub(crate) fn limits(self, budget: usize, idle: Duration) -> LaneLimits {
        let connections = self.connections.unwrap_or(CONNECTIONS.min(budget));
        let per_tenant = self.per_tenant.unwrap_or(PER_TENANT.min(connections));
        LaneLimits { connections, per_tenant, idle: self.idle.unwrap_or(idle) }
    }
}
