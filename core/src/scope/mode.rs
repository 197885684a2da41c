//! The ways tenants' tables are kept apart, as far as a statement shows them.

/// What the scoper does with the tables of tenants.
///
/// Whatever the mode, every statement is walked to the last clause, what is not understood is
/// refused, and the tenant is written into new rows: the same tables can be kept in any of the
/// ways, and moved from one to another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// All tenants' rows share tables: each reference is narrowed to the tenant's rows. For row
    /// scoping, for row-level security, and for a database of a tenant's own, where it is the
    /// second wall: a connection to the wrong database shows nothing.
    #[default]
    Rows,
    /// Each tenant has a schema (on MySQL a database) of its own: table names are qualified with
    /// it, and narrowed as well.
    Schema {
        /// The schema or database of the tables all tenants share, unless their entities name
        /// one. `None` leaves their names as they are.
        shared: Option<String>,
    },
    /// Each tenant's tables have a prefix, `t_acme$orders`, for SQLite: names are replaced, and
    /// narrowed as well.
    Prefix,
    /// The connection leads to one tenant's data only, and reads are not narrowed: statements are
    /// walked, refused or let through.
    Verify,
}

/// Separates a tenant's prefix from the table's name. It occurs in no [`SchemaName`](crate::SchemaName),
/// so two tenants' tables never have one name.
pub const PREFIX_END: char = '$';

impl Mode {
    /// Whether table references are narrowed by the tenant column.
    pub(super) fn narrows(&self) -> bool {
        *self != Mode::Verify
    }
}
