//! How many at first, and how many may fail.

use std::str::FromStr;

use crate::{Error, Result};

/// A number of tenants, or a part of all: `10`, `2.5%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// So many.
    Count(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl Share {
    /// How many that is of some; a part that is not nothing is one at least.
    #[must_use]
    pub fn of(self, all: u64) -> u64 {
        match self {
            Self::Count(count) => count.min(all),
            Self::Percent(percent) => {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a count of tenants is far below 2^53, and a percentage not negative"
                )]
                let part = (all as f64 * percent / 100.0).ceil() as u64;
                part.min(all)
            }
        }
    }
}

impl FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::config(format!(
                "`{text}` is neither a number of tenants nor a part of them; write `10` or `2.5%`"
            ))
        };
        match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
                if (0.0..=100.0).contains(&percent) {
                    Ok(Self::Percent(percent))
                } else {
                    Err(wrong())
                }
            }
            None => text.trim().parse().map(Self::Count).map_err(|_| wrong()),
        }
    }
}

/// Where the waves end, of so many tenants: rising numbers, the last of them all.
pub(super) fn ends(waves: &[Share], all: u64) -> Vec<u64> {
    let mut ends: Vec<u64> = Vec::new();
    for share in waves {
        let end = share.of(all);
        if end > ends.last().copied().unwrap_or(0) {
            ends.push(end);
        }
    }
    if ends.last().copied().unwrap_or(0) < all {
        ends.push(all);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(text: &str) -> Vec<Share> {
        text.split(',').map(|share| share.parse().unwrap()).collect()
    }

    #[test]
    fn waves_end_where_they_say_and_the_last_takes_the_rest() {
        for (waves, all, wanted) in [
            ("1,10%,100%", 1000, vec![1, 100, 1000]),
            ("1,10%,100%", 3, vec![1, 3]),
            ("5", 1000, vec![5, 1000]),
            ("10%", 1, vec![1]),
            ("0.1%,50%", 10, vec![1, 5, 10]),
            ("50%,10%", 10, vec![5, 10]),
            ("0,100%", 4, vec![4]),
            ("1", 0, vec![]),
        ] {
            assert_eq!(ends(&shares(waves), all), wanted, "{waves} of {all}");
        }
        assert_eq!(ends(&[], 7), [7]);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "-1", "101%", "ten", "%", "NaN%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
