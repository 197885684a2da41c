//! The identity of a tenant.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{InvalidValue, error::check};

/// The identity of a tenant: an opaque text that never changes and is never used again.
///
/// A fresh one is a UUIDv7 ([RFC 9562], section 5.7). Any text of 1 to 64 lower-case ASCII
/// letters, digits, `-` and `_` is accepted, so that ids of an existing system can be kept. Upper
/// case is refused because many databases compare text without regard to case, and two tenants
/// must never compare equal.
///
/// [RFC 9562]: https://www.rfc-editor.org/rfc/rfc9562
///
/// # Example
///
/// ```
/// use tenancy_core::TenantId;
///
/// let id = TenantId::new("acme")?;
/// assert_eq!(id.as_str(), "acme");
/// assert!(TenantId::new("Acme").is_err());
/// assert!(TenantId::generate().as_uuid().is_some());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// Longest id, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Takes an id that exists already.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is empty, longer than 64 bytes, or has a character other than
    /// a lower-case ASCII letter, a digit, `-` or `_`.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        check("tenant id", text, Self::MAX_LEN, allowed, "a-z, 0-9, `-` and `_`")?;
        Ok(Self(text.into()))
    }

    /// Makes a fresh id, a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a UUID, if it is one in its canonical hyphenated form.
    #[must_use]
    pub fn as_uuid(&self) -> Option<Uuid> {
        let uuid = Uuid::try_parse(&self.0).ok()?;
        // Other spellings of the same UUID would be other tenants with the same column value.
        (uuid.to_string() == *self.0).then_some(uuid)
    }

    /// The id as an integer, if it is one in its canonical decimal form.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        let integer: i64 = self.0.parse().ok()?;
        (integer.to_string() == *self.0).then_some(integer)
    }
}

impl From<Uuid> for TenantId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.to_string().into())
    }
}

impl From<i64> for TenantId {
    fn from(integer: i64) -> Self {
        Self(integer.to_string().into())
    }
}

impl FromStr for TenantId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl AsRef<str> for TenantId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.0)
    }
}
