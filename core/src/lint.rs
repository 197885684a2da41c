//! Dangerous DDL, found before it runs: pure.
//!
//! A revision runs once for each of thousands of tenants, while they are served. [`lint`] reads its
//! statements and says which of them lock tables for long, rewrite them, lose data, break the version
//! of the application that is still running, or are wrong only because there are many tenants. Each
//! [`Finding`] says why and what to write instead; [`RULES`] lists what is looked for.
//!
//! A statement that is meant so is let through by a comment, `-- lint:allow rule reason`, on the lines
//! before it or within it. What the parser does not understand is a finding too.

mod allow;
mod check;
mod column;
mod finding;
mod mysql;
mod name;
mod postgres;
mod revision;
mod rule;
mod tenant;

pub use self::{
    finding::{Finding, Severity},
    revision::lint_revision,
    rule::{Engines, RULES, Rule},
};
use crate::Dialect;

/// What a revision changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LintTarget {
    /// What all tenants share: once.
    Shared,
    /// Each tenant's own place.
    Tenant,
}

/// The statements of one direction of a revision, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct LintInput<'a> {
    /// What it changes.
    pub target: LintTarget,
    /// The engine it is for.
    pub dialect: Dialect,
    /// Whether it runs within a transaction.
    pub transactional: bool,
    /// Statements with the lines they begin at. Comments may be part of them.
    pub statements: &'a [(usize, &'a str)],
    /// Comments that are part of no statement, with their lines: each is about the next statement.
    pub comments: &'a [(usize, &'a str)],
    /// Tables all tenants share, as `plans` or `public.plans`.
    pub shared_tables: &'a [&'a str],
}

/// What is dangerous in a revision, in the order of its statements.
///
/// Tables that the revision makes itself may be locked and rewritten as one likes: nobody uses them
/// yet.
///
/// # Example
///
/// ```
/// use tenancy_core::{Dialect, lint::{LintInput, LintTarget, Severity, lint}};
///
/// let input = LintInput {
///     target: LintTarget::Tenant,
///     dialect: Dialect::Postgres,
///     transactional: true,
///     statements: &[(3, "ALTER TABLE orders DROP COLUMN note")],
///     comments: &[],
///     shared_tables: &[],
/// };
/// let findings = lint(&input);
/// assert_eq!((findings[0].rule, findings[0].line), ("ban-drop-column", 3));
/// assert_eq!(findings[0].severity, Severity::Error);
///
/// let comments = [(2, "-- lint:allow ban-drop-column unused since version 41")];
/// assert!(lint(&LintInput { comments: &comments, ..input }).is_empty());
/// ```
#[must_use]
pub fn lint(input: &LintInput<'_>) -> Vec<Finding> {
    let mut findings = check::all(input);
    allow::apply(input, &mut findings);
    findings
}

#[cfg(test)]
mod tests;
