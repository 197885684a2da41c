//! What is found.

use std::fmt;

use super::rule::rule;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Must not run as it is.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A dangerous statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The number of the statement, from 0.
    pub statement: usize,
    /// The line the statement begins at.
    pub line: usize,
    /// The statement.
    pub sql: String,
    /// What is wrong with it, in particular.
    pub what: String,
    /// Why that is dangerous.
    pub why: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

impl Finding {
    pub(super) fn new(
        name: &'static str,
        (statement, line, sql): (usize, usize, &str),
        what: impl Into<String>,
    ) -> Self {
        // Names of rules are this module's own, and a test finds one that is not listed.
        let (severity, why, instead) =
            rule(name).map_or((Severity::Error, "", ""), |it| (it.severity, it.why, it.instead));
        Self {
            rule: name,
            severity,
            statement,
            line,
            sql: sql.trim().to_owned(),
            what: what.into(),
            why,
            instead,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}: {} [{}]: {}; {}\n    instead: {}",
            self.line, self.severity, self.rule, self.what, self.why, self.instead
        )
    }
}
