//! What stands between a request and a tenant's connection.

use std::sync::Arc;

use super::Builder;
#[cfg(feature = "axum")]
use crate::resolve::Resolver;
use crate::{
    TenantCache,
    limit::{RateLimiter, RateLimits},
};

/// What a [layer](crate::Tenancy::layer) begins with.
#[cfg(feature = "axum")]
#[derive(Debug, Clone, Default)]
pub(crate) struct EdgeOptions {
    pub(crate) exclude: Vec<String>,
    pub(crate) exclude_prefixes: Vec<String>,
    pub(crate) costs: Vec<(String, u32)>,
    pub(crate) challenge: Option<String>,
    pub(crate) expose_status: bool,
}

impl Builder {
    /// Sets how a request names its tenant; [`Header::default`](crate::Header::default), which is `x-tenant-id`, unless set.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Names a domain of the application's own: no tenant can [claim](crate::Domains) it, nor what is below
    /// it. Those under which the [resolver](Self::resolver) finds tenants need not be named.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn own_domain(mut self, domain: tenancy_core::Domain) -> Self {
        self.own_domains.push(domain);
        self
    }

    /// Sets what layers begin with.
    #[cfg(feature = "config")]
    pub(crate) fn set_edge(&mut self, edge: EdgeOptions) {
        self.edge = edge;
    }

    /// What tests compare.
    #[cfg(all(test, feature = "config"))]
    pub(crate) fn settings(&self) -> impl std::fmt::Debug {
        let pool = (self.pool.max_connections, self.pool.acquire_timeout, self.share);
        let own = (self.budget, self.per_tenant, self.idle, self.plan_cache, self.timeouts);
        (pool, own, self.tenant_cache.clone(), self.rate_limits.clone(), self.edge.clone())
    }

    /// Makes `connect` fail, for a configuration that cannot be used.
    #[cfg(feature = "config")]
    pub(crate) fn refuse(mut self, why: crate::Error) -> Self {
        self.refused = Some(why);
        self
    }

    /// Sets how long tenants are remembered that were loaded; some seconds unless set.
    #[must_use]
    pub fn tenant_cache(mut self, cache: TenantCache) -> Self {
        self.tenant_cache = cache;
        self
    }

    /// Encrypts what is secret about tenants in their store; nothing is encrypted unless set.
    ///
    /// It is so for what is written from then on. What is there already is refused until
    /// [`reencrypt`](crate::Tenancy::reencrypt) has been through.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn encryption(mut self, encryption: crate::Encryption) -> Self {
        self.encryption = Some(encryption);
        self
    }

    /// Sets how many tenants there may be; as many as come unless set. Creating one more is refused as
    /// [full](crate::Error::is_full), however many are created at the same time. A deleted one counts until it
    /// is [purged](crate::Tenancy::purge). All processes should have the same number.
    #[must_use]
    pub fn max_tenants(mut self, most: u64) -> Self {
        self.max_tenants = Some(most);
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
