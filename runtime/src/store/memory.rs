//! Tenants in this process's memory, for tests and examples.

mod api_key;
mod domain;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use chrono::{DateTime, Utc};
use tenancy_core::{Domain, Slug, Tenant, TenantId};

use super::{
    ApiKeyRecord, ApiKeyStore, AuditTrail, DomainClaim, DomainStore, TenantFilter, TenantStore,
    UnscopedAccess, id_taken, moment, place_taken, slug_taken,
};
use crate::{Error, Result};

/// Keeps tenants in memory; they are gone with the last clone. Of connections that see all tenants it
/// remembers the latest thousand.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{MemoryStore, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy =
///     Tenancy::builder().database("sqlite::memory:").store(MemoryStore::new()).connect().await?;
/// assert!(tenancy.tenants().await?.is_empty());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: Arc<RwLock<Tables>>,
}

/// One lock around both, so that they never disagree.
#[derive(Debug, Default)]
struct Tables {
    tenants: BTreeMap<TenantId, Tenant>,
    slugs: HashMap<Slug, TenantId>,
    domains: BTreeMap<(Domain, TenantId), DomainClaim>,
    keys: HashMap<String, ApiKeyRecord>,
    accesses: VecDeque<UnscopedAccess>,
}

/// How many accesses to all tenants are remembered: the latest.
const REMEMBERED: usize = 1_000;

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // Every change below is checked before it is begun, so a panic elsewhere cannot leave the
    // tables half changed, and a poisoned lock guards sound data.
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn insert(&mut self, tenant: &Tenant, most: Option<u64>) -> Result<()> {
        if self.tenants.contains_key(&tenant.id) {
            return Err(id_taken(&tenant.id));
        }
        if self.slugs.contains_key(&tenant.slug) {
            return Err(slug_taken(&tenant.slug));
        }
        self.place_is_free(tenant)?;
        if let Some(most) = most.filter(|most| self.tenants.len() as u64 >= *most) {
            return Err(Error::full(most));
        }
        self.slugs.insert(tenant.slug.clone(), tenant.id.clone());
        self.tenants.insert(tenant.id.clone(), kept(tenant));
        Ok(())
    }

    fn place_is_free(&self, tenant: &Tenant) -> Result<()> {
        let Some(name) = tenant.location.as_ref().and_then(|place| place.name()) else {
            return Ok(());
        };
        let taken = self.tenants.values().any(|other| {
            other.id != tenant.id
                && other.location.as_ref().and_then(|place| place.name()) == Some(name)
        });
        if taken { Err(place_taken(name)) } else { Ok(()) }
    }
}

fn kept(tenant: &Tenant) -> Tenant {
    let mut kept = tenant.clone();
    kept.created_at = moment(kept.created_at);
    kept.updated_at = moment(kept.updated_at);
    kept
}

#[async_trait::async_trait]
impl TenantStore for MemoryStore {
    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        self.write().insert(tenant, None)
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        self.write().insert(tenant, Some(most))
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        Ok(self.read().tenants.get(id).cloned())
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        let tables = self.read();
        Ok(tables.slugs.get(slug).and_then(|id| tables.tenants.get(id)).cloned())
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        let tables = self.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = tables.tenants.range::<TenantId, _>((from, Bound::Unbounded));
        Ok(page.take(limit as usize).map(|(_, tenant)| tenant.clone()).collect())
    }

    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        let tables = self.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = tables.tenants.range::<TenantId, _>((from, Bound::Unbounded));
        let found = rest.map(|(_, tenant)| tenant).filter(|tenant| wanted.matches(tenant));
        Ok(found.take(limit as usize).cloned().collect())
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        let count = self.read().tenants.values().filter(|tenant| wanted.matches(tenant)).count();
        Ok(count as u64)
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        let mut tables = self.write();
        let Some(known) = tables.tenants.get(&tenant.id) else { return Ok(false) };
        if known.updated_at != moment(seen) {
            return Ok(false);
        }
        let old = known.slug.clone();
        tables.place_is_free(tenant)?;
        if old != tenant.slug {
            if tables.slugs.contains_key(&tenant.slug) {
                return Err(slug_taken(&tenant.slug));
            }
            tables.slugs.remove(&old);
            tables.slugs.insert(tenant.slug.clone(), tenant.id.clone());
        }
        tables.tenants.insert(tenant.id.clone(), kept(tenant));
        Ok(true)
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        let mut tables = self.write();
        let Some(known) = tables.tenants.get(id) else { return Ok(true) };
        if known.updated_at != moment(seen) {
            return Ok(false);
        }
        let slug = known.slug.clone();
        tables.slugs.remove(&slug);
        tables.tenants.remove(id);
        Ok(true)
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        Arc::new(self.clone())
    }

    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        Some(Arc::new(domain::Domains(self.clone())))
    }

    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        Some(Arc::new(api_key::Keys(self.clone())))
    }
}

#[async_trait::async_trait]
impl AuditTrail for MemoryStore {
    async fn record(&self, access: &UnscopedAccess) -> Result<()> {
        let accesses = &mut self.write().accesses;
        accesses.push_front(access.clone());
        accesses.truncate(REMEMBERED);
        Ok(())
    }

    async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
        Ok(self.read().accesses.iter().take(limit as usize).cloned().collect())
    }
}
