//! A store in which what is secret is encrypted.

mod key;
mod sealed;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tenancy_core::{Secret, Slug, Tenant, TenantId};

pub use self::key::EncryptionKey;
use super::{ApiKeyStore, AuditTrail, DomainStore, PAGE, TenantFilter, TenantStore, moment};
use crate::{Error, Result};

/// What is secret about tenants, and the keys it is encrypted with in the store; see
/// [`Builder::encryption`](crate::Builder::encryption).
///
/// That is each tenant's `database_url`, and what of its metadata is [marked](Self::metadata). Both are
/// sealed with XChaCha20-Poly1305 together with the tenant's id and the name of the field: what is
/// copied to another tenant or field, cut or changed is an [error](Error::is_undecipherable), and never
/// another secret. Whoever can read the store without the keys learns how long they are, and when
/// they change.
///
/// # Keys
///
/// The first key seals; all open. So a key is replaced in three steps, without a break: add the new
/// one behind the old one in every process; make it the first; and when
/// [`Tenancy::reencrypt`](crate::Tenancy::reencrypt) has been through, leave the old one out.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Encryption, EncryptionKey, NewTenant, Tenancy};
///
/// # async fn example(hex: &str) -> tenancy::Result<()> {
/// // 64 hexadecimal digits from a vault: `openssl rand -hex 32`.
/// let key = EncryptionKey::from_hex("2026-11", hex)?;
/// let encryption = Encryption::new(key).metadata("smtp_password");
/// let tenancy =
///     Tenancy::builder().database("sqlite::memory:").encryption(encryption).connect().await?;
/// let new = NewTenant::new("acme")?.metadata("smtp_password", "hunter2");
/// let acme = tenancy.create_tenant(new).await?;
/// assert_eq!(acme.metadata["smtp_password"], "hunter2");
/// assert!(!format!("{acme:?}").contains("hunter2"));
/// # Ok(())
/// # }
/// # let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example(hex)).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Encryption {
    keys: Vec<EncryptionKey>,
    fields: BTreeSet<String>,
    plain: bool,
}

impl Encryption {
    /// Seals with this key.
    #[must_use]
    pub fn new(key: EncryptionKey) -> Self {
        Self { keys: vec![key], fields: BTreeSet::new(), plain: false }
    }

    /// Opens with this key too what was sealed with it.
    #[must_use]
    pub fn also(mut self, key: EncryptionKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Marks what is kept under this key of tenants' metadata as a secret.
    #[must_use]
    pub fn metadata(mut self, field: impl Into<String>) -> Self {
        self.fields.insert(field.into());
        self
    }

    /// Lets what is not sealed be read, for as long as it takes to
    /// [seal it](crate::Tenancy::reencrypt): until then a database in which somebody has put another address
    /// is believed.
    #[must_use]
    pub fn accept_plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Whether what is kept under this key of metadata is a secret.
    #[must_use]
    pub fn is_secret(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// Refuses two keys of one name, of which one could not be told from the other.
    pub(crate) fn check(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        match self.keys.iter().find(|key| !names.insert(key.id())) {
            Some(twice) => Err(Error::config(format!(
                "there are two keys for encryption that are called `{}`",
                twice.id()
            ))),
            None => Ok(()),
        }
    }

    /// The key that seals. There is one.
    fn first(&self) -> &EncryptionKey {
        &self.keys[0]
    }

    fn seal(&self, tenant: &TenantId, field: &str, text: &str) -> Result<String> {
        sealed::seal(self.first(), tenant, field, text)
    }

    /// Opens what was sealed; and whether it is as it would be sealed now.
    fn open(&self, tenant: &TenantId, field: &str, text: &str) -> Result<(String, bool)> {
        let corrupt = |why: &str| {
            Error::undecipherable(format!("the {field} of the tenant `{tenant}` {why}"))
        };
        let Some(parts) = sealed::parts(text) else {
            if self.plain && !sealed::looks_sealed(text) {
                return Ok((text.to_owned(), false));
            }
            return Err(corrupt(
                "is not encrypted; if it was there before encryption, call \
                 `Encryption::accept_plain` until `Tenancy::reencrypt` has been through",
            ));
        };
        let key = self.keys.iter().find(|key| key.id() == parts.key);
        let key = key.ok_or_else(|| {
            corrupt(&format!("is encrypted with the key `{}`, which there is not", parts.key))
        })?;
        let opened = sealed::open(key, tenant, field, &parts);
        let opened = opened.ok_or_else(|| {
            corrupt("cannot be decrypted: it was changed, cut or sealed for another")
        })?;
        Ok((opened, key.id() == self.first().id()))
    }

    /// The tenant as the store has it.
    fn sealed(&self, tenant: &Tenant) -> Result<Tenant> {
        let mut sealed = tenant.clone();
        if let Some(url) = &tenant.database_url {
            sealed.database_url = Some(Secret::new(self.seal(&tenant.id, URL, url.expose())?));
        }
        for field in &self.fields {
            if let Some(value) = sealed.metadata.get_mut(field) {
                *value = self.seal(&tenant.id, &metadata(field), &value.to_string())?.into();
            }
        }
        Ok(sealed)
    }

    /// The tenant as it is; and whether all of it is as it would be sealed now.
    fn opened(&self, mut tenant: Tenant) -> Result<(Tenant, bool)> {
        let mut current = true;
        if let Some(url) = &tenant.database_url {
            let (url, now) = self.open(&tenant.id, URL, url.expose())?;
            tenant.database_url = Some(Secret::new(url));
            current &= now;
        }
        for field in &self.fields {
            let Some(value) = tenant.metadata.get_mut(field) else { continue };
            let name = metadata(field);
            let text = value.as_str().unwrap_or_default();
            if self.plain && !sealed::looks_sealed(text) {
                current = false;
                continue;
            }
            let (text, now) = self.open(&tenant.id, &name, text)?;
            *value = serde_json::from_str::<Value>(&text).map_err(|_| {
                let id = &tenant.id;
                Error::undecipherable(format!("the {name} of the tenant `{id}` is no value"))
            })?;
            current &= now;
        }
        Ok((tenant, current))
    }
}

/// What the address of a tenant's database is called.
const URL: &str = "database_url";

/// What a secret of the metadata is called.
fn metadata(field: &str) -> String {
    format!("metadata.{field}")
}

/// Seals what is written to a store, and opens what is read from it.
#[derive(Debug, Clone)]
pub(crate) struct EncryptedStore {
    inner: Arc<dyn TenantStore>,
    encryption: Encryption,
}

impl EncryptedStore {
    pub(crate) fn new(inner: Arc<dyn TenantStore>, encryption: Encryption) -> Self {
        Self { inner, encryption }
    }

    fn open(&self, tenant: Tenant) -> Result<Tenant> {
        self.encryption.opened(tenant).map(|(tenant, _)| tenant)
    }

    fn open_all(&self, tenants: Vec<Tenant>) -> Result<Vec<Tenant>> {
        tenants.into_iter().map(|tenant| self.open(tenant)).collect()
    }

    /// Seals with the first key what is sealed with another or not at all; how many tenants that was.
    pub(crate) async fn reencrypt(&self) -> Result<u64> {
        let (mut changed, mut after) = (0, None);
        loop {
            let page = self.inner.list(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(changed) };
            after = Some(last.id.clone());
            for tenant in page {
                changed += u64::from(self.reencrypt_one(tenant).await?);
            }
        }
    }

    /// Somebody may change the tenant meanwhile, who then has sealed it with the first key.
    async fn reencrypt_one(&self, mut found: Tenant) -> Result<bool> {
        loop {
            let (id, seen) = (found.id.clone(), found.updated_at);
            let (mut tenant, current) = self.encryption.opened(found)?;
            if current {
                return Ok(false);
            }
            tenant.updated_at = moment(Utc::now()).max(seen + chrono::Duration::microseconds(1));
            if self.inner.update(&self.encryption.sealed(&tenant)?, seen).await? {
                return Ok(true);
            }
            match self.inner.by_id(&id).await? {
                Some(again) => found = again,
                None => return Ok(false),
            }
        }
    }
}

#[async_trait::async_trait]
impl TenantStore for EncryptedStore {
    async fn prepare(&self) -> Result<()> {
        self.encryption.check()?;
        self.inner.prepare().await
    }

    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        self.inner.insert(&self.encryption.sealed(tenant)?).await
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        self.inner.insert_within(&self.encryption.sealed(tenant)?, most).await
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.inner.by_id(id).await?.map(|tenant| self.open(tenant)).transpose()
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        self.inner.by_slug(slug).await?.map(|tenant| self.open(tenant)).transpose()
    }

    async fn by_ids(&self, ids: &[TenantId]) -> Result<Vec<Tenant>> {
        self.open_all(self.inner.by_ids(ids).await?)
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        self.open_all(self.inner.list(after, limit).await?)
    }

    /// What is asked of metadata is compared after it was opened.
    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        if !wanted.asks_for_metadata() {
            return self.open_all(self.inner.find(wanted, after, limit).await?);
        }
        let rest = wanted.but_metadata();
        let (mut found, mut after) = (Vec::new(), after.cloned());
        while found.len() < limit as usize {
            let page = self.inner.find(&rest, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            let page = self.open_all(page)?.into_iter();
            found.extend(page.filter(|tenant| wanted.metadata_matches(tenant)));
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        if !wanted.asks_for_metadata() {
            return self.inner.count(wanted).await;
        }
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.find(wanted, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(count) };
            count += page.len() as u64;
            after = Some(last.id.clone());
        }
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        self.inner.update(&self.encryption.sealed(tenant)?, seen).await
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        self.inner.remove(id, seen).await
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        self.inner.audit_trail()
    }

    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        self.inner.domains()
    }

    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        self.inner.api_keys()
    }
}
