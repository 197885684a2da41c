//! What a relation must know of the entity it leads to, when a program is compiled.

use tenancy_core::catalog::KeyKind;

use crate::{SharedEntity, TenantEntity, TenantKey};

/// The other end of a relation. Our macros ask it, and what it answers becomes a compile error.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// The variant of `Column` that is the tenant column, and its type.
    tenant: Option<(&'static str, KeyKind)>,
    writable: bool,
}

impl Side {
    /// Of an entity with mistakes in it, which are reported where they are.
    pub const MISTAKEN: Self = Self { tenant: None, writable: false };

    /// A tenant's entity.
    #[must_use]
    pub const fn tenant<E: TenantEntity>(column: &'static str) -> Self {
        Self { tenant: Some((column, E::Key::KIND)), writable: true }
    }

    /// A shared entity.
    #[must_use]
    pub const fn shared<E: SharedEntity>() -> Self {
        Self { tenant: None, writable: E::WRITABLE }
    }

    /// Whether all tenants share its rows.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        self.tenant.is_none()
    }

    /// Whether its rows are shared, and tenants may change them.
    #[must_use]
    pub const fn is_shared_writable(self) -> bool {
        self.tenant.is_none() && self.writable
    }

    /// Whether a tenant column of type `K` can be compared with its own.
    #[must_use]
    pub const fn fits<K: TenantKey>(self) -> bool {
        match self.tenant {
            None => true,
            Some((_, kind)) => matches!(
                (kind, K::KIND),
                (KeyKind::Uuid, KeyKind::Uuid)
                    | (KeyKind::Text, KeyKind::Text)
                    | (KeyKind::Integer, KeyKind::Integer)
            ),
        }
    }

    /// Whether the column of `to` at the place `tenant` is its tenant column, and no other is.
    #[must_use]
    pub const fn pairs(self, tenant: Option<usize>, to: &[&str]) -> bool {
        let Some((column, _)) = self.tenant else { return true };
        let mut place = 0;
        while place < to.len() {
            let ours = match tenant {
                Some(tenant) => tenant == place,
                None => false,
            };
            if ours != same(to[place], column) {
                return false;
            }
            place += 1;
        }
        true
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() {
        if a[place] != b[place] {
            return false;
        }
        place += 1;
    }
    a.len() == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_columns_are_paired() {
        let side = Side { tenant: Some(("TenantId", KeyKind::Text)), writable: true };
        assert!(side.pairs(None, &["Id"]));
        assert!(side.pairs(Some(0), &["TenantId", "Id"]));
        assert!(side.pairs(Some(1), &["Id", "TenantId"]));
        assert!(!side.pairs(Some(1), &["TenantId", "Id"]));
        assert!(!side.pairs(None, &["TenantId"]));
        assert!(!side.pairs(Some(0), &["TenantIds"]));
        assert!(Side { tenant: None, writable: false }.pairs(Some(0), &["Id"]));
    }
}
