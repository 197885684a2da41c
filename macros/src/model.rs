//! What is true of an entity once it has been checked. Expanding these cannot fail.

use proc_macro2::TokenStream;
use syn::{Ident, Path, Type};

use crate::parse::KeyType;

/// An entity whose rows belong to tenants.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) krate: Path,
    /// The variant of `Column` that is the tenant column.
    pub(crate) variant: Ident,
    /// Type of the tenant column; the compiler decides whether it is a key.
    pub(crate) key: TokenStream,
    pub(crate) key_per_tenant: bool,
    /// Entities its relations lead to.
    pub(crate) related: Vec<Type>,
}

/// An entity all tenants share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) krate: Path,
    pub(crate) writable: bool,
    /// Entities its relations lead to.
    pub(crate) related: Vec<Type>,
}

/// A tenant column the author left to us.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) ident: Ident,
    pub(crate) key_type: KeyType,
    /// How many fields stand before it.
    pub(crate) position: usize,
}
