//! A tenant: a customer whose rows nobody else may see.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{InvalidValue, Location, Secret, Slug, TenantId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// The word that stands for it in databases and configuration.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(InvalidValue::new($what, concat!("it is none of:" $(, " `", $word, "`")+))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// Where a tenant stands in its life. Only an active one is served.
    Status, "tenant status", {
        /// Its place is being made.
        Provisioning = "provisioning",
        /// It is served.
        Active = "active",
        /// It is not served until it is activated again; its data stays.
        Suspended = "suspended",
        /// It is not served for a while because somebody works on it.
        Maintenance = "maintenance",
        /// It is gone; what is left of it waits to be erased.
        Deleted = "deleted",
    }
);

impl Status {
    /// Whether a tenant may be moved from this status to another by hand. Only its creation brings
    /// it out of [`Provisioning`](Status::Provisioning), and a deleted one can only be suspended.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::Status;
    ///
    /// assert!(Status::Suspended.may_become(Status::Active));
    /// assert!(!Status::Deleted.may_become(Status::Active));
    /// ```
    #[must_use]
    pub fn may_become(self, next: Status) -> bool {
        use Status::{Active, Deleted, Maintenance, Provisioning, Suspended};
        match (self, next) {
            (Provisioning, Deleted) | (Deleted, Deleted | Suspended) => true,
            (Provisioning | Deleted, _) | (_, Provisioning) => false,
            (Active | Suspended | Maintenance, _) => true,
        }
    }
}

words!(
    /// How a tenant's rows are kept apart from its neighbours'.
    IsolationKind, "isolation", {
        /// A tenant column, and the scoper in front of it.
        Row = "row",
        /// A tenant column and row-level security.
        Rls = "rls",
        /// A schema for each tenant.
        Schema = "schema",
        /// A database for each tenant.
        Database = "database",
    }
);

/// A tenant, as the control plane knows it.
///
/// `Debug` prints the keys of its metadata and not the values, which are a customer's and may be secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Tenant {
    /// Its identity, which never changes.
    pub id: TenantId,
    /// What it is called in addresses; may change.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// Where it stands in its life.
    pub status: Status,
    /// The plan it pays for, in your own words; `None` for the default one.
    pub tier: Option<String>,
    /// How its rows are kept apart, where that differs from the default.
    pub isolation: Option<IsolationKind>,
    /// Where its rows are kept; `None` until it is provisioned.
    pub location: Option<Location>,
    /// Whatever else you keep about it.
    pub metadata: Map<String, Value>,
    /// The address of its own database, where it has one.
    pub database_url: Option<Secret>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When any of this changed last.
    pub updated_at: DateTime<Utc>,
}

impl Tenant {
    /// Whether requests for it are served.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// The tenant a [`NewTenant`] describes, created `now`; for stores.
    #[must_use]
    pub fn create(new: NewTenant, now: DateTime<Utc>) -> Self {
        let NewTenant {
            id,
            slug,
            name,
            status,
            tier,
            isolation,
            metadata,
            database_url,
            own_id: _,
        } = new;
        Self {
            id,
            name: name.unwrap_or_else(|| slug.to_string()),
            slug,
            status,
            tier,
            isolation,
            location: None,
            metadata,
            database_url,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A tenant about to be created.
///
/// # Example
///
/// ```
/// use tenancy_core::{NewTenant, Status};
///
/// let acme = NewTenant::new("acme")?.id("acme")?.name("Acme Ltd.").tier("gold");
/// assert_eq!(acme.status, Status::Active);
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NewTenant {
    /// Its identity; a fresh UUIDv7 unless set.
    pub id: TenantId,
    /// What it is called in addresses.
    pub slug: Slug,
    /// What people call it; the slug unless set.
    pub name: Option<String>,
    /// Where it begins; active unless set.
    pub status: Status,
    /// The plan it pays for.
    pub tier: Option<String>,
    /// How its rows are kept apart, where that differs from the default.
    pub isolation: Option<IsolationKind>,
    /// Whatever else you keep about it.
    pub metadata: Map<String, Value>,
    /// The address of its own database, where it has one.
    pub database_url: Option<Secret>,
    own_id: bool,
}

impl NewTenant {
    /// A tenant with a fresh id and nothing but a slug.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is not a [`Slug`].
    pub fn new(slug: impl AsRef<str>) -> Result<Self, InvalidValue> {
        Ok(Self {
            id: TenantId::generate(),
            slug: Slug::new(slug)?,
            name: None,
            status: Status::Active,
            tier: None,
            isolation: None,
            metadata: Map::new(),
            database_url: None,
            own_id: false,
        })
    }

    /// Keeps an id of your own.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is not a [`TenantId`].
    pub fn id(mut self, id: impl AsRef<str>) -> Result<Self, InvalidValue> {
        self.id = TenantId::new(id)?;
        self.own_id = true;
        Ok(self)
    }

    /// Whether the id is one of the caller's own.
    #[must_use]
    pub fn has_own_id(&self) -> bool {
        self.own_id
    }

    /// Sets what people call it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets where it begins.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Sets the plan it pays for.
    #[must_use]
    pub fn tier(mut self, tier: impl Into<String>) -> Self {
        self.tier = Some(tier.into());
        self
    }

    /// Says how its rows are kept apart, where that differs from the default.
    #[must_use]
    pub fn isolation(mut self, isolation: IsolationKind) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Keeps a fact about it.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets the address of its own database.
    #[must_use]
    pub fn database_url(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(Secret::new(url));
        self
    }
}

/// The keys alone.
struct Keys<'a>(&'a Map<String, Value>);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.id)
            .field("slug", &self.slug)
            .field("name", &self.name)
            .field("status", &self.status)
            .field("tier", &self.tier)
            .field("isolation", &self.isolation)
            .field("location", &self.location)
            .field("metadata", &Keys(&self.metadata))
            .field("database_url", &self.database_url)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

impl fmt::Debug for NewTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTenant")
            .field("id", &self.id)
            .field("slug", &self.slug)
            .field("name", &self.name)
            .field("status", &self.status)
            .field("tier", &self.tier)
            .field("isolation", &self.isolation)
            .field("metadata", &Keys(&self.metadata))
            .field("database_url", &self.database_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_never_prints() {
        let new = NewTenant::new("acme").unwrap().database_url("postgres://app:hunter2@db/acme");
        let new = new.metadata("token", "hunter2");
        assert!(!format!("{new:?}").contains("hunter2"));
        let tenant = Tenant::create(new, Utc::now());
        let printed = format!("{tenant:?} {tenant:#?}");
        assert!(printed.contains("\"token\"") && !printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn words_are_read_back() {
        for status in [Status::Active, Status::Suspended, Status::Deleted, Status::Provisioning] {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("ACTIVE".parse::<Status>().is_err());
    }
}
