//! Enumerations, sequences and functions.

use super::{
    super::{Change, Structure, compare::compare},
    HERE,
};
use crate::policy::literal;

fn values(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
    values.join(", ")
}

fn create(name: &str, of: &[String]) -> String {
    format!("CREATE TYPE {} AS ENUM ({})", HERE.name(name), values(of))
}

fn drop(name: &str) -> String {
    format!("DROP TYPE {}", HERE.name(name))
}

/// Those that are new or have other values, before any table is touched.
pub(super) fn enums(from: &Structure, to: &Structure) -> Vec<Change> {
    let compared = compare(&from.enums, &to.enums);
    let mut changes: Vec<Change> = compared
        .added
        .iter()
        .map(|(name, of)| {
            Change::new(format!("Makes the enumeration {name}."), [create(name, of)], [drop(name)])
        })
        .collect();
    for (name, before, after) in compared.changed {
        let down = again(from, name, before);
        match inserted(name, before, after) {
            Some(up) => changes.push(Change::new(
                format!("Adds values to the enumeration {name}."),
                up,
                down,
            )),
            None => {
                let lost: Vec<&String> = before.iter().filter(|it| !after.contains(it)).collect();
                let change = Change::new(
                    format!("Makes the enumeration {name} again, with other values."),
                    again(from, name, after),
                    down,
                );
                changes.push(if lost.is_empty() {
                    change
                } else {
                    change.losing(format!(
                        "The enumeration {name} loses {lost:?}; rows that have it make this fail."
                    ))
                });
            }
        }
    }
    changes
}

pub(super) fn enums_gone(from: &Structure, to: &Structure) -> Vec<Change> {
    let gone = compare(&from.enums, &to.enums).removed;
    gone.into_iter()
        .map(|(name, of)| {
            Change::new(format!("Drops the enumeration {name}."), [drop(name)], [create(name, of)])
                .losing(format!("The enumeration {name} goes; it fails while a column has it."))
        })
        .collect()
}

/// `ALTER TYPE … ADD VALUE`, if nothing else is needed.
fn inserted(name: &str, before: &[String], after: &[String]) -> Option<Vec<String>> {
    let kept: Vec<&String> = after.iter().filter(|value| before.contains(value)).collect();
    if kept.len() != before.len() || kept.iter().zip(before).any(|(a, b)| *a != b) {
        return None;
    }
    let name = HERE.name(name);
    let mut statements = Vec::new();
    for (at, value) in after.iter().enumerate() {
        if before.contains(value) {
            continue;
        }
        let place = match at.checked_sub(1) {
            Some(previous) => format!("AFTER {}", literal(&after[previous])),
            None => match before.first() {
                Some(first) => format!("BEFORE {}", literal(first)),
                None => String::new(),
            },
        };
        statements.push(
            format!("ALTER TYPE {name} ADD VALUE {} {place}", literal(value)).trim_end().to_owned(),
        );
    }
    Some(statements)
}

/// Makes it again and moves the columns that have it over.
fn again(structure: &Structure, name: &str, of: &[String]) -> Vec<String> {
    let old = format!("{name}_old");
    let mut statements = vec![
        format!("ALTER TYPE {} RENAME TO {}", HERE.name(name), HERE.name(&old)),
        create(name, of),
    ];
    for (table, it) in &structure.tables {
        for (column, it) in &it.columns {
            let array = it.kind.ends_with("[]");
            if it.kind.trim_end_matches("[]").trim_matches('"') != name {
                continue;
            }
            let (table, column) = (HERE.name(table), HERE.name(column));
            let (kind, text) = if array { ("[]", "text[]") } else { ("", "text") };
            let kind = format!("{}{kind}", HERE.name(name));
            let alter = format!("ALTER TABLE {table} ALTER COLUMN {column}");
            if it.default.is_some() {
                statements.push(format!("{alter} DROP DEFAULT"));
            }
            statements.push(format!("{alter} TYPE {kind} USING {column}::{text}::{kind}"));
            if let Some(default) = &it.default {
                statements.push(format!("{alter} SET DEFAULT {default}"));
            }
        }
    }
    statements.push(drop(&old));
    statements
}

pub(super) fn sequences_and_functions_made(from: &Structure, to: &Structure) -> Vec<Change> {
    let sequences = compare(&from.sequences, &to.sequences);
    let mut changes: Vec<Change> = Vec::new();
    for (name, what) in sequences.added {
        let quoted = HERE.name(name);
        changes.push(Change::new(
            format!("Makes the sequence {name}."),
            [format!("CREATE SEQUENCE {quoted} {what}")],
            [format!("DROP SEQUENCE {quoted}")],
        ));
    }
    for (name, before, after) in sequences.changed {
        let alter = |what: &str| [format!("ALTER SEQUENCE {} {what}", HERE.name(name))];
        changes.push(Change::new(
            format!("Changes the sequence {name}."),
            alter(after),
            alter(before),
        ));
    }
    let functions = compare(&from.functions, &to.functions);
    // A body may name tables that come later.
    let make = |body: &str| {
        [
            "SET LOCAL check_function_bodies = off".to_owned(),
            body.trim_end().trim_end_matches(';').to_owned(),
        ]
    };
    for (signature, body) in functions.added {
        changes.push(Change::new(
            format!("Makes the function {signature}."),
            make(body),
            [format!("DROP ROUTINE {signature}")],
        ));
    }
    for (signature, before, after) in functions.changed {
        changes.push(Change::new(
            format!("Replaces the function {signature}."),
            make(after),
            make(before),
        ));
    }
    changes
}

pub(super) fn sequences_and_functions_gone(from: &Structure, to: &Structure) -> Vec<Change> {
    let mut changes = Vec::new();
    for (signature, body) in compare(&from.functions, &to.functions).removed {
        let make = [
            "SET LOCAL check_function_bodies = off".to_owned(),
            body.trim_end().trim_end_matches(';').to_owned(),
        ];
        let drop = [format!("DROP ROUTINE {signature}")];
        changes.push(
            Change::new(format!("Drops the function {signature}."), drop, make)
                .losing(format!("The function {signature} goes.")),
        );
    }
    for (name, what) in compare(&from.sequences, &to.sequences).removed {
        let quoted = HERE.name(name);
        changes.push(
            Change::new(
                format!("Drops the sequence {name}."),
                [format!("DROP SEQUENCE {quoted}")],
                [format!("CREATE SEQUENCE {quoted} {what}")],
            )
            .losing(format!("The count of the sequence {name} goes.")),
        );
    }
    changes
}
