//! Changes on MySQL and MariaDB.

mod alter;
pub(super) mod read;

use std::collections::BTreeSet;

use super::{
    Change, ConstraintKind, Structure, Table, View,
    compare::compare,
    sql::{self, in_order, views_in_order},
};
use crate::Dialect;

const HERE: Dialect = Dialect::MySql;

pub(super) fn diff(from: &Structure, to: &Structure) -> Vec<Change> {
    let tables = compare(&from.tables, &to.tables);
    let touched = alter::retyped(&tables.changed);
    let keys = foreign_keys(from, to, &touched);
    let mut changes = Vec::new();
    let stale: BTreeSet<&str> = from
        .views
        .iter()
        .filter(|(name, it)| to.views.get(*name) != Some(*it))
        .map(|(name, _)| name.as_str())
        .collect();
    for (name, view) in views_in_order(&stale, &from.views).into_iter().rev() {
        changes.push(view_change(name, view).reversed(format!("Takes the view {name} away.")));
    }
    changes.extend(keys.gone);
    for (name, before, after) in &tables.changed {
        changes.extend(alter::triggers_gone(name, before, after));
    }
    for (name, table) in &tables.added {
        changes.push(create(name, table));
    }
    for (name, before, after) in &tables.changed {
        changes.extend(alter::alter(name, before, after));
    }
    changes.extend(keys.come);
    for (name, table) in &tables.added {
        changes.extend(alter::triggers_come(name, &Table::default(), table));
    }
    for (name, before, after) in &tables.changed {
        changes.extend(alter::triggers_come(name, before, after));
    }
    for (name, table) in &tables.removed {
        let mut change = create(name, table).reversed(format!("Drops the table {name}."));
        for trigger in alter::triggers_come(name, &Table::default(), table) {
            change.down.extend(trigger.up);
        }
        changes.push(change.losing(format!("All rows of {name} go.")));
    }
    let again: BTreeSet<&str> = to
        .views
        .keys()
        .map(String::as_str)
        .filter(|name| stale.contains(name) || !from.views.contains_key(*name))
        .collect();
    for (name, view) in views_in_order(&again, &to.views) {
        changes.push(view_change(name, view));
    }
    changes
}

struct Keys {
    gone: Vec<Change>,
    come: Vec<Change>,
}

/// Foreign keys that go and come: what is new, gone or different, and what stands on a column of
/// another type, which no key may hold on to.
fn foreign_keys(from: &Structure, to: &Structure, touched: &BTreeSet<(&str, &str)>) -> Keys {
    let mut keys = Keys { gone: Vec::new(), come: Vec::new() };
    let none = Table::default();
    let names: BTreeSet<&String> = from.tables.keys().chain(to.tables.keys()).collect();
    for table in names {
        let (before, after) =
            (from.tables.get(table).unwrap_or(&none), to.tables.get(table).unwrap_or(&none));
        let held = |it: &super::Constraint| {
            it.columns.iter().any(|column| touched.contains(&(table.as_str(), column.as_str())))
                || it.references.as_ref().is_some_and(|to| {
                    to.columns.iter().any(|it| touched.contains(&(to.table.as_str(), it.as_str())))
                })
        };
        let stays = |name: &String, it: &super::Constraint| {
            before.constraints.get(name) == after.constraints.get(name) && !held(it)
        };
        for (name, it) in &before.constraints {
            if it.kind == ConstraintKind::Foreign && !stays(name, it) {
                let change = key_change(table, name, it);
                let sentence = change.sentence.replacen("Adds", "Drops", 1);
                let change = change.reversed(sentence);
                let lost = !to.tables.contains_key(table);
                keys.gone.push(if lost {
                    change.losing(format!("Part of dropping the table {table}."))
                } else {
                    change
                });
            }
        }
        for (name, it) in &after.constraints {
            if it.kind == ConstraintKind::Foreign && !stays(name, it) {
                keys.come.push(key_change(table, name, it));
            }
        }
    }
    keys
}

fn key_change(table: &str, name: &str, it: &super::Constraint) -> Change {
    let alter = format!("ALTER TABLE {}", HERE.name(table));
    Change::new(
        format!("Adds the foreign key {name} of {table}."),
        [format!("{alter} ADD {}", sql::constraint(HERE, name, it))],
        [format!("{alter} DROP FOREIGN KEY {}", HERE.name(name))],
    )
}

fn create(name: &str, table: &Table) -> Change {
    let mut lines: Vec<String> =
        in_order(table).into_iter().map(|(name, it)| alter::define(name, it)).collect();
    for (name, it) in &table.constraints {
        if it.kind != ConstraintKind::Foreign {
            lines.push(sql::constraint(HERE, name, it));
        }
    }
    lines.extend(table.indexes.iter().map(|(name, it)| alter::index(name, it)));
    let mut options = table.options.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    if let Some(comment) = &table.comment {
        options.push_str(&format!(" COMMENT={}", sql::text(HERE, comment)));
    }
    let quoted = HERE.name(name);
    Change::new(
        format!("Makes the table {name}."),
        [format!("CREATE TABLE {quoted} (\n    {}\n){options}", lines.join(",\n    "))],
        [format!("DROP TABLE {quoted}")],
    )
}

fn view_change(name: &str, view: &View) -> Change {
    let quoted = HERE.name(name);
    Change::new(
        format!("Makes the view {name}."),
        [format!("CREATE VIEW {quoted} AS {}", view.definition)],
        [format!("DROP VIEW {quoted}")],
    )
}
