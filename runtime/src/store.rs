//! Where tenants are kept: the [`TenantStore`] trait, and its implementations.
//!
//! A store keeps what the control plane knows of each tenant. It decides nothing: who is served is
//! decided by [`Tenancy`](crate::Tenancy), and what a tenant may see by the scoper.

mod memory;
mod migration;
mod sql;
#[cfg(test)]
mod tests;
mod trail;

use std::{fmt, sync::Arc};

use chrono::{DateTime, SubsecRound, Utc};
use tenancy_core::{Slug, Tenant, TenantId};

pub use self::{
    memory::MemoryStore,
    sql::SqlStore,
    trail::{AuditTrail, UnscopedAccess},
};
use crate::{Error, Result};

/// Keeps tenants, findable by id and by slug.
///
/// Ids, slugs and the [names of locations](crate::Location::name) are unique, each in its own right, at every moment: a store that keeps two indexes
/// changes both or none. Nothing is ever overwritten by an insert. Moments are kept to the
/// microsecond; anything finer is cut off.
///
/// [`SqlStore`] is the default, [`MemoryStore`] is for tests and examples; implement the trait for a
/// directory of your own. Its errors are made with [`Error::conflict`], or from a
/// [`DbErr`](sea_orm::DbErr).
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
