//! Keys by which programs show whose they are.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tenancy_core::TenantId;

use crate::{Result, hex};

/// Bytes of an id.
const ID: usize = 10;
/// Bytes of a secret.
const SECRET: usize = 32;

/// What keys begin with, so that people and scanners know them when they see one.
pub(crate) mod key_prefix {
    use crate::{Error, Result};

    /// Unless another is set.
    pub(crate) const USUAL: &str = "tk";

    const LONGEST: usize = 16;

    pub(crate) fn check(prefix: &str) -> Result<()> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if prefix.is_empty() || prefix.len() > LONGEST || !prefix.bytes().all(allowed) {
            return Err(Error::config(
                "what keys begin with is 1 to 16 lower-case ASCII letters and digits",
            ));
        }
        Ok(())
    }
}

/// A key as a program shows it: `prefix_id.secret`, of which the secret has been hashed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PresentedKey {
    id: Arc<str>,
    hash: [u8; 32],
}

impl PresentedKey {
    /// A fresh key: its id, and the whole text.
    pub(crate) fn generate(prefix: &str) -> Result<(Self, String)> {
        let (id, secret) = (hex::random::<ID>()?, hex::random::<SECRET>()?);
        let (id, secret) = (hex::write(&id), hex::write(&secret));
        let text = format!("{prefix}_{id}.{secret}");
        Ok((Self { id: id.into(), hash: hash(&secret) }, text))
    }

    /// Reads a key; nothing if the text has not the form of one with this prefix.
    pub(crate) fn read(prefix: &str, text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(prefix)?.strip_prefix('_')?.split_once('.')?;
        hex::read::<ID>(id)?;
        hex::read::<SECRET>(secret)?;
        Some(Self { id: id.into(), hash: hash(secret) })
    }

    /// What the key is looked up by; it is no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Whether it is this key, and opens anything at that moment. Where there is none it takes as long.
    pub(crate) fn opens(&self, key: Option<&ApiKeyRecord>, now: DateTime<Utc>) -> bool {
        let known = key.map_or([0; 32], |key| key.hash);
        let same = bool::from(known.ct_eq(&self.hash));
        same && key.is_some_and(|key| key.is_live(now))
    }
}

/// Of the text, so that one spelling is one secret.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl fmt::Debug for PresentedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A key as it is kept: all but the secret itself.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKeyRecord {
    /// What it is looked up by; it is no secret.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// The SHA-256 of its secret. The secret is random and has 256 bits: nobody tries them all, so a
    /// slow hash would only slow requests down.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it opens nothing, if that was set.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl ApiKeyRecord {
    /// A key that was made now and holds until it is revoked.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        tenant: TenantId,
        name: impl Into<String>,
        hash: [u8; 32],
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: id.into(),
            tenant,
            name: name.into(),
            hash,
            created_at: super::moment(now),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Whether it opens anything at that moment.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }
}

impl fmt::Debug for ApiKeyRecord {
    /// Not the hash, by which a guess could be tried out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("name", &self.name)
            .field("expires_at", &self.expires_at)
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}

/// Keeps keys; a [`TenantStore`](crate::TenantStore) may [have one](crate::TenantStore::api_keys).
#[async_trait::async_trait]
pub trait ApiKeyStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a new key.
    ///
    /// # Errors
    ///
    /// A [conflict](crate::Error::is_conflict) if its id is taken; nothing is changed then.
    async fn insert(&self, key: &ApiKeyRecord) -> Result<()>;

    /// The key with an id, revoked or not.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    async fn by_id(&self, id: &str) -> Result<Option<ApiKeyRecord>>;

    /// A tenant's keys in the order of their making, revoked ones too.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<ApiKeyRecord>>;

    /// Takes a tenant's key back. One that was revoked before stays as it is; false means that the
    /// tenant has no such key.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be written.
    async fn revoke(&self, id: &str, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool>;

    /// Keeps when a key was used, unless it was used later.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be written.
    async fn used(&self, id: &str, at: DateTime<Utc>) -> Result<()>;

    /// Forgets all keys of a tenant, which is purged.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be written.
    async fn forget(&self, tenant: &TenantId) -> Result<()>;
}
