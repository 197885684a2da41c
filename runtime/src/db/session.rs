//! The way to one tenant's rows.

use std::{fmt, sync::Arc};

use tenancy_core::scope::Scoper;

use super::Link;
use crate::{
    Result,
    pool::{Door, Settings},
};

/// The way to one tenant's rows: which database, through which scoper, in which place there.
///
/// An [`IsolationProvider`](crate::IsolationProvider) gets it from [`Grounds`](crate::isolation::Grounds)
/// and hands it out; there is nothing else to do with it.
#[derive(Clone)]
pub struct Session {
    pub(super) link: Link,
    pub(super) scoper: Arc<Scoper>,
    /// The tenant's schema, database or prefix, where statements have to name it.
    pub(super) place: Option<String>,
    /// The way to the tables all tenants share, where they are in another database.
    pub(super) shared: Option<Link>,
}

impl Session {
    pub(crate) fn new(link: Link, scoper: &Arc<Scoper>, place: Option<String>) -> Self {
        Self { link, scoper: Arc::clone(scoper), place, shared: None }
    }

    /// The same, where each transaction has further settings.
    pub(crate) fn with_settings(mut self, settings: &Settings) -> Result<Self> {
        self.link = self.link.with_settings(settings)?;
        self.shared = self.shared.map(|link| link.with_settings(settings)).transpose()?;
        Ok(self)
    }

    /// The same, where transactions begin only for a tenant that is served.
    #[cfg(feature = "postgres")]
    pub(crate) fn asking(mut self, standing: crate::pool::Standing) -> Self {
        self.link = self.link.asking(standing);
        self
    }

    /// The same, where tenants that share a pool pass its gate.
    pub(crate) fn behind(mut self, door: &Door) -> Self {
        self.link = self.link.behind(door.clone());
        self.shared = self.shared.map(|link| link.behind(door.clone()));
        self
    }

    /// Finds the tables all tenants share in another database.
    pub(crate) fn with_shared(mut self, link: Link) -> Self {
        self.shared = Some(link);
        self
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("place", &self.place).finish_non_exhaustive()
    }
}
