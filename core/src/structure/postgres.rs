//! Changes on PostgreSQL.

mod column;
mod kind;
mod part;
mod table;

use std::collections::BTreeSet;

use super::{
    Change, Structure, View,
    compare::compare,
    sql::{mentions, views_in_order},
};
use crate::Dialect;

const HERE: Dialect = Dialect::Postgres;

pub(super) fn diff(from: &Structure, to: &Structure) -> Vec<Change> {
    let tables = compare(&from.tables, &to.tables);
    let altered: Vec<table::Altered<'_>> = tables
        .changed
        .iter()
        .map(|(name, before, after)| table::Altered::of(name, before, after))
        .collect();

    let mut changes = kind::enums(from, to);
    changes.extend(kind::sequences_and_functions_made(from, to));
    let views = stale_views(from, to, &altered);
    for (name, view) in views_in_order(&views, &from.views).into_iter().rev() {
        changes.push(drop_view(name, view));
    }
    for (name, table) in &tables.removed {
        changes.extend(part::foreign_keys_of_lost(name, table));
    }
    for it in &altered {
        changes.extend(it.parts_dropped());
    }
    for (name, table) in &tables.added {
        changes.push(table::create(name, table));
    }
    for it in &altered {
        changes.extend(it.columns());
    }
    for it in &altered {
        changes.extend(it.parts_added());
    }
    for (name, table) in &tables.added {
        changes.extend(part::foreign_keys_of_new(name, table));
    }
    for it in &altered {
        changes.extend(it.foreign_keys_added());
    }
    for (name, table) in &tables.added {
        changes.extend(part::guards_of_new(name, table));
    }
    for it in &altered {
        changes.extend(it.guards());
    }
    for (name, table) in &tables.removed {
        changes.push(table::drop(name, table));
    }
    let again: BTreeSet<&str> = views
        .into_iter()
        .filter(|name| to.views.contains_key(*name))
        .chain(to.views.keys().map(String::as_str).filter(|name| !from.views.contains_key(*name)))
        .collect();
    for (name, view) in views_in_order(&again, &to.views) {
        changes.push(create_view(name, view));
    }
    changes.extend(view_guards(from, to));
    changes.extend(kind::sequences_and_functions_gone(from, to));
    changes.extend(kind::enums_gone(from, to));
    changes
}

/// Views that are gone or different, or in the way of a change.
fn stale_views<'a>(
    from: &'a Structure,
    to: &Structure,
    altered: &[table::Altered<'_>],
) -> BTreeSet<&'a str> {
    let mut stale: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = stale.len();
        for (name, view) in &from.views {
            let other = to.views.get(name).is_none_or(|after| {
                (&after.definition, after.materialized, &after.options)
                    != (&view.definition, view.materialized, &view.options)
            });
            let in_the_way =
                altered.iter().any(|it| it.disturbs_views() && mentions(&view.definition, it.name));
            let above = stale.iter().any(|below| mentions(&view.definition, below));
            if other || in_the_way || above {
                stale.insert(name.as_str());
            }
        }
        if stale.len() == before {
            return stale;
        }
    }
}

fn view_sql(name: &str, view: &View) -> (String, String) {
    let kind = if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
    let options = view.options.as_ref().map(|it| format!(" WITH ({it})")).unwrap_or_default();
    let query = view.definition.trim().trim_end_matches(';');
    let name = HERE.name(name);
    (format!("CREATE {kind} {name}{options} AS\n{query}"), format!("DROP {kind} {name}"))
}

fn create_view(name: &str, view: &View) -> Change {
    let (create, drop) = view_sql(name, view);
    let mut up = vec![create];
    up.extend(part::grants(name, &Default::default(), &view.grants));
    up.extend(part::comment(
        if view.materialized { "MATERIALIZED VIEW" } else { "VIEW" },
        &HERE.name(name),
        None,
        view.comment.as_deref(),
    ));
    Change::new(format!("Makes the view {name}."), up, [drop])
}

fn drop_view(name: &str, view: &View) -> Change {
    create_view(name, view).reversed(format!("Takes the view {name} away."))
}

/// Rights and comments of views that stay as they are otherwise.
fn view_guards(from: &Structure, to: &Structure) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, before, after) in compare(&from.views, &to.views).changed {
        let rest = |view: &View| View { grants: Default::default(), comment: None, ..view.clone() };
        if rest(before) != rest(after) {
            continue;
        }
        let kind = if after.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        let way = |from: &View, to: &View| {
            let mut sql = part::grants(name, &from.grants, &to.grants);
            sql.extend(part::comment(
                kind,
                &HERE.name(name),
                from.comment.as_deref(),
                to.comment.as_deref(),
            ));
            sql
        };
        changes.push(Change::new(
            format!("Changes rights or the comment of the view {name}."),
            way(before, after),
            way(after, before),
        ));
    }
    changes
}
