//! What tenants used, put away now and then.

use std::{fmt, io, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use tenancy_core::{Tenant, TenantId};
use tokio::sync::Mutex;

use super::standing::{Standings, UsedUp};
use crate::{
    Error, Result,
    store::moment,
    usage::{Count, Counts, Page, Taken, Usage},
};

/// What tenants used up to a moment, since the batch before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageBatch {
    /// Tells it apart from all others, of all processes; a UUIDv7. It stays when a batch is tried
    /// again.
    pub id: String,
    /// When it was taken, to the microsecond.
    pub until: DateTime<Utc>,
    /// Each tenant that used anything.
    pub lines: Vec<(TenantId, Usage)>,
}

/// Keeps what tenants used.
///
/// [`SqlLog`](crate::SqlLog) does, in a table of the control plane; [`Builder::meter`](crate::Builder::meter)
/// says when.
#[async_trait::async_trait]
pub trait UsageLog: fmt::Debug + Send + Sync + 'static {
    /// Makes the log ready; called once, by [`Builder::connect`](crate::Builder::connect).
    ///
    /// # Errors
    ///
    /// Whatever keeps the log from being used.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Keeps a batch: all of it or nothing, and one with an id that is there already not again.
    ///
    /// # Errors
    ///
    /// An error if it cannot be kept for good. Whether it was may be uncertain: it comes again.
    async fn record(&self, batch: &UsageBatch) -> Result<()>;

    /// What a tenant used in batches that were taken from a moment on, and before another.
    ///
    /// # Errors
    ///
    /// An error if it cannot be read.
    async fn total(
        &self,
        tenant: &TenantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Usage>;
}

/// Counts, and puts away what was counted.
#[derive(Debug)]
pub(crate) struct Meter {
    counts: Counts,
    /// A batch of which nobody knows yet that it is kept. Counting goes on beside it, so there is
    /// never more than one.
    untold: Mutex<Option<Untold>>,
    log: Arc<dyn UsageLog>,
    standings: Option<Standings>,
}

/// A batch, and where it is written down until it is kept.
#[derive(Debug)]
struct Untold {
    batch: UsageBatch,
    counts: Vec<Arc<Count>>,
    page: Option<Arc<Page>>,
}

impl Meter {
    pub(crate) fn new(log: Arc<dyn UsageLog>, counts: Counts) -> Self {
        Self { counts, untold: Mutex::default(), log, standings: None }
    }

    /// With quotas.
    pub(crate) fn limited(self, standings: Option<Standings>) -> Self {
        Self { standings, ..self }
    }

    /// What of a tenant's quota is used up, if it has one.
    pub(crate) async fn used_up(&self, tenant: &Tenant) -> Option<UsedUp> {
        self.standings.as_ref()?.used_up(self, tenant).await
    }

    /// Counts that are there after a kill, in files of this folder.
    ///
    /// # Errors
    ///
    /// One of configuration if nothing can be written there.
    pub(crate) fn journaled(folder: &Path) -> Result<Counts> {
        Counts::journaled(folder).map_err(|error| unusable(&error))
    }

    pub(crate) fn log(&self) -> &dyn UsageLog {
        &*self.log
    }

    pub(crate) fn count(&self, tenant: &TenantId) -> Arc<Count> {
        self.counts.of(tenant)
    }

    /// Puts away everything that was counted before this was called, and what processes that were
    /// killed have left in the journal.
    ///
    /// Dropped at any await, nothing is lost and nothing counted twice: a batch stays until the log
    /// has it, under one id.
    ///
    /// # Errors
    ///
    /// If it cannot be kept now. It is tried again the next time.
    pub(crate) async fn flush(&self) -> Result<()> {
        let mut untold = self.untold.lock().await;
        // One of before goes first; then what was counted meanwhile.
        for _ in 0..2 {
            if untold.is_none() {
                let Some(taken) = self.counts.take().map_err(|error| unusable(&error))? else {
                    break;
                };
                let Taken { id, lines, counts, page } = taken;
                let batch = UsageBatch { id, until: moment(Utc::now()), lines };
                *untold = Some(Untold { batch, counts, page });
            }
            if let Some(Untold { batch, counts, page }) = &*untold {
                self.log.record(batch).await?;
                let lines = counts.iter().zip(&batch.lines);
                lines.for_each(|(count, (_, used))| count.is_put_away(*used));
                page.as_deref().inspect(|page| kept(page));
            }
            *untold = None;
        }
        for page in self.counts.left_behind().map_err(|error| unusable(&error))? {
            let (lines, until) = page.read().map_err(|error| unusable(&error))?;
            if !lines.is_empty() {
                let batch = UsageBatch { id: page.id().to_owned(), until: moment(until), lines };
                self.log.record(&batch).await?;
                tracing::warn!(
                    target: "tenancy::usage", batch = batch.id, tenants = batch.lines.len(),
                    "a process has ended without putting away what tenants used; it is done now"
                );
            }
            kept(&page);
        }
        Ok(())
    }
}

/// Nobody needs the page any more. One that stays is put away again, under the same id.
fn kept(page: &Page) {
    if let Err(error) = page.remove() {
        tracing::warn!(target: "tenancy::usage", %error, "a page of the journal cannot be removed");
    }
}

/// What is said where the journal fails.
fn unusable(error: &io::Error) -> Error {
    Error::config(format!("the journal of what tenants use cannot be used: {error}"))
}
