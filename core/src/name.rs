//! Names of places in a database. DDL takes only these types, never a text.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use crate::{InvalidValue, Slug, TenantId, error::check};

/// Longest identifier PostgreSQL keeps, in bytes; it silently cuts the rest, and MySQL allows 64.
const LONGEST: usize = 63;

macro_rules! place_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $reserved:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            ///
            /// [`InvalidValue`] if the text is empty, longer than 63 bytes, begins with something
            /// other than a lower-case ASCII letter, has a character other than a lower-case
            /// letter, a digit or `_`, or names a place the database keeps for itself.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                check($what, &text, LONGEST, allowed, "a-z, 0-9 and `_`")?;
                if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
                    return Err(InvalidValue::new($what, "it does not begin with a letter"));
                }
                let reserved: &[&str] = &$reserved;
                if reserved.contains(&text.as_str()) || text.starts_with("pg_") {
                    return Err(InvalidValue::new($what, "the database keeps this name for itself"));
                }
                Ok(Self(text))
            }

            /// The name made from a tenant's id.
            ///
            /// Different ids give different names: `-` becomes `_d` and `_` becomes `__`, so the
            /// id can be read back; an id too long for that is replaced by a 128-bit hash of it
            /// (FNV-1a), marked so that no readable name equals it.
            #[must_use]
            pub fn for_tenant(id: &TenantId) -> Self {
                Self(encode("t_", id.as_str()))
            }

            /// The name made from a tenant's id behind a prefix of your own, to tell the tenants of
            /// several applications on one server apart.
            ///
            /// # Errors
            ///
            /// [`InvalidValue`] if the prefix could not begin a name, or is longer than 20 bytes.
            pub fn for_tenant_of(prefix: &str, id: &TenantId) -> Result<Self, InvalidValue> {
                if prefix.len() > 20 {
                    return Err(InvalidValue::new($what, "its prefix is longer than 20 bytes"));
                }
                Self::new(encode(&format!("{prefix}t_"), id.as_str()))
            }

            /// The name made from a slug; different slugs give different names.
            #[must_use]
            pub fn for_slug(slug: &Slug) -> Self {
                Self(encode("s_", slug.as_str()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

place_name!(
    /// The name of a schema.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{SchemaName, TenantId};
    ///
    /// let name = SchemaName::for_tenant(&TenantId::new("acme-north")?);
    /// assert_eq!(name.as_str(), "t_acme_dnorth");
    /// assert!(SchemaName::new("public").is_err());
    /// # Ok::<(), tenancy_core::InvalidValue>(())
    /// ```
    SchemaName,
    "schema name",
    ["public", "information_schema", "mysql", "performance_schema", "sys", "main", "temp"]
);

place_name!(
    /// The name of a database.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{DatabaseName, TenantId};
    ///
    /// let name = DatabaseName::for_tenant(&TenantId::new("acme")?);
    /// assert_eq!(name.as_str(), "t_acme");
    /// assert!(DatabaseName::new("acme; drop database shop").is_err());
    /// # Ok::<(), tenancy_core::InvalidValue>(())
    /// ```
    DatabaseName,
    "database name",
    [
        "postgres",
        "template0",
        "template1",
        "information_schema",
        "mysql",
        "performance_schema",
        "sys"
    ]
);

/// Writes `text` so that it can be read back, or as a marked hash where it would be too long.
fn encode(prefix: &str, text: &str) -> String {
    let mut name = String::from(prefix);
    for c in text.chars() {
        match c {
            '-' => name.push_str("_d"),
            '_' => name.push_str("__"),
            c => name.push(c),
        }
    }
    if name.len() > LONGEST {
        // `_h` cannot stand in a readable name: `_` is always followed by `d` or `_` there.
        name = format!("{prefix}_h{:032x}", hash(text));
    }
    name
}

/// A name PostgreSQL does not cut off: the rest of a long one is replaced by a hash of the whole.
pub(crate) fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let mut cut = LONGEST - 33;
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}-{:032x}", &name[..cut], hash(name))
}

/// The first half of SHA-256. Who chooses a tenant's id must not find another with the same.
fn hash(text: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest[..16].iter().fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_slugs_never_map_to_one_name(
            a in "[a-z0-9]{1,8}(-[a-z0-9]{1,9}){0,6}", b in "[a-z0-9]{1,8}(-[a-z0-9]{1,9}){0,6}",
        ) {
            if let (Ok(one), Ok(other)) = (Slug::new(&a), Slug::new(&b)) {
                prop_assert_eq!(one == other, SchemaName::for_slug(&one) == SchemaName::for_slug(&other));
                prop_assert!(SchemaName::new(SchemaName::for_slug(&one).as_str()).is_ok());
            }
        }

        #[test]
        fn two_ids_never_map_to_one_name(a in "[a-c_-]{1,64}", b in "[a-c_-]{1,64}") {
            let (one, other) = (TenantId::new(&a).unwrap(), TenantId::new(&b).unwrap());
            prop_assert_eq!(
                one == other,
                DatabaseName::for_tenant(&one) == DatabaseName::for_tenant(&other)
            );
            prop_assert!(DatabaseName::new(DatabaseName::for_tenant(&one).as_str()).is_ok());
        }

        #[test]
        fn what_is_accepted_needs_no_quoting(text in ".{0,70}") {
            if let Ok(name) = SchemaName::new(&text) {
                prop_assert!(name.as_str().len() <= 63);
                prop_assert!(name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            }
            if let Ok(slug) = Slug::new(&text) {
                prop_assert!(slug.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            }
        }
    }

    /// EDGE 41: of more than a million pairs, most of them made to look alike, none shares a place.
    #[test]
    fn a_million_pairs_share_no_place() {
        let parts = ["a", "b", "ad", "d", "da", "h", "a0", "0"];
        let mut ids = std::collections::BTreeSet::new();
        for marks in ["-", "_", "--", "-_", "_-", "__"] {
            for one in parts {
                for other in parts {
                    ids.insert(format!("{one}{marks}{other}"));
                    ids.insert(format!("{one}{marks}{other}{marks}"));
                    // Only the ends of these differ, or only the beginnings, and they are cut.
                    ids.insert(format!("{}{one}{marks}{other}", "a-".repeat(26)));
                    ids.insert(format!("{one}{marks}{other}{}", "_x".repeat(26)));
                }
            }
        }
        let ids: Vec<_> = ids.iter().filter_map(|id| TenantId::new(id).ok()).collect();
        assert!(ids.len() * (ids.len() - 1) / 2 > 1_000_000, "{} ids", ids.len());
        let places = |name: fn(&TenantId) -> String| {
            ids.iter().map(name).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(places(|id| SchemaName::for_tenant(id).to_string()).len(), ids.len());
        assert_eq!(places(|id| DatabaseName::for_tenant(id).to_string()).len(), ids.len());
        assert!(
            places(|id| DatabaseName::for_tenant(id).to_string()).iter().all(|it| it.len() <= 63)
        );
    }

    #[test]
    fn neighbours_of_other_libraries_stay_apart() {
        let pairs = [
            ("enterprise-customer-north", "enterprise-customer-south"),
            ("t-acme", "acme"),
            ("acme-corporation-north-america", "acme-corporation-north-europe"),
        ];
        for (a, b) in pairs {
            let name = |text| SchemaName::for_slug(&Slug::new(text).unwrap());
            assert_ne!(name(a), name(b));
        }
        let long = |end: &str| {
            SchemaName::for_slug(&Slug::new(format!("{}{end}", "a-".repeat(30))).unwrap())
        };
        assert_ne!(long("x"), long("y"));
        assert!(long("x").as_str().starts_with("s__h"));
    }
}
