//! The ways tenants' tables are kept apart, as far as a statement shows them.

use crate::Dialect;

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
    /// What a tenant's table is called in statements that are not scoped: quoted, in its place, in the
    /// schema its entity names, or alone.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{Dialect, scope::Mode};
    ///
    /// let named = |mode: Mode, dialect| mode.table_name(dialect, Some("t_acme"), None, "orders");
    /// assert_eq!(named(Mode::Schema { shared: None }, Dialect::Postgres), r#""t_acme"."orders""#);
    /// assert_eq!(named(Mode::Schema { shared: None }, Dialect::MySql), "`t_acme`.`orders`");
    /// assert_eq!(named(Mode::Prefix, Dialect::Sqlite), r#""t_acme$orders""#);
    /// assert_eq!(named(Mode::Rows, Dialect::Postgres), r#""orders""#);
    /// ```
    #[must_use]
    pub fn table_name(
        &self,
        dialect: Dialect,
        place: Option<&str>,
        schema: Option<&str>,
        table: &str,
    ) -> String {
        let quote = dialect.quote();
        let quoted = |name: &str| {
            let doubled = name.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{doubled}{quote}")
        };
        match (self, place) {
            (Mode::Prefix, Some(place)) => quoted(&format!("{place}{PREFIX_END}{table}")),
            (Mode::Schema { .. }, Some(place)) => format!("{}.{}", quoted(place), quoted(table)),
            _ => match schema {
                Some(schema) => format!("{}.{}", quoted(schema), quoted(table)),
                None => quoted(table),
            },
        }
    }

    /// Whether table references are narrowed by the tenant column.
    pub(super) fn narrows(&self) -> bool {
        *self != Mode::Verify
    }
}
