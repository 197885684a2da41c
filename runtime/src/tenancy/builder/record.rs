//! What is recorded for good.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tenancy_core::Tenant;

use super::Builder;
use crate::{
    Error, Result,
    pool::Connection,
    record::{AuditLog, MemoryLog, Meter, SqlLog, Standings, UsageLog},
    usage::{Counts, Quota},
};

/// What each tenant may use.
pub(super) type Quotas = Arc<dyn Fn(&Tenant) -> Option<Quota> + Send + Sync>;

impl Builder {
    /// Sets where steps in tenants' lives are recorded. Unless set, a [`SqlLog`] in the database of the
    /// default store; with a [`store`](Self::store) of another kind a [`MemoryLog`], and the log under
    /// the target `tenancy::lifecycle` in any case.
    #[must_use]
    pub fn audit_log(mut self, log: impl AuditLog) -> Self {
        self.audit_log = Some(Arc::new(log));
        self
    }

    /// Counts what each tenant uses, and puts it away that often, and once more when the tenancy is
    /// [closed](crate::Tenancy::close). Nothing is counted unless this is set.
    ///
    /// Counting costs an addition for each request and statement; nothing is written while they run.
    /// What was put away stays, and is there once, whatever is tried again. A process that is killed
    /// loses what it has counted since, unless there is a [journal](Self::usage_journal).
    #[must_use]
    pub fn meter(mut self, every: Duration) -> Self {
        self.metered = Some(every);
        self
    }

    /// Writes what is [counted](Self::meter) into files of this folder as well, so that nothing is lost
    /// if the process is killed. The folder is local and outlives the process; processes of one host
    /// share it.
    ///
    /// A request is written down before its handler begins, a statement before it is sent, and a row
    /// before it is handed out. So what was answered is counted, and what was under way when the
    /// process was killed may be counted too. The next process that starts with this folder, or
    /// another that runs already, puts it away once. If the machine itself fails, that may be missing
    /// which the system had not brought to the disk.
    ///
    /// It costs one small write into the system's memory each time.
    #[must_use]
    pub fn usage_journal(mut self, folder: impl Into<PathBuf>) -> Self {
        self.usage_journal = Some(folder.into());
        self
    }

    /// Sets what each tenant may use in a day or a month of what is [counted](Self::meter); one for
    /// which there is `None` may use what it likes. It is asked for each request, so it should be quick.
    ///
    /// The [layer](crate::Tenancy::layer) refuses requests of a tenant that has used it up, with 429 and
    /// `Retry-After`; work that is no request asks [`within_quota`](crate::Tenancy::within_quota). A
    /// request that has begun goes on. What this process counts is known at once, what others count
    /// when they have put it away and it was read again, so after at most twice the time between. For
    /// a number of requests that is exact over all processes take a
    /// [rate limit](Self::rate_limits), such as `Window::per_day`.
    #[must_use]
    pub fn quotas(
        mut self,
        quotas: impl Fn(&Tenant) -> Option<Quota> + Send + Sync + 'static,
    ) -> Self {
        self.quotas = Some(Arc::new(quotas));
        self
    }

    /// Sets where usage is put away; as for [`audit_log`](Self::audit_log) unless set.
    #[must_use]
    pub fn usage_log(mut self, log: impl UsageLog) -> Self {
        self.usage_log = Some(Arc::new(log));
        self
    }
}

/// Where records go, as it was set.
pub(super) struct Records {
    pub(super) audit: Option<Arc<dyn AuditLog>>,
    pub(super) usage: Option<Arc<dyn UsageLog>>,
    pub(super) every: Option<Duration>,
    pub(super) journal: Option<PathBuf>,
    pub(super) quotas: Option<Quotas>,
}

impl Records {
    /// The logs, those of the control plane unless others were set.
    pub(super) async fn prepare(
        self,
        control: Option<Connection>,
    ) -> Result<(Arc<dyn AuditLog>, Option<Meter>)> {
        let audit: Arc<dyn AuditLog> = match (self.audit, &control) {
            (Some(log), _) => log,
            (None, Some(control)) => Arc::new(SqlLog::new(control.clone())),
            (None, None) => Arc::new(MemoryLog::new()),
        };
        audit.prepare().await?;
        let Some(every) = self.every else {
            if self.journal.is_some() || self.quotas.is_some() {
                return Err(Error::config(
                    "there is a journal or a quota of what tenants use, and nothing is counted; call \
                     `Builder::meter`",
                ));
            }
            return Ok((audit, None));
        };
        let counts = match &self.journal {
            None => Counts::default(),
            Some(folder) => Meter::journaled(folder)?,
        };
        let standings = self.quotas.map(|quotas| Standings::new(quotas, every));
        let usage: Arc<dyn UsageLog> = match (self.usage, control) {
            (Some(log), _) => log,
            (None, Some(control)) => Arc::new(SqlLog::new(control)),
            (None, None) => Arc::new(MemoryLog::new()),
        };
        usage.prepare().await?;
        Ok((audit, Some(Meter::new(usage, counts).limited(standings))))
    }
}
