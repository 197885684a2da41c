//! Which tenants are wanted.

use serde_json::Value;
use tenancy_core::{Status, Tenant};

/// Which tenants are wanted: those for which all holds that is said here. Everybody, if nothing is.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{NewTenant, Status, Tenancy, TenantFilter};
///
/// # async fn example() -> tenancy::Result<()> {
/// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// tenancy.create_tenant(NewTenant::new("acme-north")?.tier("gold").metadata("region", "eu")).await?;
/// tenancy.create_tenant(NewTenant::new("acme-south")?.tier("gold")).await?;
/// tenancy.create_tenant(NewTenant::new("globex")?).await?;
///
/// let gold = TenantFilter::new().status(Status::Active).tier("gold").slug_prefix("acme-");
/// assert_eq!(tenancy.count_tenants(&gold).await?, 2);
/// let european = tenancy.tenants_where(&gold.metadata("region", "eu"), None, 100).await?;
/// assert_eq!(european[0].slug.as_str(), "acme-north");
/// assert_eq!(tenancy.count_tenants(&TenantFilter::new().without_tier()).await?, 1);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenantFilter {
    statuses: Vec<Status>,
    tier: Option<Option<String>>,
    slug_prefix: Option<String>,
    metadata: Vec<(String, Value)>,
}

impl TenantFilter {
    /// Everybody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a status; said more than once, of any of these.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.statuses.push(status);
        self
    }

    /// Those of a tier, letter by letter.
    #[must_use]
    pub fn tier(mut self, tier: impl Into<String>) -> Self {
        self.tier = Some(Some(tier.into()));
        self
    }

    /// Those of no tier.
    #[must_use]
    pub fn without_tier(mut self) -> Self {
        self.tier = Some(None);
        self
    }

    /// Those whose slugs begin so. What no slug can begin with finds nobody.
    #[must_use]
    pub fn slug_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.slug_prefix = Some(prefix.into());
        self
    }

    /// Those of whom this fact is kept: the value under this key of their metadata is equal to this
    /// one, numbers and the insides of objects too. Said more than once, all of them.
    ///
    /// No index helps with that: all tenants are read for which the rest holds.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// Whether a tenant is wanted.
    #[must_use]
    pub fn matches(&self, tenant: &Tenant) -> bool {
        let status = self.statuses.is_empty() || self.statuses.contains(&tenant.status);
        let tier = self.tier.as_ref().is_none_or(|tier| *tier == tenant.tier);
        let slug = self.slug_prefix.as_ref();
        let slug = slug.is_none_or(|prefix| tenant.slug.as_str().starts_with(prefix));
        status && tier && slug && self.metadata_matches(tenant)
    }

    /// Of which statuses; any, if there are none.
    #[must_use]
    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// Of which tier, if that is asked for: `Some(None)` is of none.
    #[must_use]
    pub fn wanted_tier(&self) -> Option<Option<&str>> {
        self.tier.as_ref().map(|tier| tier.as_deref())
    }

    /// What slugs begin with, if that is asked for.
    #[must_use]
    pub fn wanted_prefix(&self) -> Option<&str> {
        self.slug_prefix.as_deref()
    }

    /// Whether facts are asked for.
    #[must_use]
    pub fn asks_for_metadata(&self) -> bool {
        !self.metadata.is_empty()
    }

    /// The same without the facts that are asked for.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub(crate) fn but_metadata(&self) -> Self {
        Self { metadata: Vec::new(), ..self.clone() }
    }

    /// Whether the facts are as they are wanted.
    pub(crate) fn metadata_matches(&self, tenant: &Tenant) -> bool {
        self.metadata.iter().all(|(key, value)| tenant.metadata.get(key) == Some(value))
    }
}
