//! The latest records, in this process's memory.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use tenancy_core::TenantId;

use super::{AuditEvent, AuditLog, UsageBatch, UsageLog};
use crate::{Result, usage::Usage};

/// How many are remembered.
const REMEMBERED: usize = 1_000;

/// Remembers the latest thousand steps and counts, for tests and examples. All are in the log, too.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Arc<Mutex<Logs>>);

#[derive(Debug, Default)]
struct Logs {
    events: VecDeque<AuditEvent>,
    batches: VecDeque<UsageBatch>,
    ids: BTreeSet<String>,
}

impl MemoryLog {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn logs(&self) -> MutexGuard<'_, Logs> {
        // No panic leaves it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl AuditLog for MemoryLog {
    async fn begin(&self, event: &AuditEvent) -> Result<()> {
        let events = &mut self.logs().events;
        events.push_front(event.clone());
        events.truncate(REMEMBERED);
        Ok(())
    }

    async fn end(&self, id: &str, outcome: &str) -> Result<()> {
        if let Some(event) = self.logs().events.iter_mut().find(|event| event.id == id) {
            event.outcome = Some(outcome.to_owned());
        }
        Ok(())
    }

    async fn latest(&self, tenant: Option<&TenantId>, limit: u32) -> Result<Vec<AuditEvent>> {
        let logs = self.logs();
        let wanted = logs.events.iter().filter(|event| tenant.is_none_or(|id| event.tenant == *id));
        Ok(wanted.take(limit as usize).cloned().collect())
    }
}

#[async_trait::async_trait]
impl UsageLog for MemoryLog {
    async fn record(&self, batch: &UsageBatch) -> Result<()> {
        let mut logs = self.logs();
        if logs.ids.insert(batch.id.clone()) {
            logs.batches.push_back(batch.clone());
            if logs.batches.len() > REMEMBERED {
                logs.batches.pop_front();
            }
        }
        Ok(())
    }

    async fn total(
        &self,
        tenant: &TenantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Usage> {
        let mut total = Usage::none();
        let logs = self.logs();
        let batches = logs.batches.iter().filter(|batch| (from..until).contains(&batch.until));
        let lines = batches.flat_map(|batch| &batch.lines).filter(|(id, _)| id == tenant);
        lines.for_each(|(_, usage)| total.add(*usage));
        Ok(total)
    }
}
