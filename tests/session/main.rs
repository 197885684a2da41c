//! Sessions on PostgreSQL: the database's own policies see which tenant each statement is for.
//!
//! Everything runs as a role that policies bind, on tables whose policies are written by hand here.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod abandoned;
mod cancel;
mod crowd;
mod lane;
mod pooler;
mod proxy;
mod signed;
mod timeouts;
mod transaction;
mod trips;
mod world;
