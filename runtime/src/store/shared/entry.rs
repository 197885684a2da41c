//! What is in a tenant's place.

use tenancy_core::Tenant;

use super::record;

/// What is in a tenant's place, as it is written there: a letter, a version, a line break, the rest.
#[derive(Debug)]
pub(super) enum Entry {
    /// Nothing, a mark of what was, or something that cannot be read.
    Nothing,
    /// Somebody changes it.
    Held,
    Tenant(Box<Tenant>),
}

impl Entry {
    pub(super) fn write(version: &str, tenant: &Tenant) -> String {
        format!("r{version}\n{}", record::write(tenant))
    }

    pub(super) fn read(text: &str) -> Self {
        let Some((head, rest)) = text.split_once('\n') else { return Self::Nothing };
        match head.as_bytes().first() {
            Some(b'h') => Self::Held,
            Some(b'r') => match record::read(rest) {
                Ok(tenant) => Self::Tenant(Box::new(tenant)),
                Err(_) => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Held)
    }
}
