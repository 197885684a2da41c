//! Keys that are fetched, once for all who wait for them.

use std::{
    fmt::Display,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{Algorithm, jwks, set::KeySet};

/// No sooner are they fetched again, whatever tokens ask for.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How old a set may become, unless set.
const MAX_AGE: Duration = Duration::from_secs(600);

type Answer = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// A set of keys, and how to get the next one.
pub(super) struct Fetched {
    fetch: Box<dyn Fn() -> Answer + Send + Sync>,
    shared: Arc<Shared>,
    pub(super) max_age: Duration,
}

struct Shared {
    algorithms: Vec<Algorithm>,
    state: RwLock<State>,
    /// Held by the one who fetches, and waited for by all others.
    turn: Arc<Mutex<()>>,
}

#[derive(Default)]
struct State {
    keys: Arc<KeySet>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl Fetched {
    pub(super) fn new<F, T, E>(algorithms: Vec<Algorithm>, fetch: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let fetch = move || -> Answer {
            let answer = fetch();
            Box::pin(async move { answer.await.map_err(|error| error.to_string()) })
        };
        let (state, turn) = (RwLock::default(), Arc::default());
        let shared = Arc::new(Shared { algorithms, state, turn });
        Self { fetch: Box::new(fetch), shared, max_age: MAX_AGE }
    }

    pub(super) fn current(&self) -> Arc<KeySet> {
        self.shared.look(|state| Arc::clone(&state.keys))
    }

    /// Whether they are too old, and nobody has tried to fetch them a moment ago.
    pub(super) fn is_due(&self) -> bool {
        let old = |at: Option<Instant>, age| at.is_none_or(|at| at.elapsed() >= age);
        self.shared.look(|state| old(state.fetched, self.max_age) && old(state.tried, PAUSE))
    }

    /// Fetches them, unless somebody just did; waits for who is at it.
    pub(super) async fn refresh(&self) {
        let turn = Arc::clone(&self.shared.turn).lock_owned().await;
        let now = Instant::now();
        let recent = |at: Instant| now.duration_since(at) < PAUSE;
        if self.shared.look(|state| state.tried.is_some_and(recent)) {
            return;
        }
        self.shared.change(|state| state.tried = Some(now));
        let (answer, shared) = ((self.fetch)(), Arc::clone(&self.shared));
        // In a task of its own: who asked may go away, and would leave the others without keys.
        let task = tokio::spawn(async move {
            let outcome = timeout(PATIENCE, answer).await;
            let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer in {PATIENCE:?}")));
            shared.take(outcome);
            drop(turn);
        });
        if let Err(error) = task.await {
            tracing::warn!(target: "tenancy::web", %error, "the keys of tokens were not fetched");
        }
    }
}

impl Shared {
    fn take(&self, document: Result<String, String>) {
        let keys = document
            .and_then(|text| jwks::read(&text, &self.algorithms).map_err(|why| why.to_owned()));
        match keys {
            Ok(keys) => {
                tracing::debug!(target: "tenancy::web", ?keys, "the keys of tokens were fetched");
                self.change(|state| {
                    state.keys = Arc::new(keys);
                    state.fetched = Some(Instant::now());
                });
            }
            Err(error) => {
                tracing::warn!(target: "tenancy::web", error, "the keys of tokens were not fetched");
            }
        }
    }

    // Each change is one assignment, so a poisoned lock guards sound data.
    fn look<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, write: impl FnOnce(&mut State)) {
        write(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}
