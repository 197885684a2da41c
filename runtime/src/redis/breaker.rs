//! Whether it is worth asking: opens after failures in a row, and lets one try through each second.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

/// After how many failures in a row nobody asks any more.
const FAILURES: u32 = 5;
/// How long until somebody tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// A circuit breaker. Time is whatever its owner says it is.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: AtomicU32,
    /// When the next try may be made, in microseconds.
    next_try: AtomicU64,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { failures: AtomicU32::new(0), next_try: AtomicU64::new(0) }
    }

    /// Whether to ask now. While it is open, one question a second is told so.
    pub(super) fn lets_through(&self, now: Duration) -> bool {
        if self.failures.load(Ordering::Relaxed) < FAILURES {
            return true;
        }
        let now = micros(now);
        let next = self.next_try.load(Ordering::Relaxed);
        now >= next
            && self
                .next_try
                .compare_exchange(next, now + micros(PAUSE), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    pub(super) fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILURES
    }

    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Whether this failure opened it.
    pub(super) fn failed(&self, now: Duration) -> bool {
        let before = self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |failures| {
                Some(failures.saturating_add(1).min(FAILURES))
            })
            .unwrap_or(FAILURES);
        if before + 1 >= FAILURES {
            self.next_try.store(micros(now + PAUSE), Ordering::Relaxed);
        }
        before + 1 == FAILURES
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    fn open() -> Breaker {
        let breaker = Breaker::new();
        let opened: Vec<_> = (0..FAILURES).map(|_| breaker.failed(NOW)).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        let breaker = Breaker::new();
        for _ in 0..20 {
            for _ in 1..FAILURES {
                assert!(!breaker.failed(NOW));
            }
            assert!(breaker.lets_through(NOW));
            breaker.succeeded();
        }
        assert!(!open().lets_through(NOW));
    }

    #[test]
    fn one_tries_each_second_until_one_succeeds() {
        let breaker = open();
        let mut now = NOW;
        for _ in 0..3 {
            now += PAUSE - Duration::from_micros(1);
            assert!(!breaker.lets_through(now));
            now += Duration::from_micros(1);
            assert!(breaker.lets_through(now), "one tries");
            assert!(!breaker.lets_through(now), "and the others do not");
            assert!(!breaker.failed(now), "it was open already");
        }
        now += PAUSE;
        assert!(breaker.lets_through(now));
        breaker.succeeded();
        assert!(breaker.lets_through(now) && breaker.lets_through(now));
    }

    #[test]
    fn a_try_that_never_ends_does_not_keep_it_open_for_ever() {
        let breaker = open();
        assert!(breaker.lets_through(NOW + PAUSE));
        // Whoever tried was dropped.
        assert!(!breaker.lets_through(NOW + PAUSE));
        assert!(breaker.lets_through(NOW + 2 * PAUSE));
    }
}
