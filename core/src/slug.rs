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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The grammar once more, as the standard for host names has it.
    fn is_label(text: &str) -> bool {
        let bytes = text.as_bytes();
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let hyphens = bytes.windows(2).all(|two| two != b"--");
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| inner(byte) || *byte == b'-')
            && bytes.first().is_some_and(inner)
            && bytes.last().is_some_and(inner)
            && hyphens
    }

    /// EDGE 40: the whole text is a slug or nothing of it, and what only looks like one is none.
    #[test]
    fn a_slug_is_the_whole_text_and_nothing_that_looks_like_one() {
        let longest = "a".repeat(63);
        for good in ["a", "0", "acme", "acme-north", "a-b-c", "9to5", &longest] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
        // Line ends, nothing, spaces.
        for end in ["\n", "\r", "\r\n", "\0", "\t", " ", "\u{b}", "\u{c}", "\u{85}", "\u{2028}"] {
            for text in [format!("acme{end}"), format!("{end}acme"), format!("ac{end}me")] {
                assert!(Slug::new(&text).is_err(), "{text:?}");
            }
            assert!(Slug::new(end).is_err(), "{end:?}");
        }
        // What folds to a slug, by case, compatibility or sight.
        for text in [
            "Acme",
            "ACME",
            "ａｃｍｅ",
            "acme\u{301}",
            "ac\u{200d}me",
            "ac\u{ad}me",
            "\u{feff}acme",
            "аcme",
            "acmé",
            "ﬀ",
            "ſhop",
            "K",
            "ⅷ",
            "１",
            "①",
            "acme。",
            "acme．north",
            "acme‐north",
            "acme–north",
            "acme−north",
            "acme－north",
        ] {
            assert!(Slug::new(text).is_err(), "{text:?}");
        }
        // What means something else where a slug is used.
        for text in [
            "",
            "-",
            "--",
            "-acme",
            "acme-",
            "a--b",
            "xn--acme",
            "acme.north",
            "acme_north",
            "acme/north",
            "acme%2dnorth",
            "acme:80",
            "acme;a",
            "acme?a",
            "acme#a",
            "acme@b",
            "acme\\b",
            "'acme'",
            "\"acme\"",
            "..",
            "*",
            "[acme]",
        ] {
            assert!(Slug::new(text).is_err(), "{text:?}");
        }
        assert!(Slug::new("a".repeat(64)).is_err());
        assert!(Slug::new("é".repeat(32)).is_err());
    }

    proptest! {
        /// EDGE 40: one grammar, by whichever way a slug is made.
        #[test]
        fn the_grammar_is_that_of_a_label(text in "(?s)[a0-]{0,66}|.{0,9}|[a-z0-9-]{60,66}") {
            let slug = Slug::new(&text);
            prop_assert_eq!(slug.is_ok(), is_label(&text), "{:?}", text);
            prop_assert_eq!(text.parse::<Slug>().ok(), slug.clone().ok());
            prop_assert_eq!(Slug::try_from(text.clone()).ok(), slug.clone().ok());
            let json = serde_json::Value::String(text.clone());
            prop_assert_eq!(serde_json::from_value::<Slug>(json).ok(), slug.clone().ok());
            if let Ok(slug) = slug {
                prop_assert_eq!(slug.as_str(), text);
            }
        }
    }
}
