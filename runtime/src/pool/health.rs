//! What is known of a server from one connection, for all others to it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// When a connection was last found broken. Others of that time may be as well, so they are tried out
/// before they are lent again. Clones know the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    broken: Arc<Mutex<Option<Instant>>>,
}

impl Health {
    /// A connection was found broken just now.
    pub(super) fn broke(&self) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection was found broken since then.
    pub(super) fn broke_since(&self, then: Instant) -> bool {
        let broken = *self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.is_some_and(|broken| then <= broken)
    }
}
