//! A store whose tenants are at hand in Redis as well, for all processes.
//!
//! What is there is one text for each tenant, under its id, with the moment it was changed last as its
//! version. Slugs lead to ids and to nothing else, so that a record is in one place.
//!
//! - Whoever has read a tenant from the store fills it in, unless something newer is there.
//! - Whoever changes one takes hold of its place first: nobody fills it in until the change is settled
//!   or the hold has run out. A hold lives longer than a load does.
//! - What was removed leaves a mark of its version behind, for as long as a load may take.
//!
//! So a reader that is late by any time never puts back what was before, and a writer that dies leaves
//! a place that is empty. Only where Redis cannot be reached by the writer, and can by others, is what
//! was before served until its time is over.

mod entry;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use ::redis::cmd;
use chrono::{DateTime, Utc};
use tenancy_core::{Slug, Tenant, TenantId};

use self::entry::Entry;
use super::{ApiKeyStore, AuditTrail, DomainStore, TenantFilter, TenantStore, moment, record};
use crate::{
    Redis, Result, hex,
    redis::{Away, Script},
};

/// How long a place is held, and marks of what was removed stay: longer than a load takes.
const HOLD: Duration = Duration::from_secs(30);

/// How long whoever changes a tenant waits for Redis.
const PATIENCE: Duration = Duration::from_millis(500);

/// A store, and Redis before it.
#[derive(Clone)]
pub(crate) struct SharedStore {
    inner: Arc<dyn TenantStore>,
    redis: Redis,
    life: Duration,
    scripts: Arc<Scripts>,
}

struct Scripts {
    fill: Script,
    hold: Script,
    settle: Script,
}

/// A place that is held by somebody who changes what is there.
#[derive(Debug)]
struct Hold(String);

impl SharedStore {
    pub(crate) fn new(inner: Arc<dyn TenantStore>, redis: Redis, life: Duration) -> Self {
        let scripts = Scripts {
            fill: Script::new("", include_str!("shared/fill.lua")),
            hold: Script::new("", include_str!("shared/hold.lua")),
            settle: Script::new("", include_str!("shared/settle.lua")),
        };
        // What is forgotten must outlive whoever may still fill in what was before it.
        Self { inner, redis, life: life.max(HOLD), scripts: Arc::new(scripts) }
    }

    /// Where a tenant is. What is in braces is what a cluster places keys by.
    fn place(&self, id: &TenantId) -> String {
        format!("{}:tenant:{{{id}}}", self.redis.key_prefix())
    }

    /// Where it says which tenant a slug is of.
    fn alias(&self, slug: &Slug) -> String {
        format!("{}:slug:{{{slug}}}", self.redis.key_prefix())
    }

    /// What is there. What cannot be read is nothing.
    async fn look(&self, id: &TenantId) -> Result<Entry, Away> {
        let text: Option<String> = self.redis.ask(cmd("GET").arg(self.place(id))).await?;
        let entry = text.map_or(Entry::Nothing, |text| Entry::read(&text));
        match entry {
            Entry::Tenant(tenant) if tenant.id != *id => Ok(Entry::Nothing),
            entry => Ok(entry),
        }
    }

    /// Puts a tenant there that was read from the store, unless there is something newer.
    async fn fill(&self, tenant: &Tenant) {
        let life = millis(self.life);
        let version = version(tenant.updated_at);
        let text = Entry::write(&version, tenant);
        let place = self.place(&tenant.id);
        let args = [version.as_bytes(), text.as_bytes(), life.as_bytes()];
        let filled: Result<u8, Away> = self.scripts.fill.run(&self.redis, &[&place], &args).await;
        if filled.is_ok() {
            let mut lead = cmd("SET");
            lead.arg(self.alias(&tenant.slug)).arg(tenant.id.as_str()).arg("PX").arg(&life);
            let _: Result<(), Away> = self.redis.ask(&lead).await;
        }
    }

    /// Takes hold of a place before a tenant is changed. None if Redis does not answer: the change is
    /// made all the same, and others may see what was before until its time is over.
    async fn hold(&self, id: &TenantId) -> Option<Hold> {
        let token = hex::write(&hex::random::<8>().ok()?);
        let (place, life) = (self.place(id), millis(HOLD));
        let args = [token.as_bytes(), life.as_bytes()];
        let held: Result<u8, Away> =
            self.scripts.hold.run_within(&self.redis, PATIENCE, &[&place], &args).await;
        match held {
            Ok(_) => Some(Hold(token)),
            Err(why) => {
                tracing::warn!(
                    target: "tenancy::cache", %why,
                    "Redis was not told that a tenant is about to change: other processes may see \
                     what was before for as long as it is remembered there"
                );
                metrics::counter!("tenancy_cache_unheld_total").increment(1);
                None
            }
        }
    }

    /// Lets go of a place: with what is there now, with a mark that it is gone, or with neither if
    /// nothing was changed. If this fails, the hold runs out by itself.
    async fn settle(&self, id: &TenantId, hold: Option<Hold>, now: Settled<'_>) {
        let token = hold.map(|Hold(token)| token).unwrap_or_default();
        let place = self.place(id);
        let (version, text, life) = match now {
            Settled::Is(tenant) => {
                let version = version(tenant.updated_at);
                let text = Entry::write(&version, tenant);
                (version, text, self.life)
            }
            Settled::Gone(seen) => (version(after(seen)), String::new(), HOLD),
            Settled::Unchanged => ("0".to_owned(), String::new(), HOLD),
        };
        let life = millis(life);
        let args = [token.as_bytes(), version.as_bytes(), text.as_bytes(), life.as_bytes()];
        let settled: Result<u8, Away> =
            self.scripts.settle.run_within(&self.redis, PATIENCE, &[&place], &args).await;
        if let Err(why) = settled {
            tracing::warn!(
                target: "tenancy::cache", %why,
                "Redis was not told how a tenant has changed; it is read from the store meanwhile"
            );
        }
    }

    /// Reads a tenant from the store, and puts it there for others unless somebody changes it now.
    async fn load(&self, id: &TenantId, held: bool) -> Result<Option<Tenant>> {
        let found = self.inner.by_id(id).await?;
        if let Some(tenant) = found.as_ref().filter(|_| !held) {
            self.fill(tenant).await;
        }
        Ok(found)
    }
}

/// What has become of a tenant.
enum Settled<'a> {
    Is(&'a Tenant),
    /// It was removed as it was at that moment.
    Gone(DateTime<Utc>),
    Unchanged,
}

/// A moment as a number, which a script compares; exact until the year 2255.
fn version(moment: DateTime<Utc>) -> String {
    moment.timestamp_micros().max(0).to_string()
}

fn after(seen: DateTime<Utc>) -> DateTime<Utc> {
    moment(seen) + chrono::Duration::microseconds(1)
}

fn millis(time: Duration) -> String {
    time.as_millis().max(1).to_string()
}

fn seen(outcome: &'static str) {
    metrics::counter!("tenancy_shared_cache_total", "outcome" => outcome).increment(1);
}

#[async_trait::async_trait]
impl TenantStore for SharedStore {
    async fn prepare(&self) -> Result<()> {
        self.inner.prepare().await
    }

    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        self.inner.insert(tenant).await?;
        self.settle(&tenant.id, None, Settled::Is(tenant)).await;
        Ok(())
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        self.inner.insert_within(tenant, most).await?;
        self.settle(&tenant.id, None, Settled::Is(tenant)).await;
        Ok(())
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        match self.look(id).await {
            Ok(Entry::Tenant(tenant)) => {
                seen("known");
                Ok(Some(*tenant))
            }
            Ok(entry) => {
                seen("miss");
                self.load(id, entry.is_held()).await
            }
            Err(_) => {
                seen("away");
                self.inner.by_id(id).await
            }
        }
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        let led: Result<Option<String>, Away> =
            self.redis.ask(cmd("GET").arg(self.alias(slug))).await;
        let Ok(led) = led else {
            seen("away");
            return self.inner.by_slug(slug).await;
        };
        if let Some(id) = led.and_then(|id| TenantId::new(id).ok())
            && let Ok(Entry::Tenant(tenant)) = self.look(&id).await
            // Another has the slug by now, or nobody.
            && tenant.slug == *slug
        {
            seen("known");
            return Ok(Some(*tenant));
        }
        seen("miss");
        let found = self.inner.by_slug(slug).await?;
        if let Some(tenant) = &found {
            self.fill(tenant).await;
        }
        Ok(found)
    }

    async fn by_ids(&self, ids: &[TenantId]) -> Result<Vec<Tenant>> {
        self.inner.by_ids(ids).await
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        self.inner.list(after, limit).await
    }

    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        self.inner.find(wanted, after, limit).await
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        self.inner.count(wanted).await
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        let hold = self.hold(&tenant.id).await;
        let updated = self.inner.update(tenant, seen).await;
        match &updated {
            Ok(true) => self.settle(&tenant.id, hold, Settled::Is(tenant)).await,
            Ok(false) => self.settle(&tenant.id, hold, Settled::Unchanged).await,
            // It may have been changed, and the hold says so until it runs out. A conflict has not.
            Err(error) if error.is_conflict() => {
                self.settle(&tenant.id, hold, Settled::Unchanged).await;
            }
            Err(_) => {}
        }
        updated
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        let hold = self.hold(id).await;
        let removed = self.inner.remove(id, seen).await;
        match &removed {
            Ok(true) => self.settle(id, hold, Settled::Gone(seen)).await,
            Ok(false) => self.settle(id, hold, Settled::Unchanged).await,
            Err(_) => {}
        }
        removed
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        self.inner.audit_trail()
    }

    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        self.inner.domains()
    }

    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        self.inner.api_keys()
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedStore")
            .field("inner", &self.inner)
            .field("redis", &self.redis)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}
