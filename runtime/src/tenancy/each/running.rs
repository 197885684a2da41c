//! Work for several tenants at a time, and the account of what came of it.

use std::{
    any::Any,
    collections::HashMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tenancy_core::Tenant;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::Instrument as _;

use super::{Outcome, Outcomes, TenantOutcome, current};
use crate::Result;

/// Work that runs, and what came of the work before it. Dropped, it ends what runs.
pub(super) struct Running<T> {
    tasks: JoinSet<Result<T>>,
    /// Whose entry a task is for.
    places: HashMap<Id, usize>,
    entries: Vec<(Arc<Tenant>, Option<Outcome<T>>)>,
    failed: bool,
}

impl<T: Send + 'static> Running<T> {
    pub(super) fn new() -> Self {
        let (tasks, places, entries) = Default::default();
        Self { tasks, places, entries, failed: false }
    }

    /// Whether no tenant has had its turn yet.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the work for a tenant has failed or panicked, by now.
    pub(super) fn failed(&mut self) -> bool {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.settle(ended);
        }
        self.failed
    }

    /// Waits until fewer than that many run.
    pub(super) async fn room(&mut self, limit: usize) {
        while self.tasks.len() >= limit {
            let Some(ended) = self.tasks.join_next_with_id().await else { return };
            self.settle(ended);
        }
    }

    /// Begins with a tenant. The work knows for whom it is from its first line.
    pub(super) fn begin<F>(&mut self, tenant: Arc<Tenant>, work: impl FnOnce() -> Result<F>)
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let span = current::span(&tenant);
        let begun = current::scope_sync(&tenant.id, || {
            span.in_scope(|| catch_unwind(AssertUnwindSafe(work)))
        });
        match begun {
            Ok(Ok(future)) => {
                let future = current::scope(&tenant.id, future);
                let task = self.tasks.spawn(future.instrument(span));
                self.places.insert(task.id(), self.entries.len());
                self.entries.push((tenant, None));
            }
            Ok(Err(error)) => self.enter(tenant, Outcome::Failed(error)),
            Err(panic) => self.enter(tenant, Outcome::Panicked(said(panic))),
        }
    }

    /// Writes down what came of a tenant's work that no task does.
    pub(super) fn enter(&mut self, tenant: Arc<Tenant>, outcome: Outcome<T>) {
        self.failed |= matches!(outcome, Outcome::Failed(_) | Outcome::Panicked(_));
        self.entries.push((tenant, Some(outcome)));
    }

    /// Waits for all that runs.
    pub(super) async fn end(mut self) -> Outcomes<T> {
        self.room(1).await;
        let ended = self.entries.into_iter().filter_map(|(tenant, outcome)| {
            outcome.map(|outcome| TenantOutcome { tenant, outcome })
        });
        Outcomes { outcomes: ended.collect() }
    }

    fn settle(&mut self, ended: Result<(Id, Result<T>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, Ok(value))) => (id, Outcome::Done(value)),
            Ok((id, Err(error))) => (id, Outcome::Failed(error)),
            Err(error) => {
                let id = error.id();
                let why = error.try_into_panic().map_or_else(|error| error.to_string(), said);
                (id, Outcome::Panicked(why))
            }
        };
        self.failed |= !matches!(outcome, Outcome::Done(_));
        let entry = self.places.remove(&id).and_then(|place| self.entries.get_mut(place));
        if let Some((_, unknown)) = entry {
            *unknown = Some(outcome);
        }
    }
}

/// What somebody said who panicked.
fn said(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, ToString::to_string),
    }
}
