//! How often each tenant was asked for of late.
//!
//! The frequency sketch of `TinyLFU` (Einziger, Friedman, Manes: "`TinyLFU`: A Highly Efficient Cache
//! Admission Policy", ACM Transactions on Storage 13(4), 2017): a count-min sketch in which only the
//! least of a key's counters grow, and whose counters are all halved after a sample of questions. It
//! has one size however many tenants there are. It may take a tenant for busier than it is, where
//! it shares all its counters with others, and never for less busy.
//!
//! Caches keep theirs to themselves, with counters too narrow to share connections out by.

/// Counters of each row.
const WIDTH: usize = 1 << BITS;
/// Bits of a hash that choose a counter; each row has its own.
const BITS: u32 = 12;
const ROWS: u32 = 4;

/// How many questions are counted before all counts are halved.
///
/// So no counter exceeds twice as much, which it can hold.
pub(super) const SAMPLE: u32 = 1 << 14;

/// The counts.
pub(super) struct Sketch {
    counters: Box<[u16]>,
    since: u32,
}

impl Sketch {
    /// Nobody was asked for yet.
    pub(super) fn new() -> Self {
        Self { counters: vec![0; WIDTH * ROWS as usize].into(), since: 0 }
    }

    /// Counts a question. Returns whether all counts were halved after it.
    pub(super) fn count(&mut self, hash: u64) -> bool {
        let least = self.estimate(hash);
        for row in 0..ROWS {
            let counter = &mut self.counters[place(hash, row)];
            if u32::from(*counter) == least {
                *counter += 1;
            }
        }
        self.since += 1;
        let full = self.since == SAMPLE;
        if full {
            self.since = 0;
            self.counters.iter_mut().for_each(|counter| *counter /= 2);
        }
        full
    }

    /// How often was asked, about.
    pub(super) fn estimate(&self, hash: u64) -> u32 {
        let counts = (0..ROWS).map(|row| self.counters[place(hash, row)]);
        counts.min().unwrap_or_default().into()
    }
}

/// Where a row keeps a key's count.
fn place(hash: u64, row: u32) -> usize {
    let bits = usize::try_from(hash >> (row * BITS)).unwrap_or(usize::MAX);
    row as usize * WIDTH + bits % WIDTH
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    };

    use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};

    use super::*;

    fn hash(tenant: u32) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(tenant)
    }

    /// A few who ask often, and many who ask seldom.
    fn questions() -> impl Strategy<Value = Vec<u32>> {
        proptest::collection::vec(prop_oneof![0_u32..10, 0_u32..10_000], 0..4_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn nobody_is_taken_for_less_busy_than_he_is(questions in questions()) {
            let mut sketch = Sketch::new();
            let mut exact = HashMap::<u32, u32>::new();
            for tenant in &questions {
                assert!(!sketch.count(hash(*tenant)));
                *exact.entry(*tenant).or_default() += 1;
            }
            // A row's counters share out all questions, so few of them can hold many.
            let slack = u32::try_from(questions.len() / 100).unwrap();
            for (tenant, count) in exact {
                let estimate = sketch.estimate(hash(tenant));
                assert!(estimate >= count, "{tenant}: {estimate} for {count}");
                assert!(estimate <= count + slack, "{tenant}: {estimate} for {count}");
            }
        }

        #[test]
        fn what_was_long_ago_is_forgotten(before in 1_u32..SAMPLE, rounds in 1_u32..4) {
            let mut sketch = Sketch::new();
            for _ in 0..before {
                sketch.count(hash(1));
            }
            assert_eq!(sketch.estimate(hash(1)), before);
            let mut halved = 0;
            while halved < rounds {
                halved += u32::from(sketch.count(hash(2)));
            }
            assert_eq!(sketch.estimate(hash(1)), before >> rounds);
        }
    }

    #[test]
    fn one_who_alone_asks_for_ever_is_counted() {
        let mut sketch = Sketch::new();
        for _ in 0..20 * SAMPLE {
            sketch.count(u64::MAX);
        }
        assert!((SAMPLE - 20..2 * SAMPLE).contains(&sketch.estimate(u64::MAX)));
    }
}
