//! A tenant's place that is not there: whose it is, and what to do, instead of the name of a table
//! nobody wrote.

use sea_orm::{DbErr, RuntimeErr, sqlx};
use tenancy_core::{Location, Tenant};

use crate::Error;

/// The error as it is, or what it means where it says that the tenant's place, or something in it,
/// is not there.
pub(super) fn explained(tenant: &Tenant, error: DbErr) -> DbErr {
    let Some((cause, text)) = told(&error) else { return error };
    let id = &tenant.id;
    let why = match &tenant.location {
        Some(Location::Schema(name)) if lacks_table(cause) && text.contains(name.as_str()) => {
            format!(
                "the tenant `{id}` has no schema `{name}`, or a table is missing in it ({text}): \
                 `Tenancy::create_tenant` makes it with its tables, also for a tenant whose creation \
                 was cut off; restore it if it was dropped, and where only tables are missing run \
                 `Tenancy::migrate`"
            )
        }
        Some(Location::Database(name)) if lacks_database(cause) => format!(
            "the tenant `{id}` has no database `{name}` ({text}): `Tenancy::create_tenant` makes it \
             with its tables, also for a tenant whose creation was cut off, unless the tenant has an \
             address of its own; restore it if it was dropped"
        ),
        _ => return error,
    };
    Error::place_missing(why).into()
}

/// What the database said.
fn told(error: &DbErr) -> Option<(&dyn sqlx::error::DatabaseError, &str)> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return None;
    };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    let cause = cause.as_database_error()?;
    Some((cause, cause.message()))
}

fn lacks_table(cause: &dyn sqlx::error::DatabaseError) -> bool {
    let code = cause.code();
    // SQLite has one code for all that it cannot prepare.
    matches!(code.as_deref(), Some("42P01" | "3F000" | "42S02"))
        || unknown_to_mysql(cause)
        || cause.message().starts_with("no such table")
}

fn lacks_database(cause: &dyn sqlx::error::DatabaseError) -> bool {
    // "14" is SQLite's, for a file that it cannot open.
    matches!(cause.code().as_deref(), Some("3D000" | "14")) || unknown_to_mysql(cause)
}

/// Whether MySQL or MariaDB does not know the database. The code it has in common with others is that
/// of a mistake in the statement.
fn unknown_to_mysql(cause: &dyn sqlx::error::DatabaseError) -> bool {
    #[cfg(feature = "mysql")]
    return cause
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .is_some_and(|cause| cause.number() == 1049);
    #[cfg(not(feature = "mysql"))]
    {
        let _ = cause;
        false
    }
}
