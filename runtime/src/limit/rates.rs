//! Which limits a tenant is under.

use std::{collections::BTreeMap, fmt, sync::Arc};

use tenancy_core::{
    Tenant,
    limit::{Concurrent, Limits, Policy, Rate, Window},
};

type Each = Arc<dyn Fn(&Tenant) -> Option<Limits> + Send + Sync>;

/// The limits of all tenants: those of the tenant's own, or else its tier's, or else everybody's.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::limit::{Limits, RateLimits, Window};
///
/// let limits = RateLimits::new(Window::per_minute(60))
///     .tier("pro", Limits::from(Window::per_minute(6_000)).and(Window::per_second(200))?)
///     .tier("internal", Limits::none())
///     // What was agreed with one customer, and kept with it.
///     .each(|tenant| {
///         let limit = tenant.metadata.get("per_minute")?.as_u64()?;
///         Some(Window::per_minute(limit.try_into().ok()?).into())
///     });
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
#[derive(Clone, Default)]
pub struct RateLimits {
    everyone: Limits,
    tiers: BTreeMap<String, Limits>,
    each: Option<Each>,
}

impl RateLimits {
    /// The limits of every tenant that has no others.
    #[must_use]
    pub fn new(everyone: impl Into<Limits>) -> Self {
        Self { everyone: everyone.into(), ..Self::default() }
    }

    /// Sets the limits of a tier's tenants.
    #[must_use]
    pub fn tier(mut self, tier: impl Into<String>, limits: impl Into<Limits>) -> Self {
        self.tiers.insert(tier.into(), limits.into());
        self
    }

    /// Sets how single tenants' limits are found: `None` leaves it to the tier.
    ///
    /// It is asked for each request, so it should be quick.
    #[must_use]
    pub fn each(
        mut self,
        limits: impl Fn(&Tenant) -> Option<Limits> + Send + Sync + 'static,
    ) -> Self {
        self.each = Some(Arc::new(limits));
        self
    }

    /// The limits a tenant is under.
    #[must_use]
    pub fn of(&self, tenant: &Tenant) -> Limits {
        if let Some(limits) = self.each.as_ref().and_then(|each| each(tenant)) {
            return limits;
        }
        let tier = tenant.tier.as_ref().and_then(|tier| self.tiers.get(tier));
        tier.unwrap_or(&self.everyone).clone()
    }
}

macro_rules! everyone {
    ($($limits:ty),+) => { $(
        impl From<$limits> for RateLimits {
            fn from(everyone: $limits) -> Self {
                Self::new(everyone)
            }
        }
    )+ };
}

everyone!(Limits, Policy, Window, Rate, Concurrent);

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits")
            .field("everyone", &self.everyone)
            .field("tiers", &self.tiers)
            .field("each", &self.each.is_some())
            .finish()
    }
}
