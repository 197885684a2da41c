//! How long tenants are remembered.

use std::time::Duration;

/// How long the tenants a process has loaded are remembered.
///
/// A change that is made through any clone of the same [`Tenancy`](crate::Tenancy) is seen at once by
/// whoever asks next. One that another process makes, or somebody with SQL, is seen when the time is
/// over: a suspended tenant is served that long at most.
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
    pub(super) unknown_life: Duration,
    pub(super) unread: Duration,
    pub(super) capacity: usize,
    pub(super) unknown: usize,
}

impl TenantCache {
    /// Five seconds for each of 10,000 tenants, and for 10,000 names that are nobody's; a minute more
    /// for active ones while the store cannot be read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            life: Duration::from_secs(5),
            unknown_life: Duration::from_secs(5),
            unread: Duration::from_secs(60),
            capacity: 10_000,
            unknown: 10_000,
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
        self.life = life;
        self
    }

    /// Sets how long it is remembered that nobody has a name. Whoever creates a tenant of that name
    /// through the same [`Tenancy`](crate::Tenancy) is seen at once.
    #[must_use]
    pub fn unknown_life(mut self, life: Duration) -> Self {
        self.unknown_life = life;
        self
    }

    /// Sets how much longer an active tenant is served as it was known while the store cannot be
    /// read.
    #[must_use]
    pub fn while_unread(mut self, longest: Duration) -> Self {
        self.unread = longest;
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
