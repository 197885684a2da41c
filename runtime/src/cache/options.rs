//! How long tenants are remembered.

use std::time::Duration;

#[cfg(feature = "redis")]
use crate::Redis;

/// Longer than anybody means: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// How long the tenants a process has loaded are remembered.
///
/// A change that is made through any clone of the same [`Tenancy`](crate::Tenancy) is seen at once by
/// whoever asks next. One that another process makes, or somebody with SQL, is seen when the time is
/// over: a suspended tenant is served that long at most. With a channel of Redis (feature `redis`)
/// other processes see it within a fraction of a second.
///
/// # Example
///
/// ```standalone_crate
/// use std::time::Duration;
/// use tenancy::{Tenancy, TenantCache};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder()
///     .database("sqlite::memory:")
///     .tenant_cache(TenantCache::new().life(Duration::from_secs(2)).capacity(50_000))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct TenantCache {
    pub(super) life: Duration,
    pub(super) told_life: Duration,
    pub(super) unknown_life: Duration,
    pub(super) unread: Duration,
    pub(super) capacity: usize,
    pub(super) unknown: usize,
    #[cfg(any(feature = "redis", feature = "postgres"))]
    pub(super) channel: Option<Channel>,
    #[cfg(feature = "redis")]
    shared: Option<(Redis, Duration)>,
}

/// How processes hear of what others change.
#[cfg(any(feature = "redis", feature = "postgres"))]
#[derive(Debug, Clone)]
pub(super) enum Channel {
    /// Whoever changes something says so.
    #[cfg(feature = "redis")]
    Redis(Redis),
    /// The database says so.
    #[cfg(feature = "postgres")]
    Postgres(tenancy_core::Secret),
}

impl TenantCache {
    /// Five seconds for each of 10,000 tenants, and for 10,000 names that are nobody's; a minute more
    /// for active ones while the store cannot be read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            life: Duration::from_secs(5),
            told_life: Duration::from_secs(30),
            unknown_life: Duration::from_secs(5),
            unread: Duration::from_secs(60),
            capacity: 10_000,
            unknown: 10_000,
            #[cfg(any(feature = "redis", feature = "postgres"))]
            channel: None,
            #[cfg(feature = "redis")]
            shared: None,
        }
    }

    /// None: the store is asked for each request.
    #[must_use]
    pub fn off() -> Self {
        Self { life: Duration::ZERO, ..Self::new() }
    }

    pub(super) fn is_off(&self) -> bool {
        self.life.is_zero()
    }

    /// Sets how long a tenant is remembered; some are forgotten up to a tenth earlier, so that not
    /// all are read at once.
    #[must_use]
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life.min(LONGEST);
        self
    }

    /// Tells other processes, over a channel of Redis, which tenants have changed, and listens to what
    /// they tell: they see it within a fraction of a second.
    ///
    /// All use the same server and [prefix](Redis::prefix). While the channel is there, tenants are
    /// remembered for [longer](Self::told_life); when it is lost all are forgotten. A process that
    /// dies between changing a tenant and telling so tells nobody, and neither does SQL. One that
    /// cannot publish goes on trying for five minutes.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn channel(mut self, redis: Redis) -> Self {
        self.channel = Some(Channel::Redis(redis));
        self
    }

    /// Listens, in place of a channel of Redis, to what the database of the
    /// [store](crate::SqlStore) says of its tenants: `LISTEN` of PostgreSQL, by a connection of its own
    /// to this address. It must lead to the server itself: a pooler that lends connections for one
    /// transaction at a time passes nothing on.
    ///
    /// The database says what has changed when the change is committed, whoever made it: another
    /// process, one that died in that moment, or somebody with SQL. While it is heard, tenants are
    /// remembered for [longer](Self::told_life); when the connection is lost all are forgotten.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn notified_by(mut self, url: impl Into<String>) -> Self {
        self.channel = Some(Channel::Postgres(tenancy_core::Secret::new(url)));
        self
    }

    /// Keeps tenants that were loaded in Redis as well, for all processes, so that the store is asked
    /// less when there are many of them; for `life`, and for 30 seconds at least.
    ///
    /// A change is written there before anybody is told that it was made, and a reader that is late never
    /// puts back what was before. While Redis is away the store is asked. A process that changes a
    /// tenant and cannot reach Redis, while others can, leaves there what was before until its time is
    /// over; so does SQL. What is [encrypted](crate::Builder) in the store is so there.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn shared(mut self, redis: Redis, life: Duration) -> Self {
        self.shared = Some((redis, life.min(LONGEST)));
        self
    }

    #[cfg(feature = "redis")]
    pub(crate) fn sharing(&self) -> Option<&(Redis, Duration)> {
        self.shared.as_ref()
    }

    /// Sets how long a tenant is remembered while others tell what they change; 30 seconds unless
    /// set.
    #[must_use]
    pub fn told_life(mut self, life: Duration) -> Self {
        self.told_life = life.min(LONGEST);
        self
    }

    /// Sets how long it is remembered that nobody has a name. Whoever creates a tenant of that name
    /// through the same [`Tenancy`](crate::Tenancy) is seen at once.
    #[must_use]
    pub fn unknown_life(mut self, life: Duration) -> Self {
        self.unknown_life = life.min(LONGEST);
        self
    }

    /// Sets how much longer an active tenant is served as it was known while the store cannot be
    /// read.
    #[must_use]
    pub fn while_unread(mut self, longest: Duration) -> Self {
        self.unread = longest.min(LONGEST);
        self
    }

    /// Sets how many tenants are remembered, in some 700 bytes each.
    #[must_use]
    pub fn capacity(mut self, tenants: usize) -> Self {
        self.capacity = tenants;
        self
    }
}

impl Default for TenantCache {
    fn default() -> Self {
        Self::new()
    }
}
