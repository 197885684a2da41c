//! At most so many in any window: a ring of sub-windows.

use std::time::Duration;

use super::{Micros, SECOND, Standing};
use crate::InvalidValue;

/// How many parts a window is counted in.
const PARTS: u64 = 20;

/// Counters in a ring: the parts of a window, the one it has only begun to leave, and the one that
/// comes next.
const SLOTS: usize = PARTS as usize + 2;

/// The longest window: 366 days.
const LONGEST: u64 = 366 * 24 * 60 * 60;

/// At most `limit` in every window of length `per`, wherever the window begins.
///
/// The window is counted in twentieths, and a twentieth counts until all of it has left the window.
/// So there are never more than `limit` in any stretch of that length, and what was used comes back
/// up to a twentieth of it late.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tenancy_core::limit::Window;
///
/// let minute = Window::per_minute(600);
/// assert_eq!(minute, Window::new(600, Duration::from_secs(60))?);
/// assert!(Window::new(600, Duration::from_millis(1_500)).is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    limit: u32,
    seconds: u32,
}

impl Window {
    /// At most `limit` in any stretch of length `per`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless `per` is a whole number of seconds, from one second to 366 days.
    pub fn new(limit: u32, per: Duration) -> Result<Self, InvalidValue> {
        Ok(Self { limit, seconds: whole_seconds("window", per)? })
    }

    /// At most `limit` in any second.
    #[must_use]
    pub const fn per_second(limit: u32) -> Self {
        Self { limit, seconds: 1 }
    }

    /// At most `limit` in any 60 seconds.
    #[must_use]
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, seconds: 60 }
    }

    /// At most `limit` in any 60 minutes.
    #[must_use]
    pub const fn per_hour(limit: u32) -> Self {
        Self { limit, seconds: 3_600 }
    }

    /// At most `limit` in any 24 hours.
    #[must_use]
    pub const fn per_day(limit: u32) -> Self {
        Self { limit, seconds: 86_400 }
    }

    /// The most there may be in one window.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The length of the window.
    #[must_use]
    pub const fn per(&self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// The same window with another limit.
    #[must_use]
    pub const fn with_limit(self, limit: u32) -> Self {
        Self { limit, seconds: self.seconds }
    }

    /// The length of the parts it is counted in.
    #[must_use]
    pub fn width(&self) -> Micros {
        (u64::from(self.seconds) * SECOND).div_ceil(PARTS)
    }
}

/// A length of time as whole seconds, if a policy can be about it.
pub(super) fn whole_seconds(what: &'static str, per: Duration) -> Result<u32, InvalidValue> {
    match u32::try_from(per.as_secs()) {
        Ok(seconds) if per.subsec_nanos() == 0 && (1..=LONGEST).contains(&seconds.into()) => {
            Ok(seconds)
        }
        _ => {
            let why = format!(
                "it is {per:?} long, and must be a whole number of seconds, from 1 second to 366 days"
            );
            Err(InvalidValue::new(what, why))
        }
    }
}

/// What was used of a window.
///
/// A clock that is set back mints nothing: the latest part there was stays the latest, until the
/// clock has come so far again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    width: Micros,
    /// The number of the latest part, counted from the clock's beginning.
    head: u64,
    /// Beginning with the part after the latest one, which has what was taken in advance, and going
    /// back in time.
    counts: [u32; SLOTS],
}

impl Ring {
    /// The length of the text that [`to_bytes`](Self::to_bytes) makes.
    pub const BYTES: usize = 8 + 8 + 4 + 4 * SLOTS;

    /// How many parts there are.
    pub const SLOTS: usize = SLOTS;

    /// One of which nothing was used.
    #[must_use]
    pub fn new(window: &Window) -> Self {
        Self { width: window.width(), head: 0, counts: [0; SLOTS] }
    }

    /// Moves on to `now`.
    ///
    /// Where the window has got another length, all that counted is counted as used just now: nobody
    /// can say any more when it was.
    pub fn advance(&mut self, now: Micros, window: &Window) {
        self.turn(now);
        let width = window.width();
        if self.width != width {
            let used = u32::try_from(self.used()).unwrap_or(u32::MAX);
            *self = Self { width, head: now / width, counts: [0; SLOTS] };
            self.counts[1] = used;
        }
    }

    fn turn(&mut self, now: Micros) {
        let part = now / self.width;
        let gone = part.saturating_sub(self.head);
        if gone == 0 {
            return;
        }
        self.head = part;
        match usize::try_from(gone) {
            Ok(gone) if gone < SLOTS => {
                self.counts.copy_within(..SLOTS - gone, gone);
                self.counts[..gone].fill(0);
            }
            _ => self.counts = [0; SLOTS],
        }
    }

    /// The number of the latest part.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// What counts now, after [`advance`](Self::advance).
    #[must_use]
    pub fn used(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }

    /// How it stands after [`advance`](Self::advance), if `cost` is charged where that is admitted.
    #[must_use]
    pub fn standing(&self, now: Micros, limit: u32, cost: u32) -> Standing {
        let (used, cost, limit) = (self.used(), u64::from(cost), u64::from(limit));
        let admits = used + cost <= limit;
        let kept = if admits { used + cost } else { used };
        let remaining = u32::try_from(limit.saturating_sub(kept)).unwrap_or(0);
        let mut standing = Standing { admits, remaining, ..Standing::default() };
        let mut freed = 0;
        for slot in (0..SLOTS).rev() {
            let charged = if admits && slot == 1 { cost } else { 0 };
            let count = u64::from(self.counts[slot]) + charged;
            if count == 0 {
                continue;
            }
            let free_in = self.end_of(slot).saturating_sub(now);
            if freed == 0 {
                standing.more_in = free_in;
            }
            freed += count;
            if !admits && used - freed + cost <= limit {
                standing.retry_in = free_in;
            }
            if admits || standing.retry_in > 0 {
                break;
            }
        }
        standing
    }

    /// When what is in a slot counts no more.
    fn end_of(&self, slot: usize) -> Micros {
        // The part in slot 1 is `head`; it counts until 20 more have ended.
        (self.head + SLOTS as u64 - slot as u64) * self.width
    }

    /// Charges what was admitted.
    pub fn charge(&mut self, cost: u32) {
        self.counts[1] = self.counts[1].saturating_add(cost);
    }

    /// Charges what may be used up to a part later, and counts from now on until that has left the
    /// window too.
    pub fn charge_ahead(&mut self, cost: u32) {
        self.counts[0] = self.counts[0].saturating_add(cost);
    }

    /// As the script in Redis keeps it: width and head in 8 bytes each, then the sum, then every
    /// part in 4 bytes each, the highest byte first.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.width.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.head.to_be_bytes());
        let used = u32::try_from(self.used()).unwrap_or(u32::MAX);
        bytes[16..20].copy_from_slice(&used.to_be_bytes());
        for (slot, count) in bytes[20..].chunks_exact_mut(4).zip(self.counts) {
            slot.copy_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    /// The ring that [`to_bytes`](Self::to_bytes) wrote, if it did.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        let long = |at: usize| Some(u64::from_be_bytes(bytes[at..at + 8].try_into().ok()?));
        let mut counts = [0; SLOTS];
        for (count, slot) in counts.iter_mut().zip(bytes[20..].chunks_exact(4)) {
            *count = u32::from_be_bytes(slot.try_into().ok()?);
        }
        let width = long(0)?;
        (width > 0).then_some(Self { width, head: long(8)?, counts })
    }
}
