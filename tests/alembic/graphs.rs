//! The graphs of the recording, as `record.py` writes them.

/// Identifier, parents, label, dependency, message.
pub(crate) type Row =
    (&'static str, &'static [&'static str], &'static str, &'static str, &'static str);

pub(crate) const LINEAR: &[Row] = &[
    ("aaaa01", &[], "", "", "init"),
    ("aaaa02", &["aaaa01"], "", "", "add users"),
    ("aaaa03", &["aaaa02"], "", "", "add email"),
];
pub(crate) const BRANCHED: &[Row] = &[
    ("bbbb02", &["aaaa01"], "feature", "", "feature start"),
    ("bbbb03", &["bbbb02"], "", "", "feature more"),
];
pub(crate) const MERGED: &[Row] = &[
    ("mmmm04", &["aaaa03", "bbbb03"], "", "", "merge"),
    ("aaaa05", &["mmmm04"], "", "", "after merge"),
];
pub(crate) const BILLING: &[Row] = &[
    ("cccc01", &[], "billing", "", "billing init"),
    ("cccc02", &["cccc01"], "", "aaaa02", "billing uses users"),
];
pub(crate) const PREFIX: &[Row] = &[
    ("aaaa01", &[], "", "", "i"),
    ("bbbb02", &["aaaa01"], "feature", "", "f"),
    ("xyz", &["bbbb02"], "", "", "short"),
];
pub(crate) const REPORTS: &[Row] = &[
    ("dddd01", &[], "reports", "aaaa03", "reports"),
    ("dddd02", &["dddd01"], "", "", "more reports"),
];
pub(crate) const DIAMOND: &[Row] = &[
    ("aaaa01", &[], "", "", "root"),
    ("bbbb01", &["aaaa01"], "left", "", "left"),
    ("cccc01", &["aaaa01"], "right", "", "right"),
    ("dddd01", &["bbbb01", "cccc01"], "", "", "join"),
    ("eeee01", &["dddd01"], "l2", "", "left again"),
    ("ffff01", &["dddd01"], "r2", "", "right again"),
];
pub(crate) const TWO: &[Row] = &[
    ("aaaa01", &[], "one", "", "one"),
    ("aaaa02", &["aaaa01"], "", "", "one more"),
    ("bbbb01", &[], "two", "", "two"),
    ("bbbb02", &["bbbb01"], "", "", "two more"),
];
