//! What stands before a tenant's connection, with Redis and without.

mod cache;
mod limit;
mod server;
