//! Reads what tenants' places are made of, and compares them by the thousand.
//!
//! [`postgres`], [`mysql`] and [`sqlite`] each read the [`Structure`] of one place, make the one that
//! statements lead to in a place that is thrown away (its shadow), and say of many places at once
//! whether they are alike.

#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod wanted;

use std::fmt;

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
use sea_orm::{DbErr, RuntimeErr, sqlx};

#[cfg(any(feature = "mysql", feature = "postgres"))]
use tenancy_core::structure::SHARED;
use tenancy_core::structure::{Contents, Structure};

pub use self::wanted::{Layout, Tables, Wanted, wanted};
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
use crate::Error;

/// How a place is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading<'a> {
    /// Tables and views that are passed over, such as that of the revisions.
    pub ignored: &'a [&'a str],
    /// Schemas (on MySQL databases) that all tenants share, the one in use first: what is in one of them
    /// is read as being in [`SHARED`].
    pub shared: &'a [&'a str],
    /// Whether rights are read. Entities know nothing of them, so they are left out unless asked for.
    pub rights: bool,
}

/// What a shadow is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shadow<'a> {
    /// What must be there first and is not part of what is read: tables all tenants share.
    pub before: &'a [String],
    /// What makes the place, with bare names. `{{schema}}` and `{{shared}}` stand for the names of the
    /// place, and of what comes before.
    pub statements: &'a [String],
    /// On PostgreSQL, schemas that are there and that statements may name things of without saying so,
    /// such as that of an extension.
    pub also: &'a [&'a str],
    /// Whether what its tables hold is read too.
    pub contents: bool,
}

/// What a shadow came to.
#[derive(Debug, Clone)]
pub struct Cast {
    /// What it is made of.
    pub structure: Structure,
    /// The hash by which places that have the same are told without being read.
    pub fingerprint: Fingerprint,
    /// What its tables hold, if that was asked.
    pub contents: Contents,
}

/// What a place is like, as a hash: equal structures have equal ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub(crate) String);

impl Fingerprint {
    #[cfg(feature = "sqlite")]
    fn of(structure: &Structure) -> Self {
        Self(structure.digest())
    }

    /// The hash in hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names of places in statements that are not a person's, with whatever quotes they have there: a
/// shadow's own names stand for them.
pub(super) const OWN_PLACE: &str = "tenancy_own_place";
const SHARED_PLACE: &str = "tenancy_shared_place";

/// What `{{schema}}` and `{{shared}}` stand for in statements.
#[cfg(any(feature = "mysql", feature = "postgres"))]
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    own: &'a str,
    shared: Option<&'a str>,
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl Names<'_> {
    fn put(self, dialect: tenancy_core::Dialect, sql: &str) -> crate::Result<String> {
        let quoted = |name| super::site::quoted(dialect, name);
        let mut sql = sql.replace(OWN_PLACE, self.own).replace("{{schema}}", &quoted(self.own));
        if sql.contains(SHARED) || sql.contains(SHARED_PLACE) {
            let Some(shared) = self.shared else {
                return Err(Error::config(format!(
                    "it names `{SHARED}`, and there is nothing that all tenants share\n{sql}"
                )));
            };
            sql = sql.replace(SHARED_PLACE, shared).replace(SHARED, &quoted(shared));
        }
        Ok(sql)
    }
}

/// A name nobody else has.
#[cfg(any(feature = "mysql", feature = "postgres"))]
fn unique(prefix: &str) -> String {
    format!("{prefix}{}", uuid::Uuid::now_v7().simple())
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
fn failed(error: sqlx::Error) -> Error {
    Error::from(DbErr::Query(RuntimeErr::SqlxError(error.into())))
}

/// A statement of a shadow's was not taken.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
fn failed_at(statement: &str, error: &sqlx::Error) -> Error {
    Error::config(format!("the database does not take a statement: {error}\n{statement}"))
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
fn misread(why: impl fmt::Display) -> Error {
    Error::from(DbErr::Type(format!("the structure cannot be read: {why}")))
}
