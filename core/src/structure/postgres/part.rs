//! What belongs to a table: keys, checks, indexes, policies, triggers, rights, comments.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Change, Constraint, ConstraintKind, Index, Policy, Table, sql},
    HERE,
};
use crate::policy::literal;

/// A right of a view or table. Roles' names are quoted by the reader.
pub(super) fn grants(
    name: &str,
    from: &BTreeMap<String, BTreeSet<String>>,
    to: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let none = BTreeSet::new();
    let roles: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let name = HERE.name(name);
    let mut statements = Vec::new();
    for role in roles {
        let (before, after) = (from.get(role).unwrap_or(&none), to.get(role).unwrap_or(&none));
        for right in before.difference(after) {
            let right = right.trim_end_matches('*');
            statements.push(format!("REVOKE {right} ON TABLE {name} FROM {role}"));
        }
        for right in after.difference(before) {
            let option = if right.ends_with('*') { " WITH GRANT OPTION" } else { "" };
            let right = right.trim_end_matches('*');
            statements.push(format!("GRANT {right} ON TABLE {name} TO {role}{option}"));
        }
    }
    statements
}

pub(super) fn comment(
    kind: &str,
    name: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Option<String> {
    if from == to {
        return None;
    }
    let text = to.map_or_else(|| "NULL".to_owned(), literal);
    Some(format!("COMMENT ON {kind} {name} IS {text}"))
}

pub(super) fn index_sql(table: &str, name: &str, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    format!("CREATE {unique}INDEX {} ON {} {}", HERE.name(name), HERE.name(table), index.definition)
}

pub(super) fn add_index(table: &str, name: &str, index: &Index) -> Change {
    Change::new(
        format!("Adds the index {name} of {table}."),
        [index_sql(table, name, index)],
        [format!("DROP INDEX {}", HERE.name(name))],
    )
}

/// Adds a constraint to a table that is there: it is checked afterwards, under a weaker lock.
pub(super) fn add_constraint(table: &str, name: &str, it: &Constraint) -> Change {
    let alter = format!("ALTER TABLE {}", HERE.name(table));
    let add = format!("{alter} ADD {}", sql::constraint(HERE, name, it));
    let checkable = matches!(it.kind, ConstraintKind::Foreign | ConstraintKind::Check);
    let up = if checkable && !it.definition.ends_with("NOT VALID") {
        let validate = format!("{alter} VALIDATE CONSTRAINT {}", HERE.name(name));
        vec![format!("{add} NOT VALID"), validate]
    } else {
        vec![add]
    };
    let down = format!("{alter} DROP CONSTRAINT {}", HERE.name(name));
    Change::new(format!("Adds the {} {name} of {table}.", noun(it.kind)), up, [down])
}

pub(super) fn noun(kind: ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::Primary => "primary key",
        ConstraintKind::Unique => "unique key",
        ConstraintKind::Check => "check",
        ConstraintKind::Exclude => "exclusion",
        ConstraintKind::Foreign => "foreign key",
    }
}

/// Foreign keys of a table that goes, before any of the tables does.
pub(super) fn foreign_keys_of_lost(table: &str, it: &Table) -> Vec<Change> {
    foreign_keys_of_new(table, it)
        .into_iter()
        .map(|change| {
            let sentence = change.sentence.replacen("Adds", "Drops", 1);
            change.reversed(sentence).losing(format!("Part of dropping the table {table}."))
        })
        .collect()
}

pub(super) fn foreign_keys_of_new(table: &str, it: &Table) -> Vec<Change> {
    let keys = it.constraints.iter().filter(|(_, it)| it.kind == ConstraintKind::Foreign);
    keys.map(|(name, key)| {
        let alter = format!("ALTER TABLE {}", HERE.name(table));
        Change::new(
            format!("Adds the foreign key {name} of {table}."),
            [format!("{alter} ADD {}", sql::constraint(HERE, name, key))],
            [format!("{alter} DROP CONSTRAINT {}", HERE.name(name))],
        )
    })
    .collect()
}

pub(super) fn policy(table: &str, name: &str, it: &Policy) -> Change {
    let (table_name, policy) = (HERE.name(table), HERE.name(name));
    let kind = if it.restrictive { "RESTRICTIVE" } else { "PERMISSIVE" };
    let mut create = format!(
        "CREATE POLICY {policy} ON {table_name} AS {kind} FOR {} TO {}",
        it.command,
        it.roles.join(", ")
    );
    if let Some(using) = &it.using {
        create.push_str(&format!("\n    USING ({using})"));
    }
    if let Some(check) = &it.check {
        create.push_str(&format!("\n    WITH CHECK ({check})"));
    }
    Change::new(
        format!("Adds the policy {name} of {table}."),
        [create],
        [format!("DROP POLICY {policy} ON {table_name}")],
    )
}

pub(super) fn trigger(table: &str, name: &str, create: &str) -> Change {
    Change::new(
        format!("Adds the trigger {name} of {table}."),
        create.split('\u{1}').map(str::to_owned),
        [format!("DROP TRIGGER {} ON {}", HERE.name(name), HERE.name(table))],
    )
}

/// Row security, from nothing or from what it was.
pub(super) fn row_security(table: &str, from: &Table, to: &Table) -> Option<Change> {
    let way = |from: &Table, to: &Table| {
        let alter = format!("ALTER TABLE {}", HERE.name(table));
        let mut sql = Vec::new();
        if from.row_security != to.row_security {
            let way = if to.row_security { "ENABLE" } else { "DISABLE" };
            sql.push(format!("{alter} {way} ROW LEVEL SECURITY"));
        }
        if from.forced != to.forced {
            let way = if to.forced { "FORCE" } else { "NO FORCE" };
            sql.push(format!("{alter} {way} ROW LEVEL SECURITY"));
        }
        sql
    };
    let up = way(from, to);
    if up.is_empty() {
        return None;
    }
    let what = match (to.row_security, to.forced) {
        (true, true) => "on, for the owner too",
        (true, false) => "on, except for the owner",
        (false, _) => "off: every row is shown to whoever may read the table",
    };
    let change =
        Change::new(format!("Switches row security of {table} {what}."), up, way(to, from));
    let weaker = (from.row_security && !to.row_security) || (from.forced && !to.forced);
    Some(if weaker { change.losing(format!("Rows of {table} lose a protection.")) } else { change })
}

pub(super) fn rights(table: &str, from: &Table, to: &Table) -> Option<Change> {
    let way = |from: &Table, to: &Table| {
        let mut sql = grants(table, &from.grants, &to.grants);
        sql.extend(comment(
            "TABLE",
            &HERE.name(table),
            from.comment.as_deref(),
            to.comment.as_deref(),
        ));
        sql
    };
    let up = way(from, to);
    (!up.is_empty()).then(|| {
        Change::new(format!("Changes rights or the comment of {table}."), up, way(to, from))
    })
}

/// What watches over a new table.
pub(super) fn guards_of_new(name: &str, table: &Table) -> Vec<Change> {
    let mut changes: Vec<Change> =
        table.policies.iter().map(|(policy, it)| self::policy(name, policy, it)).collect();
    let none = Table::default();
    changes.extend(row_security(name, &none, table));
    changes.extend(table.triggers.iter().map(|(trigger, it)| self::trigger(name, trigger, it)));
    changes.extend(rights(name, &none, table));
    changes
}
