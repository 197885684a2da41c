//! The SQL dialects the scoper speaks.

use std::fmt;

/// The dialect a statement is written in.
///
/// MariaDB speaks [`Dialect::MySql`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.35 or newer.
    Sqlite,
    /// PostgreSQL 13 or newer.
    Postgres,
    /// MySQL 8 and MariaDB 10.6 or newer.
    MySql,
}

impl Dialect {
    /// The character that quotes an identifier.
    #[must_use]
    pub const fn quote(self) -> char {
        match self {
            Dialect::MySql => '`',
            Dialect::Sqlite | Dialect::Postgres => '"',
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL",
        })
    }
}
