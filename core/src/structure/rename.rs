//! Tables and columns that have another name.

use std::collections::BTreeMap;

use super::{Change, Constraint, Structure, Table, sql::mentions};
use crate::Dialect;

/// Which tables and columns were called something else before.
///
/// An entity says so with `renamed_from`. A rename that has taken place already, or never will since
/// the old name is not there, is passed over: the attribute may stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    tables: BTreeMap<String, String>,
    columns: BTreeMap<(String, String), String>,
}

impl Renames {
    /// The table is called `new`, and was `old`.
    pub fn table(&mut self, new: impl Into<String>, old: impl Into<String>) -> &mut Self {
        self.tables.insert(new.into(), old.into());
        self
    }

    /// The column of a table is called `new`, and was `old`. The table is named as it is now.
    pub fn column(
        &mut self,
        table: impl Into<String>,
        new: impl Into<String>,
        old: impl Into<String>,
    ) -> &mut Self {
        self.columns.insert((table.into(), new.into()), old.into());
        self
    }

    /// Whether nothing was called anything else.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }
}

pub(super) struct Renamed {
    pub(super) structure: Structure,
    pub(super) changes: Vec<Change>,
}

pub(super) fn apply(
    dialect: Dialect,
    from: &Structure,
    to: &Structure,
    renames: &Renames,
) -> Renamed {
    let mut structure = from.clone();
    let mut changes = Vec::new();
    for (new, old) in &renames.tables {
        let takes_place = to.tables.contains_key(new)
            && !to.tables.contains_key(old)
            && !structure.tables.contains_key(new);
        if !takes_place {
            continue;
        }
        let Some(table) = structure.tables.remove(old) else { continue };
        structure.tables.insert(new.clone(), table);
        for table in structure.tables.values_mut() {
            for reference in table.constraints.values_mut().filter_map(|it| it.references.as_mut())
            {
                if reference.schema.is_none() && reference.table == *old {
                    reference.table.clone_from(new);
                }
            }
            for trigger in table.triggers.values_mut() {
                *trigger = replaced(trigger, old, new, dialect);
            }
        }
        for view in structure.views.values_mut() {
            view.definition = replaced(&view.definition, old, new, dialect);
        }
        let way = |from: &str, to: &str| {
            [format!("ALTER TABLE {} RENAME TO {}", dialect.name(from), dialect.name(to))]
        };
        changes.push(Change::new(
            format!("Renames the table {old} to {new}."),
            way(old, new),
            way(new, old),
        ));
    }
    for ((table, new), old) in &renames.columns {
        let Some(wanted) = to.tables.get(table) else { continue };
        let Some(there) = structure.tables.get_mut(table) else { continue };
        let takes_place = wanted.columns.contains_key(new)
            && !wanted.columns.contains_key(old)
            && !there.columns.contains_key(new);
        if !takes_place {
            continue;
        }
        let Some(column) = there.columns.remove(old) else { continue };
        there.columns.insert(new.clone(), column);
        column_of(there, old, new, dialect);
        for (name, other) in &mut structure.tables {
            for it in other.constraints.values_mut() {
                let own = name == table;
                pointing(it, own, table, old, new);
            }
        }
        let way = |from: &str, to: &str| {
            let (from, to) = (dialect.name(from), dialect.name(to));
            [format!("ALTER TABLE {} RENAME COLUMN {from} TO {to}", dialect.name(table))]
        };
        changes.push(Change::new(
            format!("Renames the column {table}.{old} to {new}."),
            way(old, new),
            way(new, old),
        ));
    }
    Renamed { structure, changes }
}

fn pointing(it: &mut Constraint, own: bool, table: &str, old: &str, new: &str) {
    let rename = |columns: &mut Vec<String>| {
        for column in columns.iter_mut().filter(|column| *column == old) {
            new.clone_into(column);
        }
    };
    if own {
        rename(&mut it.columns);
    }
    if let Some(reference) = &mut it.references
        && reference.schema.is_none()
        && reference.table == table
    {
        rename(&mut reference.columns);
    }
}

/// The column's name in everything that belongs to its table.
fn column_of(table: &mut Table, old: &str, new: &str, dialect: Dialect) {
    let text = |text: &mut String| *text = replaced(text, old, new, dialect);
    let constraints = std::mem::take(&mut table.constraints);
    for (name, mut it) in constraints {
        text(&mut it.definition);
        // One without a name stands under its definition.
        let name = if it.named { name } else { replaced(&name, old, new, dialect) };
        table.constraints.insert(name, it);
    }
    for index in table.indexes.values_mut() {
        text(&mut index.definition);
        for column in index.columns.iter_mut().filter(|column| *column == old) {
            new.clone_into(column);
        }
    }
    for policy in table.policies.values_mut() {
        policy.using.as_mut().into_iter().chain(policy.check.as_mut()).for_each(text);
    }
    for trigger in table.triggers.values_mut() {
        text(trigger);
    }
    for column in table.columns.values_mut() {
        if let Some(super::Generated::Stored(from) | super::Generated::Virtual(from)) =
            &mut column.generated
        {
            text(from);
        }
    }
}

/// A text of the server's after a rename: names are replaced where they are words of their own, and
/// texts in quotes are left alone.
fn replaced(text: &str, old: &str, new: &str, dialect: Dialect) -> String {
    if !mentions(text, old) {
        return text.to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let plain = new.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && new.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let bare = if plain && dialect != Dialect::MySql { new.to_owned() } else { dialect.name(new) };
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' || c == '`' {
            let end = rest[1..].find(c).map_or(rest.len(), |at| at + 2);
            let quoted = &rest[..end];
            if c != '\'' && quoted.get(1..quoted.len() - 1) == Some(old) {
                out.push_str(&bare);
            } else {
                out.push_str(quoted);
            }
            rest = &rest[end..];
        } else if is_word(c) {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            out.push_str(if &rest[..end] == old { &bare } else { &rest[..end] });
            rest = &rest[end..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
