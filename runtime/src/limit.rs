//! Rate limits: who counts what tenants use, and what they are told.
//!
//! [`RateLimits`] say which [`Limits`] a tenant is under; a [`RateLimiter`] counts. The one in a
//! process is [`MemoryLimiter`]; several processes count together with a `RedisLimiter` (feature
//! `redis`). The [layer](crate::Tenancy::layer) asks for each request, and
//! [`Tenancy::admit`](crate::Tenancy::admit) for everything else.

mod memory;
mod permit;
mod rates;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;

use async_trait::async_trait;
use tenancy_core::TenantId;
pub use tenancy_core::limit::{
    Away, Concurrent, Decision, Kind, Limits, Policy, Rate, Standing, TooCostly, Window,
};

#[cfg(feature = "redis")]
pub use self::redis::RedisLimiter;
pub use self::{memory::MemoryLimiter, permit::Permit, rates::RateLimits};

/// Counts what tenants use.
///
/// Either all policies let a request through and are charged, or nothing is charged. Whoever counts
/// elsewhere decides here what becomes of requests while that cannot be reached.
///
/// # Example
///
/// One of your own, for tests, which refuses nobody:
///
/// ```standalone_crate
/// use tenancy::{TenantId, limit::{Admission, Limits, Permit, RateLimiter, TooCostly}};
///
/// #[derive(Debug)]
/// struct Unlimited;
///
/// #[async_trait::async_trait]
/// impl RateLimiter for Unlimited {
///     async fn acquire(&self, _: &TenantId, _: &Limits, _: u32) -> Result<Admission, TooCostly> {
///         Ok(Admission::Admitted { decision: None, permit: Permit::none() })
///     }
/// }
/// ```
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync + 'static {
    /// Decides about one request of a tenant that costs `cost`, and charges it if it is let through.
    ///
    /// # Errors
    ///
    /// [`TooCostly`] if no waiting makes it affordable.
    async fn acquire(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
    ) -> Result<Admission, TooCostly>;

    /// Gives back what was taken in advance. Nothing is asked of it afterwards.
    async fn close(&self) {}
}

/// What a [`RateLimiter`] has decided.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admission {
    /// The request may go on, and holds the permit until it has ended.
    Admitted {
        /// How the policies stand, if anybody knows.
        decision: Option<Decision>,
        /// What it takes of what may run at the same time.
        permit: Permit,
    },
    /// The request is refused: the decision says by which policies, and for how long.
    Refused(Decision),
    /// Nobody can say, and a policy lets nothing through then.
    Unavailable,
}

impl Admission {
    /// Whether the request may go on.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        matches!(self, Self::Admitted { .. })
    }

    /// How the policies stand, if anybody knows.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Admitted { decision, .. } => decision.as_ref(),
            Self::Refused(decision) => Some(decision),
            Self::Unavailable => None,
        }
    }
}

/// Where a decision was made, for metrics.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// In this process alone, as it was set up.
    Memory,
    #[cfg(feature = "redis")]
    Redis,
    /// Out of what this process has in advance, or because it has been told how long to wait.
    #[cfg(feature = "redis")]
    Local,
    /// Redis is away.
    #[cfg(feature = "redis")]
    Degraded,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Mode::Memory => "memory",
            #[cfg(feature = "redis")]
            Mode::Redis => "redis",
            #[cfg(feature = "redis")]
            Mode::Local => "local",
            #[cfg(feature = "redis")]
            Mode::Degraded => "degraded",
        }
    }
}

/// Counts what was decided, by the names of the policies: there are as many as somebody wrote down.
fn count(decision: &Decision, mode: Mode) {
    for (policy, standing) in decision.standings() {
        let outcome = match (standing.admits, policy.is_shadow()) {
            (true, _) => "admitted",
            (false, false) => "refused",
            (false, true) => "shadow_refused",
        };
        metrics::counter!(
            "tenancy_ratelimit_total",
            "policy" => policy.name().to_owned(),
            "outcome" => outcome,
            "mode" => mode.as_str(),
        )
        .increment(1);
        let near = policy.kind().capacity() / 10;
        if standing.admits && standing.remaining < near {
            metrics::counter!("tenancy_ratelimit_near_total", "policy" => policy.name().to_owned())
                .increment(1);
        }
    }
}
