//! Why a value was refused.

use std::{error, fmt};

/// A text that cannot become the value it was meant for.
///
/// The text itself is not part of the message: it may come from a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    what: &'static str,
    why: String,
}

impl InvalidValue {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid {}: {}", self.what, self.why)
    }
}

impl error::Error for InvalidValue {}

/// Checks length and characters; the rule every text value of ours shares.
pub(crate) fn check(
    what: &'static str,
    text: &str,
    longest: usize,
    allowed: fn(char) -> bool,
    alphabet: &str,
) -> Result<(), InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new(what, "it is empty"));
    }
    if text.len() > longest {
        let why = format!("it is {} bytes long, and {longest} are allowed", text.len());
        return Err(InvalidValue::new(what, why));
    }
    if let Some(position) = text.chars().position(|c| !allowed(c)) {
        let why = format!("character {} is not one of {alphabet}", position + 1);
        return Err(InvalidValue::new(what, why));
    }
    Ok(())
}
