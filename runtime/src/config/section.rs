//! The sections of a configuration.

mod database;
mod edge;
mod resolver;

pub use self::{
    database::{
        DatabaseConfig, IsolationConfig, LanesConfig, SigningConfig, TierTimeoutsConfig,
        TimeoutsConfig,
    },
    edge::{CacheConfig, Counter, LimitsConfig, PolicyConfig, RedisConfig, WebConfig, WhenAway},
    resolver::{
        ForwardedHeader, HeaderConfig, JwtConfig, JwtKeyConfig, PathConfig, ProxiesConfig,
        ResolverConfig, ResolverKind, ResolverRule, SubdomainConfig,
    },
};
