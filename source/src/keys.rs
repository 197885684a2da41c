//! The keys our attributes take, each with an example for error texts.

/// A key of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// The key with a value, for messages.
    pub example: &'static str,
}

/// The field that names the tenant.
pub const COLUMN: Key = Key { name: "column", example: "column = \"tenant_id\"" };
/// Type of the field that is added.
pub const TYPE: Key = Key { name: "type", example: "type = Uuid" };
/// Whether two tenants may use one primary key.
pub const KEY: Key = Key { name: "key", example: "key = \"per_tenant\"" };
/// Why tenants may choose keys that must be unique among all of them.
pub const REASON: Key =
    Key { name: "reason", example: "key = \"global\", reason = \"codes are printed on parcels\"" };
/// The field that says when a row was deleted.
pub const SOFT_DELETE: Key = Key { name: "soft_delete", example: "soft_delete = \"deleted_at\"" };
/// Further policies of PostgreSQL.
pub const RLS: Key = Key { name: "rls", example: "rls(delete = \"status = 'draft'\")" };
/// Changes are recorded.
pub const AUDIT: Key = Key { name: "audit", example: "audit" };
/// What the table, and its columns, were called before.
pub const RENAMED_FROM: Key = Key {
    name: "renamed_from",
    example: "renamed_from = \"jobs\", renamed_from(title = \"name\")",
};
/// Where the `tenancy` crate is.
pub const CRATE: Key = Key { name: "crate", example: "crate = path::to::tenancy" };
/// Tenants may write the shared table.
pub const WRITABLE: Key = Key { name: "writable", example: "writable" };

/// One of our macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Macro {
    /// How it is written above a struct.
    pub shown: &'static str,
    /// The attribute that takes its keys.
    pub attribute: &'static str,
    /// The keys it takes.
    pub keys: &'static [Key],
}

/// The attribute that adds the tenant column where there is none.
pub const TENANT_SCOPED: Macro = Macro {
    shown: "#[tenant_scoped]",
    attribute: "tenant_scoped",
    keys: &[COLUMN, TYPE, KEY, REASON, SOFT_DELETE, RLS, AUDIT, RENAMED_FROM, CRATE],
};
/// The derive for a tenant column of the author's.
pub const TENANT_ENTITY: Macro = Macro {
    shown: "#[derive(TenantEntity)]",
    attribute: "tenancy",
    keys: &[COLUMN, KEY, REASON, SOFT_DELETE, RLS, AUDIT, RENAMED_FROM, CRATE],
};
/// The derive for rows that all tenants share.
pub const SHARED_ENTITY: Macro = Macro {
    shown: "#[derive(SharedEntity)]",
    attribute: "shared",
    keys: &[WRITABLE, RENAMED_FROM, CRATE],
};

impl Macro {
    /// A key written as the user should write it, such as `#[tenancy(column = "tenant_id")]`.
    pub fn with(&self, argument: &str) -> String {
        format!("#[{}({argument})]", self.attribute)
    }

    /// What to say of a key this macro does not take.
    pub fn unknown(&self, written: &str) -> String {
        let attribute = self.attribute;
        if let Some(key) = nearest(written, self.keys.iter().map(|key| key.name)) {
            return format!("`{attribute}` has no key `{written}`; did you mean `{key}`?");
        }
        if matches!(written, "schema" | "table") {
            return format!(
                "`{attribute}` has no key `{written}`; where the table is, SeaORM's attribute says: \
                 `#[sea_orm(schema_name = \"shop\", table_name = \"orders\")]`"
            );
        }
        let known: Vec<_> = self.keys.iter().map(|key| format!("`{}`", key.example)).collect();
        let mut text =
            format!("`{attribute}` has no key `{written}`; it takes {}", known.join(", "));
        if *self == TENANT_ENTITY && written == TYPE.name {
            text.push_str(". The type is that of the field you wrote");
        }
        if *self == SHARED_ENTITY && written == AUDIT.name {
            text.push_str(
                ". A record of a change says whose row it was, and all tenants share these",
            );
        }
        text
    }
}

/// The candidate a word was probably meant to be.
pub fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if written.len() < 4 { 1 } else { 2 };
    candidates
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, left out or replaced (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, pair) in b.chars().zip(row.windows(2)) {
            if let [diagonal, above] = pair {
                left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_are_recognised() {
        assert_eq!(nearest("colum", ["column", "type"].into_iter()), Some("column"));
        assert_eq!(nearest("crate_path", ["column", "crate"].into_iter()), None);
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("key", "key"), 0);
    }
}
