//! The name of a role.

use std::{fmt, str::FromStr};

use super::quote::ident;
use crate::{InvalidValue, error::check};

/// The name of a PostgreSQL role: ASCII letters, digits, `_`, `-`, `.` and `@`.
///
/// # Example
///
/// ```
/// use tenancy_core::policy::RoleName;
///
/// let role = RoleName::new("Shop-App")?;
/// assert_eq!(role.quoted(), r#""Shop-App""#);
/// assert!(RoleName::new("public").is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName(String);

impl RoleName {
    /// Longest name, in bytes; PostgreSQL silently cuts off the rest.
    pub const MAX_LEN: usize = 63;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is empty, longer than 63 bytes, has another character, or is a
    /// name PostgreSQL keeps for itself.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        check("role name", &text, Self::MAX_LEN, allowed, "a-z, A-Z, 0-9, `_`, `-`, `.` and `@`")?;
        if text.starts_with("pg_") || matches!(text.as_str(), "public" | "none") {
            return Err(InvalidValue::new("role name", "PostgreSQL keeps this name for itself"));
        }
        Ok(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in a statement.
    #[must_use]
    pub fn quoted(&self) -> String {
        ident(&self.0)
    }
}

impl FromStr for RoleName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
