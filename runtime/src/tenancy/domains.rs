//! Domains of tenants' own.

use std::{error, fmt, sync::Arc};

use chrono::Utc;
use psl::Psl as _;
use tenancy_core::{Domain, Tenant, TenantId};

use super::Tenancy;
use crate::{
    Error, Result,
    cache::Name,
    hex,
    store::{DomainClaim, DomainStore},
};

/// How long a token may be shown after it was made.
const CLAIM_LIFE: chrono::Duration = chrono::Duration::days(7);
/// How long nobody else gets a domain that was given up.
const REST: chrono::Duration = chrono::Duration::days(30);
/// What stands before a domain where its proof is looked for.
const LABEL: &str = "_tenancy-challenge";
/// What stands before the token.
const VALUE: &str = "tenancy-domain-verification=";

/// Looks up the TXT records of a name; for [`Domains::verify`].
///
/// Implement it with a resolver of DNS that you trust, such as the crate `hickory-resolver`: whoever
/// can lie to it can take a domain that is not theirs. It should ask the domain's own servers, or at
/// least none that strangers share.
///
/// # Example
///
/// ```
/// use std::error::Error;
/// use tenancy::DnsTxt;
///
/// /// Knows one record.
/// struct Fixed(&'static str, String);
///
/// #[async_trait::async_trait]
/// impl DnsTxt for Fixed {
///     async fn txt(&self, name: &str) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
///         Ok(if name == self.0 { vec![self.1.clone()] } else { vec![] })
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait DnsTxt: Send + Sync {
    /// The texts of the records of a name, which begins with an underscore; the strings of one record
    /// are put together. A name without records has none.
    ///
    /// # Errors
    ///
    /// Whatever keeps the question from being answered.
    async fn txt(&self, name: &str) -> Result<Vec<String>, Box<dyn error::Error + Send + Sync>>;
}

/// What a tenant has to put into its domain's records to show that it is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainProof {
    /// The name of the TXT record: `_tenancy-challenge.shop.acme.com`.
    pub name: String,
    /// Its text.
    pub value: String,
}

impl DomainProof {
    fn of(claim: &DomainClaim) -> Self {
        let DomainClaim { domain, token, .. } = claim;
        Self { name: format!("{LABEL}.{domain}"), value: format!("{VALUE}{token}") }
    }
}

impl Tenancy {
    /// Domains of tenants' own, by which [`CustomDomain`](crate::CustomDomain) finds them.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{Chain, CustomDomain, DnsTxt, Domain, NewTenant, Subdomain, Tenancy};
    ///
    /// # async fn example(dns: impl DnsTxt) -> tenancy::Result<()> {
    /// let ours = Subdomain::of("example.com");
    /// let theirs = CustomDomain::beside(&ours);
    /// let tenancy = Tenancy::builder()
    ///     .database("sqlite::memory:")
    ///     .resolver(Chain::first(ours).with(theirs))
    ///     .connect()
    ///     .await?;
    /// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
    ///
    /// let domain = Domain::new("shop.acme.com")?;
    /// let proof = tenancy.domains().add(&acme.id, &domain).await?;
    /// println!("put a TXT record `{}` at {}", proof.value, proof.name);
    /// // Nothing is served before it is there.
    /// assert!(tenancy.domains().tenant_of(&domain).await?.is_none());
    /// tenancy.domains().verify(&acme.id, &domain, &dns).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn domains(&self) -> Domains<'_> {
        Domains { tenancy: self }
    }
}

/// Domains of tenants' own; [`Tenancy::domains`] has them.
///
/// A tenant that adds a domain is told a text, of which it is to be shown that it is among the domain's
/// records. Any number of tenants may be told one; the domain is whose text is found there first, and
/// nobody else's from then on. What is given up is nobody else's for 30 days.
#[derive(Debug, Clone, Copy)]
pub struct Domains<'a> {
    tenancy: &'a Tenancy,
}

impl Domains<'_> {
    /// Lets a tenant show that a domain is its own, and tells how. What it was told before holds no
    /// more. The text can be shown for seven days.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant; a [conflict](Error::is_conflict) if
    /// somebody has the domain, this tenant too; one of a [forbidden domain](Error::is_forbidden_domain)
    /// if others have their names under it, such as `co.uk` and `github.io`, or if it is one of the
    /// application's own or below it; an error if the store keeps no domains, or cannot be written.
    pub async fn add(&self, tenant: &TenantId, domain: &Domain) -> Result<DomainProof> {
        let store = self.store()?;
        self.allowed(domain)?;
        self.tenancy.by_id(tenant).await?;
        let now = Utc::now();
        let held = store.holder(domain).await?;
        if held.is_some_and(|held| held.is_served() || !gives_way(&held, tenant)) {
            return Err(Error::conflict(format!("the domain `{domain}`")));
        }
        let token = hex::write(&hex::random::<16>()?);
        let claim = DomainClaim::new(domain.clone(), tenant.clone(), token, now);
        store.claim(&claim).await?;
        Ok(DomainProof::of(&claim))
    }

    /// Looks for what a tenant was told, and lets the domain be served if it is there.
    ///
    /// Of a domain that is served already it looks again, as it should from time to time; where the
    /// record is gone, nothing changes by itself: [remove](Self::remove) it.
    ///
    /// # Errors
    ///
    /// [Unproven](Error::is_unproven) if the record is not there, if DNS cannot be asked, if it was told
    /// longer ago than seven days, or never; a [conflict](Error::is_conflict) if another tenant has the
    /// domain by now; otherwise as [`add`](Self::add).
    pub async fn verify(
        &self,
        tenant: &TenantId,
        domain: &Domain,
        dns: &(impl DnsTxt + ?Sized),
    ) -> Result<()> {
        let store = self.store()?;
        self.allowed(domain)?;
        self.tenancy.by_id(tenant).await?;
        let claims = store.of_tenant(tenant).await?;
        let claim = claims.into_iter().find(|claim| claim.domain == *domain);
        let claim = claim.ok_or_else(|| {
            Error::unproven(format!("`{domain}` is to be added before it can be verified"))
        })?;
        let now = Utc::now();
        if !claim.is_served() && now - claim.added_at > CLAIM_LIFE {
            return Err(Error::unproven(format!(
                "what was told of `{domain}` is older than seven days; add it again"
            )));
        }
        // A tombstone whose tenant did not ask for the domain again has an old moment.
        if claim.removed_at.is_some_and(|removed| removed >= claim.added_at) {
            return Err(Error::unproven(format!("`{domain}` was removed; add it again")));
        }
        let proof = DomainProof::of(&claim);
        let found = dns.txt(&proof.name).await.map_err(|error| {
            Error::unproven(format!("the records of `{}` could not be read: {error}", proof.name))
        })?;
        if !found.contains(&proof.value) {
            return Err(Error::unproven(format!(
                "none of the {} TXT records of `{}` is the one that was asked for",
                found.len(),
                proof.name
            )));
        }
        let (of, looked) = (Arc::clone(&store), claim.clone());
        let verify = async move { of.verify(&looked, now, now - REST).await };
        if self.change(tenant, domain, verify).await? {
            return Ok(());
        }
        Err(Error::unproven(format!("`{domain}` was added again meanwhile; look for the new text")))
    }

    /// What a tenant has added, in the order of the domains: served, not yet, and no more.
    ///
    /// # Errors
    ///
    /// An error if the store keeps no domains, or cannot be read.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<DomainClaim>> {
        self.store()?.of_tenant(tenant).await
    }

    /// What a tenant has to show of a domain it has added, once more.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn proof(&self, tenant: &TenantId, domain: &Domain) -> Result<Option<DomainProof>> {
        let claims = self.list(tenant).await?;
        let claim = claims.iter().find(|claim| claim.domain == *domain);
        Ok(claim.map(DomainProof::of))
    }

    /// Takes a domain back: it is served no more, in this process from when this returns. If it was
    /// served, no other tenant gets it for 30 days. False if the tenant has none.
    ///
    /// # Errors
    ///
    /// An error if the store keeps no domains, or cannot be written.
    pub async fn remove(&self, tenant: &TenantId, domain: &Domain) -> Result<bool> {
        let store = self.store()?;
        let (of, whose) = (domain.clone(), tenant.clone());
        let remove = async move { store.remove(&of, &whose, Utc::now()).await };
        self.change(tenant, domain, remove).await
    }

    /// The tenant a domain is served for, whatever its status; as it is remembered, like
    /// [`find_tenant`](Tenancy::find_tenant). Whoever issues certificates on demand asks here first.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or after [`close`](Tenancy::close).
    pub async fn tenant_of(&self, domain: &Domain) -> Result<Option<Arc<Tenant>>> {
        self.tenancy.open()?;
        self.tenancy.inner.tenants.find(Name::Domain(domain.clone())).await
    }

    async fn change(
        &self,
        tenant: &TenantId,
        domain: &Domain,
        write: impl Future<Output = Result<bool>> + Send + 'static,
    ) -> Result<bool> {
        let names = vec![Name::Domain(domain.clone())];
        self.tenancy.inner.tenants.change(tenant, names, write).await
    }

    fn store(&self) -> Result<Arc<dyn DomainStore>> {
        self.tenancy.open()?;
        self.tenancy.inner.store.domains().ok_or_else(|| {
            Error::config(
                "the store of tenants keeps no domains: use a `SqlStore`, or implement \
                 `TenantStore::domains`",
            )
        })
    }

    /// Refuses what cannot be one tenant's.
    fn allowed(&self, domain: &Domain) -> Result<()> {
        let refused = |why: &str| Err(Error::forbidden_domain(format!("`{domain}` {why}")));
        let suffix = psl::List.suffix(domain.as_str().as_bytes());
        if suffix.is_none_or(|suffix| suffix.as_bytes() == domain.as_str().as_bytes()) {
            return refused("cannot be a tenant's: others have their names under it");
        }
        let own = self.tenancy.inner.resolver.base_domains();
        let own = self.tenancy.inner.own_domains.iter().chain(&own);
        if own.into_iter().any(|own| domain == own || domain.below(own).is_some()) {
            return refused("cannot be a tenant's: it is the application's own");
        }
        if domain.as_str().len() + LABEL.len() + 1 > 253 {
            return refused("is too long for a record that shows whose it is");
        }
        Ok(())
    }
}

/// Whether a claim that holds the domain, and is not served, keeps nobody from having it.
fn gives_way(held: &DomainClaim, tenant: &TenantId) -> bool {
    let rested = held.removed_at.is_some_and(|removed| removed < Utc::now() - REST);
    held.tenant == *tenant || rested
}

impl fmt::Display for DomainProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} TXT \"{}\"", self.name, self.value)
    }
}
