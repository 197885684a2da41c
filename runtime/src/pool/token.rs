//! Who a transaction is for, signed anew each time.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use tenancy_core::{
    Secret, TenantId,
    policy::{TOKEN_SETTING, token::Key},
};

/// Makes tokens for one tenant.
#[derive(Clone)]
pub(crate) struct Token {
    key: Arc<Key>,
    tenant: TenantId,
    lifetime: Duration,
}

impl Token {
    pub(crate) fn new(key: &Arc<Key>, tenant: &TenantId, lifetime: Duration) -> Self {
        Self { key: Arc::clone(key), tenant: tenant.clone(), lifetime }
    }

    /// The statement that tells a transaction. The token is bound to it, and not part of its text,
    /// which other sessions of the same role are shown.
    pub(crate) fn telling() -> String {
        format!("SELECT set_config('{TOKEN_SETTING}', $1, true)")
    }

    /// A token that is good from now on for a while.
    pub(crate) fn sign(&self) -> Secret {
        let lifetime = TimeDelta::from_std(self.lifetime).unwrap_or(TimeDelta::MAX);
        let until = Utc::now().checked_add_signed(lifetime);
        self.key.sign(&self.tenant, until.unwrap_or(chrono::DateTime::<Utc>::MAX_UTC))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("key", &self.key.id()).field("tenant", &self.tenant).finish()
    }
}
