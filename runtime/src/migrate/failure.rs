//! Why a place is not where it should be.

use std::fmt;

use sea_orm::{DbErr, RuntimeErr, sqlx};
use tenancy_core::revision::RevisionId;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The place is no longer where it was when this was planned: look again.
    Moved,
    /// Somebody else is at it.
    Busy,
    /// A lock, a deadlock, a server that is gone for a moment: the same again, later.
    Again,
    /// Nothing helps but people.
    None,
}

/// A revision that could not be run in a place. What had been done of it was undone, where the engine
/// can do that.
#[derive(Debug, Clone)]
pub struct Failure {
    pub(super) remedy: Remedy,
    /// The revision, if it failed in one.
    pub revision: Option<RevisionId>,
    /// The statement that failed, and the line of its file.
    pub statement: Option<(String, usize)>,
    /// What the database said, or what is wrong.
    pub what: String,
    /// The code the database gave it: of five characters on PostgreSQL, a number elsewhere.
    pub code: Option<String>,
}

impl Failure {
    pub(super) fn new(remedy: Remedy, what: impl Into<String>) -> Self {
        Self { remedy, revision: None, statement: None, what: what.into(), code: None }
    }

    pub(super) fn moved() -> Self {
        Self::new(Remedy::Moved, "somebody else has moved it meanwhile")
    }

    pub(super) fn busy() -> Self {
        Self::new(Remedy::Busy, "somebody else is at it")
    }

    pub(super) fn none(what: impl Into<String>) -> Self {
        Self::new(Remedy::None, what)
    }

    pub(super) fn sqlx(error: &sqlx::Error) -> Self {
        let database = error.as_database_error();
        let code = database.and_then(code);
        let what = match database {
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        };
        let lost = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::PoolTimedOut
        );
        let again =
            lost || code.as_deref().is_some_and(passes) || what.contains("database is locked");
        let remedy = if again { Remedy::Again } else { Remedy::None };
        Self { remedy, revision: None, statement: None, what, code }
    }

    pub(super) fn db(error: &DbErr) -> Self {
        match error {
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Conn(RuntimeErr::SqlxError(error)) => Self::sqlx(error),
            DbErr::ConnectionAcquire(_) => Self::new(Remedy::Again, error.to_string()),
            other => Self::none(other.to_string()),
        }
    }

    pub(super) fn at(mut self, part: &super::work::Part, sql: Option<&str>) -> Self {
        self.revision.clone_from(&part.revision);
        self.statement = sql.map(|sql| (sql.to_owned(), part.line));
        self
    }
}

/// The code of an error, which on MySQL is the number rather than the class.
fn code(error: &dyn sqlx::error::DatabaseError) -> Option<String> {
    #[cfg(feature = "mysql")]
    if let Some(mysql) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return Some(mysql.number().to_string());
    }
    error.code().map(|code| code.to_string())
}

/// Whether an error of that code passes: locks not had in time, deadlocks, lost and refused
/// connections, a server that goes down.
fn passes(code: &str) -> bool {
    matches!(
        code,
        "55P03"
            | "40P01"
            | "40001"
            | "57P01"
            | "57P02"
            | "57P03"
            | "53300"
            | "1205"
            | "1213"
            | "1040"
            | "3024"
            | "5"
            | "6"
            | "517"
            | "261"
    ) || (code.len() == 5 && code.starts_with("08"))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(revision) = &self.revision {
            write!(f, "revision {revision}")?;
            if let Some((_, line)) = self.statement.as_ref().filter(|(_, line)| *line > 0) {
                write!(f, ", line {line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.what)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if let Some((sql, _)) = &self.statement {
            write!(f, "\n    {}", sql.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}
