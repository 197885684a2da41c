//! Domains in Redis: what is claimed by whom, and who holds which domain. Each change is one script.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tenancy_core::{Domain, TenantId};

use super::{
    super::{DomainClaim, DomainStore, domain::domain_taken, moment, record},
    Key, RedisStore, Script, away,
    key::names_of,
};
use crate::{Result, redis::Away};

/// What changes them.
pub(super) struct Scripts {
    claim: Script,
    holder: Script,
    verify: Script,
    remove: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            claim: Script::new("", include_str!("domain/claim.lua")),
            holder: Script::new("", include_str!("domain/holder.lua")),
            verify: Script::new("", include_str!("domain/verify.lua")),
            remove: Script::new("", include_str!("domain/remove.lua")),
        }
    }
}

/// The name of a claim. Neither ids nor domains have line breaks.
fn name(domain: &Domain, tenant: &TenantId) -> String {
    format!("{tenant}\n{domain}")
}

/// A claim again: when it was added, shown and removed, a line each, and the token.
fn claim(name: &str, text: &str) -> Result<DomainClaim> {
    let corrupt = |why: &str| {
        let name = name.replace('\n', "` of `");
        DbErr::Type(format!(
            "the claim of `{name}` in Redis cannot be read: {why}; mend it by hand"
        ))
    };
    let (tenant, domain) = name.split_once('\n').ok_or_else(|| corrupt("it has no domain"))?;
    let tenant = TenantId::new(tenant).map_err(|error| corrupt(&error.to_string()))?;
    let domain = Domain::new(domain).map_err(|error| corrupt(&error.to_string()))?;
    let lines: Vec<&str> = text.splitn(4, '\n').collect();
    let [added, verified, removed, token] = lines[..] else {
        return Err(corrupt("it has no token").into());
    };
    let time = |text: &str| record::time(text).ok_or_else(|| corrupt("a moment is none"));
    let later = |text: &str| (!text.is_empty()).then(|| time(text)).transpose();
    let mut claim = DomainClaim::new(domain, tenant, token, time(added)?);
    claim.verified_at = later(verified)?;
    claim.removed_at = later(removed)?;
    Ok(claim)
}

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Domains(pub(super) RedisStore);

#[async_trait::async_trait]
impl DomainStore for Domains {
    async fn claim(&self, claim: &DomainClaim) -> Result<()> {
        let (name, added) =
            (name(&claim.domain, &claim.tenant), record::text(moment(claim.added_at)));
        let (keys, args) = ([Key::Claims, Key::ClaimNames], [&*name, &claim.token, &added]);
        let claimed: u8 = self.0.run(&self.0.scripts.domains.claim, &keys, &args).await?;
        if claimed == 1 { Ok(()) } else { Err(domain_taken(&claim.domain)) }
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<DomainClaim>> {
        let [from, to] = names_of(tenant);
        let (keys, args) = ([Key::ClaimNames, Key::Claims], [&*from, &to, "^.*$"]);
        let found: Vec<(String, String)> = self.0.run(&self.0.scripts.range, &keys, &args).await?;
        found.iter().map(|(name, text)| self::claim(name, text)).collect()
    }

    async fn holder(&self, domain: &Domain) -> Result<Option<DomainClaim>> {
        let (keys, args) = ([Key::Holders, Key::Claims], [domain.as_str()]);
        let found: Option<(String, String)> =
            self.0.run(&self.0.scripts.domains.holder, &keys, &args).await?;
        found.map(|(name, text)| self::claim(&name, &text)).transpose()
    }

    async fn verify(
        &self,
        claim: &DomainClaim,
        now: DateTime<Utc>,
        free_before: DateTime<Utc>,
    ) -> Result<bool> {
        let (now, free) = (record::text(moment(now)), record::text(moment(free_before)));
        let keys = [Key::Claims, Key::ClaimNames, Key::Holders];
        let args = [claim.tenant.as_str(), claim.domain.as_str(), &claim.token, &now, &free];
        let said: String = self.0.run(&self.0.scripts.domains.verify, &keys, &args).await?;
        match said.as_str() {
            "ok" => Ok(true),
            "changed" => Ok(false),
            "taken" => Err(domain_taken(&claim.domain)),
            _ => Err(away(&Away::strange())),
        }
    }

    async fn remove(&self, domain: &Domain, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let (name, now) = (name(domain, tenant), record::text(moment(now)));
        let (keys, args) = ([Key::Claims, Key::ClaimNames], [&*name, &now]);
        let removed: u8 = self.0.run(&self.0.scripts.domains.remove, &keys, &args).await?;
        Ok(removed == 1)
    }
}
