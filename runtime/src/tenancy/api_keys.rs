//! Keys by which programs show whose they are.

mod uses;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy_core::{Secret, Tenant, TenantId};

use super::Tenancy;
use crate::{
    Error, Result,
    cache::Name,
    store::{ApiKeyRecord, ApiKeyStore, PresentedKey, key_prefix},
};
pub(super) use uses::Uses;

impl Tenancy {
    /// Keys by which programs show whose they are, which `ApiKey` reads from requests.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
    /// let created = tenancy.api_keys().create(&acme.id, "nightly export", None).await?;
    /// // Shown now, and never again.
    /// let text = created.key.expose();
    ///
    /// assert_eq!(tenancy.api_keys().tenant_of(text).await?.as_ref(), Some(&acme));
    /// tenancy.api_keys().revoke(&acme.id, &created.record.id).await?;
    /// assert_eq!(tenancy.api_keys().tenant_of(text).await?, None);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys { tenancy: self, prefix: key_prefix::USUAL.to_owned() }
    }

    /// The tenant of a key, if it opens anything. One that is unknown costs what a wrong one costs.
    pub(crate) async fn of_key(&self, shown: &PresentedKey) -> Result<Option<Arc<Tenant>>> {
        self.open()?;
        let found = self.inner.tenants.found(Name::Key(shown.shared_id())).await?;
        let now = Utc::now();
        let key = found.as_ref().and_then(|found| found.key.as_deref());
        if !shown.opens(key, now) {
            return Ok(None);
        }
        if let Some(keys) = self.inner.store.api_keys() {
            self.inner.key_uses.note(shown.shared_id(), now, keys);
        }
        Ok(found.map(|found| found.tenant))
    }
}

/// A key that was made, whole.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreatedKey {
    /// The text to show to whoever asked for it, once: only the hash of its secret is kept.
    pub key: Secret,
    /// What is kept.
    pub record: ApiKeyRecord,
}

/// Keys by which programs show whose they are; [`Tenancy::api_keys`] has them.
///
/// A key is `tk_`, an id, a dot, and a random secret of 256 bits. Of the secret its SHA-256 is kept,
/// and compared in constant time: what is random is not found by trying, as passwords are, so a slow
/// hash would slow down every request and nobody else.
#[derive(Debug, Clone)]
pub struct ApiKeys<'a> {
    tenancy: &'a Tenancy,
    prefix: String,
}

impl ApiKeys<'_> {
    /// Lets keys begin with a prefix of your own in place of `tk`: that of the resolver.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) unless it is 1 to 16 lower-case ASCII letters and digits.
    pub fn prefix(mut self, prefix: &str) -> Result<Self> {
        key_prefix::check(prefix)?;
        self.prefix = prefix.to_owned();
        Ok(self)
    }

    /// Makes a key for a tenant, which opens until it is revoked, or until a moment that is set.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant; an error if the store keeps no
    /// keys, or cannot be written.
    pub async fn create(
        &self,
        tenant: &TenantId,
        name: &str,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<CreatedKey> {
        let store = self.store()?;
        self.tenancy.by_id(tenant).await?;
        let (key, text) = PresentedKey::generate(&self.prefix)?;
        let mut record = ApiKeyRecord::new(key.id(), tenant.clone(), name, key.hash(), Utc::now());
        record.expires_at = expires_at.map(crate::store::moment);
        let (kept, names) = (record.clone(), vec![Name::Key(key.shared_id())]);
        let insert = async move { store.insert(&kept).await };
        self.tenancy.inner.tenants.change(tenant, names, insert).await?;
        Ok(CreatedKey { key: Secret::new(text), record })
    }

    /// A tenant's keys in the order of their making, revoked ones too. Nothing of their secrets is in it.
    ///
    /// # Errors
    ///
    /// An error if the store keeps no keys, or cannot be read.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<ApiKeyRecord>> {
        self.store()?.of_tenant(tenant).await
    }

    /// Takes a tenant's key back: it opens nothing more, in this process from when this returns, in
    /// others as soon as they [hear of it](crate::TenantCache). False if the tenant has no such key.
    ///
    /// # Errors
    ///
    /// An error if the store keeps no keys, or cannot be written.
    pub async fn revoke(&self, tenant: &TenantId, id: &str) -> Result<bool> {
        let store = self.store()?;
        let (key, whose, names) = (id.to_owned(), tenant.clone(), vec![Name::Key(id.into())]);
        let revoke = async move { store.revoke(&key, &whose, Utc::now()).await };
        self.tenancy.inner.tenants.change(tenant, names, revoke).await
    }

    /// The tenant whose key a text is, whatever its status; nobody, if it opens nothing. For what is
    /// no request of HTTP; for those, `ApiKey` is a resolver.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or after [`close`](Tenancy::close).
    pub async fn tenant_of(&self, text: &str) -> Result<Option<Arc<Tenant>>> {
        match PresentedKey::read(&self.prefix, text) {
            Some(shown) => self.tenancy.of_key(&shown).await,
            None => Ok(None),
        }
    }

    /// Writes down now when keys were used last, which is done once a minute otherwise, and when the
    /// tenancy is closed.
    ///
    /// # Errors
    ///
    /// An error if the store keeps no keys, or cannot be written.
    pub async fn flush_uses(&self) -> Result<()> {
        self.tenancy.inner.key_uses.flush(&*self.store()?).await
    }

    fn store(&self) -> Result<Arc<dyn ApiKeyStore>> {
        self.tenancy.open()?;
        self.tenancy.inner.store.api_keys().ok_or_else(|| {
            Error::config(
                "the store of tenants keeps no keys: use a `SqlStore`, or implement \
                 `TenantStore::api_keys`",
            )
        })
    }
}
