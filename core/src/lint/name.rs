//! Names in statements.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, ObjectName, Visit, visit_relations};

/// The parts of a name.
pub(super) fn parts(name: &ObjectName) -> Vec<&Ident> {
    name.0.iter().filter_map(|part| part.as_ident()).collect()
}

/// A name as a text without quotes.
pub(super) fn text(name: &ObjectName) -> String {
    parts(name).iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

/// The tables a tree names.
pub(super) fn relations(tree: &impl Visit) -> Vec<ObjectName> {
    let mut names: Vec<ObjectName> = Vec::new();
    let _ = visit_relations(tree, |name| {
        if !names.contains(name) {
            names.push(name.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    names
}

/// Whether a name means a table of a list, in which tables may be qualified.
pub(super) fn is_among(name: &ObjectName, list: &[&str]) -> bool {
    let written = text(name);
    let last = written.rsplit('.').next().unwrap_or_default();
    list.iter().any(|known| {
        let bare = known.rsplit('.').next().unwrap_or_default();
        if written.contains('.') && known.contains('.') {
            known.eq_ignore_ascii_case(&written)
        } else {
            bare.eq_ignore_ascii_case(last)
        }
    })
}

/// Whether a name leads to the server's own catalogs.
pub(super) fn is_catalog(name: &ObjectName) -> bool {
    parts(name).first().is_some_and(|first| {
        ["pg_catalog", "information_schema", "performance_schema", "mysql", "temp", "pg_temp"]
            .iter()
            .any(|known| first.value.eq_ignore_ascii_case(known))
    })
}
