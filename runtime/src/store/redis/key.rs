//! The names of the store's keys, and of what is in them.

use tenancy_core::TenantId;

use crate::Redis;

/// A key. There is no other way to name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Hash: each tenant as a text, by its id.
    Records,
    /// Hash: ids by slugs.
    Slugs,
    /// Hash: ids by the names of places.
    Places,
    /// Sorted set of ids, all of the same score.
    Ids,
    /// List of those who took connections that see all tenants.
    Unscoped,
    /// Hash: each claim as a text, by its tenant and its domain.
    Claims,
    /// Sorted set of the same names, all of the same score.
    ClaimNames,
    /// Hash: the tenants that hold domains.
    Holders,
    /// Hash: each key of a program as a text, by its id.
    ApiKeys,
    /// Sorted set of the tenants, moments of making and ids of keys, all of the same score.
    ApiKeyNames,
}

impl Key {
    /// What a change of a tenant touches, in the order in which scripts take it.
    pub(super) const ALL: [Key; 4] = [Key::Records, Key::Slugs, Key::Places, Key::Ids];

    /// Its name. What is in braces is what a cluster places keys by: scripts need all in one place.
    pub(super) fn name(self, redis: &Redis) -> String {
        let what = match self {
            Key::Records => "records",
            Key::Slugs => "slugs",
            Key::Places => "places",
            Key::Ids => "ids",
            Key::Unscoped => "unscoped",
            Key::Claims => "claims",
            Key::ClaimNames => "claim-names",
            Key::Holders => "holders",
            Key::ApiKeys => "api-keys",
            Key::ApiKeyNames => "api-key-names",
        };
        format!("{}:{{tenants}}:{what}", redis.key_prefix())
    }
}

/// From where to where the names of what is a tenant's are: they begin with its id and a line break.
/// No id has one.
pub(super) fn names_of(tenant: &TenantId) -> [String; 2] {
    [format!("[{tenant}\n"), format!("({tenant}\u{b}")]
}
