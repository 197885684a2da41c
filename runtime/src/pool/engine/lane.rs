//! Lanes: engines whose connections belong to one tenant in the shared database.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::{Arc, Weak, atomic::Ordering},
};

use tokio::{runtime::Handle, time::Instant};

use super::{Engine, Engines, Lease, Limits, Target, lock};
use crate::{
    Result,
    pool::{PoolOptions, Settings},
};

/// Where lanes lead.
pub(crate) struct LaneSource {
    /// How the shared database's pool was opened.
    pub(super) options: PoolOptions,
    /// Where policies look for the tenant.
    pub(super) setting: &'static str,
    hasher: RandomState,
}

impl LaneSource {
    pub(crate) fn new(options: &PoolOptions, setting: &'static str) -> Self {
        // Of its own, so that nobody can choose ids that share their counters.
        Self { options: options.clone(), setting, hasher: RandomState::new() }
    }
}

impl Engines {
    /// As [`new`](Self::new), with lanes if the limits have any.
    pub(crate) fn with_lanes(limits: Limits, source: LaneSource) -> Result<Self> {
        let mut engines = Self::new(limits)?;
        if limits.lanes.is_some()
            && let Some(inner) =
                Arc::get_mut(&mut engines.owner).and_then(|owner| Arc::get_mut(&mut owner.0))
        {
            inner.lanes = Some(source);
        }
        Ok(engines)
    }

    /// A tenant's lane, if there are lanes; nothing is opened yet.
    ///
    /// It is the same one as long as somebody holds it or it has a connection, unless its
    /// connections are to be told something else when they start.
    pub(crate) fn lane(&self, tenant: &str, settings: &Settings) -> Option<Arc<Engine>> {
        let inner = self.inner();
        let hasher = &inner.lanes.as_ref()?.hasher;
        // Outlives the lock, as in `engine`.
        let mut known;
        let mut registry = lock(&inner.registry);
        loop {
            known = registry.lanes.get(tenant).and_then(Weak::upgrade);
            match &known {
                Some(lane) if lane.retired.load(Ordering::Acquire) => break,
                Some(lane) if lane.says(settings) => return Some(Arc::clone(lane)),
                Some(lane) => {
                    drop(registry);
                    lane.retire();
                    registry = lock(&inner.registry);
                }
                None => break,
            }
        }
        let hash = hasher.hash_one(tenant);
        let lane =
            Engine::new(inner, tenant, Target::Lane { hash, settings: Arc::clone(settings) });
        registry.lanes.insert(Arc::clone(&lane.key), Arc::downgrade(&lane));
        Some(lane)
    }

    /// Closes a tenant's lane: what is idle now, what is lent when it comes back.
    pub(crate) fn close_lane(&self, tenant: &str) {
        let lane = lock(&self.inner().registry).lanes.get(tenant).and_then(Weak::upgrade);
        if let Some(lane) = lane {
            lane.retire();
        }
    }
}

impl Engine {
    /// Whether its connections are told that when they start.
    fn says(&self, settings: &Settings) -> bool {
        matches!(&self.target, Target::Lane { settings: own, .. } if own == settings)
    }

    /// One of a lane's connections, if one is free at once.
    ///
    /// A tenant that is asked for often enough, and finds none free, may have one more soon: it is
    /// opened in the background.
    pub(crate) fn ride(self: &Arc<Self>) -> Option<Lease> {
        let Target::Lane { hash, .. } = self.target else { return None };
        let lent = self.inner.with_state(|state| {
            if state.ledger.is_closed() || self.retired.load(Ordering::Acquire) {
                return None;
            }
            state.runtime = Some(Handle::current());
            state.ledger.ride(self.id, self, hash, Instant::now())
        })?;
        Some(Lease::new(Arc::clone(self), lent))
    }
}
