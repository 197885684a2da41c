//! A text that never prints.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A text that must not appear in logs, errors or responses, such as a database URL with a password.
///
/// It has no `Display` and does not serialise; `Debug` prints dots. Reading it is a method that can be searched for.
///
/// # Example
///
/// ```
/// use tenancy_core::Secret;
///
/// let url = Secret::new("postgres://app:hunter2@db/shop");
/// assert_eq!(format!("{url:?}"), "Secret(…)");
/// assert!(url.expose().contains("hunter2"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
