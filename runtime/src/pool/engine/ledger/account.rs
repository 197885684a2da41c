//! What one engine has, and who waits for it.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{Limits, lane};

/// What an engine has. There is none for an engine without connections that nobody waits for.
pub(super) struct Account<E, C, W> {
    pub(super) engine: E,
    /// All of them: opening, idle, lent, closing.
    pub(super) open: usize,
    pub(super) closing: usize,
    pub(super) opening: bool,
    /// Lent ones that are on their way back.
    pub(super) returning: usize,
    pub(super) idle: VecDeque<Idle<C>>,
    pub(super) waiters: VecDeque<(u64, W)>,
    /// In `turns`.
    pub(super) place: Option<u64>,
    /// If it is a lane.
    pub(super) lane: Option<lane::Lane>,
}

pub(super) struct Idle<C> {
    pub(super) place: u64,
    pub(super) since: Instant,
    pub(super) conn: C,
}

/// An engine's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pool::engine) struct Count {
    pub(in crate::pool::engine) lent: usize,
    pub(in crate::pool::engine) idle: usize,
    pub(in crate::pool::engine) opening: usize,
    pub(in crate::pool::engine) closing: usize,
    pub(in crate::pool::engine) waiting: usize,
}

impl<E, C, W> Account<E, C, W> {
    pub(super) fn new(engine: E) -> Self {
        Self {
            engine,
            open: 0,
            closing: 0,
            opening: false,
            returning: 0,
            idle: VecDeque::new(),
            waiters: VecDeque::new(),
            place: None,
            lane: None,
        }
    }

    pub(super) fn count(&self) -> Count {
        let opening = usize::from(self.opening);
        Count {
            lent: self.open - self.closing - opening - self.idle.len(),
            idle: self.idle.len(),
            opening,
            closing: self.closing,
            waiting: self.waiters.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open == 0
            && self.waiters.is_empty()
            && !self.lane.as_ref().is_some_and(|lane| lane.inherits)
    }

    /// Those on their way back serve as many of the waiting; only the others need more.
    pub(super) fn wants_more(&self, limits: &Limits) -> bool {
        !self.opening && self.waiters.len() > self.returning && self.open < limits.per_engine
    }
}
