//! What is true of an entity once it has been checked. Expanding these cannot fail.

use proc_macro2::TokenStream;
use syn::{Ident, Path, Type};
use tenancy_core::{catalog::Entity, policy::Rule};

use crate::parse::{KeyType, Relation};

/// An entity whose rows belong to tenants.
#[derive(Debug)]
pub struct Tenant {
    /// Where the `tenancy` crate is.
    pub krate: Path,
    /// The variant of `Column` that is the tenant column.
    pub variant: Ident,
    /// Type of the tenant column; the compiler decides whether it is a key.
    pub key: TokenStream,
    /// Whether two tenants may use one primary key.
    pub key_per_tenant: bool,
    /// Further policies, at most one for a command.
    pub rules: Vec<Rule>,
    /// The column that says when a row was deleted.
    pub deleted: Option<Deleted>,
    /// Whether its changes are recorded.
    pub audited: bool,
    /// What was called something else.
    pub renamed: Renamed,
    /// Its relations.
    pub relations: Vec<Relation>,
    /// What row security and records must know of the table, if it could be seen. Of its keys, the
    /// primary one.
    pub table: Option<Entity>,
}

/// What the table and its columns were called before.
#[derive(Debug, Default)]
pub struct Renamed {
    /// The table.
    pub table: Option<String>,
    /// Variants of `Column`, and what these were called.
    pub columns: Vec<(Ident, String)>,
}

impl Renamed {
    /// Whether nothing was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_none() && self.columns.is_empty()
    }
}

/// A column that says when a row was deleted.
#[derive(Debug)]
pub struct Deleted {
    /// Its variant of `Column`.
    pub variant: Ident,
    /// Its type; the compiler decides whether it is a time.
    pub ty: Type,
    /// Its name in the database.
    pub name: String,
}

/// An entity all tenants share.
#[derive(Debug)]
pub struct Shared {
    /// Where the `tenancy` crate is.
    pub krate: Path,
    /// Whether tenants may write it.
    pub writable: bool,
    /// What was called something else.
    pub renamed: Renamed,
    /// Its relations.
    pub relations: Vec<Relation>,
}

/// The end of a relation that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// A tenant's entity, with this variant of `Column` for its tenant column.
    Tenant(String),
    /// A shared one.
    Shared,
}

/// A tenant column the author left to us.
#[derive(Debug)]
pub struct Added {
    /// Its name.
    pub ident: Ident,
    /// Its type.
    pub key_type: KeyType,
    /// How many fields stand before it.
    pub position: usize,
}
