//! Domains of tenants' own: who claims which, and who has shown that it is theirs.

use std::fmt;

use chrono::{DateTime, Utc};
use tenancy_core::{Domain, TenantId};

use crate::{Error, Result};

/// A tenant says that a domain is its own.
///
/// Anybody can say so. Only one holds a domain: who has shown that it is theirs, or had until a while ago.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainClaim {
    /// The domain.
    pub domain: Domain,
    /// Who says so.
    pub tenant: TenantId,
    /// What has to be found in the domain's records; it is no secret once it is there.
    pub token: String,
    /// Since when the token is asked for.
    pub added_at: DateTime<Utc>,
    /// When it was shown last that the domain is the tenant's.
    pub verified_at: Option<DateTime<Utc>>,
    /// When the tenant gave up a domain it had held; nobody else gets it for a while.
    pub removed_at: Option<DateTime<Utc>>,
}

impl DomainClaim {
    /// A claim that nobody has looked into yet.
    #[must_use]
    pub fn new(
        domain: Domain,
        tenant: TenantId,
        token: impl Into<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let token = token.into();
        let added_at = super::moment(now);
        Self { domain, tenant, token, added_at, verified_at: None, removed_at: None }
    }

    /// Whether requests for the domain are the tenant's.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.verified_at.is_some() && self.removed_at.is_none()
    }
}

/// Keeps domains of tenants' own; a [`TenantStore`](crate::TenantStore) may [have one](crate::TenantStore::domains).
///
/// Several tenants may claim a domain, and at most one [holds](Self::holder) it at every moment. It
/// decides nothing else: who may claim what is for [`Domains`](crate::Domains) to say.
#[async_trait::async_trait]
pub trait DomainStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a claim, which is not verified. In place of an earlier one of the same tenant, its token
    /// and moment are those of the new one; one that held the domain until it was removed still does.
    ///
    /// # Errors
    ///
    /// A [conflict](Error::is_conflict) if the tenant's claim is verified and not removed; nothing is changed then.
    async fn claim(&self, claim: &DomainClaim) -> Result<()>;

    /// What a tenant claims, in the order of the domains.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<DomainClaim>>;

    /// Who holds a domain: whose claim is verified, removed or not.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    async fn holder(&self, domain: &Domain) -> Result<Option<DomainClaim>>;

    /// Lets a tenant hold a domain, if its claim still has the token; a claim that was removed is
    /// none any more. Another one that was removed before `free_before` gives way.
    ///
    /// False means that the claim has another token by now, or is gone: nothing was changed.
    ///
    /// # Errors
    ///
    /// A [conflict](Error::is_conflict) if another tenant holds the domain; nothing is changed then.
    async fn verify(
        &self,
        claim: &DomainClaim,
        now: DateTime<Utc>,
        free_before: DateTime<Utc>,
    ) -> Result<bool>;

    /// Takes back a claim. One that holds the domain does so on as a [removed](DomainClaim::removed_at) one;
    /// every other is forgotten. False means that there was none.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be written.
    async fn remove(&self, domain: &Domain, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool>;
}

/// Another tenant holds the domain.
pub(super) fn domain_taken(domain: &Domain) -> Error {
    Error::conflict(format!("the domain `{domain}`"))
}
