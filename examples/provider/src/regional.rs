//! An isolation of one's own: each tenant has a database, and it stays in the tenant's region.

use std::path::Path;

use tenancy::{
    Database, Error, IsolationProvider, Location, Result, Tenant,
    audit::Report,
    isolation::{Grounds, Session},
};

/// Keeps each tenant's database in the folder of the region its metadata names.
///
/// What is new here is where a database goes, and that a tenant without a region is not created;
/// everything else is left to [`Database`]. That the sessions are safe is nobody's to do here:
/// whatever a provider hands out, its statements pass the scoper.
#[derive(Debug)]
pub(crate) struct Regional {
    regions: Vec<(String, Database)>,
}

impl Regional {
    /// A folder for each of these regions, below `root`.
    pub(crate) fn new(root: &Path, regions: &[&str]) -> Self {
        let folder =
            |region: &&str| ((*region).to_owned(), Database::new().folder(root.join(region)));
        Self { regions: regions.iter().map(folder).collect() }
    }

    /// The strategy of a tenant's region.
    fn of(&self, tenant: &Tenant) -> Result<&Database> {
        let region = tenant.metadata.get("region").and_then(|region| region.as_str());
        let found = region.and_then(|region| self.regions.iter().find(|(name, _)| name == region));
        found.map(|(_, database)| database).ok_or_else(|| {
            let known: Vec<&str> = self.regions.iter().map(|(name, _)| &**name).collect();
            Error::config(format!(
                "the tenant `{}` is of the region {region:?}, and its data may be kept in \
                 {known:?} only; set `region` in its metadata",
                tenant.id
            ))
        })
    }
}

#[async_trait::async_trait]
impl IsolationProvider for Regional {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        self.of(tenant)?.locate(tenant)
    }

    async fn provision(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        self.of(tenant)?.provision(grounds, tenant).await
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        self.of(tenant)?.session(grounds, tenant)
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        self.of(tenant)?.destroy(grounds, tenant).await
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        grounds.create_shared_tables().await
    }

    async fn verify_tenant(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Report> {
        self.of(tenant)?.verify_tenant(grounds, tenant).await
    }
}
