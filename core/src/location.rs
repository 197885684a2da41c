//! Where a tenant's rows are kept.

use std::fmt;

use crate::{DatabaseName, InvalidValue, IsolationKind, SchemaName};

/// Where a tenant's rows are kept: decided once, when the tenant is created, stored with it, and
/// changed only together with its rows. It is never worked out again from the slug, the tier or
/// the configuration, which may all change.
///
/// # Example
///
/// ```
/// use tenancy_core::{IsolationKind, Location, SchemaName, TenantId};
///
/// let location = Location::Schema(SchemaName::for_tenant(&TenantId::new("acme")?));
/// assert_eq!(location.isolation(), IsolationKind::Schema);
/// assert_eq!(location.name(), Some("t_acme"));
/// assert_eq!(Location::read(IsolationKind::Schema, Some("t_acme"))?, location);
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In the tables all tenants share.
    Row,
    /// In the tables all tenants share, under row-level security.
    Rls,
    /// In a schema of its own: on MySQL a database, on SQLite tables with a prefix.
    Schema(SchemaName),
    /// In a database of its own: on SQLite a file.
    Database(DatabaseName),
}

impl Location {
    /// Reads a location back from its two parts.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the name is missing, of the wrong form, or there where none belongs.
    pub fn read(isolation: IsolationKind, name: Option<&str>) -> Result<Self, InvalidValue> {
        match (isolation, name) {
            (IsolationKind::Row, None) => Ok(Location::Row),
            (IsolationKind::Rls, None) => Ok(Location::Rls),
            (IsolationKind::Schema, Some(name)) => SchemaName::new(name).map(Location::Schema),
            (IsolationKind::Database, Some(name)) => {
                DatabaseName::new(name).map(Location::Database)
            }
            (_, None) => Err(InvalidValue::new("location", "it has no name")),
            (_, Some(_)) => {
                Err(InvalidValue::new("location", "rows of shared tables have no place of a name"))
            }
        }
    }

    /// How rows there are kept apart from those of others.
    #[must_use]
    pub fn isolation(&self) -> IsolationKind {
        match self {
            Location::Row => IsolationKind::Row,
            Location::Rls => IsolationKind::Rls,
            Location::Schema(_) => IsolationKind::Schema,
            Location::Database(_) => IsolationKind::Database,
        }
    }

    /// The name of the schema or database; no two tenants have the same.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Location::Row | Location::Rls => None,
            Location::Schema(name) => Some(name.as_str()),
            Location::Database(name) => Some(name.as_str()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Row => f.write_str("shared tables"),
            Location::Rls => f.write_str("shared tables under row-level security"),
            Location::Schema(name) => write!(f, "the schema `{name}`"),
            Location::Database(name) => write!(f, "the database `{name}`"),
        }
    }
}
