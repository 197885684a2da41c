//! What stands between a request and a tenant's connection.

use std::sync::Arc;

use super::Builder;
#[cfg(feature = "axum")]
use crate::resolve::Resolver;
use crate::{
    TenantCache,
    limit::{RateLimiter, RateLimits},
};

impl Builder {
    /// Sets how a request names its tenant; [`Header::default`](crate::Header::default), which is `x-tenant-id`, unless set.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sets how long tenants are remembered that were loaded; some seconds unless set.
    #[must_use]
    pub fn tenant_cache(mut self, cache: TenantCache) -> Self {
        self.tenant_cache = cache;
        self
    }

    /// Sets what tenants may ask for; as much as they like unless set. It can be
    /// [changed](crate::Tenancy::set_rate_limits) while the program runs.
    #[must_use]
    pub fn rate_limits(mut self, limits: impl Into<RateLimits>) -> Self {
        self.rate_limits = limits.into();
        self
    }

    /// Sets who counts what tenants use; a [`MemoryLimiter`](crate::limit::MemoryLimiter), which counts in this process, unless
    /// set.
    #[must_use]
    pub fn rate_limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Arc::new(limiter);
        self
    }
}
