//! A revision as its file has it.

use super::{Finding, LintInput, LintTarget, lint};
use crate::{
    Dialect,
    revision::{NotSplit, Revision, Target, split},
};

/// What is dangerous in a revision's way up on an engine, with the lines of its file.
///
/// # Errors
///
/// If its script cannot be divided into statements.
pub fn lint_revision(
    revision: &Revision,
    dialect: Dialect,
    shared_tables: &[&str],
) -> Result<Vec<Finding>, NotSplit> {
    let Some(script) = revision.upgrade.of(dialect) else { return Ok(Vec::new()) };
    let pieces = split(dialect, &script.sql)?;
    let before = script.line.saturating_sub(1);
    let statements: Vec<_> = pieces.iter().map(|piece| (piece.line + before, piece.sql)).collect();
    let within = |line: usize| {
        pieces
            .iter()
            .any(|piece| (piece.line..piece.line + piece.sql.lines().count()).contains(&line))
    };
    let lines = script.sql.lines().enumerate().map(|(place, line)| (place + 1, line.trim()));
    let comments: Vec<_> = lines
        .filter(|(line, text)| text.starts_with("--") && !within(*line))
        .map(|(line, text)| (line + before, text))
        .collect();
    Ok(lint(&LintInput {
        target: match revision.target {
            Target::Shared => LintTarget::Shared,
            Target::Tenant => LintTarget::Tenant,
        },
        dialect,
        transactional: revision.transaction && dialect != Dialect::MySql,
        statements: &statements,
        comments: &comments,
        shared_tables,
    }))
}
