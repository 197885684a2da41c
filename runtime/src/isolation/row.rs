//! Row scoping: shared tables with a tenant column, on every engine.

use tenancy_core::{IsolationKind, Location, Tenant};

use super::{Grounds, IsolationProvider, Session, check_override, erase, misplaced};
use crate::{
    Result,
    audit::Report,
    migrate::structure::{Layout, Tables},
};

/// Keeps all tenants' rows in the same tables, told apart by the tenant column. The scoper is the
/// wall. The default.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Row;

impl Row {
    /// The strategy; there is nothing to set.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

#[async_trait::async_trait]
impl IsolationProvider for Row {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        check_override(tenant, IsolationKind::Row)?;
        Ok(Location::Row)
    }

    async fn provision(&self, _: &Grounds, _: &Tenant) -> Result<()> {
        Ok(())
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        match tenant.location {
            Some(Location::Row) | None => grounds.shared_tables(),
            _ => Err(misplaced(tenant, "shared tables")),
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(Layout { shared: Tables::Rows, place: None })
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        erase::rows(grounds, grounds.operator(), &tenant.id, None).await
    }

    async fn verify(&self, grounds: &Grounds) -> Result<Report> {
        grounds.audit_rows().await
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        grounds.create_all_tables().await
    }
}
