//! What a request holds while it runs.

use std::{fmt, sync::Arc};

/// What a request takes of what may run at the same time, given back when the last clone is dropped.
///
/// The layer keeps it until the response's body was sent. A handler that goes on longer, as one that
/// upgrades to a WebSocket does, takes a clone along: it is an extractor.
#[derive(Clone)]
pub struct Permit(Option<Arc<Held>>);

struct Held(Box<dyn Fn() + Send + Sync>);

impl Permit {
    /// One that holds nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// One that does something when the last clone is dropped. It must not block.
    #[must_use]
    pub fn new(release: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Held(Box::new(release)))))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Permit(held)" } else { "Permit(none)" })
    }
}
