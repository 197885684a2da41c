//! What stands before a tenant's connection, with Redis and without.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod cache;
mod limit;
mod server;
