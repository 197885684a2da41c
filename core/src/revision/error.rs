//! What is wrong with a history, and with what was asked of it.

use std::{error, fmt};

/// One thing that is wrong with revisions, and in which files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(super) what: String,
    pub(super) files: Vec<String>,
}

impl Problem {
    /// What is wrong, and the files it is in.
    #[must_use]
    pub fn new(what: impl Into<String>, files: &[&str]) -> Self {
        let mut files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
        files.dedup();
        Self { what: what.into(), files }
    }

    /// The files it is in.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if !self.files.is_empty() {
            write!(f, " ({})", self.files.join(", "))?;
        }
        Ok(())
    }
}

/// All that is wrong with a history; at least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Why a revision was not found, or cannot be reached from where a database is.
///
/// The beginnings of the messages are Alembic's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevisionError {
    /// No revision, or more than one, goes by that name.
    NotFound {
        /// What was asked for.
        asked: String,
        /// What is known about it.
        why: String,
    },
    /// There are several heads where one is meant.
    MultipleHeads {
        /// What was asked for.
        asked: String,
        /// The heads there are.
        heads: Vec<String>,
    },
    /// A number of steps that leads nowhere, or to several places.
    Walk(String),
    /// A revision that does not lie in that direction.
    Destination {
        /// What was asked for.
        asked: String,
        /// `upgrade` or `downgrade`.
        direction: super::Direction,
    },
    /// Anything else, as a sentence.
    Other(String),
}

impl RevisionError {
    pub(super) fn not_found(asked: impl Into<String>, why: impl Into<String>) -> Self {
        Self::NotFound { asked: asked.into(), why: why.into() }
    }

    pub(super) fn relative(number: &str, steps: u64) -> Self {
        Self::Walk(format!("Relative revision {number} didn't produce {steps} migrations"))
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { asked, why } if why.is_empty() => {
                write!(f, "Can't locate revision identified by '{asked}'")
            }
            Self::NotFound { asked, why } => {
                write!(f, "Can't locate revision identified by '{asked}': {why}")
            }
            Self::MultipleHeads { asked, heads } => write!(
                f,
                "Multiple head revisions are present for given argument '{asked}'; please specify a \
                 specific target revision, '<branchname>@{}' to narrow to a specific head, or \
                 'heads' for all heads (they are {})",
                asked.rsplit_once('@').map_or(asked.as_str(), |(_, name)| name),
                heads.join(", ")
            ),
            Self::Walk(what) | Self::Other(what) => f.write_str(what),
            Self::Destination { asked, direction } => write!(
                f,
                "Destination {asked} is not a valid {direction} target from current head(s)"
            ),
        }
    }
}

impl error::Error for RevisionError {}
