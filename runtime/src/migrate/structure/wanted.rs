//! What the linked entities want.

use sea_orm::{DbBackend, Statement};
use tenancy_core::{
    policy::{self, Context},
    structure::Renames,
};

use super::{OWN_PLACE, SHARED_PLACE};
use crate::{
    Result, entity,
    schema::{self, Place},
};

/// Whose tables are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tables {
    /// Those of one tenant, in a place from which foreign keys reach the tables all tenants share: a
    /// schema, a prefix, or a database of the same server.
    Tenant,
    /// Those of one tenant, in a database or file that has nothing else.
    Alone,
    /// Those all tenants share, where tenants have places of their own.
    Shared,
    /// All, where tenants are kept apart by rows.
    Rows,
    /// All, with row-level security of PostgreSQL. `Context` is where the policies learn the tenant.
    RowSecurity(Context),
}

/// Where an isolation strategy puts the tables of the linked entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What is in the place all tenants share.
    pub shared: Tables,
    /// What is in a tenant's own place, if it has one.
    pub place: Option<Tables>,
}

impl Layout {
    /// That of two strategies of which each has some of the tenants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let rank = |tables: Tables| match tables {
            Tables::Tenant | Tables::Alone | Tables::Shared => 0,
            Tables::Rows => 1,
            Tables::RowSecurity(_) => 2,
        };
        let shared =
            if rank(other.shared) > rank(self.shared) { other.shared } else { self.shared };
        let place = match (self.place, other.place) {
            // What cannot be in one of them is in none: one history has both.
            (Some(Tables::Alone), Some(_)) | (Some(_), Some(Tables::Alone)) => Some(Tables::Alone),
            (mine, theirs) => mine.or(theirs),
        };
        Self { shared, place }
    }
}

/// What makes the tables of the linked entities: statements for a shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The statements for a shadow, in order. Names are bare, or qualified by what stands for a shadow's.
    pub statements: Vec<String>,
    /// What must be there before, so that foreign keys find it, and is none of the target's: the
    /// tables all tenants share, for a tenant's. Where foreign keys do not reach there it is empty.
    pub before: Vec<String>,
    /// What the entities say was called something else.
    pub renames: Renames,
}

/// The statements that make what the linked entities want.
///
/// # Errors
///
/// An error that [is one of configuration](crate::Error::is_config), as for
/// [`create_all`](crate::schema::create_all).
pub fn wanted(backend: DbBackend, tables: Tables) -> Result<Wanted> {
    let catalog = entity::catalog()?;
    let made = match tables {
        // The file is one, and names have nothing before them.
        Tables::Tenant if backend == DbBackend::Sqlite => schema::create_in(backend, &Place::Bare)?,
        Tables::Tenant => schema::create_in(
            backend,
            &Place::Named { name: OWN_PLACE, shared: Some(SHARED_PLACE) },
        )?,
        Tables::Alone => schema::create_in(backend, &Place::Database)?,
        Tables::Shared => schema::create_shared(backend)?,
        Tables::Rows | Tables::RowSecurity(_) => schema::create_all(backend)?,
    };
    let texts = |of: Vec<Statement>| of.into_iter().map(|it| it.sql).collect::<Vec<String>>();
    let mut statements = texts(made);
    if let Tables::RowSecurity(context) = tables {
        let script = policy::tables(&catalog, context);
        statements.extend(script.statements().map(str::to_owned));
    }
    let before = match tables {
        Tables::Tenant => texts(schema::create_shared(backend)?),
        _ => Vec::new(),
    };
    Ok(Wanted { statements, before, renames: entity::renames() })
}

#[cfg(test)]
mod tests {
    use tenancy_core::policy::Context;

    use super::{Layout, Tables};

    #[test]
    fn strategies_side_by_side_share_one_history() {
        let rows = Layout { shared: Tables::Rows, place: None };
        let schemas = Layout { shared: Tables::Shared, place: Some(Tables::Tenant) };
        let databases = Layout { shared: Tables::Shared, place: Some(Tables::Alone) };
        let secured = Layout { shared: Tables::RowSecurity(Context::Setting), place: None };
        for (one, other, shared, place) in [
            (rows, schemas, Tables::Rows, Some(Tables::Tenant)),
            (rows, secured, Tables::RowSecurity(Context::Setting), None),
            (schemas, databases, Tables::Shared, Some(Tables::Alone)),
            (databases, rows, Tables::Rows, Some(Tables::Alone)),
        ] {
            assert_eq!(one.and(other), Layout { shared, place }, "{one:?} {other:?}");
            assert_eq!(other.and(one), Layout { shared, place }, "{other:?} {one:?}");
        }
    }
}
