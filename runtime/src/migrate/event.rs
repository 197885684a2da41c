//! What a run tells while it runs, and what it came to.

use std::{fmt, sync::Arc, time::Duration};

use tenancy_core::{Slug, TenantId};

use super::failure::Failure;

/// Something that happened in a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RunEvent {
    /// What all tenants share is being moved, by that many steps.
    Shared {
        /// The steps, in Alembic's words.
        steps: Vec<String>,
    },
    /// The tenants were looked at.
    Planned {
        /// How many were selected.
        selected: u64,
        /// How many of them have something to do.
        stale: u64,
    },
    /// A wave begins.
    Wave {
        /// Which one, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// How many tenants are in it.
        tenants: u64,
    },
    /// A tenant is being moved: from here on, a run that is stopped finishes it.
    Begun {
        /// The tenant.
        slug: Slug,
    },
    /// A tenant is where it should be.
    Done {
        /// The tenant.
        slug: Slug,
        /// The steps it took; none if somebody else had been faster.
        steps: Arc<[String]>,
        /// How long it took.
        took: Duration,
    },
    /// A tenant could not be moved.
    Failed {
        /// The tenant.
        slug: Slug,
        /// Why.
        failure: Failure,
    },
    /// The run ends before its end.
    Stopped {
        /// Why.
        why: String,
    },
}

/// A tenant that could not be moved.
#[derive(Debug, Clone)]
pub struct FailedTenant {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Why.
    pub failure: Failure,
}

/// What a run came to.
#[derive(Debug, Clone, Default)]
#[must_use = "tenants that failed are in it"]
pub struct RunReport {
    /// The steps of what all tenants share, in Alembic's words.
    pub shared: Vec<String>,
    /// Tenants that were selected.
    pub selected: u64,
    /// Those that were where they should be.
    pub ready: u64,
    /// Those that were moved.
    pub moved: u64,
    /// Those that could not be.
    pub failed: Vec<FailedTenant>,
    /// Why it ended before its end, if it did. What was left out is done by the next run.
    pub stopped: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl RunReport {
    /// Whether everything that was selected is where it should be.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.stopped.is_none()
    }

    /// Nothing, or an error that tells what is missing.
    ///
    /// # Errors
    ///
    /// [Incomplete](crate::Error::is_incomplete), with the first failures, if tenants failed or the run
    /// was stopped.
    pub fn into_result(self) -> crate::Result<Self> {
        if self.is_complete() { Ok(self) } else { Err(crate::Error::incomplete(self.to_string())) }
    }
}

/// How many failures are told one by one.
const TOLD: usize = 20;

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tenants moved, {} were ready, {} failed, of {}",
            self.moved,
            self.ready,
            self.failed.len(),
            self.selected
        )?;
        if let Some(why) = &self.stopped {
            write!(f, "; stopped: {why}")?;
        }
        for FailedTenant { slug, failure, .. } in self.failed.iter().take(TOLD) {
            write!(f, "\n`{slug}`: {failure}")?;
        }
        if self.failed.len() > TOLD {
            write!(f, "\nand {} others", self.failed.len() - TOLD)?;
        }
        Ok(())
    }
}
