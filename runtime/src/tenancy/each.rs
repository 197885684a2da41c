//! The same work for many tenants, each with its own connection and nobody else's.

mod outcome;
mod running;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, future::Future, sync::Arc};

use futures_util::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tenancy_core::{Slug, Status, Tenant, TenantId};

pub use self::outcome::{Outcome, Outcomes, TenantOutcome};
use self::running::Running;
use super::{Tenancy, current};
use crate::{Error, Result, TenantDb};

/// Tenants read at a time.
const PAGE: u32 = 100;

/// How many are worked for at a time, unless set.
const CONCURRENCY: usize = 8;

/// Work for many tenants; [`Tenancy::for_each_tenant`] begins it.
#[derive(Debug, Clone)]
#[must_use = "nothing is done until `run`"]
pub struct ForEachTenant {
    tenancy: Tenancy,
    tier: Option<String>,
    slugs: Option<BTreeSet<Slug>>,
    statuses: Vec<Status>,
    concurrency: usize,
    stop_at_error: bool,
}

impl ForEachTenant {
    pub(super) fn new(tenancy: &Tenancy) -> Self {
        Self {
            tenancy: tenancy.clone(),
            tier: None,
            slugs: None,
            statuses: vec![Status::Active],
            concurrency: CONCURRENCY,
            stop_at_error: false,
        }
    }

    /// Only tenants of that tier.
    pub fn tier(mut self, tier: impl Into<String>) -> Self {
        self.tier = Some(tier.into());
        self
    }

    /// Only tenants with these slugs. One that no tenant has is an error before anything is begun.
    pub fn slugs(mut self, slugs: impl IntoIterator<Item = Slug>) -> Self {
        self.slugs = Some(slugs.into_iter().collect());
        self
    }

    /// In which statuses tenants are worked for; only [active](Status::Active) ones unless set.
    /// Others are skipped, and the outcomes say so.
    ///
    /// This is the one way to a connection of a tenant that is not served. One that is [being
    /// provisioned](Status::Provisioning) may have no tables yet.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = Status>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// How many tenants are worked for at a time; 8 unless set, and never less than one.
    pub fn concurrency(mut self, tenants: usize) -> Self {
        self.concurrency = tenants.max(1);
        self
    }

    /// Begins with no other tenant once the work for one has failed or panicked. What was begun is
    /// finished.
    pub fn stop_at_first_error(mut self) -> Self {
        self.stop_at_error = true;
        self
    }

    /// Does the work for each tenant, with its own connection.
    ///
    /// A failure or a panic is that tenant's alone. Tenants are read from the store page by page,
    /// and each once more when its turn comes: one that was suspended meanwhile is skipped, one that
    /// was purged or cannot be read is a failure, and one that has another tier is left out.
    /// In the work [`current_tenant`](crate::current_tenant) is the tenant it is for, and its log
    /// lines are in a span of the tenant's. Dropping the future ends what was begun; transactions
    /// that are open then are rolled back.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if a slug is no tenant's, or an error if the store
    /// cannot be read, both before anything is begun. [Incomplete](Error::is_incomplete) if it cannot
    /// be read later on: what was begun is finished, and the text says how far it came.
    /// [Closed](Error::is_closed) after [`close`](Tenancy::close), which ends what was begun.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Status, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// for slug in ["acme", "globex", "initech"] {
    ///     tenancy.create_tenant(NewTenant::new(slug)?.id(slug)?).await?;
    /// }
    /// let globex = tenancy.tenant("globex").await?;
    /// tenancy.suspend(&globex.id).await?;
    ///
    /// let outcomes = tenancy
    ///     .for_each_tenant()
    ///     .run(|db| async move {
    ///         assert!(db.tenant().slug.as_str() != "initech", "no paper");
    ///         Ok(())
    ///     })
    ///     .await?;
    /// let lines: Vec<String> = outcomes.all().iter().map(ToString::to_string).collect();
    /// assert_eq!(lines, [
    ///     "the tenant `acme` (`acme`): done",
    ///     "the tenant `globex` (`globex`): not begun, since it is suspended",
    ///     "the tenant `initech` (`initech`): panicked: no paper",
    /// ]);
    /// assert!(outcomes.into_result().is_err_and(|error| error.is_incomplete()));
    ///
    /// let suspended = tenancy.for_each_tenant().statuses([Status::Suspended]);
    /// assert_eq!(suspended.run(|_| async { Ok(()) }).await?.done().count(), 1);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn run<T, F>(self, mut work: impl FnMut(TenantDb) -> F) -> Result<Outcomes<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut tenants = self.tenants().await?;
        let mut running = Running::new();
        loop {
            let listed = match tenants.try_next().await {
                Ok(Some(listed)) => listed,
                Ok(None) => break,
                Err(error) if error.is_closed() || running.is_empty() => return Err(error),
                Err(error) => return Err(running.end().await.cut_short(&error)),
            };
            running.room(self.concurrency).await;
            if running.failed() && self.stop_at_error {
                running.enter(listed, Outcome::NotBegun);
                continue;
            }
            let tenant = match self.tenancy.by_id(&listed.id).await {
                Ok(tenant) if self.means(&tenant) => Arc::new(tenant),
                Ok(_) => continue,
                Err(error) if error.is_closed() => return Err(error),
                Err(error) => {
                    running.enter(listed, Outcome::Failed(error));
                    continue;
                }
            };
            if self.statuses.contains(&tenant.status) {
                running.begin(Arc::clone(&tenant), || Ok(work(self.tenancy.connection(&tenant)?)));
            } else {
                let status = tenant.status;
                running.enter(tenant, Outcome::Skipped(status));
            }
        }
        Ok(running.end().await)
    }

    /// The tenants that are meant, in the order of their ids.
    async fn tenants(&self) -> Result<BoxStream<'_, Result<Arc<Tenant>>>> {
        let Some(slugs) = &self.slugs else { return Ok(self.pages()) };
        let mut tenants = Vec::new();
        for slug in slugs {
            tenants.push(self.tenancy.tenant(slug).await?);
        }
        tenants.retain(|tenant| self.means(tenant));
        tenants.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(stream::iter(tenants).map(Ok).boxed())
    }

    /// All that are meant, whatever their slugs, page by page.
    fn pages(&self) -> BoxStream<'_, Result<Arc<Tenant>>> {
        let pages = stream::try_unfold(None, async |after: Option<TenantId>| {
            self.tenancy.open()?;
            let page = self.tenancy.inner.store.list(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok::<_, Error>(None) };
            let next = Some(last.id.clone());
            let meant = page.into_iter().filter(|tenant| self.means(tenant)).map(Arc::new);
            let meant: Vec<Arc<Tenant>> = meant.collect();
            Ok(Some((stream::iter(meant).map(Ok), next)))
        });
        pages.try_flatten().boxed()
    }

    fn means(&self, tenant: &Tenant) -> bool {
        self.tier.as_ref().is_none_or(|tier| tenant.tier.as_ref() == Some(tier))
    }
}
