//! Keys in memory.

use chrono::{DateTime, Utc};
use tenancy_core::TenantId;

use super::{
    super::{ApiKeyRecord, ApiKeyStore, moment},
    MemoryStore,
};
use crate::{Error, Result};

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Keys(pub(super) MemoryStore);

#[async_trait::async_trait]
impl ApiKeyStore for Keys {
    async fn insert(&self, key: &ApiKeyRecord) -> Result<()> {
        let mut tables = self.0.write();
        if tables.keys.contains_key(&key.id) {
            return Err(Error::conflict("the id of a key"));
        }
        let mut kept = key.clone();
        for time in [&mut kept.expires_at, &mut kept.revoked_at, &mut kept.last_used_at] {
            *time = time.map(moment);
        }
        tables.keys.insert(key.id.clone(), kept);
        Ok(())
    }

    async fn by_id(&self, id: &str) -> Result<Option<ApiKeyRecord>> {
        Ok(self.0.read().keys.get(id).cloned())
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<ApiKeyRecord>> {
        let tables = self.0.read();
        let own = tables.keys.values().filter(|key| key.tenant == *tenant);
        let mut own: Vec<ApiKeyRecord> = own.cloned().collect();
        own.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(own)
    }

    async fn revoke(&self, id: &str, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let mut tables = self.0.write();
        let key = tables.keys.get_mut(id).filter(|key| key.tenant == *tenant);
        let Some(key) = key else { return Ok(false) };
        key.revoked_at.get_or_insert(moment(now));
        Ok(true)
    }

    async fn used(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        if let Some(key) = self.0.write().keys.get_mut(id) {
            key.last_used_at = key.last_used_at.max(Some(moment(at)));
        }
        Ok(())
    }

    async fn forget(&self, tenant: &TenantId) -> Result<()> {
        self.0.write().keys.retain(|_, key| key.tenant != *tenant);
        Ok(())
    }
}
