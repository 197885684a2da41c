//! Counts on disk: pages, one for each batch, with a line for each tenant.
//!
//! A page is a file that has the batch's id for its name and is locked by the process that writes it. A
//! line is written over with each count, so it is never more than one write behind, and a process that
//! is killed leaves what it has counted: what was written is the system's then. Whoever finds a page
//! that nobody has locked puts it away, under the id it has, so that it is in the log once even where
//! the other one had put it away and not come to remove it.
//!
//! A machine that loses its power may lose what the system had not yet brought to the disk.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use chrono::{DateTime, Utc};
use tenancy_core::TenantId;

use super::Usage;

/// What the names of pages end with.
const SUFFIX: &str = "usage";
/// The length of a line: an id of 64 bytes, three numbers of 20, and what is between and after them.
const LINE: usize = 64 + 3 * 21 + 1;

/// Where a process writes now.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    page: Mutex<Arc<Page>>,
}

impl Journal {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let page = Mutex::new(Page::create(folder)?);
        Ok(Self { folder: folder.to_owned(), page })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn page(&self) -> MutexGuard<'_, Arc<Page>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing was written on the page.
    pub(super) fn is_blank(&self) -> bool {
        self.page().lines.load(Relaxed) == 0
    }

    /// Writes what a tenant's counters are now, on the page its line is on or else on the one of now.
    pub(super) fn write(&self, line: &mut Option<Line>, tenant: &TenantId, used: Usage) {
        let Line { page, number } = line.get_or_insert_with(|| {
            let page = Arc::clone(&self.page());
            let number = page.lines.fetch_add(1, Relaxed);
            Line { page, number }
        });
        let Usage { requests, statements, rows } = used;
        let text = format!("{tenant} {requests} {statements} {rows}");
        let text = format!("{text:<width$}\n", width = LINE - 1);
        let written = write_at(&page.file, text.as_bytes(), *number * LINE as u64);
        if let Err(error) = written
            && !page.failed.swap(true, Relaxed)
        {
            metrics::counter!("tenancy_usage_unwritten_total").increment(1);
            tracing::error!(
                target: "tenancy::usage", path = %page.path.display(), %error,
                "what tenants use cannot be written down: it is lost if this process is killed"
            );
        }
    }
}

/// What is written on a page.
pub(crate) type Lines = Vec<(TenantId, Usage)>;

/// A tenant's place on a page.
#[derive(Debug)]
pub(super) struct Line {
    page: Arc<Page>,
    number: u64,
}

impl Line {
    pub(super) fn is_on(&self, page: &Arc<Page>) -> bool {
        Arc::ptr_eq(&self.page, page)
    }
}

/// What is counted between two flushes.
#[derive(Debug)]
pub(crate) struct Page {
    id: String,
    path: PathBuf,
    /// Locked as long as it is open.
    file: File,
    lines: AtomicU64,
    failed: AtomicBool,
}

impl Page {
    /// An empty one. It gets its name when it is locked, so that nobody takes it for one that was
    /// left behind.
    pub(super) fn create(folder: &Path) -> io::Result<Arc<Self>> {
        let id = uuid::Uuid::now_v7().to_string();
        let path = folder.join(&id).with_extension(SUFFIX);
        let unnamed = path.with_extension("new");
        let file = File::create_new(&unnamed)?;
        file.lock()?;
        fs::rename(unnamed, &path)?;
        Ok(Arc::new(Self::new(id, path, file)))
    }

    fn new(id: String, path: PathBuf, file: File) -> Self {
        Self { id, path, file, lines: AtomicU64::new(0), failed: AtomicBool::new(false) }
    }

    /// The batch's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What is written on it, and when that was the last time.
    pub(crate) fn read(&self) -> io::Result<(Lines, DateTime<Utc>)> {
        let text = fs::read(&self.path)?;
        let written = self.file.metadata()?.modified()?;
        // A line that was given to somebody who did not come to write it holds nothing.
        let lines = text.chunks(LINE).filter(|line| line.iter().any(|byte| *byte != 0));
        let read: Vec<_> = lines.map(line).collect();
        let unreadable = read.iter().filter(|line| line.is_none()).count();
        if unreadable > 0 {
            tracing::error!(
                target: "tenancy::usage", path = %self.path.display(), unreadable,
                "some of what tenants used was written down and cannot be read"
            );
        }
        let used = read.into_iter().flatten().filter(|(_, used)| !used.is_none()).collect();
        Ok((used, written.into()))
    }

    /// Takes it away: it is put away.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // One with nothing on it is of no use to anybody; whoever finds it removes it.
        if self.file.metadata().is_ok_and(|file| file.len() == 0) {
            let _ = self.remove();
        }
    }
}

/// The pages of a folder that no process has, locked.
pub(super) fn left_behind(folder: &Path) -> io::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let id = path.file_stem().and_then(|name| name.to_str());
        let id = id.filter(|id| uuid::Uuid::try_parse(id).is_ok()).map(str::to_owned);
        let (Some(id), true) = (id, path.extension().is_some_and(|it| it == SUFFIX)) else {
            continue;
        };
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            // Somebody else has put it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) => pages.push(Page::new(id, path, file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(pages)
}

/// What a line says. None where it was not written to the end, as when the power fails.
fn line(text: &[u8]) -> Option<(TenantId, Usage)> {
    let text = str::from_utf8(text).ok().filter(|text| text.len() == LINE)?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [tenant, requests, statements, rows] = words.as_slice() else { return None };
    let used = Usage {
        requests: requests.parse().ok()?,
        statements: statements.parse().ok()?,
        rows: rows.parse().ok()?,
    };
    Some((TenantId::new(tenant).ok()?, used))
}

#[cfg(unix)]
fn write_at(file: &File, text: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, text, at)
}

#[cfg(windows)]
fn write_at(file: &File, text: &[u8], at: u64) -> io::Result<()> {
    match std::os::windows::fs::FileExt::seek_write(file, text, at)? {
        written if written == text.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

#[cfg(not(any(unix, windows)))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
