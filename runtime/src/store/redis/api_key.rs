//! Keys of programs in Redis. Each change is one script.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tenancy_core::TenantId;

use super::{
    super::{ApiKeyRecord, ApiKeyStore, moment, record},
    Key, RedisStore, Script,
    key::names_of,
};
use crate::{Error, Result, hex};

/// What changes them.
pub(super) struct Scripts {
    insert: Script,
    revoke: Script,
    used: Script,
    forget: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            insert: Script::new("", include_str!("api_key/insert.lua")),
            revoke: Script::new("", include_str!("api_key/revoke.lua")),
            used: Script::new("", include_str!("api_key/used.lua")),
            forget: Script::new("", include_str!("api_key/forget.lua")),
        }
    }
}

/// A moment as it is kept.
fn at(time: DateTime<Utc>) -> String {
    record::text(moment(time))
}

/// A key as it is kept: whose it is, when it was revoked and used, a line each, which scripts read;
/// then the rest, and its name at the end, which may have lines of its own.
fn written(key: &ApiKeyRecord) -> String {
    let later = |time: Option<DateTime<Utc>>| time.map(at).unwrap_or_default();
    let (revoked, used, expires) =
        (later(key.revoked_at), later(key.last_used_at), later(key.expires_at));
    let (made, hash) = (at(key.created_at), hex::write(&key.hash));
    format!("{}\n{revoked}\n{used}\n{expires}\n{made}\n{hash}\n{}", key.tenant, key.name)
}

fn key(id: &str, text: &str) -> Result<ApiKeyRecord> {
    let corrupt = |what: &str| {
        DbErr::Type(format!("the {what} of the key `{id}` in Redis is unreadable; mend it by hand"))
    };
    let lines: Vec<&str> = text.splitn(7, '\n').collect();
    let [tenant, revoked, used, expires, made, hash, name] = lines[..] else {
        return Err(corrupt("text").into());
    };
    let time = |text: &str| record::time(text).ok_or_else(|| corrupt("moment"));
    let later = |text: &str| (!text.is_empty()).then(|| time(text)).transpose();
    let tenant = TenantId::new(tenant).map_err(|_| corrupt("tenant"))?;
    let hash = hex::read(hash).ok_or_else(|| corrupt("hash"))?;
    let mut key = ApiKeyRecord::new(id, tenant, name, hash, time(made)?);
    key.revoked_at = later(revoked)?;
    key.last_used_at = later(used)?;
    key.expires_at = later(expires)?;
    Ok(key)
}

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Keys(pub(super) RedisStore);

#[async_trait::async_trait]
impl ApiKeyStore for Keys {
    async fn insert(&self, key: &ApiKeyRecord) -> Result<()> {
        let name = format!("{}\n{}\n{}", key.tenant, at(key.created_at), key.id);
        let (keys, args) = ([Key::ApiKeys, Key::ApiKeyNames], [&*key.id, &written(key), &name]);
        let inserted: u8 = self.0.run(&self.0.scripts.api_keys.insert, &keys, &args).await?;
        if inserted == 1 { Ok(()) } else { Err(Error::conflict("the id of a key")) }
    }

    async fn by_id(&self, id: &str) -> Result<Option<ApiKeyRecord>> {
        let text: Option<String> = self.0.ask("HGET", Key::ApiKeys, &[id]).await?;
        text.map(|text| key(id, &text)).transpose()
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<ApiKeyRecord>> {
        let [from, to] = names_of(tenant);
        let keys = [Key::ApiKeyNames, Key::ApiKeys];
        let args = [&*from, &to, "^[^\n]*\n[^\n]*\n(.*)$"];
        let found: Vec<(String, String)> = self.0.run(&self.0.scripts.range, &keys, &args).await?;
        found.iter().map(|(id, text)| key(id, text)).collect()
    }

    async fn revoke(&self, id: &str, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let args = [id, tenant.as_str(), &at(now)];
        let revoked: u8 =
            self.0.run(&self.0.scripts.api_keys.revoke, &[Key::ApiKeys], &args).await?;
        Ok(revoked == 1)
    }

    async fn used(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        let args = [id, &self::at(at)];
        let used = self.0.run::<u8>(&self.0.scripts.api_keys.used, &[Key::ApiKeys], &args);
        used.await.map(drop)
    }

    async fn forget(&self, tenant: &TenantId) -> Result<()> {
        let ([from, to], keys) = (names_of(tenant), [Key::ApiKeys, Key::ApiKeyNames]);
        let args = [from.as_str(), &to];
        self.0.run::<u64>(&self.0.scripts.api_keys.forget, &keys, &args).await.map(drop)
    }
}
