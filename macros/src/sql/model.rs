//! What is true of a statement once it has been scoped. Expanding it cannot fail.

use syn::Path;
use tenancy_core::{
    catalog::Entity,
    scope::{Plan, fixed::Template},
};

use super::parse::Value;

/// A statement that can be run.
pub(super) struct Statement<'i> {
    pub(super) krate: &'i Path,
    pub(super) written: Vec<Written>,
    pub(super) values: &'i [Value],
    /// The tables it names, as they were read.
    pub(super) tables: Vec<Entity>,
    /// The files that describe them.
    pub(super) files: Vec<Watched>,
}

/// A statement for one engine.
pub(super) struct Written {
    pub(super) template: Template,
    pub(super) rows: Plan,
    /// Where each tenant has tables of its own; `None` if it is refused there.
    pub(super) placed: Option<Plan>,
}

/// A file the compiler watches.
pub(super) enum Watched {
    /// Under the crate's folder, or beside it.
    Relative(String),
    Absolute(String),
}
