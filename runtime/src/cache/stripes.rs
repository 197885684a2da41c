//! Counters of changes, by which a record knows that it is worth nothing any more.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// How many there are. Names that share one are forgotten together, which costs a load.
const STRIPES: usize = 4_096;

/// Counters of changes: one for all, and one for each name, which others may share.
#[derive(Debug)]
pub(super) struct Stripes {
    changes: AtomicU64,
    stripes: Box<[AtomicU64]>,
}

/// A counter, and where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    stripe: u16,
    count: u64,
}

impl Stripes {
    pub(super) fn new() -> Self {
        Self {
            changes: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// How many changes there were.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(SeqCst)
    }

    /// Where the counters of these names stand. Of a name that is not there, the first one's.
    pub(super) fn marks(&self, names: [Option<(u8, &str)>; 2]) -> [Mark; 2] {
        let first = names[0].unwrap_or((0, ""));
        [first, names[1].unwrap_or(first)].map(|name| {
            let stripe = stripe(name);
            Mark { stripe, count: self.stripes[usize::from(stripe)].load(SeqCst) }
        })
    }

    /// Whether none of these has changed since.
    pub(super) fn hold(&self, marks: &[Mark; 2]) -> bool {
        marks.iter().all(|mark| self.stripes[usize::from(mark.stripe)].load(SeqCst) == mark.count)
    }

    /// Counts a change of what has these names.
    ///
    /// The counter of all goes first. Whoever has read before the change, and then looks at the
    /// marks and at that counter in this order, either sees it count or has marks that hold no more.
    pub(super) fn change<'a>(&self, names: impl IntoIterator<Item = (u8, &'a str)>) {
        self.changes.fetch_add(1, SeqCst);
        for name in names {
            self.stripes[usize::from(stripe(name))].fetch_add(1, SeqCst);
        }
    }

    /// Counts a change of everything.
    pub(super) fn change_all(&self) {
        self.changes.fetch_add(1, SeqCst);
        for stripe in &self.stripes {
            stripe.fetch_add(1, SeqCst);
        }
    }
}

/// FNV-1a, which spreads well enough; whoever makes names meet makes their loads meet.
fn stripe((kind, name): (u8, &str)) -> u16 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(kind);
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ((hash >> 32) % STRIPES as u64) as u16
}
