//! Locks and rewrites of PostgreSQL.

use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, CascadeOption, ColumnOption, ObjectName, ObjectType,
    Statement, TableConstraint,
};

use super::{
    check::{Check, not_null},
    name,
};

pub(super) fn judge(check: &mut Check<'_>, statement: &Statement) {
    match statement {
        Statement::CreateIndex(index) => {
            let table = &index.table_name;
            if index.concurrently {
                if check.input.transactional {
                    check.report(
                        "ban-concurrent-index-creation-in-transaction",
                        "CONCURRENTLY is written, and the revision runs in a transaction",
                    );
                }
                if check.tenant() {
                    check.report("concurrent-index-in-fleet", "CONCURRENTLY is written");
                }
            } else if !check.tenant() && !check.is_new(table) {
                check.report(
                    "require-concurrent-index-creation",
                    format!("the index on `{table}` is built under a lock"),
                );
            }
        }
        Statement::Drop { object_type: ObjectType::Index, names, .. } if !check.tenant() => {
            for name in names {
                // The parser keeps no CONCURRENTLY here, and does not read it either.
                check.report(
                    "require-concurrent-index-deletion",
                    format!("the index `{name}` is dropped"),
                );
            }
        }
        Statement::Truncate(truncate) => {
            check.wrote = true;
            if truncate.cascade == Some(CascadeOption::Cascade) {
                check.report("ban-truncate-cascade", "CASCADE is written");
            }
        }
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                altered(check, &alter.name, operation);
            }
        }
        _ => {}
    }
}

fn altered(check: &mut Check<'_>, table: &ObjectName, operation: &AlterTableOperation) {
    let key = name::text(table).to_ascii_lowercase();
    match operation {
        AlterTableOperation::AddColumn { column_def, .. } if !check.is_new(table) => {
            for option in &column_def.options {
                let name = &column_def.name;
                match &option.option {
                    ColumnOption::ForeignKey(_) => check.report(
                        "adding-foreign-key-constraint",
                        format!("`{table}.{name}` is added with a foreign key"),
                    ),
                    ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_) => check.report(
                        "disallow-unique-constraint",
                        format!("`{table}.{name}` is added with a unique key"),
                    ),
                    ColumnOption::Check(_) => check.report(
                        "constraint-missing-not-valid",
                        format!("`{table}.{name}` is added with a check"),
                    ),
                    _ => {}
                }
            }
        }
        AlterTableOperation::AddConstraint { constraint, not_valid } => {
            if let TableConstraint::Check(it) = constraint
                && let Some(column) = not_null(&it.expr)
            {
                let column = column.value.to_ascii_lowercase();
                if *not_valid {
                    let constraint = it.name.as_ref().map(|it| it.value.to_ascii_lowercase());
                    check.unchecked.push((key, constraint.unwrap_or_default(), column));
                } else {
                    check.filled.insert((key, column));
                }
            }
            if check.is_new(table) {
                return;
            }
            match constraint {
                TableConstraint::Check(_) if !not_valid => check.report(
                    "constraint-missing-not-valid",
                    format!("the check of `{table}` is added without NOT VALID"),
                ),
                TableConstraint::ForeignKey(_) if !not_valid => check.report(
                    "adding-foreign-key-constraint",
                    format!("the foreign key of `{table}` is added without NOT VALID"),
                ),
                TableConstraint::Unique(_) | TableConstraint::PrimaryKey(_) => check.report(
                    "disallow-unique-constraint",
                    format!("the key of `{table}` is added without an index that is there"),
                ),
                _ => {}
            }
        }
        AlterTableOperation::ValidateConstraint { name } => {
            let wanted = name.value.to_ascii_lowercase();
            for (table, constraint, column) in &check.unchecked {
                if *table == key && *constraint == wanted {
                    check.filled.insert((table.clone(), column.clone()));
                }
            }
        }
        AlterTableOperation::AlterColumn { column_name, op } if !check.is_new(table) => match op {
            AlterColumnOperation::SetNotNull => {
                let column = column_name.value.to_ascii_lowercase();
                if !check.filled.contains(&(key, column)) {
                    check.report(
                        "adding-not-null-field",
                        format!("no valid check says that `{table}.{column_name}` is not NULL"),
                    );
                }
            }
            AlterColumnOperation::SetDataType { data_type, .. } => check.report(
                "changing-column-type",
                format!("`{table}.{column_name}` becomes {data_type}"),
            ),
            AlterColumnOperation::AddGenerated { .. } => {}
            _ => {}
        },
        _ => {}
    }
}
