//! What tenants use: counted here, and put away by somebody else.
//!
//! Counting costs an addition. Where a process may be killed and no count may be lost, it costs a write
//! to a local file as well: `journal` has that.

mod journal;
mod quota;

use std::{
    collections::HashMap,
    io, mem,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tenancy_core::TenantId;

pub(crate) use self::journal::Page;
use self::journal::{Journal, Line};
pub use self::quota::Quota;

/// What one tenant used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Requests that were let through.
    pub requests: u64,
    /// Statements that were sent to the database.
    pub statements: u64,
    /// Rows that statements gave, or changed.
    pub rows: u64,
}

impl Usage {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.requests += more.requests;
        self.statements += more.statements;
        self.rows += more.rows;
    }

    /// What it has more than another.
    pub(crate) fn beyond(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(other.requests),
            statements: self.statements.saturating_sub(other.statements),
            rows: self.rows.saturating_sub(other.rows),
        }
    }
}

/// One tenant's counters.
#[derive(Debug, Default)]
pub(crate) struct Count {
    requests: AtomicU64,
    statements: AtomicU64,
    rows: AtomicU64,
    /// What was taken, and of that what is in the log.
    taken: Mutex<(Usage, Usage)>,
    /// Where they are written down, if they are.
    entry: Option<Entry>,
}

/// A tenant's line in the journal.
#[derive(Debug)]
struct Entry {
    tenant: TenantId,
    journal: Arc<Journal>,
    /// None until something is counted.
    line: Mutex<Option<Line>>,
}

impl Entry {
    fn line(&self) -> MutexGuard<'_, Option<Line>> {
        // No panic leaves it half-changed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    #[cfg(feature = "axum")]
    pub(crate) fn request(&self) {
        self.add(&self.requests, 1);
    }

    pub(crate) fn statement(&self) {
        self.add(&self.statements, 1);
    }

    pub(crate) fn rows(&self, rows: u64) {
        if rows > 0 {
            self.add(&self.rows, rows);
        }
    }

    fn add(&self, counter: &AtomicU64, more: u64) {
        let Some(entry) = &self.entry else {
            counter.fetch_add(more, Relaxed);
            return;
        };
        // Nobody else writes the line meanwhile, so what is written is never less than before.
        let mut line = entry.line();
        counter.fetch_add(more, Relaxed);
        entry.journal.write(&mut line, &entry.tenant, self.now());
    }

    fn now(&self) -> Usage {
        Usage {
            requests: self.requests.load(Relaxed),
            statements: self.statements.load(Relaxed),
            rows: self.rows.load(Relaxed),
        }
    }

    /// What was counted since this was called before: each count is given out once.
    fn take(&self) -> Usage {
        let mut taken = self.taken();
        let used = Usage {
            requests: self.requests.swap(0, Relaxed),
            statements: self.statements.swap(0, Relaxed),
            rows: self.rows.swap(0, Relaxed),
        };
        taken.0.add(used);
        used
    }

    fn taken(&self) -> MutexGuard<'_, (Usage, Usage)> {
        // No panic leaves it half-changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted here, taken or not.
    pub(crate) fn ever(&self) -> Usage {
        // Nobody takes anything meanwhile.
        let taken = self.taken();
        let mut ever = taken.0;
        ever.add(self.now());
        ever
    }

    /// What of that is in the log.
    pub(crate) fn put_away(&self) -> Usage {
        self.taken().1
    }

    /// So much is in the log now.
    pub(crate) fn is_put_away(&self, used: Usage) {
        self.taken().1.add(used);
    }

    /// The same for what was written on a page that is closed. What came since is on the next.
    fn take_from(&self, page: &Arc<Page>) -> Usage {
        let Some(entry) = &self.entry else { return Usage::none() };
        let mut line = entry.line();
        if line.as_ref().is_some_and(|line| line.is_on(page)) {
            *line = None;
            self.take()
        } else {
            Usage::none()
        }
    }
}

/// What tenants used, and what had counted it.
type Drained = Vec<((TenantId, Usage), Arc<Count>)>;

/// What was counted, to be put away.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) lines: Vec<(TenantId, Usage)>,
    /// The counters of each line.
    pub(crate) counts: Vec<Arc<Count>>,
    /// Where it is written down as well, until it is put away.
    pub(crate) page: Option<Arc<Page>>,
}

/// The counters of all tenants that were seen lately.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    all: Mutex<HashMap<TenantId, Arc<Count>>>,
    journal: Option<Arc<Journal>>,
}

impl Counts {
    /// Counts that are written down in a folder, and there after a kill.
    ///
    /// # Errors
    ///
    /// If no file can be made there.
    pub(crate) fn journaled(folder: &Path) -> io::Result<Self> {
        let journal = Some(Arc::new(Journal::open(folder)?));
        Ok(Self { all: Mutex::default(), journal })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Count>>> {
        // No panic leaves it half-changed.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn of(&self, tenant: &TenantId) -> Arc<Count> {
        let mut all = self.all();
        if let Some(count) = all.get(tenant) {
            return Arc::clone(count);
        }
        let entry = self.journal.as_ref().map(|journal| Entry {
            tenant: tenant.clone(),
            journal: Arc::clone(journal),
            line: Mutex::default(),
        });
        let count = Arc::new(Count { entry, ..Count::default() });
        Arc::clone(all.entry(tenant.clone()).or_insert(count))
    }

    /// What was counted since this was called before, if anything was. Counters nobody holds are
    /// forgotten.
    ///
    /// # Errors
    ///
    /// If there cannot be a new page for what is counted from now on. Nothing is taken then.
    pub(crate) fn take(&self) -> io::Result<Option<Taken>> {
        let (id, page, used) = match &self.journal {
            None => (uuid::Uuid::now_v7().to_string(), None, self.drain(Count::take)),
            Some(journal) if journal.is_blank() => return Ok(None),
            Some(journal) => {
                let next = Page::create(journal.folder())?;
                let page = mem::replace(&mut *journal.page(), next);
                (
                    page.id().to_owned(),
                    Some(Arc::clone(&page)),
                    self.drain(|it| it.take_from(&page)),
                )
            }
        };
        let (lines, counts): (Vec<_>, _) = used.into_iter().unzip();
        Ok((!lines.is_empty()).then_some(Taken { id, lines, counts, page }))
    }

    fn drain(&self, take: impl Fn(&Count) -> Usage) -> Drained {
        let mut used = Vec::new();
        self.all().retain(|tenant, count| {
            // Nobody gets hold of one while the map is locked.
            let held = Arc::strong_count(count) > 1;
            let usage = take(count);
            if !usage.is_none() {
                used.push(((tenant.clone(), usage), Arc::clone(count)));
            }
            held || !usage.is_none() || !count.now().is_none()
        });
        used
    }

    /// The pages of processes that have ended without putting them away.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn left_behind(&self) -> io::Result<Vec<Page>> {
        self.journal.as_ref().map_or_else(|| Ok(Vec::new()), |it| journal::left_behind(it.folder()))
    }
}
