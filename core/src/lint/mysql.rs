//! What MySQL and MariaDB do silently.

use sqlparser::ast::{AlterTableOperation, Statement};

use super::check::Check;

fn says(operations: &[AlterTableOperation]) -> (bool, bool) {
    let algorithm = |it: &AlterTableOperation| matches!(it, AlterTableOperation::Algorithm { .. });
    let lock = |it: &AlterTableOperation| matches!(it, AlterTableOperation::Lock { .. });
    // INSTANT takes no lock, and refuses to be told of one.
    let instant = operations.iter().any(|it| {
        matches!(it, AlterTableOperation::Algorithm { algorithm, .. }
            if algorithm.to_string().eq_ignore_ascii_case("instant"))
    });
    (operations.iter().any(algorithm), instant || operations.iter().any(lock))
}

pub(super) fn judge(check: &mut Check<'_>, statement: &Statement) {
    let (ddl, asks) = match statement {
        Statement::AlterTable(alter) => {
            let renames = alter
                .operations
                .iter()
                .all(|it| matches!(it, AlterTableOperation::RenameTable { .. }));
            let asked = (!check.is_new(&alter.name) && !renames).then(|| says(&alter.operations));
            (true, asked)
        }
        Statement::CreateIndex(index) => {
            let asked = (!check.is_new(&index.table_name)).then(|| says(&index.alter_options));
            (true, asked)
        }
        Statement::CreateTable(table) => (!table.temporary, None),
        Statement::Drop { .. }
        | Statement::RenameTable(_)
        | Statement::Truncate(_)
        | Statement::CreateView(_) => (true, None),
        _ => (false, None),
    };
    if let Some((algorithm, lock)) = asks
        && !(algorithm && lock)
    {
        let what = if algorithm { "LOCK is not said" } else { "ALGORITHM is not said" };
        check.report("require-algorithm-and-lock", what);
    }
    if ddl && check.wrote {
        check.report("implicit-commit", "rows were changed before, in the same revision");
    }
}
