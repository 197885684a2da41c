//! A script: statements in order, each with the reason for it.

use std::fmt;

/// Statements in the order in which they must run.
///
/// Printed, it is one transaction, for `psql -v ON_ERROR_STOP=1 -f`. A migration that has a
/// transaction of its own runs the [statements](Script::statements) instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    title: &'static str,
    steps: Vec<Step>,
}

/// Statements that belong together, and why they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What they are for, in one line.
    pub comment: String,
    /// The statements, without semicolons.
    pub statements: Vec<String>,
}

impl Script {
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, steps: Vec::new() }
    }

    pub(super) fn push(
        &mut self,
        comment: impl Into<String>,
        statements: impl IntoIterator<Item = String>,
    ) {
        // A line break would end the comment.
        let comment = comment.into().replace(['\n', '\r'], " ");
        self.steps.push(Step { comment, statements: statements.into_iter().collect() });
    }

    /// The statements with their reasons.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The statements alone.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| &step.statements).map(String::as_str)
    }
}

impl Script {
    /// The script without a transaction of its own, with its comments: for one that is open.
    #[must_use]
    pub fn body(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("-- {}\n", step.comment));
            for statement in &step.statements {
                text.push_str(&format!("{statement};\n"));
            }
        }
        text
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "-- {}\nBEGIN;\nSET LOCAL client_min_messages = warning;\n\n{}\nCOMMIT;",
            self.title,
            self.body()
        )
    }
}
