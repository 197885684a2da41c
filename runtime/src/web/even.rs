//! When strangers are refused: at times that do not tell why.
//!
//! A row that is found takes longer than none, since it is read. So whoever was looked for in the
//! store is refused at one of a few times after that began, and not when it is known. What was at hand
//! takes the same for all, and nobody waits.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The times: most stores answer before the first.
const STEP: Duration = Duration::from_millis(5);
/// What no store answers in, other than one in memory, where there is no difference to be seen.
const AT_HAND: Duration = Duration::from_micros(20);

/// Waits for the next of these times, where it took a while.
pub(super) async fn out(begun: Instant) {
    if let Some(until) = next(begun.elapsed()) {
        sleep_until(begun + until).await;
    }
}

fn next(took: Duration) -> Option<Duration> {
    let steps = took.as_nanos() / STEP.as_nanos() + 1;
    (took > AT_HAND).then(|| STEP * u32::try_from(steps).unwrap_or(u32::MAX))
}

#[test]
fn times_are_few() {
    let micros = Duration::from_micros;
    for (took, expected) in [
        (0, None),
        (20, None),
        (21, Some(5_000)),
        (90, Some(5_000)),
        (4_999, Some(5_000)),
        (5_000, Some(10_000)),
        (12_345, Some(15_000)),
    ] {
        assert_eq!(next(micros(took)), expected.map(micros), "{took}");
    }
    assert!(next(Duration::MAX).is_some());
}
