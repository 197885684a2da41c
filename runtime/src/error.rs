//! What can go wrong, as one opaque type.

use std::{error, fmt, sync::Arc};

use sea_orm::{ConnAcquireErr, DbErr, SqlErr};
use tenancy_core::{InvalidValue, Status, scope::Refusal};

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
enum Kind {
    Refused(Refusal),
    Db(DbErr),
    InvalidValue(InvalidValue),
    TenantNotFound,
    TenantInactive { status: Status },
    Conflict(String),
    Config(String),
    WrongStep(String),
    Incomplete(String),
    Closed,
    Busy(String),
}

/// How a [`DbErr`] names what was converted when it carries a [`Refusal`].
const STATEMENT: (&str, &str) = ("statement", "tenant-scoped statement");

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

    /// The program is set up in a way that cannot work, for a provider or store of your own; `why`
    /// says what to change.
    #[must_use]
    pub fn config(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Config(why.into())))
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
            Kind::Config(why) => write!(f, "the configuration cannot work: {why}"),
            Kind::WrongStep(why) | Kind::Incomplete(why) | Kind::Busy(why) => f.write_str(why),
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

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(Kind::Refused(refusal)))
    }
}

impl From<InvalidValue> for Error {
    fn from(invalid: InvalidValue) -> Self {
        Self(Box::new(Kind::InvalidValue(invalid)))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let DbErr::TryIntoErr { source, .. } = &error {
            if let Some(refusal) = source.downcast_ref::<Refusal>() {
                return refusal.clone().into();
            }
            if let Some(carried) = source.downcast_ref::<Carried>()
                && let Some(kind) = carried.kind()
            {
                return Self(Box::new(kind));
            }
        }
        Self(Box::new(Kind::Db(error)))
    }
}

impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        match *error.0 {
            Kind::Db(error) => error,
            Kind::Refused(refusal) => refused(refusal),
            kind => DbErr::TryIntoErr {
                from: "request",
                into: "tenant's request",
                source: Arc::new(Carried(Error(Box::new(kind)))),
            },
        }
    }
}

/// An error of ours inside a [`DbErr`].
#[derive(Debug)]
struct Carried(Error);

impl Carried {
    /// The kind again, on the way back. Only those that go in whole come out.
    fn kind(&self) -> Option<Kind> {
        self.0.0.again()
    }
}

impl Kind {
    /// A copy, of those that can be copied whole.
    fn again(&self) -> Option<Kind> {
        match self {
            Kind::InvalidValue(invalid) => Some(Kind::InvalidValue(invalid.clone())),
            Kind::TenantNotFound => Some(Kind::TenantNotFound),
            Kind::TenantInactive { status } => Some(Kind::TenantInactive { status: *status }),
            Kind::Conflict(what) => Some(Kind::Conflict(what.clone())),
            Kind::Config(why) => Some(Kind::Config(why.clone())),
            Kind::WrongStep(why) => Some(Kind::WrongStep(why.clone())),
            Kind::Incomplete(why) => Some(Kind::Incomplete(why.clone())),
            Kind::Closed => Some(Kind::Closed),
            Kind::Busy(why) => Some(Kind::Busy(why.clone())),
            Kind::Refused(_) | Kind::Db(_) => None,
        }
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for Carried {}

/// A refusal as SeaORM's functions report it.
pub(crate) fn refused(refusal: Refusal) -> DbErr {
    DbErr::TryIntoErr { from: STATEMENT.0, into: STATEMENT.1, source: Arc::new(refusal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_way_through_db_err() {
        let refusal = Refusal::foreign_value("orders", "tenant_id");
        let db_err = DbErr::from(Error::from(refusal.clone()));
        assert!(db_err.to_string().starts_with(
            "Error converting `statement` into `tenant-scoped statement`: refused the value"
        ));
        assert_eq!(Error::refusal_in(&db_err), Some(&refusal));
        let back = Error::from(db_err);
        assert!(back.is_refused());
        assert_eq!(back.refusal(), Some(&refusal));
    }

    #[test]
    fn other_kinds_survive_it_too() {
        let there_and_back = |error: Error| Error::from(DbErr::from(error));
        assert!(there_and_back(Error::tenant_not_found()).is_tenant_not_found());
        assert!(there_and_back(Error::closed()).is_closed());
        assert!(there_and_back(Error::conflict("the slug `acme`")).is_conflict());
        assert!(there_and_back(Error::config("no database")).is_config());
        assert!(there_and_back(Error::incomplete("for acme")).is_incomplete());
        assert!(there_and_back(Error::busy("acme has all")).is_busy());
        let inactive = there_and_back(Error::tenant_inactive(Status::Suspended));
        assert!(inactive.is_inactive());
        assert_eq!(inactive.status(), Some(Status::Suspended));
        assert_eq!(inactive.to_string(), "the tenant is not served: it is suspended");
        assert!(there_and_back(DbErr::RecordNotUpdated.into()).is_not_found());
    }
}
