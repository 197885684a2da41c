//! What stands before a tenant's connection, with Redis and without.

mod limit;
mod server;
