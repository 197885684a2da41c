//! One thing that is wrong.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Rows stay with their tenants, but something is slow, or one mistake away from a leak.
    Warning,
    /// Rows can reach another tenant, or nothing shows that they cannot: do not start.
    Fatal,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Warning => "warning",
            Severity::Fatal => "fatal",
        })
    }
}

/// One thing that is wrong, how to see it, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of mistake, in one word that does not change, for metrics and filters.
    pub code: &'static str,
    /// The table, role or other thing that is wrong.
    pub object: String,
    /// What is wrong and what follows from it.
    pub what: String,
    /// A query that shows it.
    pub evidence_sql: String,
    /// Statements that mend it, for the owner or an administrator. Where no statement could, or
    /// none could be made up, a comment.
    pub remedy_sql: String,
}

impl Finding {
    pub(crate) fn fatal(code: &'static str, object: &str, what: impl Into<String>) -> Self {
        Self::new(Severity::Fatal, code, object, what.into())
    }

    pub(crate) fn warning(code: &'static str, object: &str, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, object, what.into())
    }

    fn new(severity: Severity, code: &'static str, object: &str, what: String) -> Self {
        Self {
            severity,
            code,
            object: object.to_owned(),
            what,
            evidence_sql: String::new(),
            remedy_sql: String::new(),
        }
    }

    pub(super) fn shown_by(mut self, sql: impl Into<String>) -> Self {
        self.evidence_sql = sql.into();
        self
    }

    pub(super) fn mended_by(mut self, sql: impl Into<String>) -> Self {
        self.remedy_sql = sql.into();
        self
    }
}
