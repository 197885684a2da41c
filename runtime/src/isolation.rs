//! How tenants' rows are kept apart: the strategies, as providers behind one trait.
//!
//! A provider decides where a new tenant's rows go, makes that place, opens the way to it, and
//! destroys it. It never sees a request or a statement: what a statement may touch is decided by
//! the scoper, in the mode the provider's [`Session`] asks for.

mod address;
mod audit;
mod database;
mod erase;
mod grounds;
mod hybrid;
#[cfg(feature = "postgres")]
mod lane;
mod owner;
mod rights;
#[cfg(feature = "postgres")]
mod rls;
mod row;
mod schema;
#[cfg(feature = "postgres")]
mod signing;
mod timeouts;

use std::fmt;

use tenancy_core::{IsolationKind, Location, Tenant};

pub use self::{
    database::Database, grounds::Grounds, hybrid::Hybrid, row::Row, schema::Schema,
    timeouts::Timeouts,
};
pub(crate) use self::{
    grounds::{Setup, StandingFunction},
    timeouts::TierTimeouts,
};
#[cfg(feature = "postgres")]
pub use self::{lane::Lanes, rls::Rls, signing::Signing};
pub use crate::db::Session;
use crate::{
    Error, Result,
    audit::Report,
    migrate::{Site, structure::Layout},
};

/// Keeps tenants' rows apart in one way.
///
/// [`Row`], [`Schema`], [`Database`], on PostgreSQL `Rls`, and [`Hybrid`] of several are there; write your own for anything else. What makes it
/// safe is not the provider's to do: it hands out [`Session`]s made by [`Grounds`], and every
/// statement of a session passes the scoper.
///
/// # Example
///
/// `examples/provider` keeps each tenant's database in the folder of the tenant's region.
#[async_trait::async_trait]
pub trait IsolationProvider: fmt::Debug + Send + Sync + 'static {
    /// Where a new tenant's rows will be kept. It is stored with the tenant before anything is
    /// made there, and no other tenant can have the same.
    ///
    /// # Errors
    ///
    /// An error that [is one of configuration](Error::is_config) if the tenant cannot be kept by
    /// this provider.
    fn locate(&self, tenant: &Tenant) -> Result<Location>;

    /// Makes the place, and the tables in it, of a tenant that has a location.
    ///
    /// It is called again for a tenant whose creation was cut off, and must complete what is
    /// there. A place of that name which is not this tenant's is an error.
    ///
    /// # Errors
    ///
    /// Whatever keeps the place from being made; nothing half-done may remain that a second call
    /// does not complete.
    async fn provision(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()>;

    /// The way to a tenant's rows. It connects to nothing yet.
    ///
    /// # Errors
    ///
    /// An error if the tenant's location is not one this provider knows.
    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session>;

    /// The place of a tenant's own whose structure [revisions](crate::migrate) change. None where its
    /// rows are in tables all tenants share.
    ///
    /// Where a tenancy has [migrations](crate::Builder::migrations), [`provision`](Self::provision)
    /// makes the place without tables, and the revisions are run in it.
    ///
    /// # Errors
    ///
    /// An error if the tenant's location is not one this provider knows.
    fn site(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Option<Site>> {
        let _ = (grounds, tenant);
        Ok(None)
    }

    /// Where the tables of the linked entities are: with this, revisions can be
    /// [written from them](crate::Migrate::changes). None if the provider does not say.
    fn layout(&self) -> Option<Layout> {
        None
    }

    /// Deletes a tenant's rows, and the place if it is the tenant's alone.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being deleted; a second call goes on.
    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()>;

    /// Makes what all tenants use together, and is called by
    /// [`Tenancy::create_tables`](crate::Tenancy::create_tables).
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being made.
    async fn prepare(&self, grounds: &Grounds) -> Result<()>;

    /// Looks, through the connection that serves tenants, whether what all tenants use together keeps
    /// them apart as this provider has it. A tenancy does not start on a report that
    /// [is fatal](Report::is_fatal).
    ///
    /// Unless a provider looks at more, it is the tables all tenants share.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked. What is wrong is in the report.
    async fn verify(&self, grounds: &Grounds) -> Result<Report> {
        grounds.audit_shared().await
    }

    /// Looks whether a tenant's own place is as it should be. Where there is none, there is nothing
    /// to find.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    async fn verify_tenant(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Report> {
        let _ = (grounds, tenant);
        Ok(Report::default())
    }

    /// Whether the database must be told the tenant of each transaction, since its policies ask.
    fn tells_database(&self) -> bool {
        false
    }

    /// Whether the database is asked with the `BEGIN` of each transaction if the tenant is still served,
    /// in [sessions under policies](Grounds::under_policies). It cannot be had together with lanes.
    fn checks_status(&self) -> bool {
        false
    }

    /// The connections that busy tenants may have to themselves, where the database is told the
    /// tenant; none unless a provider says so. A tenancy asks once, when it connects.
    #[cfg(feature = "postgres")]
    fn lanes(&self) -> Option<Lanes> {
        None
    }

    /// What it cannot do, before anything is opened.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) that says what does not go together.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A tenant is kept in a way this provider does not know.
fn misplaced(tenant: &Tenant, known: &str) -> Error {
    let place = match &tenant.location {
        Some(location) => format!("its rows are in {location}"),
        None => "it was never provisioned".to_owned(),
    };
    Error::config(format!(
        "the tenant `{}` cannot be reached: {place}, and this tenancy keeps tenants in {known}; \
         use `Hybrid` with a strategy for each way in which tenants are kept",
        tenant.id
    ))
}

/// A tenant asks for a strategy that is not the one there is.
fn check_override(tenant: &Tenant, kind: IsolationKind) -> Result<()> {
    match tenant.isolation {
        Some(asked) if asked != kind => Err(Error::config(format!(
            "the tenant `{}` asks for the isolation `{asked}`, and this tenancy knows `{kind}` \
             only; use `Hybrid`",
            tenant.id
        ))),
        _ => Ok(()),
    }
}
