//! One table of MySQL becomes another, in as few statements as there can be: each may copy it.

use std::collections::BTreeSet;

use super::{
    super::{
        Change, Column, ConstraintKind, Generated, Index, Table,
        compare::compare,
        sql::{self, fits},
    },
    HERE,
};

/// A column as it stands in `CREATE TABLE`.
pub(super) fn define(name: &str, column: &Column) -> String {
    let mut text = format!("{} {}", HERE.name(name), column.kind);
    if let Some(collation) = &column.collation {
        text.push_str(&format!(" {collation}"));
    }
    match &column.generated {
        Some(Generated::Stored(from)) => {
            text.push_str(&format!(" GENERATED ALWAYS AS ({from}) STORED"));
        }
        Some(Generated::Virtual(from)) => {
            text.push_str(&format!(" GENERATED ALWAYS AS ({from}) VIRTUAL"));
        }
        _ => {}
    }
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if column.generated == Some(Generated::Counted) {
        text.push_str(" AUTO_INCREMENT");
    }
    if let Some(check) = &column.check {
        text.push_str(&format!(" CHECK ({check})"));
    }
    if let Some(comment) = &column.comment {
        text.push_str(&format!(" COMMENT {}", sql::text(HERE, comment)));
    }
    text
}

/// An index as it stands in `CREATE TABLE`, and behind `ADD`.
pub(super) fn index(name: &str, it: &Index) -> String {
    let (kind, definition) = match it.definition.split_once('(') {
        Some((kind, rest)) if !kind.is_empty() => (kind, format!("({rest}")),
        _ => ("", it.definition.clone()),
    };
    let unique = if it.unique { "UNIQUE " } else { "" };
    format!("{unique}{kind}INDEX {} {definition}", HERE.name(name))
}

/// Columns whose type is another.
pub(super) fn retyped<'a>(
    changed: &[(&'a str, &'a Table, &'a Table)],
) -> BTreeSet<(&'a str, &'a str)> {
    let mut all = BTreeSet::new();
    for (table, before, after) in changed {
        for (column, before, after) in compare(&before.columns, &after.columns).changed {
            if before.kind != after.kind
                || before.collation != after.collation
                || before.not_null != after.not_null
            {
                all.insert((*table, column));
            }
        }
    }
    all
}

/// The clauses that lead from one to another, without columns that go and without foreign keys.
fn clauses(before: &Table, after: &Table, skipped: &BTreeSet<&str>) -> Vec<String> {
    let columns = compare(&before.columns, &after.columns);
    let indexes = compare(&before.indexes, &after.indexes);
    let mut clauses = Vec::new();
    let drop = |name: &str| format!("DROP INDEX {}", HERE.name(name));
    clauses.extend(indexes.removed.iter().map(|(name, _)| drop(name)));
    clauses.extend(indexes.changed.iter().map(|(name, ..)| drop(name)));
    let constraints = compare(&before.constraints, &after.constraints);
    let gone = constraints.removed.iter().map(|(name, it)| (*name, *it));
    for (name, it) in gone.chain(constraints.changed.iter().map(|(name, it, _)| (*name, *it))) {
        match it.kind {
            ConstraintKind::Foreign => {}
            ConstraintKind::Primary => clauses.push("DROP PRIMARY KEY".to_owned()),
            _ => clauses.push(format!("DROP CONSTRAINT {}", HERE.name(name))),
        }
    }
    let mut added = columns.added;
    added.sort_by_key(|(_, column)| column.position.0);
    clauses.extend(added.iter().map(|(name, it)| format!("ADD COLUMN {}", define(name, it))));
    for (name, _, after) in &columns.changed {
        if !skipped.contains(name) {
            clauses.push(format!("MODIFY COLUMN {}", define(name, after)));
        }
    }
    let come = constraints.added.iter().map(|(name, it)| (*name, *it));
    for (name, it) in come.chain(constraints.changed.iter().map(|(name, _, it)| (*name, *it))) {
        if it.kind != ConstraintKind::Foreign {
            clauses.push(format!("ADD {}", sql::constraint(HERE, name, it)));
        }
    }
    let new = indexes.added.iter().map(|(name, it)| (*name, *it));
    for (name, it) in new.chain(indexes.changed.iter().map(|(name, _, it)| (*name, *it))) {
        clauses.push(format!("ADD {}", index(name, it)));
    }
    if before.comment != after.comment {
        let comment = after.comment.as_deref().unwrap_or_default();
        clauses.push(format!("COMMENT={}", sql::text(HERE, comment)));
    }
    if before.options != after.options
        && let Some(options) = &after.options
    {
        clauses.push(options.clone());
    }
    clauses
}

fn statement(name: &str, clauses: &[String]) -> Option<String> {
    (!clauses.is_empty())
        .then(|| format!("ALTER TABLE {}\n    {}", HERE.name(name), clauses.join(",\n    ")))
}

pub(super) fn alter(name: &str, before: &Table, after: &Table) -> Vec<Change> {
    let columns = compare(&before.columns, &after.columns);
    let narrowed: BTreeSet<&str> = columns
        .changed
        .iter()
        .filter(|(_, before, after)| !fits(&before.kind, &after.kind))
        .map(|(name, ..)| *name)
        .collect();
    // Everything but what loses data, so that this can be left out.
    let mut between = after.clone();
    for (column, it) in &columns.removed {
        let mut it = (*it).clone();
        // Nothing else may count, and what counts must be a key.
        if it.generated == Some(Generated::Counted) {
            it.generated = None;
        }
        between.columns.insert((*column).to_owned(), it);
    }
    let mut changes = Vec::new();
    let up = clauses(before, &between, &narrowed);
    let narrow = |of: &Table| -> Vec<String> {
        narrowed
            .iter()
            .map(|column| format!("MODIFY COLUMN {}", define(column, &of.columns[*column])))
            .collect()
    };
    // The way back must take away what the way there brought.
    let mut down: Vec<String> = columns
        .added
        .iter()
        .map(|(column, _)| format!("DROP COLUMN {}", HERE.name(column)))
        .collect();
    down.extend(clauses(&between, before, &narrowed));
    // Values change before what is computed or indexed from them does.
    if !narrowed.is_empty() {
        changes.push(
            Change::new(
                format!("Changes types of {name}: {}.", list(&narrowed)),
                statement(name, &narrow(after)),
                statement(name, &narrow(before)),
            )
            .losing(format!("Values of {} may not fit, or be cut off.", list(&narrowed))),
        );
    }
    if let Some(up) = statement(name, &up) {
        changes.push(Change::new(
            format!("Changes the table {name}: {}.", what(before, &between)),
            [up],
            statement(name, &down),
        ));
    }
    if !columns.removed.is_empty() {
        let names: BTreeSet<&str> = columns.removed.iter().map(|(name, _)| *name).collect();
        let drop: Vec<String> =
            names.iter().map(|it| format!("DROP COLUMN {}", HERE.name(it))).collect();
        let add: Vec<String> = columns
            .removed
            .iter()
            .map(|(column, _)| format!("ADD COLUMN {}", define(column, &between.columns[*column])))
            .collect();
        changes.push(
            Change::new(
                format!("Drops columns of {name}: {}.", list(&names)),
                statement(name, &drop),
                statement(name, &add),
            )
            .losing(format!("The values of {} go.", list(&names))),
        );
    }
    changes
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

fn what(before: &Table, after: &Table) -> String {
    let columns = compare(&before.columns, &after.columns);
    let mut what = Vec::new();
    for (name, _) in columns.added {
        what.push(format!("adds {name}"));
    }
    for (name, ..) in columns.changed {
        what.push(format!("changes {name}"));
    }
    if before.indexes != after.indexes {
        what.push("other indexes".to_owned());
    }
    if before.constraints != after.constraints {
        what.push("other keys or checks".to_owned());
    }
    if before.options != after.options || before.comment != after.comment {
        what.push("other options".to_owned());
    }
    what.join("; ")
}

fn trigger(table: &str, name: &str, create: &str) -> Change {
    Change::new(
        format!("Adds the trigger {name} of {table}."),
        [create.to_owned()],
        [format!("DROP TRIGGER {}", HERE.name(name))],
    )
}

pub(super) fn triggers_gone(table: &str, before: &Table, after: &Table) -> Vec<Change> {
    triggers_come(table, after, before)
        .into_iter()
        .map(|change| {
            let sentence = change.sentence.replacen("Adds", "Drops", 1);
            change.reversed(sentence)
        })
        .collect()
}

pub(super) fn triggers_come(table: &str, before: &Table, after: &Table) -> Vec<Change> {
    let new = after.triggers.iter().filter(|(name, it)| before.triggers.get(*name) != Some(*it));
    new.map(|(name, it)| trigger(table, name, it)).collect()
}
