//! Tenants in Redis.

mod api_key;
mod domain;
mod key;

use std::{fmt, sync::Arc, time::Duration};

use ::redis::{FromRedisValue, cmd};
use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tenancy_core::{Slug, Tenant, TenantId};

use self::key::Key;
use super::{
    ApiKeyStore, AuditTrail, DomainStore, TenantFilter, TenantStore, UnscopedAccess, id_taken,
    moment, place_taken, record, slug_taken,
};
use crate::{
    Error, Redis, Result,
    redis::{Away, Script},
};

/// How long an answer may take. Whoever has no other store waits longer than for a
/// [rate limit](Redis::deadline).
const LONGEST: Duration = Duration::from_secs(2);

/// Keeps tenants in Redis: each in one text, with an index of slugs, of places and of ids beside it.
/// Each change is one script, so that nobody sees half of it. Domains of tenants' own and keys of
/// programs are kept in the same way.
///
/// All is in one slot of a cluster. The names of keys begin with the [prefix](Redis::prefix).
///
/// # What is lost when Redis is
///
/// Redis answers before it has written to its disk. With `appendfsync always` a tenant is there
/// after a crash; with `everysec` what was changed in the last second may not be, and without a file
/// all is gone. The same is so when a replica takes over that had not heard of a change. A tenant
/// that is forgotten that way leaves its rows behind, and one that was suspended may be served
/// again. So keep tenants in [`SqlStore`](crate::SqlStore), in the database of their rows, unless
/// they are kept elsewhere as well. A server that may [evict] such keys is refused.
///
/// A tenant's `database_url` is stored as it is, unless the store is encrypted.
///
/// [evict]: https://redis.io/docs/latest/develop/reference/eviction/
///
/// # Example
///
/// ```no_run
/// use tenancy::{Redis, RedisStore, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let store = RedisStore::new(Redis::new("redis://127.0.0.1:6379")?.prefix("shop")?);
/// let tenancy = Tenancy::builder().database("sqlite::memory:").store(store).connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    redis: Redis,
    scripts: Arc<Scripts>,
}

struct Scripts {
    insert: Script,
    update: Script,
    remove: Script,
    by_slug: Script,
    list: Script,
    range: Script,
    domains: domain::Scripts,
    api_keys: api_key::Scripts,
}

impl RedisStore {
    /// Keeps tenants on a server. Nothing is connected yet.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        let scripts = Scripts {
            insert: Script::new("", include_str!("redis/insert.lua")),
            update: Script::new("", include_str!("redis/update.lua")),
            remove: Script::new("", include_str!("redis/remove.lua")),
            by_slug: Script::new("", include_str!("redis/by_slug.lua")),
            list: Script::new("", include_str!("redis/list.lua")),
            range: Script::new("", include_str!("redis/range.lua")),
            domains: domain::Scripts::new(),
            api_keys: api_key::Scripts::new(),
        };
        Self { redis, scripts: Arc::new(scripts) }
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[Key],
        args: &[&str],
    ) -> Result<T> {
        let keys: Vec<String> = keys.iter().map(|key| key.name(&self.redis)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        script.run_within(&self.redis, LONGEST, &keys, &args).await.map_err(|why| away(&why))
    }

    async fn ask<T: FromRedisValue>(&self, name: &str, key: Key, args: &[&str]) -> Result<T> {
        let mut ask = cmd(name);
        ask.arg(key.name(&self.redis)).arg(args);
        self.redis.ask_within(&ask, LONGEST).await.map_err(|why| away(&why))
    }

    async fn insert(&self, tenant: &Tenant, most: Option<u64>) -> Result<()> {
        let most = most.map(|most| most.to_string()).unwrap_or_default();
        let (place, text) = (place(tenant), written(tenant));
        let args = [tenant.id.as_str(), tenant.slug.as_str(), place, &text, &most];
        let said: String = self.run(&self.scripts.insert, &Key::ALL, &args).await?;
        match said.as_str() {
            "full" => Err(Error::full(most.parse().unwrap_or_default())),
            _ => done(&said, tenant).map(|_| ()),
        }
    }
}

/// What a script said of a change.
fn done(said: &str, tenant: &Tenant) -> Result<bool> {
    match said {
        "ok" => Ok(true),
        "changed" => Ok(false),
        "id" => Err(id_taken(&tenant.id)),
        "slug" => Err(slug_taken(&tenant.slug)),
        "place" => Err(place_taken(place(tenant))),
        _ => Err(away(&Away::strange())),
    }
}

fn away(why: &Away) -> Error {
    DbErr::Custom(format!("the tenants in Redis could not be asked for: {why}")).into()
}

fn place(tenant: &Tenant) -> &str {
    tenant.location.as_ref().and_then(|place| place.name()).unwrap_or_default()
}

/// A tenant as it is kept: what scripts compare, a line each, and the rest. Neither slugs nor names of
/// places have line breaks.
fn written(tenant: &Tenant) -> String {
    let seen = record::text(tenant.updated_at);
    format!("{seen}\n{}\n{}\n{}", tenant.slug, place(tenant), record::write(tenant))
}

fn tenant(id: &str, text: &str) -> Result<Tenant> {
    let corrupt = |why: &str| {
        let why = format!("the tenant `{id}` in Redis cannot be read: {why}; mend it by hand");
        Error::from(DbErr::Type(why))
    };
    let rest = text.splitn(4, '\n').nth(3).ok_or_else(|| corrupt("it has no head"))?;
    record::read(rest).map_err(|why| corrupt(&why))
}

#[async_trait::async_trait]
impl TenantStore for RedisStore {
    /// Refuses a server that may forget tenants when it has no more memory.
    async fn prepare(&self) -> Result<()> {
        let info = self.redis.info("memory", LONGEST).await.map_err(|why| away(&why))?;
        for info in &info {
            let says = |what: &str| {
                info.lines()
                    .find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))
                    .unwrap_or("")
            };
            if says("maxmemory") != "0" && says("maxmemory_policy").starts_with("allkeys") {
                return Err(Error::config(format!(
                    "tenants are kept in a Redis that forgets keys when its memory is full \
                     (`maxmemory-policy {}`): set it to `noeviction`, or to one that is for volatile keys",
                    says("maxmemory_policy")
                )));
            }
        }
        Ok(())
    }

    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        Self::insert(self, tenant, None).await
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        Self::insert(self, tenant, Some(most)).await
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let text: Option<String> = self.ask("HGET", Key::Records, &[id.as_str()]).await?;
        text.map(|text| tenant(id.as_str(), &text)).transpose()
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        let keys = [Key::Slugs, Key::Records];
        let found: Option<(String, String)> =
            self.run(&self.scripts.by_slug, &keys, &[slug.as_str()]).await?;
        found.map(|(id, text)| tenant(&id, &text)).transpose()
    }

    async fn by_ids(&self, ids: &[TenantId]) -> Result<Vec<Tenant>> {
        let mut ids: Vec<&str> = ids.iter().map(TenantId::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<Option<String>> = self.ask("HMGET", Key::Records, &ids).await?;
        let found = ids.iter().zip(texts).filter_map(|(id, text)| Some((id, text?)));
        found.map(|(id, text)| tenant(id, &text)).collect()
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        let from = after.map_or("-".to_owned(), |after| format!("({after}"));
        let keys = [Key::Ids, Key::Records];
        let args = [from.as_str(), &limit.to_string()];
        let found: Vec<(String, String)> = self.run(&self.scripts.list, &keys, &args).await?;
        found.iter().map(|(id, text)| tenant(id, text)).collect()
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        if *wanted == TenantFilter::new() {
            return self.ask("HLEN", Key::Records, &[]).await;
        }
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.find(wanted, after.as_ref(), super::PAGE).await?;
            let Some(last) = page.last() else { return Ok(count) };
            count += page.len() as u64;
            after = Some(last.id.clone());
        }
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        let (seen, text) = (record::text(moment(seen)), written(tenant));
        let args = [tenant.id.as_str(), &seen, tenant.slug.as_str(), place(tenant), &text];
        let said: String = self.run(&self.scripts.update, &Key::ALL, &args).await?;
        done(&said, tenant)
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        let seen = record::text(moment(seen));
        let removed: u8 = self.run(&self.scripts.remove, &Key::ALL, &[id.as_str(), &seen]).await?;
        Ok(removed == 1)
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        Arc::new(self.clone())
    }

    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        Some(Arc::new(domain::Domains(self.clone())))
    }

    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        Some(Arc::new(api_key::Keys(self.clone())))
    }
}

/// A list, of which nothing is ever taken off.
#[async_trait::async_trait]
impl AuditTrail for RedisStore {
    async fn record(&self, access: &UnscopedAccess) -> Result<()> {
        let UnscopedAccess { id, taken_at, reason, place, role, process } = access;
        let text = serde_json::json!([id, record::text(*taken_at), reason, place, role, process]);
        self.ask::<u64>("LPUSH", Key::Unscoped, &[&text.to_string()]).await.map(|_| ())
    }

    async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
        let Some(last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
        let texts: Vec<String> =
            self.ask("LRANGE", Key::Unscoped, &["0", &last.to_string()]).await?;
        let read = |text: &String| {
            let (id, taken_at, reason, place, role, process) =
                serde_json::from_str(text).map_err(|_| away(&Away::strange()))?;
            Ok(UnscopedAccess { id, taken_at, reason, place, role, process })
        };
        texts.iter().map(read).collect()
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("redis", &self.redis).finish_non_exhaustive()
    }
}
