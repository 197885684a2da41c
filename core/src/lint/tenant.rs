//! What is wrong because there are many tenants, and what outlives a statement.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, ColumnOption, ContextModifier, Expr, ObjectName, ObjectType, Set,
    Statement, TableConstraint, visit_expressions,
};

use super::{check::Check, name};

/// Marks by which templates put a tenant's name into a text.
const MARKS: [&str; 6] = ["{{", "}}", "${", "<%", "%(tenant", ":tenant"];

/// Looks at a statement's text.
pub(super) fn text(check: &mut Check<'_>, sql: &str) {
    if !check.tenant() {
        return;
    }
    let code = code(sql);
    if let Some(mark) = MARKS.iter().find(|mark| code.contains(*mark)) {
        check.report("tenant-dependent-text", format!("`{mark}` looks like a place for a name"));
    }
}

/// A text without comments and literals.
fn code(sql: &str) -> String {
    let mut out = String::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let end = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if c == '\'' {
            rest[1..].find('\'').map_or(rest.len(), |at| at + 2)
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[end..];
    }
    out
}

/// A statement that cannot be parsed: it is a finding, and so are words in it that are certain.
pub(super) fn unread(check: &mut Check<'_>, sql: &str, error: &str) {
    let code = code(sql).to_ascii_uppercase();
    let words: Vec<&str> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|it| !it.is_empty())
        .collect();
    let begins = |with: &[&str]| words.starts_with(with);
    if begins(&["DROP", "INDEX", "CONCURRENTLY"]) {
        if check.input.transactional {
            check.report(
                "ban-concurrent-index-creation-in-transaction",
                "CONCURRENTLY is written, and the revision runs in a transaction",
            );
        }
        if check.tenant() {
            check.report("concurrent-index-in-fleet", "CONCURRENTLY is written");
        }
        return;
    }
    if words.contains(&"SEARCH_PATH")
        || begins(&["RESET"])
        || begins(&["DISCARD"])
        || begins(&["ATTACH"])
    {
        check.report("session-state", "it changes what names lead to");
    }
    if begins(&["END"]) || begins(&["ABORT"]) {
        check.report("transaction-nesting", "it begins or ends a transaction");
    }
    let error = error.trim_start_matches("sql parser error: ");
    check.report("not-understood", format!("the parser says: {error}"));
}

pub(super) fn judge(check: &mut Check<'_>, statement: &Statement) {
    session(check, statement);
    if !check.tenant() {
        return;
    }
    qualified(check, statement);
    shared_tables(check, statement);
    foreign_keys(check, statement);
    differing(check, statement);
    let wide = match statement {
        Statement::CreateExtension(_) | Statement::DropExtension(_) => Some("an extension"),
        Statement::CreateRole(_) | Statement::AlterRole { .. } => Some("a role"),
        Statement::CreateSchema { .. } => Some("a schema"),
        Statement::CreateDatabase { .. } => Some("a database"),
        Statement::Drop { object_type: ObjectType::Role | ObjectType::User, .. } => Some("a role"),
        _ => None,
    };
    if let Some(what) = wide {
        check.report("database-wide-object", format!("it is about {what}"));
    }
}

/// What stays behind on the connection.
fn session(check: &mut Check<'_>, statement: &Statement) {
    let what = match statement {
        Statement::Set(Set::SingleAssignment { scope, variable, .. }) => {
            let name = name::text(variable).to_ascii_lowercase();
            if name == "search_path" {
                Some("it sets the search path".to_owned())
            } else if *scope == Some(ContextModifier::Local) || name.starts_with('@') {
                None
            } else {
                Some(format!("it sets `{name}` for the session"))
            }
        }
        Statement::Set(Set::SetTimeZone { local: true, .. }) => None,
        // Of the next transaction, or of this one.
        Statement::Set(Set::SetTransaction { session: false, .. }) => None,
        Statement::Set(_) => Some("it sets something for the session".to_owned()),
        Statement::Reset(_) => Some("it resets what the runner has set".to_owned()),
        Statement::Discard { .. } => Some("it discards what the runner has set".to_owned()),
        Statement::Use(_) => Some("it leads names to another database".to_owned()),
        Statement::AttachDatabase { .. } => Some("it attaches a file".to_owned()),
        _ => sets_path(statement).then(|| "it sets the search path".to_owned()),
    };
    if let Some(what) = what {
        check.report("session-state", what);
    }
}

/// `set_config('search_path', …)`.
fn sets_path(statement: &Statement) -> bool {
    let found = visit_expressions(statement, |expr| match expr {
        Expr::Function(function) => {
            let called = name::text(&function.name).to_ascii_lowercase();
            let path = function.args.to_string().to_ascii_lowercase().contains("'search_path'");
            if called.rsplit('.').next() == Some("set_config") && path {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// The foreign keys of a statement: what they point at.
fn targets(statement: &Statement) -> Vec<&ObjectName> {
    let mut targets = Vec::new();
    match statement {
        Statement::CreateTable(table) => {
            for column in &table.columns {
                for option in &column.options {
                    if let ColumnOption::ForeignKey(key) = &option.option {
                        targets.push(&key.foreign_table);
                    }
                }
            }
            for constraint in &table.constraints {
                if let TableConstraint::ForeignKey(key) = constraint {
                    targets.push(&key.foreign_table);
                }
            }
        }
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                match operation {
                    AlterTableOperation::AddConstraint {
                        constraint: TableConstraint::ForeignKey(key),
                        ..
                    } => targets.push(&key.foreign_table),
                    AlterTableOperation::AddColumn { column_def, .. } => {
                        for option in &column_def.options {
                            if let ColumnOption::ForeignKey(key) = &option.option {
                                targets.push(&key.foreign_table);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    targets
}

fn qualified(check: &mut Check<'_>, statement: &Statement) {
    let mut names = name::relations(statement);
    names.extend(targets(statement).into_iter().cloned());
    match statement {
        Statement::Drop { names: dropped, .. } => names.extend(dropped.iter().cloned()),
        Statement::CreateIndex(index) => names.extend(index.name.iter().cloned()),
        Statement::CreateType { name, .. } => names.push(name.clone()),
        Statement::AlterIndex { name, .. } => names.push(name.clone()),
        _ => {}
    }
    names.sort_by_key(name::text);
    names.dedup_by_key(|name| name::text(name));
    for name in names {
        // Where the shared tables are is the same for all.
        let known = name::is_among(&name, check.input.shared_tables) || name::is_catalog(&name);
        if name::parts(&name).len() > 1 && !known {
            check.report("tenant-qualified-name", format!("`{name}` says where it is"));
        }
    }
}

/// Changes of what all tenants share.
fn shared_tables(check: &mut Check<'_>, statement: &Statement) {
    let changed: Vec<&ObjectName> = match statement {
        Statement::AlterTable(alter) => vec![&alter.name],
        Statement::CreateTable(table) => vec![&table.name],
        Statement::CreateIndex(index) => vec![&index.table_name],
        Statement::Drop { object_type: ObjectType::Table | ObjectType::View, names, .. } => {
            names.iter().collect()
        }
        Statement::Truncate(truncate) => truncate.table_names.iter().map(|it| &it.name).collect(),
        Statement::CreateTrigger(trigger) => vec![&trigger.table_name],
        Statement::CreatePolicy(policy) => vec![&policy.table_name],
        Statement::DropPolicy(policy) => vec![&policy.table_name],
        Statement::RenameTable(renames) => renames.iter().map(|it| &it.old_name).collect(),
        _ => Vec::new(),
    };
    for table in changed {
        if name::is_among(table, check.input.shared_tables) {
            check.report("tenant-shared-ddl", format!("all tenants share `{table}`"));
        }
    }
}

/// Foreign keys to shared tables come last, in the order of those tables' names.
fn foreign_keys(check: &mut Check<'_>, statement: &Statement) {
    let shared: Vec<String> = targets(statement)
        .into_iter()
        .filter(|name| name::is_among(name, check.input.shared_tables))
        .map(|name| {
            let text = name::text(name).to_ascii_lowercase();
            text.rsplit('.').next().unwrap_or_default().to_owned()
        })
        .collect();
    if shared.is_empty() {
        // Checking a key afterwards takes the weaker lock that it takes anyway.
        let harmless = match statement {
            Statement::AlterTable(alter) => alter
                .operations
                .iter()
                .all(|it| matches!(it, AlterTableOperation::ValidateConstraint { .. })),
            _ => false,
        };
        if !harmless && let Some(before) = check.shared.clone() {
            check.report(
                "shared-foreign-key-order",
                format!("it comes after a foreign key to `{before}`, whose lock is held meanwhile"),
            );
        }
        return;
    }
    for table in shared {
        if check.shared.as_ref().is_some_and(|before| *before > table) {
            let before = check.shared.clone().unwrap_or_default();
            check.report("shared-foreign-key-order", format!("`{table}` comes after `{before}`"));
        }
        check.shared = Some(table);
    }
}

/// What has another value for each tenant.
fn differing(check: &mut Check<'_>, statement: &Statement) {
    const DIFFERING: [&str; 6] = [
        "current_schema",
        "current_schemas",
        "current_database",
        "database",
        "schema",
        "current_catalog",
    ];
    let _ = visit_expressions(statement, |expr| {
        if let Expr::Function(function) = expr {
            let called = name::text(&function.name).to_ascii_lowercase();
            if called.rsplit('.').next().is_some_and(|it| DIFFERING.contains(&it)) {
                check.report(
                    "tenant-dependent-text",
                    format!("`{called}` has another value for each tenant"),
                );
            }
        }
        ControlFlow::<()>::Continue(())
    });
}
