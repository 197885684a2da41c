//! One suite, written once, for every engine. Two tenants hold look-alike rows with the same keys,
//! and each test asserts what the other one sees.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod audit;
mod cancel;
mod databases;
mod equivalence;
mod escape;
mod isolation;
mod operator;
mod reads;
mod records;
mod refusals;
mod repo;
mod resolve;
mod share;
mod sql;
mod tenants;
mod transactions;
mod upserts;
mod web;
mod writes;
