//! A schema for each tenant: on MySQL a database, on SQLite a prefix of its tables.

use tenancy_core::{IsolationKind, Location, SchemaName, Tenant};

use super::{Grounds, IsolationProvider, Session, check_override, misplaced, owner};
use crate::{
    Result,
    audit::Report,
    migrate::{
        Site,
        structure::{Layout, Tables},
    },
};

/// Keeps each tenant's tables in a schema of its own.
///
/// On MySQL and MariaDB that is a database on the same server, on SQLite a prefix of the tables'
/// names in the same file. Statements name their tables as always: the scoper qualifies each of
/// them, so there is no search path to lose, and a missing schema is an error. Tables all tenants
/// share stay in the schema of the connection. What a table is called from outside says
/// [`TenantDb::qualified_table`](crate::TenantDb::qualified_table).
///
/// The enumerations of PostgreSQL that only tenants' entities have (`db_type = "Enum"`) are in each
/// tenant's schema too, and casts to them lead there; one that a shared entity has as well is shared.
///
/// The schema's name is made from the tenant's id, not from its slug, and stored with the tenant.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    prefix: String,
}

impl Schema {
    /// The strategy, with names such as `t_acme`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a prefix before each name: `shop_t_acme`. Needed where several applications keep
    /// tenants on one MySQL server, or in one database.
    ///
    /// A prefix of more than 20 bytes, or one that could not begin a name, makes the creation of
    /// tenants fail.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

fn place(tenant: &Tenant) -> Result<&SchemaName> {
    match &tenant.location {
        Some(Location::Schema(name)) => Ok(name),
        _ => Err(misplaced(tenant, "schemas")),
    }
}

#[async_trait::async_trait]
impl IsolationProvider for Schema {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        check_override(tenant, IsolationKind::Schema)?;
        Ok(Location::Schema(SchemaName::for_tenant_of(&self.prefix, &tenant.id)?))
    }

    async fn provision(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        owner::provision(grounds, place(tenant)?, &tenant.id).await
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        grounds.schema(place(tenant)?)
    }

    fn site(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Option<Site>> {
        Ok(Some(grounds.site_in_schema(place(tenant)?)))
    }

    fn layout(&self) -> Option<Layout> {
        Some(Layout { shared: Tables::Shared, place: Some(Tables::Tenant) })
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        owner::destroy(grounds, place(tenant)?, &tenant.id).await
    }

    async fn verify_tenant(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Report> {
        grounds.audit_schema(place(tenant)?).await
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        grounds.create_shared_tables().await
    }
}
