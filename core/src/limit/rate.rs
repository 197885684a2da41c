//! A steady rate, and how many at the same time.

use std::time::Duration;

use super::{Micros, SECOND, Standing, window::whole_seconds};
use crate::InvalidValue;

/// `count` every `per`, evenly, of which up to `burst` may come at once.
///
/// This is the generic cell rate algorithm ([ITU-T I.371], annex A): each request moves a theoretical
/// arrival time on, and is refused if that would come too far ahead of now. In any stretch of length
/// `t` no more than `burst + t × count / per` come through: with a burst as large as the count, that
/// is twice the count within one `per`. [`Window`](super::Window) is the bound that holds exactly.
///
/// What was used is kept as a moment until which it counts. Where the numbers change, that moment
/// stays: whoever has used up a slow rate waits it out though the new one is quicker, and the other
/// way about.
///
/// [ITU-T I.371]: https://www.itu.int/rec/T-REC-I.371
///
/// # Example
///
/// ```
/// use tenancy_core::limit::Rate;
///
/// // One every 100 ms, and up to five at once by those who waited.
/// let steady = Rate::per_second(10).burst(5);
/// assert_eq!(steady.capacity(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    seconds: u32,
    burst: u32,
}

impl Rate {
    /// `count` every `per`, one at a time.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless `per` is a whole number of seconds, from one second to 366 days.
    pub fn new(count: u32, per: Duration) -> Result<Self, InvalidValue> {
        Ok(Self { count, seconds: whole_seconds("rate", per)?, burst: 1 })
    }

    /// `count` a second, one at a time.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self { count, seconds: 1, burst: 1 }
    }

    /// `count` a minute, one at a time.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { count, seconds: 60, burst: 1 }
    }

    /// How many may come at once after a rest.
    #[must_use]
    pub const fn burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    /// How many come in every [`per`](Self::per).
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The time in which [`count`](Self::count) come.
    #[must_use]
    pub const fn per(&self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// How many may come at once: nothing if none may come at all.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        if self.count == 0 { 0 } else { self.burst }
    }

    /// The same rate, of which one of `processes` has its share; its burst stays.
    pub(super) fn shared(self, processes: u32) -> Self {
        Self { seconds: self.seconds.saturating_mul(processes.max(1)), ..self }
    }

    /// The time that `cost` takes at this rate, exactly: whole microseconds, and a part of one in
    /// [`count`](Self::count)ths.
    #[must_use]
    pub fn time_of(&self, cost: u32) -> Tat {
        let count = u64::from(self.count.max(1));
        // At most 2^32 × 3.2 × 10^13: more than 64 bits.
        let total = u128::from(cost) * u128::from(u64::from(self.seconds) * SECOND);
        let micros = u64::try_from(total / u128::from(count)).unwrap_or(Tat::FOREVER);
        let part = u32::try_from(total % u128::from(count)).unwrap_or(0);
        Tat { micros: micros.min(Tat::FOREVER), part, of: self.count.max(1) }
    }
}

/// A moment, or a length of time, in microseconds and a part of one: what a rate is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tat {
    micros: Micros,
    part: u32,
    of: u32,
}

impl Tat {
    /// Longer than anything lasts, and exact as a double.
    const FOREVER: Micros = 1 << 52;

    /// The beginning of time.
    #[must_use]
    pub fn zero(rate: &Rate) -> Self {
        Self::at(0, rate.count.max(1))
    }

    fn at(micros: Micros, of: u32) -> Self {
        Self { micros, part: 0, of }
    }

    /// Whole microseconds.
    #[must_use]
    pub fn micros(&self) -> Micros {
        self.micros
    }

    /// What is left of one more, in parts of the rate's count.
    #[must_use]
    pub fn part(&self) -> u32 {
        self.part
    }

    fn plus(self, more: Self) -> Self {
        let part = u64::from(self.part) + u64::from(more.part);
        let of = u64::from(self.of);
        let (carry, part) = if part >= of { (1, part - of) } else { (0, part) };
        // Less than `of`, which is a `u32`.
        Self { micros: self.micros + more.micros + carry, part: part as u32, ..self }
    }

    /// How far this is after another moment, rounded up; nothing if it is before.
    fn after(self, other: Self) -> Micros {
        if other.is_after(self) {
            return 0;
        }
        self.micros - other.micros + u64::from(self.part > other.part)
    }

    fn is_after(self, other: Self) -> bool {
        (self.micros, self.part) > (other.micros, other.part)
    }

    /// Counts parts as another rate does. What does not come out even is rounded up, so that a
    /// change of the rate gives nothing away.
    #[must_use]
    pub fn counted_by(self, rate: &Rate) -> Self {
        let of = rate.count.max(1);
        if of == self.of {
            return self;
        }
        Self::at(self.micros + u64::from(self.part > 0), of)
    }

    /// As the script in Redis keeps it: microseconds in 8 bytes, the part of one and what it is a
    /// part of in 4 each, the highest byte first.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.micros.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.part.to_be_bytes());
        bytes[12..].copy_from_slice(&self.of.to_be_bytes());
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote, if it did.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 16] = bytes.try_into().ok()?;
        let [micros, parts] = [&bytes[..8], &bytes[8..]].map(<[u8; 8]>::try_from);
        let (micros, parts) = (u64::from_be_bytes(micros.ok()?), u64::from_be_bytes(parts.ok()?));
        let (part, of) = ((parts >> 32) as u32, parts as u32);
        (part < of).then_some(Self { micros, part, of })
    }
}

impl Rate {
    /// Where the theoretical arrival time would be after `cost`.
    #[must_use]
    pub fn next(&self, tat: Tat, now: Micros, cost: u32) -> Tat {
        let now = Tat::at(now, tat.of);
        let from = if tat.is_after(now) { tat } else { now };
        from.plus(self.time_of(cost))
    }

    /// How it stands, and what would be left if `cost` were charged.
    #[must_use]
    pub fn standing(&self, tat: Tat, now: Micros, cost: u32) -> Standing {
        let next = self.next(tat, now, cost);
        let horizon = Tat::at(now, tat.of).plus(self.time_of(self.burst));
        let admits = !next.is_after(horizon);
        let kept = if admits { next } else { self.next(tat, now, 0) };
        // What is free in time is free in tokens, of which a part is none.
        let free = kept.until(horizon);
        let one = u128::from(u64::from(self.seconds) * SECOND);
        let remaining = u32::try_from(free / one).unwrap_or(u32::MAX).min(self.capacity());
        let more_in = if remaining < self.capacity() {
            let missing = one - free % one;
            u64::try_from(missing.div_ceil(u128::from(self.count.max(1)))).unwrap_or(Tat::FOREVER)
        } else {
            0
        };
        let retry_in = if admits { 0 } else { next.after(horizon) };
        Standing { admits, remaining, retry_in, more_in }
    }
}

impl Tat {
    /// The time until a later moment, in parts of a microsecond; nothing if that is before.
    fn until(self, later: Self) -> u128 {
        let parts = |at: Self| u128::from(at.micros) * u128::from(at.of) + u128::from(at.part);
        parts(later).saturating_sub(parts(self))
    }
}

/// At most `limit` at the same time.
///
/// A request counts from its admission until its response was sent, a stream until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concurrent {
    limit: u32,
}

impl Concurrent {
    /// At most `limit` at the same time.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { limit }
    }

    /// The most there may be.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }
}
