//! One statement after the other, with what is known from those before.

use std::collections::BTreeSet;

use sqlparser::{
    ast::{
        AlterTableOperation, Delete, Expr, Ident, ObjectName, ObjectType, Statement,
        TableConstraint,
    },
    dialect::{MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};

use super::{Finding, LintInput, LintTarget, column, mysql, name, postgres, rule::rule, tenant};
use crate::Dialect;

/// What is known of the revision so far, and what was found.
pub(super) struct Check<'a> {
    pub(super) input: &'a LintInput<'a>,
    /// Tables it made itself, in lower case.
    made: BTreeSet<String>,
    /// Columns that a valid check says are never NULL: table and column.
    pub(super) filled: BTreeSet<(String, String)>,
    /// Such checks that are not valid yet: table, constraint, column.
    pub(super) unchecked: Vec<(String, String, String)>,
    /// The last shared table a foreign key pointed at.
    pub(super) shared: Option<String>,
    /// Whether rows were changed.
    pub(super) wrote: bool,
    place: (usize, usize, &'a str),
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    pub(super) fn report(&mut self, name: &'static str, what: impl Into<String>) {
        if rule(name).is_some_and(|rule| rule.engines.have(self.input.dialect)) {
            self.findings.push(Finding::new(name, self.place, what));
        }
    }

    pub(super) fn tenant(&self) -> bool {
        self.input.target == LintTarget::Tenant
    }

    /// Whether the revision made the table itself.
    pub(super) fn is_new(&self, table: &ObjectName) -> bool {
        self.made.contains(&name::text(table).to_ascii_lowercase())
    }

    pub(super) fn name_length(&mut self, ident: &Ident) {
        let limit = match self.input.dialect {
            Dialect::Postgres => ident.value.len() > 63,
            Dialect::MySql => ident.value.chars().count() > 64,
            Dialect::Sqlite => false,
        };
        if limit {
            self.report("identifier-too-long", format!("the name `{}` is too long", ident.value));
        }
    }
}

pub(super) fn all(input: &LintInput<'_>) -> Vec<Finding> {
    let mut check = Check {
        input,
        made: BTreeSet::new(),
        filled: BTreeSet::new(),
        unchecked: Vec::new(),
        shared: None,
        wrote: false,
        place: (0, 0, ""),
        findings: Vec::new(),
    };
    for (number, (line, sql)) in input.statements.iter().enumerate() {
        check.place = (number, *line, sql);
        let parsed = match input.dialect {
            Dialect::Postgres => Parser::parse_sql(&PostgreSqlDialect {}, sql),
            Dialect::MySql => Parser::parse_sql(&MySqlDialect {}, sql),
            Dialect::Sqlite => Parser::parse_sql(&SQLiteDialect {}, sql),
        };
        tenant::text(&mut check, sql);
        match parsed {
            Ok(statements) => {
                for statement in &statements {
                    judge(&mut check, statement);
                }
            }
            Err(error) => tenant::unread(&mut check, sql, &error.to_string()),
        }
    }
    check.findings
}

fn judge(check: &mut Check<'_>, statement: &Statement) {
    tenant::judge(check, statement);
    match check.input.dialect {
        Dialect::Postgres => postgres::judge(check, statement),
        Dialect::MySql => mysql::judge(check, statement),
        Dialect::Sqlite => {}
    }
    match statement {
        Statement::CreateTable(table) => {
            check.made.insert(name::text(&table.name).to_ascii_lowercase());
            names_of(check, &table.name);
            for column in &table.columns {
                column::new(check, column);
            }
            for constraint in &table.constraints {
                constraint_name(check, constraint);
            }
            column::keys(check, table);
        }
        Statement::CreateIndex(index) => {
            if let Some(name) = &index.name {
                names_of(check, name);
            }
        }
        Statement::CreateView(view) => names_of(check, &view.name),
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                altered(check, &alter.name, operation);
            }
        }
        Statement::RenameTable(renames) => {
            for rename in renames {
                check.report("renaming-table", format!("`{}` gets another name", rename.old_name));
                names_of(check, &rename.new_name);
            }
        }
        Statement::Drop { object_type, names, cascade, .. } => {
            for name in names {
                match object_type {
                    ObjectType::Table if !check.is_new(name) => {
                        check.report("ban-drop-table", format!("the table `{name}` is dropped"));
                    }
                    ObjectType::Schema | ObjectType::Database => {
                        check.report("ban-drop-schema", format!("`{name}` is dropped"));
                    }
                    _ => {}
                }
            }
            if *cascade {
                check.report("ban-drop-cascade", "CASCADE is written");
            }
        }
        Statement::Update(update) => {
            check.wrote = true;
            if update.selection.is_none() {
                check.report("write-without-where", "UPDATE has no WHERE");
            }
        }
        Statement::Delete(Delete { selection, limit, .. }) => {
            check.wrote = true;
            if selection.is_none() && limit.is_none() {
                check.report("write-without-where", "DELETE has no WHERE");
            }
        }
        Statement::Insert(_) | Statement::Merge(_) => check.wrote = true,
        Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Rollback { .. } => {
            check.report("transaction-nesting", "it begins or ends a transaction");
        }
        _ => {}
    }
}

fn names_of(check: &mut Check<'_>, name: &ObjectName) {
    if let Some(last) = name::parts(name).last() {
        let last = (*last).clone();
        check.name_length(&last);
    }
}

fn constraint_name(check: &mut Check<'_>, constraint: &TableConstraint) {
    let name = match constraint {
        TableConstraint::Unique(it) => &it.name,
        TableConstraint::PrimaryKey(it) => &it.name,
        TableConstraint::ForeignKey(it) => &it.name,
        TableConstraint::Check(it) => &it.name,
        _ => return,
    };
    if let Some(name) = name {
        let name = name.clone();
        check.name_length(&name);
    }
}

fn altered(check: &mut Check<'_>, table: &ObjectName, operation: &AlterTableOperation) {
    match operation {
        AlterTableOperation::AddColumn { column_def, .. } => {
            column::new(check, column_def);
            column::added(check, table, column_def);
        }
        AlterTableOperation::AddConstraint { constraint, .. } => constraint_name(check, constraint),
        AlterTableOperation::DropColumn { column_names, .. } => {
            for column in column_names {
                if !check.is_new(table) {
                    check.report(
                        "ban-drop-column",
                        format!("the column `{table}.{column}` is dropped"),
                    );
                }
            }
        }
        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
            if !check.is_new(table) {
                check.report(
                    "renaming-column",
                    format!("`{table}.{old_column_name}` becomes `{new_column_name}`"),
                );
            }
            check.name_length(new_column_name);
        }
        AlterTableOperation::ChangeColumn { old_name, new_name, .. } => {
            if !check.is_new(table) {
                if old_name == new_name {
                    check.report(
                        "changing-column-type",
                        format!("`{table}.{old_name}` is defined anew"),
                    );
                } else {
                    check.report(
                        "renaming-column",
                        format!("`{table}.{old_name}` becomes `{new_name}`"),
                    );
                }
            }
            check.name_length(new_name);
        }
        AlterTableOperation::ModifyColumn { col_name, .. } if !check.is_new(table) => {
            check.report("changing-column-type", format!("`{table}.{col_name}` is defined anew"));
        }
        AlterTableOperation::RenameTable { .. } if !check.is_new(table) => {
            check.report("renaming-table", format!("`{table}` gets another name"));
        }
        _ => {}
    }
}

/// The column that an expression says is not NULL.
pub(super) fn not_null(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Nested(inner) => not_null(inner),
        Expr::IsNotNull(inner) => match &**inner {
            Expr::Identifier(column) => Some(column),
            _ => None,
        },
        _ => None,
    }
}
