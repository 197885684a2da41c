//! Tables of SQLite, which `ALTER` cannot change in most ways: they are made again.

use std::collections::BTreeSet;

use super::{
    super::{
        Change, Column, ConstraintKind, Generated, Table,
        compare::compare,
        sql::{self, in_order},
    },
    HERE,
};

/// The name a table has while it takes the rows over.
const NEXT: &str = "_tenancy_next";

fn define(name: &str, column: &Column, key: bool) -> String {
    let mut text = format!("{} {}", HERE.name(name), column.kind).trim_end().to_owned();
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    if key {
        text.push_str(" PRIMARY KEY AUTOINCREMENT");
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(collation) = &column.collation {
        text.push_str(&format!(" COLLATE {collation}"));
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
    text
}

fn counted(column: &Column) -> bool {
    column.generated == Some(Generated::Counted)
}

fn computed(column: &Column) -> bool {
    matches!(column.generated, Some(Generated::Stored(_) | Generated::Virtual(_)))
}

pub(super) fn table_sql(name: &str, table: &Table) -> String {
    let columns = in_order(table);
    let counts = columns.iter().any(|(_, column)| counted(column));
    let mut lines: Vec<String> =
        columns.iter().map(|(name, column)| define(name, column, counted(column))).collect();
    for (name, it) in &table.constraints {
        // The key that counts stands beside its column: only there it can.
        if !(counts && it.kind == ConstraintKind::Primary) {
            lines.push(sql::constraint(HERE, name, it));
        }
    }
    let options = table.options.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    format!("CREATE TABLE {} (\n    {}\n){options}", HERE.name(name), lines.join(",\n    "))
}

/// Indexes and triggers.
pub(super) fn parts(name: &str, table: &Table) -> Vec<String> {
    let index = |(index, it): (&String, &super::super::Index)| {
        let unique = if it.unique { "UNIQUE " } else { "" };
        format!(
            "CREATE {unique}INDEX {} ON {} {}",
            HERE.name(index),
            HERE.name(name),
            it.definition
        )
    };
    table.indexes.iter().map(index).chain(table.triggers.values().cloned()).collect()
}

/// Makes a table again in another shape, with the rows of the columns both have.
///
/// Foreign keys must not be enforced meanwhile, which only the connection can see to, before its
/// transaction. The old way of renaming leaves other tables' keys, views and triggers as they are.
fn rebuild(name: &str, before: &Table, after: &Table) -> Vec<String> {
    let next = format!("{name}{NEXT}");
    let both: Vec<&String> = in_order(after)
        .into_iter()
        .filter(|(_, column)| !computed(column))
        .filter_map(|(name, _)| before.columns.get_key_value(name).map(|(name, _)| name))
        .collect();
    let quoted = HERE.name(name);
    let mut sql = vec!["PRAGMA legacy_alter_table = ON".to_owned(), table_sql(&next, after)];
    if !both.is_empty() {
        let list = HERE.names(both);
        sql.push(format!("INSERT INTO {} ({list}) SELECT {list} FROM {quoted}", HERE.name(&next)));
    }
    sql.push(format!("DROP TABLE {quoted}"));
    sql.push(format!("ALTER TABLE {} RENAME TO {quoted}", HERE.name(&next)));
    sql.push("PRAGMA legacy_alter_table = OFF".to_owned());
    sql.extend(parts(name, after));
    sql.push(format!("PRAGMA foreign_key_check({quoted})"));
    sql
}

/// What `ALTER TABLE … ADD COLUMN` takes.
fn addable(column: &Column) -> bool {
    let constant = column.default.as_deref().is_none_or(|default| {
        !default.starts_with('(') && !default.to_ascii_uppercase().starts_with("CURRENT_")
    });
    let filled = !column.not_null || column.default.as_deref().is_some_and(|it| it != "NULL");
    constant && filled && column.generated.is_none()
}

/// Whether the two differ in columns that can be added or dropped alone, and in indexes and triggers.
fn only_columns(before: &Table, after: &Table) -> bool {
    before.constraints == after.constraints
        && before.options == after.options
        && before
            .columns
            .iter()
            .all(|(name, it)| after.columns.get(name).is_none_or(|there| there == it))
}

/// From one shape to another, in which no column is missing.
fn forth(name: &str, before: &Table, after: &Table) -> Vec<String> {
    let columns = compare(&before.columns, &after.columns);
    let simple = only_columns(before, after)
        && columns.removed.is_empty()
        && columns.added.iter().all(|(_, column)| addable(column));
    if !simple {
        return rebuild(name, before, after);
    }
    let alter = format!("ALTER TABLE {} ADD COLUMN", HERE.name(name));
    let mut sql = gone(before, after);
    let mut added = columns.added;
    added.sort_by_key(|(_, column)| column.position.0);
    sql.extend(added.iter().map(|(name, it)| format!("{alter} {}", define(name, it, false))));
    sql.extend(come(name, before, after));
    sql
}

/// The way back from a shape with more columns.
fn back(name: &str, before: &Table, after: &Table) -> Vec<String> {
    let columns = compare(&before.columns, &after.columns);
    if !only_columns(before, after) || !columns.added.is_empty() {
        return rebuild(name, before, after);
    }
    let alter = format!("ALTER TABLE {} DROP COLUMN", HERE.name(name));
    let mut sql = gone(before, after);
    sql.extend(columns.removed.iter().map(|(column, _)| format!("{alter} {}", HERE.name(column))));
    sql.extend(come(name, before, after));
    sql
}

fn gone(before: &Table, after: &Table) -> Vec<String> {
    let (indexes, triggers) =
        (compare(&before.indexes, &after.indexes), compare(&before.triggers, &after.triggers));
    let index = indexes.removed.iter().map(|(name, _)| *name);
    let trigger = triggers.removed.iter().map(|(name, _)| *name);
    index
        .chain(indexes.changed.iter().map(|(name, ..)| *name))
        .map(|name| format!("DROP INDEX {}", HERE.name(name)))
        .chain(
            trigger
                .chain(triggers.changed.iter().map(|(name, ..)| *name))
                .map(|name| format!("DROP TRIGGER {}", HERE.name(name))),
        )
        .collect()
}

fn come(name: &str, before: &Table, after: &Table) -> Vec<String> {
    let mut new = after.clone();
    new.indexes.retain(|name, it| before.indexes.get(name) != Some(it));
    new.triggers.retain(|name, it| before.triggers.get(name) != Some(it));
    parts(name, &new)
}

pub(super) fn alter(name: &str, before: &Table, after: &Table) -> Vec<Change> {
    let columns = compare(&before.columns, &after.columns);
    // First everything but the loss of columns, so that it can be left out.
    let mut between = after.clone();
    let last = after.columns.values().map(|it| it.position.0).max().unwrap_or(0);
    for (place, (name, column)) in (1..).zip(&columns.removed) {
        let mut column = (*column).clone();
        // A key that counts is one of the table's keys, which `after` has its own of.
        if counted(&column) {
            column.generated = None;
        }
        column.position.0 = last + place;
        between.columns.insert((*name).to_owned(), column);
    }
    let mut changes = Vec::new();
    if between != *before {
        let mut what = Vec::new();
        let names = |list: Vec<&str>| list.join(", ");
        if !columns.added.is_empty() {
            what.push(format!("adds {}", names(columns.added.iter().map(|it| it.0).collect())));
        }
        if !columns.changed.is_empty() {
            what.push(format!(
                "changes {}",
                names(columns.changed.iter().map(|it| it.0).collect())
            ));
        }
        if before.constraints != after.constraints {
            what.push("other keys or checks".to_owned());
        }
        if before.indexes != after.indexes {
            what.push("other indexes".to_owned());
        }
        if before.triggers != after.triggers {
            what.push("other triggers".to_owned());
        }
        if before.options != after.options {
            what.push("other options".to_owned());
        }
        let up = forth(name, before, &between);
        let down = back(name, &between, before);
        let mut sentence = format!("Changes the table {name}: {}.", what.join("; "));
        if up.iter().chain(&down).any(|sql| sql.starts_with("PRAGMA")) {
            sentence.push_str(" It is made again, since SQLite cannot alter it so.");
        }
        let narrowed: BTreeSet<&str> = columns
            .changed
            .iter()
            .filter(|(_, before, after)| !sql::fits(&before.kind, &after.kind))
            .map(|(name, ..)| *name)
            .collect();
        let change = Change::new(sentence, up, down);
        changes.push(if narrowed.is_empty() {
            change
        } else {
            change.losing(format!("Values of {narrowed:?} may not be what they were."))
        });
    }
    if !columns.removed.is_empty() {
        let names: Vec<&str> = columns.removed.iter().map(|(name, _)| *name).collect();
        let up = back(name, &between, after);
        let down = forth(name, after, &between);
        changes.push(
            Change::new(format!("Drops columns of {name}: {}.", names.join(", ")), up, down)
                .losing(format!("The values of {} go.", names.join(", "))),
        );
    }
    changes
}
