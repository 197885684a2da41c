//! Names of revisions and of branches.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{InvalidValue, check};

/// What means something else wherever a revision can be named.
const RESERVED: [&str; 4] = ["head", "heads", "base", "current"];

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name in this text.
            ///
            /// # Errors
            ///
            /// An error if the text is empty, too long, means something else (`head`, `heads`,
            /// `base`, `current`), or has other characters than ASCII letters, digits and `_`.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
                check($what, &text, $longest, allowed, "ASCII letters, digits and `_`")?;
                if RESERVED.contains(&text.as_str()) {
                    let why = format!("`{text}` means something else wherever a revision is named");
                    return Err(InvalidValue::new($what, why));
                }
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name! {
    /// The name of a revision: at most 32 characters, ASCII letters, digits and `_`.
    ///
    /// New ones are twelve hexadecimal digits. The length is that of the column the heads are kept
    /// in, which is Alembic's.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::revision::RevisionId;
    ///
    /// assert_eq!(RevisionId::new("ae1027a6acf0")?.as_str(), "ae1027a6acf0");
    /// assert!(RevisionId::new("ae10-27").is_err());
    /// assert!(RevisionId::new("head").is_err());
    /// # Ok::<(), tenancy_core::InvalidValue>(())
    /// ```
    RevisionId, "revision identifier", 32
}

name! {
    /// The name of a branch: at most 64 characters, ASCII letters, digits and `_`.
    Label, "branch label", 64
}
