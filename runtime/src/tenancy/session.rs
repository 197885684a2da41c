//! Lanes, until something decides which tenants get one. Not covered by semantic versioning.

use std::{fmt, sync::Arc};

use tenancy_core::Tenant;

use super::Tenancy;
use crate::{
    Error, Result, TenantDb,
    db::{Context, Link, Session, TENANT_SETTING},
    pool::Lane,
};

impl Tenancy {
    /// Opens connections that belong to one tenant as long as they live.
    #[doc(hidden)]
    pub async fn __open_lane(&self, tenant: &Arc<Tenant>, connections: u32) -> Result<__Lane> {
        self.open()?;
        if !tenant.is_active() {
            return Err(Error::tenant_inactive(tenant.status));
        }
        let grounds = &self.inner.grounds;
        let lane = Lane::open(grounds.pool(), TENANT_SETTING, &tenant.id, connections).await?;
        let session =
            Session::new(Link::new(lane.connection(), &Context::None)?, grounds.scoper(), None);
        let db = TenantDb::new(session, Arc::clone(tenant));
        Ok(__Lane { lane, db })
    }
}

/// The connections of one tenant.
#[doc(hidden)]
#[derive(Clone)]
pub struct __Lane {
    lane: Lane,
    db: TenantDb,
}

impl __Lane {
    /// The tenant's connection that goes this way.
    #[must_use]
    pub fn db(&self) -> &TenantDb {
        &self.db
    }

    /// Closes it, and waits until its connections were given back.
    pub async fn close(&self) {
        self.lane.close().await;
    }
}

impl fmt::Debug for __Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("tenant", self.lane.tenant()).finish_non_exhaustive()
    }
}
