//! Changes on SQLite.

pub(super) mod read;
mod rebuild;
mod token;

use super::{
    Change, Structure, Table, View,
    compare::compare,
    sql::{mentions, views_in_order},
};
use crate::Dialect;

const HERE: Dialect = Dialect::Sqlite;

pub(super) fn diff(from: &Structure, to: &Structure) -> Vec<Change> {
    let tables = compare(&from.tables, &to.tables);
    let mut changes = Vec::new();
    let stale = |name: &String, view: &View| {
        to.views.get(name) != Some(view)
            || tables.changed.iter().any(|(table, ..)| mentions(&view.definition, table))
    };
    let views = from
        .views
        .iter()
        .filter(|(name, it)| stale(name, it))
        .map(|(name, _)| name.as_str())
        .collect();
    for (name, view) in views_in_order(&views, &from.views).into_iter().rev() {
        changes.push(view_change(name, view).reversed(format!("Takes the view {name} away.")));
    }
    for (name, table) in &tables.added {
        changes.push(create(name, table));
    }
    for (name, before, after) in &tables.changed {
        changes.extend(rebuild::alter(name, before, after));
    }
    for (name, table) in &tables.removed {
        changes.push(
            create(name, table)
                .reversed(format!("Drops the table {name}."))
                .losing(format!("All rows of {name} go.")),
        );
    }
    let again = to
        .views
        .keys()
        .map(String::as_str)
        .filter(|name| views.contains(name) || !from.views.contains_key(*name))
        .collect();
    for (name, view) in views_in_order(&again, &to.views) {
        changes.push(view_change(name, view));
    }
    changes
}

fn create(name: &str, table: &Table) -> Change {
    let mut up = vec![rebuild::table_sql(name, table)];
    up.extend(rebuild::parts(name, table));
    let drop = format!("DROP TABLE {}", HERE.name(name));
    Change::new(format!("Makes the table {name}."), up, [drop])
}

fn view_change(name: &str, view: &View) -> Change {
    let quoted = HERE.name(name);
    Change::new(
        format!("Makes the view {name}."),
        [format!("CREATE VIEW {quoted} {}", view.definition)],
        [format!("DROP VIEW {quoted}")],
    )
}
