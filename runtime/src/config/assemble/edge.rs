//! Cache, Redis, limits, and what the layer does.

use std::collections::BTreeMap;

use http::HeaderValue;

use super::{
    super::{
        problem::join,
        section::{Counter, PolicyConfig, WhenAway},
    },
    Check,
};
use crate::{
    TenantCache,
    limit::{Away, Concurrent, Kind, Limits, Policy, Rate, RateLimits, Window},
    tenancy::{Builder, EdgeOptions},
    web,
};

pub(super) fn cache_and_limits(check: &mut Check<'_>, builder: Builder) -> Builder {
    let config = check.config;
    let set = &config.cache;
    let cache = TenantCache::new()
        .life(set.life)
        .told_life(set.told_life)
        .unknown_life(set.unknown_life)
        .while_unread(set.while_unread)
        .capacity(set.capacity);
    let shared = [
        ("cache.channel", set.channel),
        ("limits.counter", config.limits.counter == Counter::Redis),
    ];
    for (key, _) in shared.iter().filter(|(_, wanted)| *wanted && config.redis.url.is_none()) {
        check.refuse(key, "it needs a server: set `redis.url`");
    }
    if config.redis.url.is_some() && !shared.iter().any(|(_, wanted)| *wanted) {
        check.refuse("redis.url", "nothing uses it; set `cache.channel` to true, `limits.counter` to \"redis\", or leave it out");
    }
    if config.limits.counter == Counter::Memory {
        for (key, set) in [
            ("limits.processes", config.limits.processes != 1),
            ("limits.leases", config.limits.leases),
        ] {
            if set {
                check.refuse(key, "each process counts for itself; set `limits.counter` to \"redis\", or leave it out");
            }
        }
    }
    if config.limits.processes == 0 {
        check.refuse("limits.processes", "there is one process at least");
    }
    let everyone = limits(check, "limits.everyone", &config.limits.everyone);
    let mut rates = RateLimits::new(everyone);
    for (tier, policies) in &config.limits.tiers {
        let own = limits(check, &join("limits.tiers", tier), policies);
        rates = rates.tier(tier, own);
    }
    with_redis(check, builder.rate_limits(rates), cache)
}

#[cfg(not(feature = "redis"))]
fn with_redis(check: &mut Check<'_>, builder: Builder, cache: TenantCache) -> Builder {
    if check.config.redis.url.is_some() {
        check
            .refuse("redis.url", "this program was built without the feature `redis` of `tenancy`");
    }
    builder.tenant_cache(cache)
}

#[cfg(feature = "redis")]
fn with_redis(check: &mut Check<'_>, mut builder: Builder, mut cache: TenantCache) -> Builder {
    use crate::{Redis, limit::RedisLimiter};

    let set = &check.config.redis;
    let Some(url) = &set.url else { return builder.tenant_cache(cache) };
    if set.deadline.is_zero() {
        check.refuse("redis.deadline", "nobody would wait for an answer; raise it");
    }
    let made = match set.cluster {
        true => Redis::cluster(url.expose().split_whitespace()),
        false => Redis::new(url.expose()),
    };
    let Some(redis) = check.sound("redis.url", made) else { return builder };
    let Some(redis) = check.sound("redis.prefix", redis.prefix(&set.prefix)) else {
        return builder;
    };
    let redis = redis.deadline(set.deadline);
    if check.config.cache.channel {
        cache = cache.channel(redis.clone());
    }
    let limits = &check.config.limits;
    if limits.counter == Counter::Redis {
        let limiter = RedisLimiter::new(redis).processes(limits.processes);
        builder = builder.rate_limiter(if limits.leases { limiter.leases() } else { limiter });
    }
    builder.tenant_cache(cache)
}

fn limits(check: &mut Check<'_>, at: &str, set: &BTreeMap<String, PolicyConfig>) -> Limits {
    let mut limits = Limits::none();
    for (name, policy) in set {
        let key = join(at, name);
        let Some(policy) = self::policy(check, &key, name, policy) else { continue };
        match limits.clone().and(policy) {
            Ok(more) => limits = more,
            Err(error) => check.refuse(&key, error.to_string()),
        }
    }
    limits
}

fn policy(check: &mut Check<'_>, at: &str, name: &str, set: &PolicyConfig) -> Option<Policy> {
    let PolicyConfig { limit, rate, concurrent, per, burst, away, shadow } = set;
    let kind = match (limit, rate, concurrent, per) {
        (Some(limit), None, None, Some(per)) => Window::new(*limit, *per).map(Kind::from),
        (None, Some(rate), None, Some(per)) => {
            Rate::new(*rate, *per).map(|rate| rate.burst(burst.unwrap_or(1)).into())
        }
        (None, None, Some(concurrent), None) => Ok(Concurrent::new(*concurrent).into()),
        (None, None, Some(_), Some(_)) => {
            check.refuse(&join(at, "per"), "what runs at the same time has no time; leave it out");
            return None;
        }
        (Some(_), None, None, None) | (None, Some(_), None, None) => {
            check.refuse(&join(at, "per"), "say in which time, as in \"1m\"");
            return None;
        }
        _ => {
            check.refuse(at, "write exactly one of `limit`, `rate` and `concurrent`");
            return None;
        }
    };
    if burst.is_some() && rate.is_none() {
        check.refuse(&join(at, "burst"), "only a `rate` has a burst; leave it out");
    }
    let kind = check.sound(&join(at, "per"), kind)?;
    let policy = check.sound(at, Policy::new(name, kind))?.away(match away {
        WhenAway::Share => Away::Share,
        WhenAway::Open => Away::Open,
        WhenAway::Closed => Away::Closed,
    });
    Some(if *shadow { policy.shadow() } else { policy })
}

pub(super) fn web(check: &mut Check<'_>, builder: &mut Builder) {
    let set = &check.config.web;
    for (key, paths) in [
        ("web.exclude", set.exclude.iter().collect::<Vec<_>>()),
        ("web.exclude_prefixes", set.exclude_prefixes.iter().collect()),
        ("web.costs", set.costs.keys().collect()),
    ] {
        for path in paths {
            if let Some(why) = web::unusable(path) {
                check.refuse(key, why);
            }
        }
    }
    if set.exclude_prefixes.iter().any(|path| path.trim_end_matches('/').is_empty()) {
        check.refuse(
            "web.exclude_prefixes",
            "excluding `/` and all below it leaves no path for tenants",
        );
    }
    let unfit = |text: &str| text.is_empty() || HeaderValue::from_str(text).is_err();
    if set.challenge.as_deref().is_some_and(unfit) {
        check.refuse(
            "web.challenge",
            "it cannot be the value of a header; write a scheme such as `Bearer`",
        );
    }
    builder.set_edge(EdgeOptions {
        exclude: set.exclude.clone(),
        exclude_prefixes: set.exclude_prefixes.clone(),
        costs: set.costs.clone().into_iter().collect(),
        challenge: set.challenge.clone(),
        expose_status: set.expose_status,
    });
}
