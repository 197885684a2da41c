//! The random choices a statement is made of.
//!
//! Each choice is a number below a bound, and 0 is always the plainest alternative. The numbers
//! are kept, so that a statement can be made again from a changed list of them: shorter lists and
//! smaller numbers make plainer statements, which is how a failure is cut down.

/// A source of choices: a generator of random numbers, or a list, and zeros after its end.
#[derive(Debug)]
pub(crate) struct Choices {
    state: u64,
    replayed: Option<Vec<u32>>,
    made: Vec<u32>,
}

impl Choices {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { state: seed, replayed: None, made: Vec::new() }
    }

    pub(crate) fn replayed(list: Vec<u32>) -> Self {
        Self { state: 0, replayed: Some(list), made: Vec::new() }
    }

    /// What was chosen so far.
    pub(crate) fn made(self) -> Vec<u32> {
        self.made
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u32::try_from(bound).expect("few alternatives").max(1);
        let raw = match &self.replayed {
            Some(list) => list.get(self.made.len()).copied().unwrap_or(0),
            None => self.next(),
        };
        let chosen = raw % bound;
        self.made.push(chosen);
        chosen as usize
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of several.
    pub(crate) fn one<T: Clone>(&mut self, list: &[T]) -> T {
        let index = self.below(list.len());
        list[index].clone()
    }

    /// One of several by weight. The first is the plainest.
    pub(crate) fn weighted<T: Copy>(&mut self, list: &[(usize, T)]) -> T {
        let mut rest = self.below(list.iter().map(|(weight, _)| weight).sum());
        for (weight, alternative) in list {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return *alternative,
            }
        }
        unreachable!("the number is below the sum of the weights")
    }

    /// SplitMix64, the upper half of its output.
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32
    }
}

/// Cuts a failing list of choices down: `fails` tells whether a list still fails in the same way.
pub(crate) async fn shrink<F: AsyncFnMut(&[u32]) -> bool>(
    mut list: Vec<u32>,
    mut tries: usize,
    mut fails: F,
) -> Vec<u32> {
    let mut block = list.len().max(1);
    while block > 0 && tries > 0 {
        let mut start = 0;
        let mut progress = false;
        while start < list.len() && tries > 0 {
            let end = (start + block).min(list.len());
            let shorter = [&list[..start], &list[end..]].concat();
            let mut plainer = list.clone();
            plainer[start..end].iter_mut().for_each(|choice| *choice /= 2);
            let mut plainest = list.clone();
            plainest[start..end].fill(0);
            let mut taken = false;
            for candidate in [shorter, plainest, plainer] {
                if candidate == list || tries == 0 {
                    continue;
                }
                tries -= 1;
                if fails(&candidate).await {
                    list = candidate;
                    (taken, progress) = (true, true);
                    break;
                }
            }
            if !taken {
                start += block;
            }
        }
        if !progress {
            block /= 2;
        }
    }
    list
}

#[test]
fn choices_can_be_made_again_and_cut_down() {
    let mut first = Choices::seeded(7);
    let drawn: Vec<usize> = (0..50).map(|_| first.below(9)).collect();
    let mut second = Choices::replayed(first.made());
    assert_eq!(drawn, (0..50).map(|_| second.below(9)).collect::<Vec<_>>());
    assert_eq!(second.below(9), 0);
    assert!(drawn.iter().any(|choice| *choice != drawn[0]));
}
