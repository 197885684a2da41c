//! Strategies, lanes, signatures and time-outs.

use std::time::Duration;

use tenancy_core::IsolationKind;
#[cfg(feature = "postgres")]
use tenancy_core::policy::token::Key;

use super::{super::section::IsolationConfig, Check};
use crate::{Database, Hybrid, Row, Schema, Timeouts, config::problem::join, tenancy::Builder};

/// Longest prefix of names.
const LONGEST_PREFIX: usize = 20;

pub(super) fn isolation(check: &mut Check<'_>, builder: Builder) -> Builder {
    let isolation = &check.config.isolation;
    let mut kinds: Vec<IsolationKind> = vec![isolation.strategy];
    for kind in isolation.tiers.values().chain(&isolation.also) {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    if kinds.contains(&IsolationKind::Rls) && kinds.contains(&IsolationKind::Row) {
        check.refuse(
            "isolation.strategy",
            "`row` and `rls` keep tenants in the same tables; use `rls` for both",
        );
    }
    for (key, kind, set) in [
        ("isolation.schema_prefix", IsolationKind::Schema, isolation.schema_prefix.is_some()),
        ("isolation.database_prefix", IsolationKind::Database, isolation.database_prefix.is_some()),
        ("isolation.database_folder", IsolationKind::Database, isolation.database_folder.is_some()),
        ("isolation.lanes.enabled", IsolationKind::Rls, isolation.lanes.enabled),
        ("isolation.signing.key", IsolationKind::Rls, isolation.signing.key.is_some()),
        ("isolation.check_status", IsolationKind::Rls, isolation.check_status),
    ] {
        if set && !kinds.contains(&kind) {
            check.refuse(key, format!("no tenant is kept by `{kind}`; leave it out, or add the strategy to `isolation.also`"));
        }
    }
    for (key, prefix) in [
        ("isolation.schema_prefix", &isolation.schema_prefix),
        ("isolation.database_prefix", &isolation.database_prefix),
    ] {
        let begins = |prefix: &str| prefix.starts_with(|c: char| c.is_ascii_lowercase());
        let rest = |prefix: &str| {
            prefix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if prefix.as_deref().is_some_and(|p| p.len() > LONGEST_PREFIX || !begins(p) || !rest(p)) {
            check.refuse(key, "write 1 to 20 of a-z, 0-9 and `_`, of which the first is a letter");
        }
    }
    lanes_without_sense(check, isolation);
    if isolation.check_status && check.config.database.control_plane_url.is_some() {
        check.refuse("isolation.check_status", "it asks the database of tenants' rows, and tenants are kept at `database.control_plane_url`; leave one of them out");
    }
    add(check, builder, &kinds)
}

fn lanes_without_sense(check: &mut Check<'_>, isolation: &IsolationConfig) {
    let lanes = &isolation.lanes;
    if !lanes.enabled
        && (lanes.connections.is_some()
            || lanes.per_tenant.is_some()
            || lanes.idle_timeout.is_some())
    {
        check.refuse("isolation.lanes.enabled", "there are no lanes to which the rest of the section could apply; set it to true, or leave the rest out");
    }
    let budget = check.config.database.connection_budget;
    if lanes.connections.is_some_and(|all| all > budget) {
        check.refuse("isolation.lanes.connections", format!("lanes are within `database.connection_budget`, which is {budget}; lower the one or raise the other"));
    }
    if lanes.per_tenant.is_some_and(|own| lanes.connections.is_some_and(|all| own > all)) {
        check.refuse("isolation.lanes.per_tenant", "one lane would have more than all together; lower it, or raise `isolation.lanes.connections`");
    }
    for (key, none) in [
        ("isolation.lanes.connections", lanes.connections == Some(0)),
        ("isolation.lanes.per_tenant", lanes.per_tenant == Some(0)),
        ("isolation.lanes.idle_timeout", lanes.idle_timeout == Some(Duration::ZERO)),
    ] {
        if none {
            check.refuse(
                key,
                "nobody would ever have a lane; set `isolation.lanes.enabled` to false instead",
            );
        }
    }
    if lanes.enabled && isolation.check_status {
        check.refuse("isolation.lanes.enabled", "on a lane there is no transaction in which to ask whether a tenant is served; leave out the lanes or `isolation.check_status`");
    }
    if lanes.enabled && isolation.signing.key.is_some() {
        check.refuse("isolation.lanes.enabled", "a lane says who it is for once, and a signed token expires; leave out the lanes or `isolation.signing`");
    }
}

fn add(check: &mut Check<'_>, builder: Builder, kinds: &[IsolationKind]) -> Builder {
    let isolation = &check.config.isolation;
    let mut hybrid: Option<Hybrid> = None;
    for kind in kinds {
        let with = |hybrid: Option<Hybrid>, provider| {
            Some(match hybrid {
                None => Hybrid::of(*kind, provider),
                Some(hybrid) => hybrid.and(*kind, provider),
            })
        };
        match provider(check, isolation, *kind) {
            Some(provider) => hybrid = with(hybrid, provider),
            None => return builder,
        }
    }
    let Some(hybrid) = hybrid else { return builder };
    let tiers = isolation.tiers.iter();
    builder.isolation(tiers.fold(hybrid, |hybrid, (tier, kind)| hybrid.tier(tier, *kind)))
}

fn provider(
    check: &mut Check<'_>,
    isolation: &IsolationConfig,
    kind: IsolationKind,
) -> Option<std::sync::Arc<dyn crate::IsolationProvider>> {
    Some(match kind {
        IsolationKind::Row => std::sync::Arc::new(Row::new()),
        IsolationKind::Schema => {
            let prefix = isolation.schema_prefix.iter();
            std::sync::Arc::new(prefix.fold(Schema::new(), |schema, prefix| schema.prefix(prefix)))
        }
        IsolationKind::Database => {
            let prefix = isolation.database_prefix.iter();
            let database = prefix.fold(Database::new(), |database, prefix| database.prefix(prefix));
            let folder = isolation.database_folder.iter();
            std::sync::Arc::new(folder.fold(database, |database, folder| database.folder(folder)))
        }
        IsolationKind::Rls => return rls(check, isolation),
        _ => {
            check.refuse("isolation.strategy", "this version has no such strategy");
            return None;
        }
    })
}

#[cfg(not(feature = "postgres"))]
fn rls(
    check: &mut Check<'_>,
    _: &IsolationConfig,
) -> Option<std::sync::Arc<dyn crate::IsolationProvider>> {
    // A program without any engine only checks.
    if cfg!(any(feature = "sqlite", feature = "mysql")) {
        check.refuse(
            "isolation.strategy",
            "row-level security needs the feature `postgres` of `tenancy`",
        );
    }
    None
}

#[cfg(feature = "postgres")]
fn rls(
    check: &mut Check<'_>,
    isolation: &IsolationConfig,
) -> Option<std::sync::Arc<dyn crate::IsolationProvider>> {
    use crate::{Lanes, Rls, Signing};

    let mut rls = Rls::new();
    if isolation.check_status {
        rls = rls.check_status();
    }
    let set = &isolation.lanes;
    if set.enabled {
        let mut lanes = Lanes::new();
        if let Some(connections) = set.connections {
            lanes = lanes.connections(connections);
        }
        if let Some(connections) = set.per_tenant {
            lanes = lanes.per_tenant(connections);
        }
        if let Some(longest) = set.idle_timeout {
            lanes = lanes.idle_timeout(longest);
        }
        rls = rls.lanes(lanes);
    }
    let set = &isolation.signing;
    let mut keys = std::collections::BTreeMap::new();
    for (id, secret) in &set.keys {
        let made = Key::new(id, secret.expose().as_bytes());
        if let Some(key) = check.sound(&join("isolation.signing.keys", id), made) {
            keys.insert(id.clone(), key);
        }
    }
    let Some(own) = &set.key else {
        if !set.keys.is_empty() {
            check.refuse("isolation.signing.key", "say which of `isolation.signing.keys` signs");
        }
        return Some(std::sync::Arc::new(rls));
    };
    let Some(key) = keys.remove(own) else {
        if !set.keys.contains_key(own) {
            check.refuse(
                "isolation.signing.key",
                "there is no such key in `isolation.signing.keys`",
            );
        }
        return None;
    };
    if set.lifetime < Duration::from_secs(1) {
        check.refuse(
            "isolation.signing.lifetime",
            "tokens are good for a second at least; raise it above the longest transaction",
        );
    }
    let signing = keys.into_values().fold(Signing::new(key), Signing::accepting);
    Some(std::sync::Arc::new(rls.signed(signing.lifetime(set.lifetime))))
}

pub(super) fn timeouts(check: &mut Check<'_>, mut builder: Builder) -> Builder {
    let set = &check.config.timeouts;
    let all = [set.statement, set.lock, set.idle_in_transaction];
    builder = builder.timeouts(times(check, "timeouts", all));
    let mut any = all.iter().any(Option::is_some);
    for (tier, own) in &set.tiers {
        let all = [own.statement, own.lock, own.idle_in_transaction];
        any |= all.iter().any(Option::is_some);
        builder = builder.tier_timeouts(tier, times(check, &join("timeouts.tiers", tier), all));
    }
    let url = check.config.database.url.as_ref().map(|url| url.expose().to_owned());
    if any && url.is_some_and(|url| !url.starts_with("postgres")) {
        check.refuse("timeouts", "only PostgreSQL can be told how long statements may take; leave the section out, and set limits in the server's configuration");
    }
    builder
}

fn times(check: &mut Check<'_>, key: &str, all: [Option<Duration>; 3]) -> Timeouts {
    let names = ["statement", "lock", "idle_in_transaction"];
    for (name, longest) in names.iter().zip(all) {
        if longest.is_some_and(|longest| !matches!(i32::try_from(longest.as_millis()), Ok(1..))) {
            check.refuse(
                &join(key, name),
                "the server takes 1 ms to 24 days; leave it out for none",
            );
        }
    }
    let [statement, lock, idle] = all;
    let timeouts = statement.into_iter().fold(Timeouts::new(), Timeouts::statement);
    let timeouts = lock.into_iter().fold(timeouts, Timeouts::lock);
    idle.into_iter().fold(timeouts, Timeouts::idle_in_transaction)
}
