//! What the database is told about the tenant before it runs a statement.

#[cfg(feature = "postgres")]
use crate::pool::Token;

/// What a statement needs around it. Whoever makes a [`TenantDb`](super::TenantDb) decides.
#[derive(Debug, Clone)]
pub(crate) enum Context {
    /// Nothing: the statement itself says whose rows it is about, and goes straight to the pool.
    None,
    /// A setting that policies read. It holds for a transaction, so each statement is in one.
    #[cfg(feature = "postgres")]
    Setting {
        /// Its name, as in `tenancy.tenant_id`.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// A token that policies have verified, made anew for each transaction.
    #[cfg(feature = "postgres")]
    Signed(Token),
}

/// The setting with the tenant's id, which policies compare the tenant column with.
#[cfg(feature = "postgres")]
pub(crate) const TENANT_SETTING: &str = "tenancy.tenant_id";
