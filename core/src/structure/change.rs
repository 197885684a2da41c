//! One step from a structure to another, and all of them as text.

use std::fmt::Write as _;

/// Whether steps that lose data are written to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Destructive {
    /// As comments, for somebody to decide.
    #[default]
    Commented,
    /// As statements.
    Written,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it does, for people.
    pub sentence: String,
    /// The statements that do it, without semicolons.
    pub up: Vec<String>,
    /// The statements that undo it.
    pub down: Vec<String>,
    /// What is lost, if something is. Undoing the step does not bring it back.
    pub destructive: Option<String>,
}

impl Change {
    pub(super) fn new(
        sentence: impl Into<String>,
        up: impl IntoIterator<Item = String>,
        down: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            // One line of a comment, whatever a name contains.
            sentence: sentence.into().replace(char::is_control, " "),
            up: up.into_iter().collect(),
            down: down.into_iter().collect(),
            destructive: None,
        }
    }

    pub(super) fn losing(mut self, what: impl Into<String>) -> Self {
        self.destructive = Some(what.into());
        self
    }

    /// The step the other way round.
    pub(super) fn reversed(mut self, sentence: impl Into<String>) -> Self {
        self.sentence = sentence.into();
        std::mem::swap(&mut self.up, &mut self.down);
        self
    }
}

/// The steps from one structure to another, in the order in which they can be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    changes: Vec<Change>,
}

impl Changes {
    pub(super) fn of(changes: Vec<Change>) -> Self {
        Self { changes }
    }

    /// Whether the structures are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether data is lost on the way.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.changes.iter().any(|change| change.destructive.is_some())
    }

    /// The steps in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes.iter()
    }

    /// All statements that lead there, those that lose data too.
    pub fn up_statements(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().flat_map(|change| change.up.iter().map(String::as_str))
    }

    /// All statements that lead back.
    pub fn down_statements(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().rev().flat_map(|change| change.down.iter().map(String::as_str))
    }

    /// The way there, for a revision: a comment and statements for each step.
    #[must_use]
    pub fn up(&self, destructive: Destructive) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let _ = writeln!(text, "-- {}", change.sentence);
            write(&mut text, change, &change.up, destructive);
        }
        text
    }

    /// The way back. A step that is a comment on the way there is one here.
    #[must_use]
    pub fn down(&self, destructive: Destructive) -> String {
        let mut text = String::new();
        for change in self.changes.iter().rev() {
            let _ = writeln!(text, "-- Undoes: {}", change.sentence);
            write(&mut text, change, &change.down, destructive);
        }
        text
    }
}

fn write(text: &mut String, change: &Change, statements: &[String], destructive: Destructive) {
    let comment = match (&change.destructive, destructive) {
        (Some(lost), Destructive::Commented) => {
            let _ = writeln!(text, "-- DESTRUCTIVE: {lost} Take the marks away to do it.");
            true
        }
        _ => false,
    };
    for statement in statements {
        for line in format!("{statement};").lines() {
            let _ = writeln!(text, "{}{line}", if comment { "-- " } else { "" });
        }
    }
}
