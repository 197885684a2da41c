//! Tenants: created, found, listed.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use chrono::Utc;
use sea_orm::DbErr;
use tenancy_core::{NewTenant, Slug, Status, Tenant, TenantId, catalog::KeyKind};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::{Step, Tenancy, current};
use crate::{
    Error, Result,
    cache::Name,
    store::{PAGE, moment},
};

/// How often a change is tried again when somebody else changed the tenant meanwhile. At each, one of
/// those who try at the same time succeeds.
const ATTEMPTS: u32 = 40;

impl Tenancy {
    /// Creates a tenant: keeps it as being provisioned, makes the place of its rows, and then lets
    /// it be served.
    ///
    /// If this fails or is cut off at any step, there is either no tenant or one that is
    /// [being provisioned](Status::Provisioning): it is served by nobody, and a second call with its
    /// slug completes it. Calls at the same time for one slug come to one tenant.
    ///
    /// # Errors
    ///
    /// A [conflict](Error::is_conflict) if its id or slug is taken, and [full](Error::is_full) if there are as
    /// many tenants as there may be, and nothing is changed then; an error if its id does not fit the type of every tenant column, if it asks for an isolation
    /// there is not, if its place cannot be made, or if the store cannot be written.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy};
    ///
    /// mod invoice {
    ///     use sea_orm::entity::prelude::*;
    ///
    ///     #[tenancy::tenant_scoped(type = i64)]
    ///     #[sea_orm::model]
    ///     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    ///     #[sea_orm(table_name = "invoices")]
    ///     pub struct Model {
    ///         #[sea_orm(primary_key)]
    ///         pub id: i64,
    ///     }
    ///
    ///     impl ActiveModelBehavior for ActiveModel {}
    /// }
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// tenancy.create_tenant(NewTenant::new("acme")?.id("42")?).await?;
    /// let taken = tenancy.create_tenant(NewTenant::new("acme")?.id("43")?).await;
    /// assert!(taken.is_err_and(|error| error.is_conflict()));
    ///
    /// let error = tenancy.create_tenant(NewTenant::new("globex")?.id("globex")?).await.unwrap_err();
    /// assert!(error.to_string().contains("`globex` does not fit the column `tenant_id` of the table `invoices`"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn create_tenant(&self, new: NewTenant) -> Result<Arc<Tenant>> {
        self.open()?;
        self.fits(&new.id)?;
        let wanted = new.status;
        let own_id = new.has_own_id();
        let mut tenant = Tenant::create(new, moment(Utc::now()));
        tenant.location = Some(self.inner.isolation.locate(&tenant)?);
        tenant.status = Status::Provisioning;
        self.before(Step::Create, &tenant).await?;
        // All of it in the future of whoever creates a tenant would be too deep for the compiler.
        let made: Pin<Box<dyn Future<Output = _> + Send + '_>> =
            Box::pin(self.make(&tenant, own_id, wanted));
        let tenant = self.recorded(Step::Create, &tenant, None, made).await?;
        self.after(Step::Create, &tenant).await;
        Ok(tenant)
    }

    /// Keeps a tenant, makes its place, and lets it be served.
    async fn make(&self, tenant: &Tenant, own_id: bool, wanted: Status) -> Result<Arc<Tenant>> {
        let (store, new) = (Arc::clone(&self.inner.store), tenant.clone());
        let most = self.inner.max_tenants;
        let insert = async move {
            match most {
                Some(most) => store.insert_within(&new, most).await,
                None => store.insert(&new).await,
            }
        };
        let inserted = self
            .inner
            .tenants
            .change(&tenant.id, vec![Name::Slug(tenant.slug.clone())], insert)
            .await;
        let tenant = match inserted {
            Ok(()) => Arc::new(tenant.clone()),
            // Somebody began with it, and was cut off or is at it still: what is missing is made.
            Err(error) if error.is_conflict() => {
                match self.inner.store.by_slug(&tenant.slug).await? {
                    Some(begun)
                        if begun.status == Status::Provisioning
                            && (!own_id || begun.id == tenant.id) =>
                    {
                        Arc::new(begun)
                    }
                    _ => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        self.inner.isolation.provision(&self.inner.grounds, &tenant).await?;
        // Running revisions is deep, and whoever creates a tenant should not have to allow for that.
        Box::pin(self.settle(&tenant)).await?;
        self.change(&tenant.id, |tenant| {
            if tenant.status == Status::Provisioning {
                tenant.status = wanted;
            }
            Ok(())
        })
        .await
    }

    /// The tenant with a slug, whatever its status.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is none, or an error if the store cannot be read.
    pub async fn tenant(&self, slug: impl AsRef<str>) -> Result<Arc<Tenant>> {
        let slug = Slug::new(slug)?;
        self.find_tenant(&slug).await?.ok_or_else(Error::tenant_not_found)
    }

    /// All tenants in the order of their ids, whatever their status.
    ///
    /// They are read page by page; one that is created meanwhile may be missing.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    pub async fn tenants(&self) -> Result<Vec<Arc<Tenant>>> {
        let mut all: Vec<Arc<Tenant>> = vec![];
        loop {
            self.open()?;
            let after = all.last().map(|tenant| &tenant.id);
            let page = self.inner.store.list(after, PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page.into_iter().map(Arc::new));
        }
    }

    /// Some of them.
    #[cfg(feature = "axum")]
    pub(crate) async fn tenants_after(
        &self,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        self.open()?;
        self.inner.store.list(after, limit).await
    }

    /// Spawns a task in which [`current_tenant`](crate::current_tenant) is this tenant, and whose log
    /// lines are in the tenant's span.
    ///
    /// A task of [`tokio::spawn`] has neither: both belong to the task that is polled, and a new one
    /// begins without. Its log lines then name nobody. Rows are another matter: nothing ambient leads
    /// to them, so give the task a [`TenantDb`](crate::TenantDb), which is cheap to clone.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, like [`tokio::spawn`].
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy, current_tenant};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
    /// let db = tenancy.db_for(&acme)?;
    /// let task = tenancy.spawn(&acme, async move { (current_tenant(), db.tenant().id.clone()) });
    /// assert_eq!(task.await.ok(), Some((Some(acme.id.clone()), acme.id.clone())));
    ///
    /// let forgetful = tokio::spawn(async { current_tenant() });
    /// assert_eq!(forgetful.await.ok(), Some(None));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn spawn<F>(&self, tenant: &Tenant, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(self.scope(tenant, future))
    }

    /// A future in which [`current_tenant`](crate::current_tenant) is this tenant, and whose log lines
    /// are in the tenant's span: for work that runs in a task there is already, as from a queue.
    ///
    /// It may be given to any way to run a future, such as a
    /// [`JoinSet`](https://docs.rs/tokio/latest/tokio/task/struct.JoinSet.html). Within another one
    /// the inner tenant counts, and after it the outer one again. No query is routed by it.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{NewTenant, Tenancy, current_tenant};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
    /// let id = tenancy.scope(&acme, async { current_tenant() }).await;
    /// assert_eq!(id, Some(acme.id.clone()));
    /// assert_eq!(current_tenant(), None);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn scope<F: Future>(
        &self,
        tenant: &Tenant,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        current::scope(&tenant.id, future).instrument(current::span(tenant))
    }

    /// Reads a tenant, changes it, and writes it back unless somebody else wrote it meanwhile.
    pub(super) async fn change(
        &self,
        id: &TenantId,
        apply: impl Fn(&mut Tenant) -> Result<()> + Send + Sync,
    ) -> Result<Arc<Tenant>> {
        for attempt in 0..ATTEMPTS {
            self.open()?;
            let found = self.inner.store.by_id(id).await?;
            let mut tenant = found.ok_or_else(Error::tenant_not_found)?;
            let (seen, slug) = (tenant.updated_at, tenant.slug.clone());
            apply(&mut tenant)?;
            // Later than what was seen even where clocks differ or two changes share a microsecond.
            tenant.updated_at = moment(Utc::now()).max(seen + chrono::Duration::microseconds(1));
            let (store, new) = (Arc::clone(&self.inner.store), tenant.clone());
            let update = async move { store.update(&new, seen).await };
            let names = vec![Name::Slug(slug), Name::Slug(tenant.slug.clone())];
            if self.inner.tenants.change(id, names, update).await? {
                return Ok(Arc::new(tenant));
            }
            tokio::time::sleep(Duration::from_millis(u64::from(attempt))).await;
        }
        let why = format!(
            "the tenant `{id}` was changed by others at each of {ATTEMPTS} attempts; try again"
        );
        Err(DbErr::Custom(why).into())
    }

    /// Whether an id can be written into every tenant column there is.
    fn fits(&self, id: &TenantId) -> Result<()> {
        for entity in self.inner.grounds.catalog().iter() {
            let Some((column, kind)) = entity.tenant_column() else { continue };
            let (fits, form) = match kind {
                KeyKind::Text => continue,
                KeyKind::Uuid => (id.as_uuid().is_some(), "a UUID in lower case with hyphens"),
                KeyKind::Integer => (id.as_integer().is_some(), "a decimal integer"),
            };
            if !fits {
                return Err(Error::config(format!(
                    "the tenant id `{id}` does not fit the column `{column}` of the table `{}` \
                     (`{}`), which is a `{kind}`: give the tenant an id that is {form} with \
                     `NewTenant::id`, or change the column's type",
                    entity.table, entity.module
                )));
            }
        }
        Ok(())
    }
}
