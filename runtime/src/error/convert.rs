//! Errors of other types, and ours inside a [`DbErr`] and out of it again.

use std::{error, fmt, sync::Arc};

use sea_orm::DbErr;
use tenancy_core::{InvalidValue, scope::Refusal};

use super::{Error, Kind};

/// How a [`DbErr`] names what was converted when it carries a [`Refusal`].
const STATEMENT: (&str, &str) = ("statement", "tenant-scoped statement");

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
    pub(super) fn again(&self) -> Option<Kind> {
        match self {
            Kind::InvalidValue(invalid) => Some(Kind::InvalidValue(invalid.clone())),
            Kind::TenantNotFound => Some(Kind::TenantNotFound),
            Kind::TenantInactive { status } => Some(Kind::TenantInactive { status: *status }),
            Kind::Conflict(what) => Some(Kind::Conflict(what.clone())),
            Kind::Full { most } => Some(Kind::Full { most: *most }),
            Kind::ForbiddenDomain(why) => Some(Kind::ForbiddenDomain(why.clone())),
            Kind::Unproven(why) => Some(Kind::Unproven(why.clone())),
            Kind::Undecipherable(why) => Some(Kind::Undecipherable(why.clone())),
            Kind::Config(why) => Some(Kind::Config(why.clone())),
            Kind::WrongStep(why) => Some(Kind::WrongStep(why.clone())),
            Kind::Incomplete(why) => Some(Kind::Incomplete(why.clone())),
            Kind::Closed => Some(Kind::Closed),
            Kind::Busy(why) => Some(Kind::Busy(why.clone())),
            Kind::Outdated(why) => Some(Kind::Outdated(why.clone())),
            Kind::PlaceMissing(why) => Some(Kind::PlaceMissing(why.clone())),
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
