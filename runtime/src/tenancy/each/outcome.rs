//! What came of the work for each tenant.

use std::{fmt, sync::Arc};

use tenancy_core::{Status, Tenant};

use crate::{Error, Result};

/// What came of the work for one tenant.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// It was done.
    Done(T),
    /// It failed, or the tenant's connection could not be had.
    Failed(Error),
    /// It panicked; this is what it said, if it said something.
    Panicked(String),
    /// It was not begun, since the tenant's status is not one that was asked for.
    Skipped(Status),
    /// It was not begun, since the work for another tenant had failed, and that was to be the end.
    NotBegun,
}

/// A tenant, and what came of the work for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct TenantOutcome<T> {
    /// The tenant, as it was when its turn came.
    pub tenant: Arc<Tenant>,
    /// What came of it.
    pub outcome: Outcome<T>,
}

/// What came of the work for each tenant, in the order of their ids.
#[derive(Debug)]
#[must_use = "a failure for one tenant is an entry here and nothing else"]
pub struct Outcomes<T> {
    pub(super) outcomes: Vec<TenantOutcome<T>>,
}

impl<T> Outcomes<T> {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[TenantOutcome<T>] {
        &self.outcomes
    }

    /// What was done, with the tenant it was done for.
    pub fn done(&self) -> impl Iterator<Item = (&Tenant, &T)> {
        self.outcomes.iter().filter_map(|entry| match &entry.outcome {
            Outcome::Done(value) => Some((&*entry.tenant, value)),
            _ => None,
        })
    }

    /// Those for whom it failed or panicked.
    pub fn failed(&self) -> impl Iterator<Item = &TenantOutcome<T>> {
        let failed =
            |outcome: &Outcome<T>| matches!(outcome, Outcome::Failed(_) | Outcome::Panicked(_));
        self.outcomes.iter().filter(move |entry| failed(&entry.outcome))
    }

    /// Those who were left out for their status.
    pub fn skipped(&self) -> impl Iterator<Item = &Tenant> {
        let skipped = |entry: &&TenantOutcome<T>| matches!(entry.outcome, Outcome::Skipped(_));
        self.outcomes.iter().filter(skipped).map(|entry| &*entry.tenant)
    }

    /// What to say if no more tenants can be read. They come in the order of their ids.
    pub(super) fn cut_short(&self, why: &Error) -> Error {
        let last = self.outcomes.last().map_or("", |entry| entry.tenant.id.as_str());
        let mut text = format!(
            "the tenants after `{last}` could not be read ({why}), and nothing was done for them; \
             up to there the work was done for {}",
            self.done().count()
        );
        for failed in self.failed() {
            text.push_str(&format!("\n{failed}"));
        }
        Error::incomplete(text)
    }

    /// Everything that was done, or an error that names each tenant for whom it was not. Tenants
    /// that were left out for their status count as neither.
    ///
    /// # Errors
    ///
    /// An [incomplete](Error::is_incomplete) one, with a line for each tenant whose work failed or
    /// panicked.
    pub fn into_result(self) -> Result<Vec<(Arc<Tenant>, T)>> {
        let lines: Vec<String> = self.failed().map(ToString::to_string).collect();
        if !lines.is_empty() {
            let (failed, all) = (lines.len(), self.outcomes.len());
            return Err(Error::incomplete(format!(
                "the work failed for {failed} of {all} tenants:\n{}",
                lines.join("\n")
            )));
        }
        let done = self.outcomes.into_iter().filter_map(|entry| match entry.outcome {
            Outcome::Done(value) => Some((entry.tenant, value)),
            _ => None,
        });
        Ok(done.collect())
    }
}

impl<T> IntoIterator for Outcomes<T> {
    type Item = TenantOutcome<T>;
    type IntoIter = std::vec::IntoIter<TenantOutcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.into_iter()
    }
}

impl<T> fmt::Display for TenantOutcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tenant { id, slug, .. } = &*self.tenant;
        write!(f, "the tenant `{slug}` (`{id}`): ")?;
        match &self.outcome {
            Outcome::Done(_) => f.write_str("done"),
            Outcome::Failed(error) => write!(f, "{error}"),
            Outcome::Panicked(why) if why.is_empty() => f.write_str("panicked"),
            Outcome::Panicked(why) => write!(f, "panicked: {why}"),
            Outcome::Skipped(status) => write!(f, "not begun, since it is {status}"),
            Outcome::NotBegun => f.write_str("not begun, since another tenant's failed"),
        }
    }
}
