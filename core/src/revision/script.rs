//! A revision: what it says of itself, and what it does.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Label, RevisionId};
use crate::Dialect;

/// Whose structure a revision changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// What all tenants use together: shared tables, tables with a tenant column, their policies.
    Shared,
    /// The schema, database or prefixed tables of each tenant.
    Tenant,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "shared",
            Self::Tenant => "tenant",
        })
    }
}

/// Which part of a change in several releases a revision is: what code of the release before can
/// live with, and what it cannot.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Only adds: code of the release before goes on.
    #[default]
    Expand,
    /// Moves data from the old form to the new; code of both releases goes on.
    Migrate,
    /// Takes the old form away: code of the release before breaks.
    Contract,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
        })
    }
}

/// How long a revision may wait and run, where it says so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wait {
    /// For a lock, per try.
    pub lock: Option<Duration>,
    /// For a statement.
    pub statement: Option<Duration>,
}

/// SQL, and the line of its file it begins in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Script {
    /// The text, without the line that announces it.
    pub sql: String,
    /// The number of its first line, from 1.
    pub line: usize,
}

/// The same for several engines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scripts {
    pub(super) general: Option<Script>,
    pub(super) postgres: Option<Script>,
    pub(super) mysql: Option<Script>,
    pub(super) sqlite: Option<Script>,
}

impl Scripts {
    /// The one for an engine: its own, or the general one.
    #[must_use]
    pub fn of(&self, dialect: Dialect) -> Option<&Script> {
        let own = match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::MySql => &self.mysql,
            Dialect::Sqlite => &self.sqlite,
        };
        own.as_ref().or(self.general.as_ref())
    }

    /// Whether there is none for any engine.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each().next().is_none()
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Script> {
        [&self.general, &self.postgres, &self.mysql, &self.sqlite].into_iter().flatten()
    }

    pub(super) fn slot(&mut self, dialect: Option<Dialect>) -> &mut Option<Script> {
        match dialect {
            None => &mut self.general,
            Some(Dialect::Postgres) => &mut self.postgres,
            Some(Dialect::MySql) => &mut self.mysql,
            Some(Dialect::Sqlite) => &mut self.sqlite,
        }
    }
}

/// One revision, read from a file or written in Rust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its name.
    pub id: RevisionId,
    /// The revisions it stands for together with all they stand on, if it is a
    /// [baseline](super::Baseline) and no revision.
    pub baseline: Vec<RevisionId>,
    /// What it comes after: none for a base, several for a merge.
    pub down: Vec<RevisionId>,
    /// Names of the branch it begins.
    pub labels: Vec<Label>,
    /// What must be there before, beside what it comes after: revisions, or branches by label.
    pub depends: Vec<String>,
    /// Whose structure it changes.
    pub target: Target,
    /// What it does, in a line.
    pub message: String,
    /// What there is to say besides.
    pub doc: String,
    /// When it was made, as the file says it.
    pub date: Option<String>,
    /// Which part of a change in several releases it is.
    pub phase: Phase,
    /// Whether it runs in a transaction, where the engine can do that.
    pub transaction: bool,
    /// Why there is no way back, if there is none.
    pub irreversible: Option<String>,
    /// How long it may wait and run.
    pub wait: Wait,
    /// The way up.
    pub upgrade: Scripts,
    /// The way down.
    pub downgrade: Scripts,
    /// Queries that find nothing if the way up did what it should.
    pub verify: Scripts,
    /// The name of the Rust code that belongs to it, which runs after its SQL.
    pub code: Option<String>,
    /// The file, or the place in the code, it was read from.
    pub source: String,
    /// The whole file's text, of which the checksum is made.
    #[serde(skip)]
    pub text: String,
}

impl Revision {
    /// A revision that consists of Rust code, which whoever runs it has.
    #[must_use]
    pub fn of_code(id: RevisionId, target: Target, source: impl Into<String>) -> Self {
        let source = source.into();
        Self {
            id,
            baseline: Vec::new(),
            down: Vec::new(),
            labels: Vec::new(),
            depends: Vec::new(),
            target,
            message: String::new(),
            doc: String::new(),
            date: None,
            phase: Phase::default(),
            transaction: true,
            irreversible: None,
            wait: Wait::default(),
            upgrade: Scripts::default(),
            downgrade: Scripts::default(),
            verify: Scripts::default(),
            code: Some(source.clone()),
            source,
            text: String::new(),
        }
    }

    /// What it comes after, as it is written in lists: `<base>` if nothing.
    #[must_use]
    pub fn parents(&self) -> String {
        if self.down.is_empty() { "<base>".to_owned() } else { comma(&self.down) }
    }

    /// A checksum of the file, SHA-256 in hexadecimal digits; line ends do not count.
    #[must_use]
    pub fn checksum(&self) -> String {
        let lines: Vec<_> = self.text.lines().map(str::trim_end).collect();
        checksum(&lines.join("\n"))
    }
}

/// Names, with commas.
pub(super) fn comma<T: fmt::Display>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub fn checksum(text: &str) -> String {
    use sha2::{Digest as _, Sha256};

    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
