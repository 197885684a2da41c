//! What is recorded when somebody takes a connection that sees all tenants, and where.

use std::{fmt, panic::Location, sync::OnceLock};

use chrono::{DateTime, Utc};

use super::moment;
use crate::Result;

/// Records who took a connection that sees all tenants, before it is handed out.
///
/// A [`TenantStore`](crate::TenantStore) has one; [`Builder::audit_trail`](crate::Builder::audit_trail)
/// sets another. What is recorded stays, whatever is rolled back on that connection: a trail writes on
/// one of its own, and has committed when [`record`](Self::record) returns.
///
/// [`SqlStore`](crate::SqlStore) writes to a table, and [`MemoryStore`](crate::MemoryStore)
/// remembers the latest thousand.
///
/// # Example
///
/// ```standalone_crate
/// use std::sync::{Arc, Mutex};
/// use tenancy::{AuditTrail, Result, Tenancy, UnscopedAccess};
///
/// #[derive(Debug, Clone, Default)]
/// struct Printed(Arc<Mutex<Vec<UnscopedAccess>>>);
///
/// #[async_trait::async_trait]
/// impl AuditTrail for Printed {
///     async fn record(&self, access: &UnscopedAccess) -> Result<()> {
///         println!("{}: {} for {}", access.taken_at, access.place, access.reason);
///         self.0.lock().unwrap().push(access.clone());
///         Ok(())
///     }
///
///     async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
///         Ok(self.0.lock().unwrap().iter().rev().take(limit as usize).cloned().collect())
///     }
/// }
///
/// # async fn example() -> tenancy::Result<()> {
/// let trail = Printed::default();
/// let builder = Tenancy::builder().database("sqlite::memory:").audit_trail(trail.clone());
/// let tenancy = builder.connect().await?;
/// tenancy.unscoped("nightly billing").await?;
/// assert_eq!(trail.0.lock().unwrap()[0].reason, "nightly billing");
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[async_trait::async_trait]
pub trait AuditTrail: fmt::Debug + Send + Sync + 'static {
    /// Makes the trail ready; called once, by [`Builder::connect`](crate::Builder::connect).
    ///
    /// # Errors
    ///
    /// Whatever keeps the trail from being used.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Records that a connection is about to be handed out.
    ///
    /// # Errors
    ///
    /// An error if it cannot be recorded for good; the connection is not handed out then.
    async fn record(&self, access: &UnscopedAccess) -> Result<()>;

    /// At most `limit` of what was [recorded](Self::record), the latest first.
    ///
    /// # Errors
    ///
    /// An error if it cannot be read.
    async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>>;
}

/// A connection that sees all tenants was taken; see [`Tenancy::unscoped`](crate::Tenancy::unscoped).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnscopedAccess {
    /// Tells it apart from others; a UUIDv7.
    pub id: String,
    /// When it was taken, to the microsecond.
    pub taken_at: DateTime<Utc>,
    /// What for.
    pub reason: String,
    /// The line of the program that took it: `src/billing.rs:42`.
    pub place: String,
    /// Whom the database takes the connection for: `operator`, on MySQL `operator@%`. None on
    /// SQLite, which has no roles.
    pub role: Option<String>,
    /// Which process took it: its number, on which host if that is known.
    pub process: String,
}

impl UnscopedAccess {
    /// Taken now, at that place of the program.
    #[must_use]
    pub fn new(reason: impl Into<String>, place: &Location<'_>) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            taken_at: moment(Utc::now()),
            reason: reason.into(),
            place: format!("{}:{}", place.file(), place.line()),
            role: None,
            process: process().to_owned(),
        }
    }

    /// By that role of the database.
    #[must_use]
    pub fn with_role(mut self, role: Option<String>) -> Self {
        self.role = role;
        self
    }
}

/// This process's number, and its host where the environment or the kernel tells.
pub(crate) fn process() -> &'static str {
    static PROCESS: OnceLock<String> = OnceLock::new();
    PROCESS.get_or_init(|| {
        let told =
            ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let host = told.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
        let host = host.as_deref().map_or("", str::trim);
        let at = if host.is_empty() { "" } else { "@" };
        format!("{}{at}{host}", std::process::id())
    })
}
