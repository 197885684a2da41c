//! Domains in memory.

use chrono::{DateTime, Utc};
use tenancy_core::{Domain, TenantId};

use super::{
    super::{DomainClaim, DomainStore, domain::domain_taken, moment},
    MemoryStore,
};
use crate::Result;

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Domains(pub(super) MemoryStore);

#[async_trait::async_trait]
impl DomainStore for Domains {
    async fn claim(&self, claim: &DomainClaim) -> Result<()> {
        let mut tables = self.0.write();
        let key = (claim.domain.clone(), claim.tenant.clone());
        let known = tables.domains.entry(key).or_insert_with(|| claim.clone());
        if known.is_served() {
            return Err(domain_taken(&claim.domain));
        }
        known.token.clone_from(&claim.token);
        known.added_at = moment(claim.added_at);
        Ok(())
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<DomainClaim>> {
        let tables = self.0.read();
        let own = tables.domains.values().filter(|claim| claim.tenant == *tenant);
        Ok(own.cloned().collect())
    }

    async fn holder(&self, domain: &Domain) -> Result<Option<DomainClaim>> {
        let tables = self.0.read();
        let mut claims = tables.domains.values().filter(|claim| claim.domain == *domain);
        Ok(claims.find(|claim| claim.verified_at.is_some()).cloned())
    }

    async fn verify(
        &self,
        claim: &DomainClaim,
        now: DateTime<Utc>,
        free_before: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tables = self.0.write();
        let key = (claim.domain.clone(), claim.tenant.clone());
        if tables.domains.get(&key).is_none_or(|known| known.token != claim.token) {
            return Ok(false);
        }
        let others = |other: &DomainClaim| {
            other.domain == claim.domain
                && other.tenant != claim.tenant
                && other.verified_at.is_some()
        };
        let gives_way =
            |other: &DomainClaim| other.removed_at.is_some_and(|at| at < moment(free_before));
        if tables.domains.values().any(|other| others(other) && !gives_way(other)) {
            return Err(domain_taken(&claim.domain));
        }
        tables.domains.retain(|_, other| !others(other));
        if let Some(known) = tables.domains.get_mut(&key) {
            known.verified_at = Some(moment(now));
            known.removed_at = None;
        }
        Ok(true)
    }

    async fn remove(&self, domain: &Domain, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let mut tables = self.0.write();
        let key = (domain.clone(), tenant.clone());
        let Some(known) = tables.domains.get_mut(&key) else { return Ok(false) };
        if known.removed_at.is_some() {
            return Ok(false);
        }
        if known.verified_at.is_some() {
            known.removed_at = Some(moment(now));
        } else {
            tables.domains.remove(&key);
        }
        Ok(true)
    }
}
