//! Small pieces of SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Constraint, ConstraintKind, SHARED, Table, View};
use crate::Dialect;

impl Dialect {
    /// A name, quoted.
    pub(super) fn name(self, name: &str) -> String {
        let quote = self.quote();
        let doubled = name.replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{doubled}{quote}")
    }

    pub(super) fn names<'a>(self, names: impl IntoIterator<Item = &'a String>) -> String {
        let names: Vec<String> = names.into_iter().map(|name| self.name(name)).collect();
        names.join(", ")
    }
}

/// Columns in their places.
pub(super) fn in_order(table: &Table) -> Vec<(&str, &Column)> {
    let mut columns: Vec<(&str, &Column)> =
        table.columns.iter().map(|(name, column)| (name.as_str(), column)).collect();
    columns.sort_by_key(|(_, column)| column.position.0);
    columns
}

/// A constraint as it stands in `CREATE TABLE`, or behind `ADD`.
pub(super) fn constraint(dialect: Dialect, name: &str, it: &Constraint) -> String {
    let body = match (&it.references, it.kind) {
        (Some(to), ConstraintKind::Foreign) => {
            let mut target = dialect.name(&to.table);
            if let Some(schema) = &to.schema {
                let schema =
                    if schema == SHARED { SHARED.to_owned() } else { dialect.name(schema) };
                target = format!("{schema}.{target}");
            }
            let columns = match to.columns.as_slice() {
                [] => String::new(),
                columns => format!(" ({})", dialect.names(columns)),
            };
            let rest = if it.definition.is_empty() {
                String::new()
            } else {
                format!(" {}", it.definition)
            };
            format!(
                "FOREIGN KEY ({}) REFERENCES {target}{columns}{rest}",
                dialect.names(&it.columns)
            )
        }
        _ => it.definition.clone(),
    };
    if it.named && !(dialect == Dialect::MySql && it.kind == ConstraintKind::Primary) {
        format!("CONSTRAINT {} {body}", dialect.name(name))
    } else {
        body
    }
}

/// Whether a text names something, as a word of its own.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_word)
            && !text[at + name.len()..].chars().next().is_some_and(is_word)
    })
}

/// Views, each after those it names.
pub(super) fn views_in_order<'a>(
    names: &BTreeSet<&'a str>,
    of: &'a BTreeMap<String, View>,
) -> Vec<(&'a str, &'a View)> {
    let mut waiting: Vec<(&str, &View)> =
        names.iter().filter_map(|name| Some((*name, of.get(*name)?))).collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|(name, view)| {
            !waiting.iter().any(|(other, _)| other != name && mentions(&view.definition, other))
        });
        // A circle is none: two views cannot need each other.
        ordered.push(waiting.remove(ready.unwrap_or(0)));
    }
    ordered
}

/// A literal of MySQL and of SQLite.
pub(super) fn text(dialect: Dialect, text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match dialect {
        Dialect::MySql => format!("'{}'", quoted.replace('\\', "\\\\")),
        Dialect::Sqlite => format!("'{quoted}'"),
        Dialect::Postgres => crate::policy::literal(text),
    }
}

/// Whether values of one type all fit into another.
pub(super) fn fits(from: &str, to: &str) -> bool {
    let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
    if from == to {
        return true;
    }
    let (from, to) = (parts(&from), parts(&to));
    let integer = |name: &str| match name {
        "tinyint" => Some(1),
        "smallint" => Some(2),
        "mediumint" => Some(3),
        "integer" | "int" => Some(4),
        "bigint" => Some(8),
        _ => None,
    };
    if let (Some(small), Some(large)) = (integer(from.0), integer(to.0)) {
        return small <= large && from.2 == to.2;
    }
    let text = |name: &str| matches!(name, "text" | "mediumtext" | "longtext");
    let short = |name: &str| matches!(name, "varchar" | "character varying" | "character" | "char");
    let first = |sizes: &[u32]| sizes.first().copied().unwrap_or(u32::MAX);
    if short(from.0) && text(to.0) {
        return true;
    }
    if short(from.0) && from.0 == to.0 {
        return first(&from.1) <= first(&to.1);
    }
    if matches!(from.0, "numeric" | "decimal") && from.0 == to.0 {
        return match (from.1.as_slice(), to.1.as_slice()) {
            (_, []) => true,
            ([p, s], [q, t]) => s <= t && p - s.min(p) <= q - t.min(q),
            _ => false,
        };
    }
    matches!((from.0, to.0), ("text", "mediumtext" | "longtext") | ("mediumtext", "longtext"))
        || (from.0, to.0) == ("real", "double precision")
}

/// The name of a type, the numbers in its parentheses, and what follows them.
fn parts(kind: &str) -> (&str, Vec<u32>, &str) {
    let (name, rest) = match kind.split_once('(') {
        Some((name, rest)) => (name, rest),
        None => {
            let unsigned = kind.strip_suffix(" unsigned");
            return (
                unsigned.unwrap_or(kind),
                Vec::new(),
                if unsigned.is_some() { "unsigned" } else { "" },
            );
        }
    };
    let (sizes, after) = rest.split_once(')').unwrap_or((rest, ""));
    let sizes = sizes.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    (name.trim(), sizes, after.trim())
}
