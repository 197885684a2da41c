//! News of each customer, for whoever listens: by the customer's id, so that nobody hears another's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tenancy::TenantId;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// News that a slow listener may be behind.
const BEHIND: usize = 64;

/// What is told to those who listen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed(Arc<Mutex<HashMap<TenantId, Sender<String>>>>);

impl Feed {
    pub(crate) fn listen(&self, tenant: &TenantId) -> Receiver<String> {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|_, sender| sender.receiver_count() > 0);
        senders.entry(tenant.clone()).or_insert_with(|| channel(BEHIND).0).subscribe()
    }

    pub(crate) fn tell(&self, tenant: &TenantId, news: String) {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = senders.get(tenant) {
            // Nobody listens any more.
            let _ = sender.send(news);
        }
    }
}
