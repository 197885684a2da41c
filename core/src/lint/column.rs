//! Columns that are made.

use std::ops::ControlFlow;

use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, DataType, Expr, GeneratedExpressionMode, ObjectName,
    TableConstraint, visit_expressions,
};

use super::{check::Check, name};
use crate::Dialect;

/// Functions that give the same for the whole statement.
const STABLE: [&str; 9] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
];

pub(super) fn new(check: &mut Check<'_>, column: &ColumnDef) {
    check.name_length(&column.name);
    if matches!(column.data_type, DataType::Char(_) | DataType::Character(_)) {
        check.report("ban-char-field", format!("`{}` is a CHAR", column.name));
    }
    let keyed = column.options.iter().any(|it| {
        matches!(
            it.option,
            ColumnOption::PrimaryKey(_)
                | ColumnOption::Identity(_)
                | ColumnOption::Generated { generation_expr: None, .. }
        )
    });
    if (keyed && is_small(check, &column.data_type)) || is_small_serial(&column.data_type) {
        check.report(
            "prefer-bigint-over-int",
            format!("the key `{}` has four bytes or fewer", column.name),
        );
    }
}

/// Keys that stand beside the columns.
pub(super) fn keys(check: &mut Check<'_>, table: &CreateTable) {
    for constraint in &table.constraints {
        let TableConstraint::PrimaryKey(key) = constraint else { continue };
        for part in &key.columns {
            let Expr::Identifier(ident) = &part.column.expr else { continue };
            let column = table.columns.iter().find(|it| it.name.value == ident.value);
            if column.is_some_and(|it| is_small(check, &it.data_type)) {
                check.report(
                    "prefer-bigint-over-int",
                    format!("the key `{ident}` has four bytes or fewer"),
                );
            }
        }
    }
}

fn is_small(check: &Check<'_>, kind: &DataType) -> bool {
    // Every integer of SQLite has eight.
    check.input.dialect != Dialect::Sqlite
        && matches!(
            kind,
            DataType::Int(_)
                | DataType::Integer(_)
                | DataType::Int4(_)
                | DataType::Int2(_)
                | DataType::SmallInt(_)
                | DataType::MediumInt(_)
                | DataType::TinyInt(_)
                | DataType::IntUnsigned(_)
                | DataType::IntegerUnsigned(_)
                | DataType::SmallIntUnsigned(_)
                | DataType::MediumIntUnsigned(_)
        )
}

fn is_small_serial(kind: &DataType) -> bool {
    matches!(kind, DataType::Custom(name, _)
        if ["serial", "serial4", "smallserial", "serial2"].contains(&name::text(name).to_ascii_lowercase().as_str()))
}

fn is_serial(kind: &DataType) -> bool {
    matches!(kind, DataType::Custom(name, _) if name::text(name).to_ascii_lowercase().contains("serial"))
}

/// A column of a table that is there.
pub(super) fn added(check: &mut Check<'_>, table: &ObjectName, column: &ColumnDef) {
    if check.is_new(table) {
        return;
    }
    let has =
        |wanted: fn(&ColumnOption) -> bool| column.options.iter().any(|it| wanted(&it.option));
    let counted = is_serial(&column.data_type)
        || has(|it| matches!(it, ColumnOption::Identity(_)))
        || has(|it| matches!(it, ColumnOption::Generated { generation_expr: None, .. }));
    let computed = has(|it| matches!(it, ColumnOption::Generated { generation_expr: Some(_), .. }));
    let required = has(|it| matches!(it, ColumnOption::NotNull | ColumnOption::PrimaryKey(_)));
    let default = column.options.iter().find_map(|it| match &it.option {
        ColumnOption::Default(value) => Some(value),
        _ => None,
    });
    let name = format!("`{table}.{}`", column.name);
    let is_null = |value: &&Expr| value.to_string().eq_ignore_ascii_case("null");
    if required && default.filter(|it| !is_null(it)).is_none() && !counted && !computed {
        check.report("adding-required-field", format!("{name} is NOT NULL and has no default"));
    }
    if counted {
        check.report("adding-field-with-default", format!("{name} is counted"));
    } else if has(|it| {
        matches!(it, ColumnOption::Generated { generation_expr: Some(_), generation_expr_mode: mode, .. }
            if matches!(mode, None | Some(GeneratedExpressionMode::Stored)))
    }) {
        check.report("adding-field-with-default", format!("{name} is computed and stored"));
    } else if let Some(called) = default.and_then(volatile) {
        check.report("adding-field-with-default", format!("the default of {name} calls {called}"));
    }
}

/// A function whose value differs from row to row, or is not known not to.
fn volatile(value: &Expr) -> Option<String> {
    let found = visit_expressions(value, |expr| match expr {
        Expr::Function(function) => {
            let called = name::text(&function.name).to_ascii_lowercase();
            let bare = called.rsplit('.').next().unwrap_or_default();
            if STABLE.contains(&bare) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(called)
            }
        }
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(called) => Some(called),
        ControlFlow::Continue(()) => None,
    }
}
