//! Tenants whose places this program cannot serve.

#[cfg(feature = "axum")]
use std::sync::Arc;

use tenancy_core::Tenant;

use super::{Builder, Tenancy};
use crate::{
    Error, Result,
    migrate::{Gate, RevisionGate},
};

impl Builder {
    /// Refuses tenants whose places this program cannot serve; nobody is refused unless set. It needs
    /// [migrations](Self::migrations).
    ///
    /// It looks at the ledger of the runs of [`migrate`](Tenancy::migrate), at the start and then every
    /// few seconds, for all tenants at once. A tenant that is refused is told
    /// [so](Error::is_outdated).
    #[must_use]
    pub fn revision_gate(mut self, gate: RevisionGate) -> Self {
        self.gate = Some(gate);
        self
    }

    pub(super) fn closed_gate(&self) -> Result<Option<Gate>> {
        match (&self.gate, &self.migrations) {
            (None, _) => Ok(None),
            (Some(gate), Some(migrations)) => Gate::new(gate, migrations).map(Some),
            (Some(_), None) => Err(Error::config(
                "a revision gate needs revisions; name them with `Builder::migrations`",
            )),
        }
    }
}

impl Tenancy {
    /// Looks at places again, if that was too long ago.
    pub(super) async fn look_at_places(&self) -> Result<()> {
        match &self.inner.gate {
            Some(gate) if !gate.is_fresh() => self.fleet().await?.refresh(gate, false).await,
            _ => Ok(()),
        }
    }

    /// The same at once, after this program has moved some.
    pub(super) async fn places_moved(&self) -> Result<()> {
        match &self.inner.gate {
            Some(gate) => self.fleet().await?.refresh(gate, true).await,
            None => Ok(()),
        }
    }

    /// Refuses a tenant whose place cannot be served.
    pub(super) fn pass_gate(&self, tenant: &Tenant) -> Result<()> {
        match &self.inner.gate {
            Some(gate) => gate.check(&tenant.id),
            None => Ok(()),
        }
    }

    /// The tenant that was found, once it is known what places are like.
    #[cfg(feature = "axum")]
    pub(super) async fn known(&self, found: Option<Arc<Tenant>>) -> Result<Option<Arc<Tenant>>> {
        if found.is_some() {
            self.look_at_places().await?;
        }
        Ok(found)
    }
}
