//! Where tenants are kept: the [`TenantStore`] trait, and its implementations.
//!
//! A store keeps what the control plane knows of each tenant. It decides nothing: who is served is
//! decided by [`Tenancy`](crate::Tenancy), and what a tenant may see by the scoper.

mod api_key;
mod domain;
#[cfg(feature = "encryption")]
mod encrypted;
mod filter;
mod memory;
mod migration;
#[cfg(feature = "redis")]
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod shared;
mod sql;
#[cfg(test)]
mod tests;
mod trail;

use std::{collections::BTreeSet, fmt, sync::Arc};

use chrono::{DateTime, SubsecRound, Utc};
use tenancy_core::{Slug, Tenant, TenantId};

pub(crate) use self::api_key::key_prefix;
#[cfg(feature = "encryption")]
pub(crate) use self::encrypted::EncryptedStore;
#[cfg(feature = "encryption")]
pub use self::encrypted::{Encryption, EncryptionKey};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "redis")]
pub(crate) use self::shared::SharedStore;
pub use self::{
    api_key::{ApiKeyRecord, ApiKeyStore, PresentedKey},
    domain::{DomainClaim, DomainStore},
    filter::TenantFilter,
    memory::MemoryStore,
    sql::SqlStore,
    trail::{AuditTrail, UnscopedAccess},
};
pub(crate) use self::{migration::run as migrate, sql::text, trail::process};
use crate::{Error, Result};

/// Tenants read at a time where all are looked through.
pub(crate) const PAGE: u32 = 500;

/// Keeps tenants, findable by id and by slug.
///
/// Ids, slugs and the [names of locations](crate::Location::name) are unique, each in its own right, at every moment: a store that keeps two indexes
/// changes both or none. Nothing is ever overwritten by an insert. Moments are kept to the
/// microsecond; anything finer is cut off.
///
/// [`SqlStore`] is the default, [`MemoryStore`] is for tests and examples; implement the trait for a
/// directory of your own. Its errors are made with [`Error::conflict`] and [`Error::full`], or from a
/// [`DbErr`](sea_orm::DbErr). What has a body here is right for every store, and slow for some: it reads
/// page by page. `tenancy::testkit::store` (feature `testkit`) shows whether a store does all that is said here.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{MemoryStore, NewTenant, Slug, Tenant, TenantStore};
///
/// # async fn example() -> tenancy::Result<()> {
/// let store = MemoryStore::new();
/// let acme = Tenant::create(NewTenant::new("acme")?, chrono::Utc::now());
/// store.insert(&acme).await?;
/// assert!(store.by_slug(&Slug::new("acme")?).await?.is_some());
/// assert!(store.insert(&acme).await.is_err_and(|error| error.is_conflict()));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
#[async_trait::async_trait]
pub trait TenantStore: fmt::Debug + Send + Sync + 'static {
    /// Makes the store ready; called once, by [`Builder::connect`](crate::Builder::connect).
    ///
    /// # Errors
    ///
    /// Whatever keeps the store from being used.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Keeps a new tenant.
    ///
    /// # Errors
    ///
    /// A [conflict](crate::Error::is_conflict) if the id, the slug or the name of the location is
    /// taken; nothing is changed then.
    async fn insert(&self, tenant: &Tenant) -> Result<()>;

    /// Keeps a new tenant, if there are less than `most` then: never more, however many are inserted
    /// at the same time with the same number. All that are kept count, deleted ones too.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert), and [full](crate::Error::is_full) if there are as many; nothing is
    /// changed then. A tenant that is there already is a conflict, however many there are. A store that
    /// does not implement this refuses with an error of [configuration](crate::Error::is_config).
    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        Err(Error::config(format!(
            "the tenant `{}` was not created: its store cannot see to it that there are at most {most}; \
             leave out `Builder::max_tenants`, or implement `TenantStore::insert_within`",
            tenant.id
        )))
    }

    /// The tenant with an id.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or what it holds is not a tenant.
    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>>;

    /// The tenant with a slug.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or what it holds is not a tenant.
    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>>;

    /// At most `limit` tenants in the order of their ids, from the one that follows `after`.
    ///
    /// A tenant that is there from the first page to the last is in exactly one of them, whatever
    /// else is inserted or changed meanwhile.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or what it holds is not a tenant.
    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>>;

    /// Those of them that are there, in the order of their ids, each once.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or what it holds is not a tenant.
    async fn by_ids(&self, ids: &[TenantId]) -> Result<Vec<Tenant>> {
        let mut found = Vec::new();
        for id in ids.iter().collect::<BTreeSet<_>>() {
            found.extend(self.by_id(id).await?);
        }
        Ok(found)
    }

    /// As [`list`](Self::list), of those that are wanted.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        let mut found: Vec<Tenant> = Vec::new();
        let mut after = after.cloned();
        while found.len() < limit as usize {
            let page = self.list(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            found.extend(page.into_iter().filter(|tenant| wanted.matches(tenant)));
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    /// How many there are of those that are wanted.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read, or what it holds is not a tenant.
    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        let mut count = 0;
        let mut after = None;
        loop {
            let page = self.find(wanted, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(count) };
            count += page.len() as u64;
            after = Some(last.id.clone());
        }
    }

    /// Replaces the tenant with the same id, if nobody changed it since it was read.
    ///
    /// `seen` is the [`updated_at`](Tenant::updated_at) that was read; the new one must be later.
    /// False means that the stored tenant has another by now, or is gone: nothing was changed, and
    /// the caller reads it again.
    ///
    /// # Errors
    ///
    /// A [conflict](crate::Error::is_conflict) if another tenant has the slug or the name of the
    /// location; nothing is changed then.
    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool>;

    /// Forgets a tenant, if nobody changed it since it was read. Its id and slug are free then.
    ///
    /// False means as in [`update`](Self::update) that nothing was changed. One that is gone
    /// already counts as forgotten.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be written.
    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool>;

    /// Where it is recorded who takes a connection that sees all tenants, unless
    /// [`Builder::audit_trail`](crate::Builder::audit_trail) says otherwise.
    fn audit_trail(&self) -> Arc<dyn AuditTrail>;

    /// Where domains of tenants' own are kept; nowhere unless the store says so.
    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        None
    }

    /// Where keys of programs are kept; nowhere unless the store says so.
    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        None
    }
}

/// The id belongs to another tenant.
fn id_taken(id: &TenantId) -> Error {
    Error::conflict(format!("the tenant id `{id}`"))
}

/// The slug belongs to another tenant.
fn slug_taken(slug: &Slug) -> Error {
    Error::conflict(format!("the slug `{slug}`"))
}

/// Another tenant's rows are kept there.
fn place_taken(name: &str) -> Error {
    Error::conflict(format!("the place `{name}`"))
}

/// A moment as stores keep it: to the microsecond.
pub(crate) fn moment(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}
