//! Several strategies in one tenancy, chosen by tier or by tenant.

use std::{collections::BTreeMap, sync::Arc};

use tenancy_core::{IsolationKind, Location, Tenant};

#[cfg(feature = "postgres")]
use super::Lanes;
use super::{Grounds, IsolationProvider, Session, misplaced};
use crate::{
    Error, Result,
    audit::Report,
    migrate::{Site, structure::Layout},
};

/// Keeps each tenant in the way its tier asks for.
///
/// A tenant's own [`isolation`](Tenant::isolation) comes first, then its tier, then the default.
/// This is decided when the tenant is created; afterwards its stored location counts, whatever
/// becomes of the configuration. A tenant's tier can change freely between tiers of one strategy;
/// a change to another strategy is refused, since the rows would stay behind unseen.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Hybrid, IsolationKind, Row, Schema};
///
/// let isolation = Hybrid::new(IsolationKind::Row, Row::new())
///     .strategy(IsolationKind::Schema, Schema::new())
///     .tier("enterprise", IsolationKind::Schema);
/// # let _ = isolation;
/// ```
#[derive(Debug, Clone)]
pub struct Hybrid {
    default: IsolationKind,
    strategies: Vec<(IsolationKind, Arc<dyn IsolationProvider>)>,
    tiers: BTreeMap<String, IsolationKind>,
}

impl Hybrid {
    /// Begins with the strategy of tenants whose tier says nothing else.
    #[must_use]
    pub fn new(kind: IsolationKind, provider: impl IsolationProvider) -> Self {
        Self::of(kind, Arc::new(provider))
    }

    /// Begins with a strategy of any type.
    pub(crate) fn of(kind: IsolationKind, provider: Arc<dyn IsolationProvider>) -> Self {
        Self { default: kind, strategies: vec![(kind, provider)], tiers: BTreeMap::new() }
    }

    /// Adds another strategy, or replaces the one of this kind.
    #[must_use]
    pub fn strategy(self, kind: IsolationKind, provider: impl IsolationProvider) -> Self {
        self.and(kind, Arc::new(provider))
    }

    /// Adds a strategy of any type.
    pub(crate) fn and(mut self, kind: IsolationKind, provider: Arc<dyn IsolationProvider>) -> Self {
        self.strategies.retain(|(known, _)| *known != kind);
        self.strategies.push((kind, provider));
        self
    }

    /// Says how tenants of a tier are kept.
    #[must_use]
    pub fn tier(mut self, tier: impl Into<String>, kind: IsolationKind) -> Self {
        self.tiers.insert(tier.into(), kind);
        self
    }

    fn wanted(&self, tenant: &Tenant) -> IsolationKind {
        let by_tier = || tenant.tier.as_ref().and_then(|tier| self.tiers.get(tier)).copied();
        tenant.isolation.or_else(by_tier).unwrap_or(self.default)
    }

    fn provider(&self, kind: IsolationKind) -> Option<&dyn IsolationProvider> {
        self.strategies.iter().find(|(known, _)| *known == kind).map(|(_, provider)| &**provider)
    }

    /// The strategy a tenant's rows are kept by.
    fn by(&self, tenant: &Tenant) -> Result<&dyn IsolationProvider> {
        let kind = tenant.location.as_ref().map(Location::isolation);
        kind.and_then(|kind| self.provider(kind)).ok_or_else(|| misplaced(tenant, &self.known()))
    }

    fn known(&self) -> String {
        let kinds: Vec<String> =
            self.strategies.iter().map(|(kind, _)| format!("the strategy `{kind}`")).collect();
        kinds.join(", ")
    }
}

#[async_trait::async_trait]
impl IsolationProvider for Hybrid {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        let kind = self.wanted(tenant);
        let provider = self.provider(kind).ok_or_else(|| {
            Error::config(format!(
                "the tenant `{}` asks for the isolation `{kind}`, and this tenancy knows {}; add \
                 it with `Hybrid::strategy`",
                tenant.id,
                self.known()
            ))
        })?;
        // The strategy is asked about a tenant that asks for nothing else.
        let mut asked = tenant.clone();
        asked.isolation = Some(kind);
        provider.locate(&asked)
    }

    async fn provision(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        self.by(tenant)?.provision(grounds, tenant).await
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        self.by(tenant)?.session(grounds, tenant)
    }

    fn site(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Option<Site>> {
        self.by(tenant)?.site(grounds, tenant)
    }

    fn layout(&self) -> Option<Layout> {
        let mut all = self.strategies.iter().map(|(_, provider)| provider.layout());
        let first = all.next()??;
        all.try_fold(first, |layout, other| Some(layout.and(other?)))
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        self.by(tenant)?.destroy(grounds, tenant).await
    }

    async fn verify(&self, grounds: &Grounds) -> Result<Report> {
        let mut report = Report::default();
        for (_, provider) in &self.strategies {
            report = report.and(provider.verify(grounds).await?);
        }
        Ok(report)
    }

    async fn verify_tenant(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Report> {
        self.by(tenant)?.verify_tenant(grounds, tenant).await
    }

    fn tells_database(&self) -> bool {
        self.strategies.iter().any(|(_, provider)| provider.tells_database())
    }

    fn checks_status(&self) -> bool {
        self.strategies.iter().any(|(_, provider)| provider.checks_status())
    }

    #[cfg(feature = "postgres")]
    fn lanes(&self) -> Option<Lanes> {
        self.strategies.iter().find_map(|(_, provider)| provider.lanes())
    }

    fn check(&self) -> Result<()> {
        self.strategies.iter().try_for_each(|(_, provider)| provider.check())
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        for (_, provider) in &self.strategies {
            provider.prepare(grounds).await?;
        }
        Ok(())
    }
}
