//! Records: of steps in tenants' lives, and of what tenants used.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tenancy_core::{Tenant, TenantId};
use tokio::time::{MissedTickBehavior, interval};

use super::{Step, Tenancy};
use crate::{
    AuditEvent, Error, Result, Usage,
    record::{Begun, Meter, UsedUp},
};

impl Tenancy {
    /// At most `limit` of the steps in a tenant's life, or in all tenants', the latest first.
    ///
    /// # Errors
    ///
    /// An error if the log cannot be read, or after [`close`](Self::close).
    pub async fn audit_events(
        &self,
        tenant: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>> {
        self.open()?;
        self.inner.log.latest(tenant, limit).await
    }

    /// What a tenant used from a moment on and before another, as far as it was
    /// [put away](crate::Builder::meter) in that time.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if nothing is counted; an error if the log cannot be
    /// read, or after [`close`](Self::close).
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use chrono::{DateTime, Utc};
    /// use tenancy::Tenancy;
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let builder = Tenancy::builder().database("sqlite::memory:");
    /// let tenancy = builder.meter(Duration::from_secs(10)).connect().await?;
    /// # let acme = tenancy.create_tenant(tenancy::NewTenant::new("acme")?).await?;
    /// tenancy.flush_usage().await?;
    /// let used = tenancy.usage(&acme.id, DateTime::UNIX_EPOCH, Utc::now()).await?;
    /// assert!(used.is_none());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn usage(
        &self,
        tenant: &TenantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Usage> {
        self.open()?;
        self.metered()?.log().total(tenant, from, until).await
    }

    /// Puts away what was counted until now.
    ///
    /// Dropped half-way, or after an error, nothing is lost: it is tried again the next time.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if nothing is counted; an error if it cannot be kept
    /// for good.
    pub async fn flush_usage(&self) -> Result<()> {
        self.metered()?.flush().await
    }

    /// Whether a tenant has not used up its [quota](crate::Builder::quotas), if it has one: for work that
    /// is no request.
    pub async fn within_quota(&self, tenant: &Tenant) -> bool {
        self.used_up(tenant).await.is_none()
    }

    pub(crate) async fn used_up(&self, tenant: &Tenant) -> Option<UsedUp> {
        self.inner.meter.as_ref()?.used_up(tenant).await
    }

    fn metered(&self) -> Result<&Meter> {
        let none = || Error::config("nothing is counted; call `Builder::meter` to begin with it");
        self.inner.meter.as_ref().ok_or_else(none)
    }

    /// Counts a request.
    #[cfg(feature = "axum")]
    pub(crate) fn count_request(&self, tenant: &TenantId) {
        if let Some(meter) = &self.inner.meter {
            meter.count(tenant).request();
        }
    }

    /// Puts usage away now and then, as long as the tenancy is there.
    pub(super) fn flush_every(&self, every: Duration) {
        let weak = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let mut times = interval(every.max(Duration::from_millis(1)));
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                times.tick().await;
                let Some(inner) = weak.upgrade() else { return };
                let tenancy = Tenancy { inner };
                if tenancy.open().is_err() {
                    return;
                }
                if let Err(error) = tenancy.flush_usage().await {
                    tracing::warn!(
                        target: "tenancy::usage", %error,
                        "what tenants used could not be put away; it is tried again"
                    );
                }
            }
        });
    }

    /// Takes a step with a record of it.
    ///
    /// The work is boxed: a step is rare and deep, and a program that awaits it in futures of its own
    /// would reach the compiler's limit of recursion.
    pub(super) async fn recorded<T>(
        &self,
        step: Step,
        tenant: &Tenant,
        detail: Option<String>,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let event = AuditEvent::new(step.as_str(), tenant, detail);
        let begun = Begun::new(&self.inner.log, event).await?;
        begun.end(work.boxed().await).await
    }

    /// Forgets a tenant with a record of it.
    #[cfg(feature = "axum")]
    pub(crate) async fn invalidate(&self, tenant: &Tenant) -> Result<()> {
        let begun =
            Begun::new(&self.inner.log, AuditEvent::new("invalidate", tenant, None)).await?;
        self.forget_tenant(&tenant.id, Some(&tenant.slug));
        begun.end(Ok(())).await
    }
}
