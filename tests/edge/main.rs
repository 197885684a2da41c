//! What stands before a tenant's connection, with Redis and without.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod api_key;
mod cache;
mod cluster;
mod domain;
mod grpc;
mod limit;
mod notify;
mod processes;
mod proxy;
mod secret;
mod server;
mod shared;
mod slow;
mod standing;
mod store;
mod usage;
