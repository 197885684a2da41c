//! Revisions, run over tenants that have places of their own, on every engine.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod baseline;
mod care;
mod cut;
mod drift;
mod entities;
mod fleet;
mod gate;
mod rights;
mod runners;
mod steps;
mod world;
