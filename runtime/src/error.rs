//! What can go wrong, as one opaque type.

mod convert;
#[cfg(test)]
mod tests;

use std::{error, fmt};

use sea_orm::{ConnAcquireErr, DbErr, SqlErr};
use tenancy_core::{InvalidValue, Status, scope::Refusal};

pub(crate) use self::convert::refused;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
///
/// Ask it with the `is_…` methods; its kinds may grow. Its text carries no secrets and no values
/// of statements of ours, but it tells why a tenant was turned away: log it, and answer strangers
/// with something neutral.
///
/// It converts to and from [`DbErr`], so that `?` works in functions of either kind. On the way a
/// [`Refusal`] is kept: a `DbErr` that carries one becomes [refused](Error::is_refused).
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::Error;
/// use sea_orm::DbErr;
///
/// let error = Error::from(DbErr::RecordNotFound("no such order".to_owned()));
/// assert!(error.is_not_found());
/// assert!(!error.is_refused());
/// ```
pub struct Error(Box<Kind>);

#[derive(Debug)]
#[cfg_attr(not(all(feature = "axum", feature = "encryption")), allow(dead_code))]
enum Kind {
    Refused(Refusal),
    Db(DbErr),
    InvalidValue(InvalidValue),
    TenantNotFound,
    TenantInactive { status: Status },
    Conflict(String),
    Full { most: u64 },
    ForbiddenDomain(String),
    Unproven(String),
    Undecipherable(String),
    Config(String),
    WrongStep(String),
    Incomplete(String),
    Closed,
    Busy(String),
    Outdated(String),
    PlaceMissing(String),
}

impl Error {
    /// No tenant answers to that name or id.
    pub(crate) fn tenant_not_found() -> Self {
        Self(Box::new(Kind::TenantNotFound))
    }

    /// The tenant exists and is not served.
    pub(crate) fn tenant_inactive(status: Status) -> Self {
        Self(Box::new(Kind::TenantInactive { status }))
    }

    /// Something with this identity exists already, for a [`TenantStore`](crate::TenantStore) of your own.
    ///
    /// `what` says which, as in ``the slug `acme` ``.
    #[must_use]
    pub fn conflict(what: impl Into<String>) -> Self {
        Self(Box::new(Kind::Conflict(what.into())))
    }

    /// There are as many tenants as there may be, for a [`TenantStore`](crate::TenantStore) of your own.
    #[must_use]
    pub fn full(most: u64) -> Self {
        Self(Box::new(Kind::Full { most }))
    }

    /// The program is set up in a way that cannot work, for a provider or store of your own; `why`
    /// says what to change.
    #[must_use]
    pub fn config(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Config(why.into())))
    }

    /// The domain cannot be a tenant's; `why` says why.
    #[cfg(feature = "axum")]
    pub(crate) fn forbidden_domain(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::ForbiddenDomain(why.into())))
    }

    /// Nobody has shown whose the domain is; `why` says what is missing.
    #[cfg(feature = "axum")]
    pub(crate) fn unproven(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Unproven(why.into())))
    }

    /// What is secret about a tenant cannot be decrypted; `why` names it, and nothing of it.
    #[cfg(feature = "encryption")]
    pub(crate) fn undecipherable(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Undecipherable(why.into())))
    }

    /// A tenant cannot take this step in its life; `why` says which it can.
    pub(crate) fn wrong_step(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::WrongStep(why.into())))
    }

    /// Work for many tenants failed for some; `why` names them.
    pub(crate) fn incomplete(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Incomplete(why.into())))
    }

    /// The pools are closed.
    pub(crate) fn closed() -> Self {
        Self(Box::new(Kind::Closed))
    }

    /// The same once more, for somebody else who waited for it. What cannot be copied keeps its text.
    pub(crate) fn again(&self) -> Self {
        match (self.0.again(), &*self.0) {
            (Some(kind), _) => Self(Box::new(kind)),
            (None, Kind::Refused(refusal)) => refusal.clone().into(),
            (None, Kind::Db(DbErr::ConnectionAcquire(error))) => {
                let timeout = matches!(error, sea_orm::ConnAcquireErr::Timeout);
                let error = if timeout {
                    sea_orm::ConnAcquireErr::Timeout
                } else {
                    sea_orm::ConnAcquireErr::ConnectionClosed
                };
                DbErr::ConnectionAcquire(error).into()
            }
            (None, Kind::Db(error)) => DbErr::Custom(error.to_string()).into(),
            (None, _) => DbErr::Custom(self.to_string()).into(),
        }
    }

    /// No connection was free in time; `why` says who has them.
    pub(crate) fn busy(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Busy(why.into())))
    }

    /// A tenant's place and the program do not go together; `why` says which of them is behind.
    pub(crate) fn outdated(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Outdated(why.into())))
    }

    /// A tenant's place is not there; `why` names both and says what to do.
    pub(crate) fn place_missing(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::PlaceMissing(why.into())))
    }

    /// Whether the schema or database that a tenant's rows are in is not there, or a table in that
    /// schema. The text says whose it is and what to do.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::Error;
    ///
    /// /// Whether somebody has to look after the database, rather than the program.
    /// fn is_for_the_operator(error: sea_orm::DbErr) -> bool {
    ///     let error = Error::from(error);
    ///     error.is_place_missing() || error.is_outdated()
    /// }
    /// assert!(!is_for_the_operator(sea_orm::DbErr::RecordNotUpdated));
    /// ```
    #[must_use]
    pub fn is_place_missing(&self) -> bool {
        matches!(*self.0, Kind::PlaceMissing(_))
    }

    /// Whether a tenant's place is at revisions this program cannot serve; see
    /// [`Builder::revision_gate`](crate::Builder::revision_gate).
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        matches!(*self.0, Kind::Outdated(_))
    }

    /// Whether a tenant could not take a step in its life, such as a purge before it was deleted.
    /// Nothing was changed.
    #[must_use]
    pub fn is_wrong_step(&self) -> bool {
        matches!(*self.0, Kind::WrongStep(_))
    }

    /// Whether work for many tenants failed for some of them. It was done for the others.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(*self.0, Kind::Incomplete(_))
    }

    /// Whether the scoper refused a statement. Nothing was sent to the database.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, Kind::Refused(_))
    }

    /// Whether there is no such row, for this tenant at least.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(*self.0, Kind::Db(DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated))
    }

    /// Whether there is no such tenant.
    #[must_use]
    pub fn is_tenant_not_found(&self) -> bool {
        matches!(*self.0, Kind::TenantNotFound)
    }

    /// Whether the tenant exists and is not served: suspended, being made, gone.
    #[must_use]
    pub fn is_inactive(&self) -> bool {
        matches!(*self.0, Kind::TenantInactive { .. })
    }

    /// Whether a unique value is taken: a tenant's slug or id, or a unique key of a table.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match &*self.0 {
            Kind::Conflict(_) => true,
            Kind::Db(error) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
            }
            _ => false,
        }
    }

    /// Whether there are as many tenants as there [may be](crate::Builder::max_tenants).
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(*self.0, Kind::Full { .. })
    }

    /// Whether a domain cannot be a tenant's: others have their names under it, or it is the
    /// application's own.
    #[must_use]
    pub fn is_forbidden_domain(&self) -> bool {
        matches!(*self.0, Kind::ForbiddenDomain(_))
    }

    /// Whether nobody has shown, or not yet, that a domain is the tenant's.
    #[must_use]
    pub fn is_unproven(&self) -> bool {
        matches!(*self.0, Kind::Unproven(_))
    }

    /// Whether what is secret about a tenant cannot be decrypted: with another key, cut, changed, sealed
    /// for another tenant, or not encrypted at all.
    #[must_use]
    pub fn is_undecipherable(&self) -> bool {
        matches!(*self.0, Kind::Undecipherable(_))
    }

    /// Whether a text was not the value it was meant for.
    #[must_use]
    pub fn is_invalid_value(&self) -> bool {
        matches!(*self.0, Kind::InvalidValue(_))
    }

    /// Whether the program is set up in a way that cannot work.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(*self.0, Kind::Config(_))
    }

    /// Whether the pools were closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(*self.0, Kind::Closed)
    }

    /// Whether no connection was free in time. Nothing was sent to the database.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(
            *self.0,
            Kind::Busy(_) | Kind::Db(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
        )
    }

    /// Where the tenant stands in its life, if that is why it is not served.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match *self.0 {
            Kind::TenantInactive { status } => Some(status),
            _ => None,
        }
    }

    /// What the scoper refused, if it did.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &*self.0 {
            Kind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The database's error, if it is one.
    #[must_use]
    pub fn db_err(&self) -> Option<&DbErr> {
        match &*self.0 {
            Kind::Db(error) => Some(error),
            _ => None,
        }
    }

    /// What the scoper refused, as SeaORM's own functions report it.
    ///
    /// SeaORM's executors return [`DbErr`]; a statement the scoper refused is in there.
    #[must_use]
    pub fn refusal_in(error: &DbErr) -> Option<&Refusal> {
        match error {
            DbErr::TryIntoErr { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Refused(refusal) => refusal.fmt(f),
            Kind::Db(error) => write!(f, "the database call failed: {error}"),
            Kind::InvalidValue(invalid) => invalid.fmt(f),
            Kind::TenantNotFound => f.write_str("there is no such tenant"),
            Kind::TenantInactive { status } => {
                write!(f, "the tenant is not served: it is {status}")
            }
            Kind::Conflict(what) => write!(f, "{what} is taken"),
            Kind::Full { most } => write!(
                f,
                "there may be {most} tenants, and there are as many: raise `Builder::max_tenants`, or \
                 purge some that are deleted"
            ),
            Kind::Config(why) => write!(f, "the configuration cannot work: {why}"),
            Kind::ForbiddenDomain(why)
            | Kind::Unproven(why)
            | Kind::Undecipherable(why)
            | Kind::WrongStep(why)
            | Kind::Incomplete(why)
            | Kind::Busy(why)
            | Kind::Outdated(why)
            | Kind::PlaceMissing(why) => f.write_str(why),
            Kind::Closed => f.write_str("the tenancy is closed"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.0).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Kind::Refused(refusal) => Some(refusal),
            Kind::Db(error) => Some(error),
            Kind::InvalidValue(invalid) => Some(invalid),
            _ => None,
        }
    }
}
