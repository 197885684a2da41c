//! Databases, their pools, and how tenants are kept apart.

use std::{collections::BTreeMap, time::Duration};

use tenancy_core::{IsolationKind, Secret, scope::Scoper};

use super::super::setting::section;
use crate::{
    pool::PoolOptions,
    tenancy::{BUDGET, IDLE},
};

section! {
    /// The database of tenants' rows, and connections.
    pub struct DatabaseConfig {
        /// URL of the database of tenants' rows, such as `postgres://app@localhost/shop`. Required.
        pub url: Option<Secret> = None,
        /// URL of the same database for a role that makes tables and sees all tenants; the role
        /// that serves tenants does everything unless set.
        pub operator_url: Option<Secret> = None,
        /// URL of the database in which tenants are kept; that of their rows unless set.
        pub control_plane_url: Option<Secret> = None,
        /// Most connections of the shared pool.
        pub max_connections: u32 = PoolOptions::MAX_CONNECTIONS,
        /// Longest wait for a free connection.
        pub acquire_timeout: Duration = PoolOptions::ACQUIRE_TIMEOUT,
        /// Most connections of the shared pool that one tenant uses at a time; half of them, and two
        /// at least, unless set.
        pub pool_share: Option<u32> = None,
        /// Most connections of all databases of tenants' own and all lanes together.
        pub connection_budget: usize = BUDGET,
        /// Most of them for one tenant; 8, or the whole budget if that is less, unless set.
        pub connections_per_tenant: Option<usize> = None,
        /// How long one of them stays open when nobody uses it.
        pub idle_timeout: Duration = IDLE,
        /// How many bytes of scoped statements are remembered.
        pub plan_cache_bytes: u64 = Scoper::PLAN_CACHE_BYTES,
        /// Why a function of the database, which the scoper does not know, may be called by tenants.
        pub functions: BTreeMap<String, String> = BTreeMap::new(),
        /// Why a finding of the audit is allowed, by its code and then by its object.
        pub allow: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new(),
    }
}

section! {
    /// How tenants' rows are kept apart.
    pub struct IsolationConfig {
        /// How tenants are kept whose tier says nothing else.
        pub strategy: IsolationKind = IsolationKind::Row,
        /// How tenants of a tier are kept.
        pub tiers: BTreeMap<String, IsolationKind> = BTreeMap::new(),
        /// Strategies for single tenants that ask for them, beside those above.
        pub also: Vec<IsolationKind> = Vec::new(),
        /// What names of schemas begin with.
        pub schema_prefix: Option<String> = None,
        /// What names of databases begin with.
        pub database_prefix: Option<String> = None,
        /// Where tenants' files of SQLite are; beside the shared one unless set.
        pub database_folder: Option<String> = None,
        /// Connections that busy tenants have to themselves, under row-level security.
        pub lanes: LanesConfig = LanesConfig::default(),
        /// Whether the database is asked with each transaction if the tenant is still served, under
        /// row-level security.
        pub check_status: bool = false,
        /// Signed tokens for row-level security.
        pub signing: SigningConfig = SigningConfig::default(),
    }
}

section! {
    /// Connections that busy tenants have to themselves, under row-level security.
    pub struct LanesConfig {
        /// Whether there are lanes.
        pub enabled: bool = false,
        /// Most connections of all lanes together; 20, or the whole budget if that is less, unless
        /// set.
        pub connections: Option<usize> = None,
        /// Most connections of one lane; 4 unless set, or those of all if they are fewer.
        pub per_tenant: Option<usize> = None,
        /// How long a lane's connection stays open when nobody uses it; as `database.idle_timeout`
        /// unless set.
        pub idle_timeout: Option<Duration> = None,
    }
}

section! {
    /// Signed tokens for row-level security.
    pub struct SigningConfig {
        /// Which of the keys signs. Tokens are signed if this is set.
        pub key: Option<String> = None,
        /// Secrets of 32 bytes at least, by the ids of their keys; those that do not sign are
        /// accepted.
        pub keys: BTreeMap<String, Secret> = BTreeMap::new(),
        /// How long a token is good.
        pub lifetime: Duration = Duration::from_secs(15 * 60),
    }
}

section! {
    /// How long statements may take, on PostgreSQL.
    pub struct TimeoutsConfig {
        /// Longest a statement runs.
        pub statement: Option<Duration> = None,
        /// Longest a statement waits for a lock.
        pub lock: Option<Duration> = None,
        /// Longest a transaction stays open between two statements.
        pub idle_in_transaction: Option<Duration> = None,
        /// The same for tenants of a tier; what is left out there is as above.
        pub tiers: BTreeMap<String, TierTimeoutsConfig> = BTreeMap::new(),
    }
}

section! {
    /// How long statements of a tier's tenants may take.
    pub struct TierTimeoutsConfig {
        /// Longest a statement of a tier's tenants runs.
        pub statement: Option<Duration> = None,
        /// Longest it waits for a lock.
        pub lock: Option<Duration> = None,
        /// Longest a transaction of theirs stays open between two statements.
        pub idle_in_transaction: Option<Duration> = None,
    }
}
