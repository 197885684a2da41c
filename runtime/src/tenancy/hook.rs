//! Who is asked before, and told after, each step in a tenant's life.

use std::fmt;

use tenancy_core::Tenant;

use super::Tenancy;
use crate::Result;

/// A step in a tenant's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// It is created: kept, provisioned, and then served.
    Create,
    /// It is served again.
    Activate,
    /// It is served no more until it is activated.
    Suspend,
    /// It is not served for a while.
    Maintain,
    /// It is deleted, and its rows stay.
    Delete,
    /// It is no longer deleted, and not served yet.
    Restore,
    /// Its rows, and all that is known of it, are dropped.
    Purge,
    /// It gets another slug.
    Rename,
    /// It gets another tier.
    ChangeTier,
    /// What is kept about it changes, its metadata.
    ChangeMetadata,
}

impl Step {
    /// The word that stands for it in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Create => "create",
            Step::Activate => "activate",
            Step::Suspend => "suspend",
            Step::Maintain => "maintain",
            Step::Delete => "delete",
            Step::Restore => "restore",
            Step::Purge => "purge",
            Step::Rename => "rename",
            Step::ChangeTier => "change_tier",
            Step::ChangeMetadata => "change_metadata",
        }
    }
}

/// Is asked before, and told after, each step in a tenant's life; see
/// [`Builder::hook`](crate::Builder::hook).
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Error, NewTenant, Result, Step, Tenancy, Tenant, TenantHook};
///
/// #[derive(Debug)]
/// struct AtMostOne;
///
/// #[async_trait::async_trait]
/// impl TenantHook for AtMostOne {
///     async fn before(&self, tenancy: &Tenancy, step: Step, _: &Tenant) -> Result<()> {
///         if step == Step::Create && !tenancy.tenants().await?.is_empty() {
///             return Err(Error::conflict("a tenant on this licence"));
///         }
///         Ok(())
///     }
/// }
///
/// # async fn example() -> tenancy::Result<()> {
/// let builder = Tenancy::builder().database("sqlite::memory:").hook(AtMostOne);
/// let tenancy = builder.connect().await?;
/// tenancy.create_tenant(NewTenant::new("acme")?).await?;
/// assert!(tenancy.create_tenant(NewTenant::new("globex")?).await.is_err());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[async_trait::async_trait]
pub trait TenantHook: fmt::Debug + Send + Sync + 'static {
    /// Is asked before a step. The tenant is as it is before it; one to be created is as it will be.
    ///
    /// # Errors
    ///
    /// Any error keeps the step from being taken; nothing is changed then.
    async fn before(&self, tenancy: &Tenancy, step: Step, tenant: &Tenant) -> Result<()> {
        let _ = (tenancy, step, tenant);
        Ok(())
    }

    /// Is told after a step that was taken. The tenant is as it is now; after a purge, as it was.
    async fn after(&self, tenancy: &Tenancy, step: Step, tenant: &Tenant) {
        let _ = (tenancy, step, tenant);
    }
}

impl Tenancy {
    pub(super) async fn before(&self, step: Step, tenant: &Tenant) -> Result<()> {
        for hook in &self.inner.hooks {
            hook.before(self, step, tenant).await?;
        }
        Ok(())
    }

    pub(super) async fn after(&self, step: Step, tenant: &Tenant) {
        for hook in &self.inner.hooks {
            hook.after(self, step, tenant).await;
        }
    }
}
