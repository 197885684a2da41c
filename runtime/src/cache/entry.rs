//! What is remembered under a name.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{Found, stripes::Mark};

/// A tenant, or that there is none.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) found: Option<Found>,
    pub(super) marks: [Mark; 2],
    pub(super) term: Term,
    /// Whether somebody loads it again.
    refreshing: AtomicBool,
}

/// How long something holds, since the cache began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    /// From when on it is loaded again by whoever asks for it.
    due: Duration,
    pub(super) ends: Duration,
    /// Until when it may be served if the store cannot be read.
    pub(super) last: Duration,
}

impl Term {
    pub(super) fn new(now: Duration, life: Duration, unread: Duration) -> Self {
        Self { due: now + life * 4 / 5, ends: now + life, last: now + life + unread }
    }
}

impl Entry {
    pub(super) fn new(found: Option<Found>, marks: [Mark; 2], term: Term) -> Self {
        Self { found, marks, term, refreshing: AtomicBool::new(false) }
    }

    /// Whether it is time to load it again, before anybody has to wait for it: said once.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.term.due && !self.refreshing.swap(true, Ordering::Relaxed)
    }

    /// The same for longer, in which it is not due.
    pub(super) fn until(&self, ends: Duration) -> Self {
        let term = Term { due: ends, ends, last: self.term.last };
        Self::new(self.found.clone(), self.marks, term)
    }
}
