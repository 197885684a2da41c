//! The name of a tenant in addresses.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, error::check};

/// What a tenant is called in headers, host names and paths: one DNS label.
///
/// 1 to 63 lower-case ASCII letters, digits and hyphens, with no hyphen at either end
/// ([RFC 1123], section 2.1) and none doubled, which keeps punycode labels (`xn--…`) out. A slug
/// may change during a tenant's life; where its data lives never depends on it.
///
/// [RFC 1123]: https://www.rfc-editor.org/rfc/rfc1123
///
/// # Example
///
/// ```
/// use tenancy_core::Slug;
///
/// assert_eq!(Slug::new("acme-north")?.as_str(), "acme-north");
/// for wrong in ["", "Acme", "acme_north", "-acme", "acme-", "a--b", "acme\n"] {
///     assert!(Slug::new(wrong).is_err());
/// }
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

impl Slug {
    /// Longest slug, in bytes.
    pub const MAX_LEN: usize = 63;

    /// Checks a slug.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is not a DNS label as described above.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        check("slug", text, Self::MAX_LEN, allowed, "a-z, 0-9 and `-`")?;
        if text.starts_with('-') || text.ends_with('-') {
            return Err(InvalidValue::new("slug", "it begins or ends with a hyphen"));
        }
        if text.contains("--") {
            return Err(InvalidValue::new("slug", "it has two hyphens in a row"));
        }
        Ok(Self(text.into()))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.as_ref().to_owned()
    }
}

impl AsRef<str> for Slug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slug({})", self.0)
    }
}
