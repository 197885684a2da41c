//! When keys were used last: noted in passing, and written down later by somebody else.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{runtime::Handle, time::sleep};

use crate::{Result, store::ApiKeyStore};

/// How long it takes until something noted is written down.
const PAUSE: Duration = Duration::from_secs(60);
/// How many keys are noted at most until then.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Uses {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Debug, Default)]
struct Noted {
    last: HashMap<Arc<str>, DateTime<Utc>>,
    /// Whether somebody waits to write it down.
    waiting: bool,
}

impl Uses {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a use. Nobody waits for anything.
    pub(crate) fn note(&self, id: Arc<str>, at: DateTime<Utc>, store: Arc<dyn ApiKeyStore>) {
        let mut noted = self.lock();
        if noted.last.len() < MOST || noted.last.contains_key(&id) {
            noted.last.insert(id, at);
        }
        if mem::replace(&mut noted.waiting, true) {
            return;
        }
        drop(noted);
        let Ok(runtime) = Handle::try_current() else {
            self.lock().waiting = false;
            return;
        };
        let uses = self.clone();
        runtime.spawn(async move {
            sleep(PAUSE).await;
            uses.lock().waiting = false;
            if let Err(error) = uses.flush(&*store).await {
                tracing::warn!(
                    target: "tenancy::keys", %error,
                    "it could not be written down when keys were used last"
                );
            }
        });
    }

    /// Writes all down. What cannot be is lost: it is only a little late in the store.
    pub(crate) async fn flush(&self, store: &dyn ApiKeyStore) -> Result<()> {
        let last = mem::take(&mut self.lock().last);
        for (id, at) in last {
            store.used(&id, at).await?;
        }
        Ok(())
    }
}
