//! Pages as they are found, whole and not.

use std::sync::atomic::AtomicBool as Flag;

use super::*;
use crate::usage::Counts;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tenancy-{}-journal-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tenant(id: &str) -> TenantId {
    TenantId::new(id).unwrap()
}

fn used(rows: u64) -> Usage {
    Usage { requests: 0, statements: 1, rows }
}

#[test]
fn the_longest_line_is_a_line() {
    let folder = Folder::new("long");
    let journal = Journal::open(&folder.0).unwrap();
    let longest = tenant(&"x".repeat(TenantId::MAX_LEN));
    let most = Usage { requests: u64::MAX, statements: u64::MAX, rows: u64::MAX };
    let mut line = None;
    journal.write(&mut line, &longest, used(1));
    journal.write(&mut line, &longest, most);
    journal.write(&mut None, &tenant("a"), used(3));
    let page = Arc::clone(&journal.page());
    assert_eq!(fs::read(&page.path).unwrap().len(), 2 * LINE);
    assert_eq!(page.read().unwrap().0, [(longest, most), (tenant("a"), used(3))]);
}

#[test]
fn what_cannot_be_read_does_not_take_the_rest_along() {
    let folder = Folder::new("torn");
    let counts = Counts::journaled(&folder.0).unwrap();
    for (rows, id) in (1..).zip(["acme", "globex", "initech", "umbrella"]) {
        counts.of(&tenant(id)).statement();
        counts.of(&tenant(id)).rows(rows);
    }
    let path = counts.journal.as_ref().unwrap().page().path.clone();
    drop(counts);
    let mut text = fs::read(&path).unwrap();
    // One that was never written, one that holds something else, and one that is cut off.
    text[..LINE].fill(0);
    text[LINE..2 * LINE].fill(b'x');
    text.truncate(4 * LINE - 1);
    fs::write(&path, &text).unwrap();
    let mut pages = left_behind(&folder.0).unwrap();
    assert_eq!(pages.pop().unwrap().read().unwrap().0, [(tenant("initech"), used(3))]);
    assert!(pages.is_empty());
}

#[test]
fn only_pages_nobody_writes_are_found() {
    let folder = Folder::new("found");
    let counts = Counts::journaled(&folder.0).unwrap();
    counts.of(&tenant("acme")).statement();
    // What else may lie there.
    for name in ["notes.usage", "0192f0c1-2345-7abc-8def-0123456789ab.new", "x"] {
        fs::write(folder.0.join(name), "acme 1 1 1\n").unwrap();
    }
    assert!(left_behind(&folder.0).unwrap().is_empty());
    drop(counts);
    assert_eq!(left_behind(&folder.0).unwrap().len(), 1);
}

/// Whatever is counted while pages change is on one of them, and taken once.
#[test]
fn what_is_written_is_what_is_taken() {
    const EACH: u64 = 3_000;
    let folder = Folder::new("taken");
    let counts = Counts::journaled(&folder.0).unwrap();
    let done = Flag::new(false);
    let (mut taken, mut pages) = (0, 0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = ["acme", "acme", "globex"]
            .map(|id| {
                let counts = &counts;
                scope.spawn(move || {
                    let held = counts.of(&tenant(id));
                    for at in 0..EACH {
                        // As requests do, and as connections that are kept.
                        if at % 2 == 0 { held.rows(1) } else { counts.of(&tenant(id)).rows(1) }
                    }
                })
            })
            .into_iter()
            .collect();
        let (done, counts, taken, pages) = (&done, &counts, &mut taken, &mut pages);
        scope.spawn(move || {
            loop {
                // What comes after this is seen by nobody.
                let last = done.load(Relaxed);
                while let Some(it) = counts.take().unwrap() {
                    let page = it.page.unwrap();
                    let mut written = page.read().unwrap().0;
                    let mut lines = it.lines;
                    written.sort_by(|one, other| one.0.cmp(&other.0));
                    lines.sort_by(|one, other| one.0.cmp(&other.0));
                    assert_eq!(written, lines);
                    *taken += lines.iter().map(|(_, used)| used.rows).sum::<u64>();
                    *pages += 1;
                    page.remove().unwrap();
                    if !last {
                        break;
                    }
                }
                if last {
                    return;
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Relaxed);
    });
    assert_eq!(taken, 3 * EACH);
    assert!(pages > 1, "the page never changed");
    drop(counts);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}
