//! What tenants may ask for.

use std::sync::{Arc, PoisonError};

use tenancy_core::{
    Tenant,
    limit::{Limits, TooCostly},
};

use super::Tenancy;
use crate::limit::{Admission, RateLimits};

impl Tenancy {
    /// Charges a tenant for work that is no request, such as a job or a message, and says whether it
    /// may be done. The [layer](Self::layer) does so for requests.
    ///
    /// # Errors
    ///
    /// [`TooCostly`] if no waiting makes it affordable.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy, limit::Window};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenancy = Tenancy::builder()
    ///     .database("sqlite::memory:")
    ///     .rate_limits(Window::per_day(3))
    ///     .connect()
    ///     .await?;
    /// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
    /// assert!(tenancy.admit(&acme, 2).await?.is_admitted());
    /// assert!(!tenancy.admit(&acme, 2).await?.is_admitted());
    /// assert!(tenancy.admit(&acme, 4).await.is_err(), "there are never four");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn admit(&self, tenant: &Tenant, cost: u32) -> Result<Admission, TooCostly> {
        self.inner.limiter.acquire(&tenant.id, &self.limits_of(tenant), cost).await
    }

    /// The limits a tenant is under.
    #[must_use]
    pub fn limits_of(&self, tenant: &Tenant) -> Limits {
        self.rate_limits().of(tenant)
    }

    /// The limits of all tenants.
    #[must_use]
    pub fn rate_limits(&self) -> Arc<RateLimits> {
        Arc::clone(&self.inner.rate_limits.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the limits of all tenants, at once and in this process. What was used stays used,
    /// by the names of the policies.
    pub fn set_rate_limits(&self, limits: impl Into<RateLimits>) {
        let limits = Arc::new(limits.into());
        *self.inner.rate_limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}
