//! The frame of every benchmark: warm-up, interleaved rounds of both sides, medians, a table and
//! a JSON file.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

/// Rounds of each side, alternating which goes first.
const ROUNDS: usize = 21;
/// How long one side runs in one round.
const ROUND: Duration = Duration::from_millis(120);

/// One line of a report.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    case: String,
    value: f64,
    unit: &'static str,
    against: String,
    /// Ours divided by the other, as throughput: above 1 ours is faster.
    ratio: f64,
}

/// One side of a comparison: runs that many iterations.
pub(crate) type Side<'a> = &'a mut dyn FnMut(u64);

/// Measures two sides in turn. `unit` is "ops/s" or "ns".
pub(crate) fn compare(
    case: &str,
    unit: &'static str,
    ours: Side<'_>,
    against: &str,
    theirs: Side<'_>,
) -> Row {
    let (own_batch, other_batch) = (batch(ours), batch(theirs));
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            own.push(rate(ours, own_batch));
            other.push(rate(theirs, other_batch));
        } else {
            other.push(rate(theirs, other_batch));
            own.push(rate(ours, own_batch));
        }
    }
    row(case, unit, median(own), against, median(other))
}

/// Two times, in milliseconds, that were measured by other means.
pub(crate) fn times(case: &str, own: f64, against: &str, other: f64) -> Row {
    let ratio = other / own;
    Row { case: case.to_owned(), value: own, unit: "ms", against: against.to_owned(), ratio }
}

/// Memory, in bytes, beside how much it may be.
pub(crate) fn bytes(case: &str, own: f64, against: &str, other: f64) -> Row {
    let ratio = other / own;
    Row { case: case.to_owned(), value: own, unit: "bytes", against: against.to_owned(), ratio }
}

/// Two times, in nanoseconds, likewise.
pub(crate) fn nanos(case: &str, own: f64, against: &str, other: f64) -> Row {
    row(case, "ns", 1e9 / own, against, 1e9 / other)
}

fn row(case: &str, unit: &'static str, own: f64, against: &str, other: f64) -> Row {
    let value = if unit == "ns" { 1e9 / own } else { own };
    Row { case: case.to_owned(), value, unit, against: against.to_owned(), ratio: own / other }
}

/// How many iterations fill a round; finding out is the warm-up.
fn batch(side: Side<'_>) -> u64 {
    let mut iterations = 1;
    loop {
        let start = Instant::now();
        side(iterations);
        if start.elapsed() * 2 > ROUND {
            return iterations;
        }
        iterations *= 2;
    }
}

/// Iterations per second.
#[allow(clippy::cast_precision_loss)] // Nobody iterates 2^52 times.
fn rate(side: Side<'_>, iterations: u64) -> f64 {
    let start = Instant::now();
    side(iterations);
    iterations as f64 / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints the rows and writes them to `target/bench/<topic>.json`.
pub(crate) fn report(topic: &str, rows: &[Row]) -> io::Result<()> {
    println!("{:<42} {:>12} {:<6} {:>7}  against", "case", "value", "unit", "ratio");
    for Row { case, value, unit, against, ratio } in rows {
        println!("{case:<42} {value:>12.1} {unit:<6} {ratio:>7.3}  {against}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{topic}.json")), serde_json::to_vec_pretty(rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ignore_outliers() {
        assert!((median(vec![9.0, 1.0, 2.0, 3.0, 1000.0]) - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn ratios_are_of_throughput_whatever_the_unit() {
        let line = row("read", "ns", 2e6, "plain", 1e6);
        assert!((line.value - 500.0).abs() < 1e-6 && (line.ratio - 2.0).abs() < 1e-9);
        let json = serde_json::to_value([line]).unwrap_or_default();
        let keys: Vec<&String> =
            json[0].as_object().into_iter().flat_map(|row| row.keys()).collect();
        assert_eq!(keys, ["against", "case", "ratio", "unit", "value"]);
    }

    #[test]
    fn the_faster_side_wins() {
        let mut slow = |n: u64| {
            for i in 0..n * 40 {
                std::hint::black_box(i);
            }
        };
        let mut fast = |n: u64| {
            for i in 0..n {
                std::hint::black_box(i);
            }
        };
        assert!(compare("loop", "ns", &mut fast, "longer loop", &mut slow).ratio > 2.0);
    }
}
