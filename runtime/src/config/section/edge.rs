//! What stands between a request and its tenant's connection.

use std::{collections::BTreeMap, time::Duration};

use tenancy_core::Secret;

use super::super::setting::{choice, section};

section! {
    /// How long tenants are remembered.
    pub struct CacheConfig {
        /// How long a tenant is remembered; `0s` for not at all.
        pub life: Duration = Duration::from_secs(5),
        /// How long while other processes tell what they change.
        pub told_life: Duration = Duration::from_secs(30),
        /// How long it is remembered that nobody has a name.
        pub unknown_life: Duration = Duration::from_secs(5),
        /// How much longer an active tenant is served while the store cannot be read.
        pub while_unread: Duration = Duration::from_secs(60),
        /// How many tenants are remembered.
        pub capacity: usize = 10_000,
        /// Whether processes tell each other, over Redis, which tenants have changed.
        pub channel: bool = false,
    }
}

section! {
    /// A Redis server, for what processes share.
    pub struct RedisConfig {
        /// Its URL, such as `redis://localhost:6379`.
        pub url: Option<Secret> = None,
        /// Whether it is a cluster, of which `url` names some members with spaces between.
        pub cluster: bool = false,
        /// What all keys begin with.
        pub prefix: String = "tenancy".to_owned(),
        /// Longest wait for an answer.
        pub deadline: Duration = Duration::from_millis(25),
    }
}

choice! {
    /// Who counts what tenants use.
    pub enum Counter: "`memory` or `redis`" {
        /// Each process for itself.
        Memory = "memory",
        /// All processes together.
        Redis = "redis",
    }
}

choice! {
    /// What becomes of requests while nobody can count them.
    pub enum WhenAway: "`share`, `open` or `closed`" {
        /// Each process lets its share through.
        Share = "share",
        /// All are let through.
        Open = "open",
        /// All are refused.
        Closed = "closed",
    }
}

section! {
    /// What tenants may ask for.
    pub struct LimitsConfig {
        /// Who counts: each process in its `memory`, or all together in `redis`.
        pub counter: Counter = Counter::Memory,
        /// How many processes count together in Redis.
        pub processes: u32 = 1,
        /// Whether tokens are taken from Redis in advance.
        pub leases: bool = false,
        /// Policies of tenants whose tier has none of its own, by their names.
        pub everyone: BTreeMap<String, PolicyConfig> = BTreeMap::new(),
        /// Policies of a tier's tenants, by the tier and then by their names; a tier with an empty
        /// table has no limits.
        pub tiers: BTreeMap<String, BTreeMap<String, PolicyConfig>> = BTreeMap::new(),
    }
}

section! {
    /// A limit with a name. Exactly one of `limit`, `rate` and `concurrent` says what it limits.
    pub struct PolicyConfig {
        /// At most so many in any stretch of `per`.
        pub limit: Option<u32> = None,
        /// So many every `per`, steadily.
        pub rate: Option<u32> = None,
        /// At most so many at the same time.
        pub concurrent: Option<u32> = None,
        /// The time of `limit` or `rate`, in whole seconds.
        pub per: Option<Duration> = None,
        /// How many of a `rate` may come at once after a rest; 1 unless set.
        pub burst: Option<u32> = None,
        /// What becomes of requests while Redis is away.
        pub away: WhenAway = WhenAway::Share,
        /// Whether it only counts, and refuses nothing.
        pub shadow: bool = false,
    }
}

section! {
    /// What the layer of an axum application does.
    pub struct WebConfig {
        /// Paths that belong to no tenant.
        pub exclude: Vec<String> = Vec::new(),
        /// Paths that belong to no tenant, with all below them.
        pub exclude_prefixes: Vec<String> = Vec::new(),
        /// Whether strangers are told that a tenant is suspended or worked on.
        pub expose_status: bool = false,
        /// What requests that are not let through are asked for in `WWW-Authenticate`, such as
        /// `Bearer`.
        pub challenge: Option<String> = None,
        /// What requests at a path and below it cost; others cost 1.
        pub costs: BTreeMap<String, u32> = BTreeMap::new(),
    }
}
