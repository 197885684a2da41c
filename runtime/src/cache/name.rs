//! What tenants are looked for by, and what is found.

#[cfg(feature = "redis")]
use std::borrow::Cow;
use std::sync::Arc;

use tenancy_core::{Domain, Slug, Tenant, TenantId};

use crate::{
    Result,
    store::{ApiKeyRecord, TenantStore},
};

/// What the counters know a tenant's own changes by.
pub(super) const ID: u8 = 1;

/// What a tenant is looked for by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Slug(Slug),
    Id(TenantId),
    /// One that it holds.
    #[cfg_attr(
        not(any(feature = "axum", feature = "redis", feature = "postgres")),
        expect(dead_code, reason = "there is nobody who claims one")
    )]
    Domain(Domain),
    /// The id of one of its keys.
    Key(Arc<str>),
}

/// A tenant, and by which key it was found, if it was by one.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) key: Option<Arc<ApiKeyRecord>>,
}

impl Name {
    /// What the counters know it by.
    pub(super) fn text(&self) -> (u8, &str) {
        match self {
            Self::Slug(slug) => (0, slug.as_str()),
            Self::Id(id) => (ID, id.as_str()),
            Self::Domain(domain) => (2, domain.as_str()),
            Self::Key(key) => (3, key),
        }
    }

    /// What is said of it to other processes; one that does not know the kind forgets everything.
    #[cfg(feature = "redis")]
    pub(super) fn line(&self) -> Cow<'_, str> {
        match self {
            Self::Slug(slug) => slug.as_str().into(),
            Self::Id(id) => format!("i:{id}").into(),
            Self::Domain(domain) => format!("d:{domain}").into(),
            Self::Key(key) => format!("k:{key}").into(),
        }
    }

    #[cfg(any(feature = "redis", feature = "postgres"))]
    pub(super) fn from_line(line: &str) -> Option<Self> {
        match line.split_once(':') {
            None => Slug::new(line).ok().map(Self::Slug),
            Some(("i", id)) => TenantId::new(id).ok().map(Self::Id),
            Some(("d", domain)) => Domain::new(domain).ok().map(Self::Domain),
            Some(("k", key)) if !key.is_empty() => Some(Self::Key(key.into())),
            Some(_) => None,
        }
    }

    /// What the store has.
    pub(super) async fn read(&self, store: &dyn TenantStore) -> Result<Option<Found>> {
        let (tenant, key) = match self {
            Self::Slug(slug) => (store.by_slug(slug).await?, None),
            Self::Id(id) => (store.by_id(id).await?, None),
            Self::Domain(domain) => {
                let Some(domains) = store.domains() else { return Ok(None) };
                let held = domains.holder(domain).await?;
                let Some(claim) = held.filter(|claim| claim.is_served()) else { return Ok(None) };
                (store.by_id(&claim.tenant).await?, None)
            }
            Self::Key(id) => {
                let Some(keys) = store.api_keys() else { return Ok(None) };
                let Some(key) = keys.by_id(id).await? else { return Ok(None) };
                (store.by_id(&key.tenant).await?, Some(Arc::new(key)))
            }
        };
        Ok(tenant.map(|tenant| Found { tenant: Arc::new(tenant), key }))
    }
}
