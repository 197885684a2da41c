//! Numbers that look random and are the same in every run.

/// The SplitMix64 generator: small, and good enough for rows.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from the range, both ends included. The bias of the remainder does not matter here.
    pub(crate) fn number(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    /// One of a list.
    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[(self.next() % list.len() as u64) as usize]
    }

    /// Words with one space between them, of a length from the range.
    pub(crate) fn text(&mut self, words: &[&str], low: usize, high: usize) -> String {
        let length = self.number(low as i64, high as i64) as usize;
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            text.push_str(self.pick(words));
            text.push(' ');
        }
        // All words are ASCII. A space at an end would be lost by engines that pad texts.
        text.truncate(length);
        if text.ends_with(' ') {
            text.pop();
            text.push('s');
        }
        text
    }

    /// Letters and digits, of a length from the range.
    pub(crate) fn letters(&mut self, low: usize, high: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let length = self.number(low as i64, high as i64);
        (0..length).map(|_| LETTERS[(self.next() % 62) as usize] as char).collect()
    }
}
