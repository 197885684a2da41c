//! The life of tenants: suspended, activated, renamed, deleted, purged.

use std::sync::Arc;

use tenancy_core::{Slug, Status, Tenant, TenantId};

use super::{Step, Tenancy};
use crate::{Error, Result, cache::Name};

impl Tenancy {
    /// Changes where a tenant stands in its life.
    ///
    /// What is loaded after this returns sees it, in this process; in others when what they
    /// [remember](crate::TenantCache) has run out. A connection that was handed out before keeps
    /// working. A deleted tenant is only [suspended](Status::Suspended) again, and activated after
    /// that: [revisions](crate::Builder::migrations) that passed its place over meanwhile are run in it
    /// first, and it stays deleted if they cannot be. Whether one is [being provisioned](Status::Provisioning) is not for anybody to say.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant; [a wrong
    /// step](Error::is_wrong_step) if it cannot come to that status from its own; an error if a hook
    /// forbids it, if others change it again and again meanwhile, or the store cannot be written.
    pub async fn set_status(&self, id: &TenantId, status: Status) -> Result<Arc<Tenant>> {
        let found = self.by_id(id).await?;
        let step = match (found.status, status) {
            (Status::Deleted, Status::Suspended) => Step::Restore,
            (_, Status::Active) => Step::Activate,
            (_, Status::Suspended) => Step::Suspend,
            (_, Status::Deleted) => Step::Delete,
            _ => Step::Maintain,
        };
        allowed(&found, status)?;
        if step == Step::Restore {
            // Before anybody is served from it again. Running revisions is deep.
            Box::pin(self.catch_up(&found)).await?;
        }
        let detail = format!("{} → {status}", found.status);
        self.step(step, &found, detail, |tenant| {
            allowed(tenant, status)?;
            tenant.status = status;
            Ok(())
        })
        .await
    }

    /// Stops serving a tenant until it is activated again. As [`set_status`](Self::set_status).
    ///
    /// # Errors
    ///
    /// As [`set_status`](Self::set_status).
    pub async fn suspend(&self, id: &TenantId) -> Result<Arc<Tenant>> {
        self.set_status(id, Status::Suspended).await
    }

    /// Serves a tenant again. As [`set_status`](Self::set_status).
    ///
    /// # Errors
    ///
    /// As [`set_status`](Self::set_status).
    pub async fn activate(&self, id: &TenantId) -> Result<Arc<Tenant>> {
        self.set_status(id, Status::Active).await
    }

    /// Deletes a tenant: it is served no more, and its rows stay until it is
    /// [purged](Self::purge). As [`set_status`](Self::set_status).
    ///
    /// # Errors
    ///
    /// As [`set_status`](Self::set_status).
    pub async fn delete(&self, id: &TenantId) -> Result<Arc<Tenant>> {
        self.set_status(id, Status::Deleted).await
    }

    /// Gives a tenant another slug. Its id and its rows stay as they are; the old slug is free at once.
    ///
    /// # Errors
    ///
    /// A [conflict](Error::is_conflict) if another tenant has the slug, and nothing is changed then;
    /// otherwise as [`set_status`](Self::set_status).
    pub async fn rename(&self, id: &TenantId, slug: Slug) -> Result<Arc<Tenant>> {
        let found = self.by_id(id).await?;
        let detail = format!("{} → {slug}", found.slug);
        self.step(Step::Rename, &found, detail, |tenant| {
            tenant.slug = slug.clone();
            Ok(())
        })
        .await
    }

    /// Gives a tenant another tier, or none.
    ///
    /// # Errors
    ///
    /// [A wrong step](Error::is_wrong_step) if tenants of that tier are kept in another way than
    /// this one is: its rows would stay where they are, unseen. Otherwise as
    /// [`set_status`](Self::set_status).
    pub async fn set_tier(&self, id: &TenantId, tier: Option<&str>) -> Result<Arc<Tenant>> {
        let found = self.by_id(id).await?;
        let none = "none";
        let detail =
            format!("{} → {}", found.tier.as_deref().unwrap_or(none), tier.unwrap_or(none));
        self.step(Step::ChangeTier, &found, detail, |tenant| {
            tenant.tier = tier.map(str::to_owned);
            let wanted = self.inner.isolation.locate(tenant)?;
            match &tenant.location {
                Some(location) if location.isolation() != wanted.isolation() => {
                    Err(Error::wrong_step(format!(
                        "the tenant `{id}` is kept in {location}, and its new tier asks for \
                         {wanted}: its rows would stay behind unseen. Keep the tier, or give the \
                         tenant an isolation of its own that is the one it has; rows cannot be \
                         moved from one to the other yet"
                    )))
                }
                _ => Ok(()),
            }
        })
        .await
    }

    /// Drops a deleted tenant's rows, its place if it had one of its own, and all that is known of
    /// it, its keys and domains too. There is no way back.
    ///
    /// `slug` must be the tenant's, to be sure that this one is meant. If this is cut off, a second
    /// call goes on.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant; [a wrong
    /// step](Error::is_wrong_step) if it is not [deleted](Status::Deleted), or if the slug is not its
    /// own; an error if a hook forbids it, or if the rows cannot be dropped.
    pub async fn purge(&self, id: &TenantId, slug: &Slug) -> Result<()> {
        let tenant = self.by_id(id).await?;
        if tenant.status != Status::Deleted {
            return Err(Error::wrong_step(format!(
                "the tenant `{id}` is {}, and only a deleted one can be purged; delete it first",
                tenant.status
            )));
        }
        if tenant.slug != *slug {
            return Err(Error::wrong_step(format!(
                "the tenant `{id}` was not purged: its slug is not `{slug}`"
            )));
        }
        self.before(Step::Purge, &tenant).await?;
        self.recorded(Step::Purge, &tenant, None, self.destroy(&tenant)).await?;
        self.after(Step::Purge, &tenant).await;
        Ok(())
    }

    /// Drops a tenant's rows, and then what is known of it.
    async fn destroy(&self, tenant: &Tenant) -> Result<()> {
        let id = &tenant.id;
        #[cfg(feature = "postgres")]
        self.inner.grounds.close_lane(id);
        self.inner.isolation.destroy(&self.inner.grounds, tenant).await?;
        self.give_up(tenant).await?;
        self.forget_place(tenant).await?;
        let (store, gone) = (Arc::clone(&self.inner.store), tenant.clone());
        let remove = async move { store.remove(&gone.id, gone.updated_at).await };
        if !self
            .inner
            .tenants
            .change(&tenant.id, vec![Name::Slug(tenant.slug.clone())], remove)
            .await?
        {
            return Err(Error::wrong_step(format!(
                "the rows of the tenant `{id}` are gone, and somebody changed the tenant meanwhile; \
                 look at it, and purge it again"
            )));
        }
        Ok(())
    }

    /// Takes back a tenant's keys and domains, while it is still known whose they are.
    async fn give_up(&self, tenant: &Tenant) -> Result<()> {
        let now = chrono::Utc::now();
        if let Some(domains) = self.inner.store.domains() {
            for claim in domains.of_tenant(&tenant.id).await? {
                domains.remove(&claim.domain, &tenant.id, now).await?;
            }
        }
        if let Some(keys) = self.inner.store.api_keys() {
            keys.forget(&tenant.id).await?;
        }
        Ok(())
    }

    pub(crate) async fn by_id(&self, id: &TenantId) -> Result<Tenant> {
        self.open()?;
        self.inner.store.by_id(id).await?.ok_or_else(Error::tenant_not_found)
    }

    pub(super) async fn step(
        &self,
        step: Step,
        found: &Tenant,
        detail: String,
        apply: impl Fn(&mut Tenant) -> Result<()> + Send + Sync,
    ) -> Result<Arc<Tenant>> {
        self.before(step, found).await?;
        let change = self.change(&found.id, apply);
        let tenant = self.recorded(step, found, Some(detail), change).await?;
        #[cfg(feature = "postgres")]
        if !tenant.is_active() {
            self.inner.grounds.close_lane(&tenant.id);
        }
        self.after(step, &tenant).await;
        Ok(tenant)
    }
}

fn allowed(tenant: &Tenant, next: Status) -> Result<()> {
    if tenant.status.may_become(next) {
        return Ok(());
    }
    let instead = match (tenant.status, next) {
        (Status::Provisioning, _) => "call `create_tenant` with its slug, which completes it",
        (Status::Deleted, _) => "suspend it first, which takes it back",
        _ => "only `create_tenant` provisions",
    };
    Err(Error::wrong_step(format!(
        "the tenant `{}` is {} and cannot become {next}; {instead}",
        tenant.id, tenant.status
    )))
}
