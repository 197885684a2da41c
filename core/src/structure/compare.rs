//! Two maps side by side.

use std::collections::BTreeMap;

/// What is in one map, in the other, or in both and different.
pub(super) struct Compared<'a, T> {
    pub(super) added: Vec<(&'a str, &'a T)>,
    pub(super) removed: Vec<(&'a str, &'a T)>,
    pub(super) changed: Vec<(&'a str, &'a T, &'a T)>,
}

pub(super) fn compare<'a, T: PartialEq>(
    from: &'a BTreeMap<String, T>,
    to: &'a BTreeMap<String, T>,
) -> Compared<'a, T> {
    let missing = |of: &'a BTreeMap<String, T>, there: &BTreeMap<String, T>| {
        of.iter()
            .filter(|(name, _)| !there.contains_key(*name))
            .map(|(name, it)| (name.as_str(), it))
            .collect()
    };
    let changed = from.iter().filter_map(|(name, before)| {
        let after = to.get(name)?;
        (before != after).then_some((name.as_str(), before, after))
    });
    Compared { added: missing(to, from), removed: missing(from, to), changed: changed.collect() }
}
