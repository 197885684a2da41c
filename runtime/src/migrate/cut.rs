//! Where a test lets a runner die: before the n-th thing that it says to a server.
//!
//! Only programs with the feature `testkit` can be told to, by the variable `TENANCY_TEST_CUT`, which
//! is read once: `abort:7` ends the process there, as a machine that loses its power would, and `lose:7`
//! closes the connection instead, as a network would. In others nothing is counted.

use sea_orm::sqlx;

#[cfg(feature = "testkit")]
mod told {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    };

    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) enum End {
        Abort,
        Lose,
    }

    static TOLD: LazyLock<Option<(End, u64)>> = LazyLock::new(|| {
        let told = std::env::var("TENANCY_TEST_CUT").ok()?;
        let (end, place) = told.split_once(':')?;
        let end = match end {
            "abort" => End::Abort,
            "lose" => End::Lose,
            _ => return None,
        };
        Some((end, place.parse().ok()?))
    });

    static SAID: AtomicU64 = AtomicU64::new(0);

    /// If the end is before one of so many statements: which end, and how many come before it.
    pub(super) fn among(statements: usize) -> Option<(End, usize)> {
        let (end, place) = (*TOLD)?;
        let statements = u64::try_from(statements).ok()?;
        let said = SAID.fetch_add(statements, Ordering::SeqCst);
        let before = place.checked_sub(said + 1).filter(|before| *before < statements)?;
        Some((end, usize::try_from(before).ok()?))
    }

    /// Ends the process, if that is the end.
    pub(super) fn end(end: End) {
        if end == End::Abort {
            std::process::abort();
        }
    }
}

/// Called before a statement: an error if the connection is to be lost there.
pub(super) fn here() -> Result<(), sqlx::Error> {
    among(1).map_or(Ok(()), |before| Err(before.come()))
}

/// Called before a message of several statements: whether it is cut off within.
pub(super) fn among(statements: usize) -> Option<Cut> {
    #[cfg(feature = "testkit")]
    return told::among(statements).map(|(end, before)| Cut { end, before });
    #[cfg(not(feature = "testkit"))]
    {
        let _ = statements;
        None
    }
}

/// An end within a message.
pub(super) struct Cut {
    #[cfg(feature = "testkit")]
    end: told::End,
    /// The statements that are still said.
    pub(super) before: usize,
}

impl Cut {
    /// It comes to its end: the process's, or else this error of the connection's.
    pub(super) fn come(self) -> sqlx::Error {
        #[cfg(feature = "testkit")]
        told::end(self.end);
        sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())
    }
}
