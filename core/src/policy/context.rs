//! Where a policy learns which tenant it is for.

use crate::catalog::KeyKind;

/// The setting that names the tenant of a transaction.
pub const TENANT_SETTING: &str = "tenancy.tenant_id";

/// The setting that carries a transaction's [token](super::token).
pub const TOKEN_SETTING: &str = "tenancy.token";

/// Where a policy learns which tenant it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Context {
    /// From the setting [`TENANT_SETTING`].
    ///
    /// Any SQL of the session can change it. It is enough as long as every statement is the
    /// application's own; it does not stop somebody who smuggles in SQL.
    #[default]
    Setting,
    /// From the [token](super::token) in the setting [`TOKEN_SETTING`], which a function in the
    /// database verifies.
    ///
    /// SQL in the session of one tenant cannot make a token for another.
    Signed,
}

impl Context {
    /// An expression for the tenant's id as text; NULL if there is none.
    fn text(self) -> String {
        match self {
            // Once a transaction has set it, the setting is '' afterwards and not NULL again.
            Context::Setting => format!("NULLIF(current_setting('{TENANT_SETTING}', true), '')"),
            Context::Signed => "tenancy.tenant()".to_owned(),
        }
    }

    /// An expression for the tenant's id in the type of a tenant column; NULL if there is none.
    #[must_use]
    pub fn value(self, kind: KeyKind) -> String {
        format!("{}::{}", self.text(), sql_type(kind))
    }

    /// The condition that a row is the tenant's. `column` is quoted already.
    ///
    /// The value stands in a query of its own, so that it is computed once for a statement and not
    /// for each row, and so that an index can be used.
    #[must_use]
    pub fn condition(self, column: &str, kind: KeyKind) -> String {
        format!("{column} = (SELECT {})", self.value(kind))
    }
}

fn sql_type(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Uuid => "uuid",
        KeyKind::Text => "text",
        KeyKind::Integer => "bigint",
    }
}
