//! Whether tenants can be found.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::timeout;

use super::Tenants;

/// How long the store may take to answer.
const LONGEST: Duration = Duration::from_secs(2);

/// What is there of what finds tenants; [`Tenancy::health`](crate::Tenancy::health) looks.
///
/// For a check of readiness. A check of liveness should ask nobody: a process is not to be restarted
/// because a database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether the store of tenants answers. If it does not, the log says why.
    pub store: bool,
    /// Whether tenants that were loaded before are still served without it.
    pub warm: bool,
    /// Whether others can tell which tenants have changed; `None` where that was not set up.
    pub channel: Option<bool>,
}

impl Health {
    /// Whether requests can be served: of all tenants, or of those that are remembered.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.store || self.warm
    }

    /// Whether something is missing, though requests are served.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.is_ready() && (!self.store || self.channel == Some(false))
    }
}

impl Tenants {
    /// Asks the store for one tenant.
    pub(crate) async fn health(&self) -> Health {
        let inner = &self.inner;
        let store = match timeout(LONGEST, inner.store.list(None, 1)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(target: "tenancy::cache", %error, "the store of tenants cannot be read");
                false
            }
            Err(_) => {
                tracing::warn!(target: "tenancy::cache", "the store of tenants does not answer");
                false
            }
        };
        let now = inner.now();
        let warm = inner.known.iter().any(|(_, entry)| inner.may_stay(&entry, now));
        #[cfg(any(feature = "redis", feature = "postgres"))]
        let told = inner.options.channel.is_some();
        #[cfg(not(any(feature = "redis", feature = "postgres")))]
        let told = false;
        let channel = told.then(|| inner.told.load(Ordering::SeqCst));
        Health { store, warm, channel }
    }
}
