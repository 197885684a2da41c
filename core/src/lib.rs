//! Values and rules of the `tenancy` crate: pure, without I/O, clocks or tasks.
//!
//! Users depend on `tenancy`, which re-exports what they need from here. The parts are the
//! [values](tenant) every other part speaks in, the [`catalog`] of entities, the [`scope`]r, which
//! rewrites a finished SQL statement so that it can touch one tenant only, and the [`policy`] DDL
//! with which PostgreSQL sees to the same. [`change`] has the triggers that record changes, and
//! [`limit`] the arithmetic of rate limits. [`revision`] is the graph of a database's revisions, and the
//! ways through it; [`lint`] says what is dangerous in them, and [`structure`] what a place in a
//! database is made of and how one becomes another.

pub mod catalog;
pub mod change;
pub mod dialect;
pub mod error;
pub mod host;
pub mod id;
pub mod limit;
pub mod lint;
pub mod location;
pub mod name;
pub mod policy;
pub mod revision;
pub mod scope;
pub mod secret;
pub mod slug;
pub mod structure;
pub mod tenant;

pub use dialect::Dialect;
pub use error::InvalidValue;
pub use host::{Domain, Host};
pub use id::TenantId;
pub use location::Location;
pub use name::{DatabaseName, SchemaName};
pub use secret::Secret;
pub use slug::Slug;
pub use tenant::{IsolationKind, NewTenant, Status, Tenant};
