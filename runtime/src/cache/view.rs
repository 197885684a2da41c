//! What operators are told of the cache.

use std::{sync::atomic::Ordering, time::Duration};

use super::Tenants;

/// How far what this process remembers may be behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// How many changes this process has made or heard of.
    pub(crate) version: u64,
    /// Whether others tell it what they change.
    pub(crate) told: bool,
    /// How long it may take at most until a change is seen of which nobody told.
    pub(crate) lag: Duration,
}

impl Tenants {
    pub(crate) fn view(&self) -> View {
        let told = self.inner.told.load(Ordering::Acquire);
        let options = &self.inner.options;
        let lag = if told { options.told_life } else { options.life };
        View { version: self.inner.stripes.changes(), told, lag }
    }
}
