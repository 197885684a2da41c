//! Entities as their authors write them: what stands in source text, read as the macros of the
//! `tenancy` crate and SeaORM's derives will read it.
//!
//! The macros expand what is found here to be true of one struct. Build scripts and the `tenancy`
//! command read whole folders of structs, and write down the row security of their tables. There is
//! one reader for all of them, so that they cannot disagree.
//!
//! Most of this is for those three alone and not covered by semantic versioning.

pub mod build;
mod case;
pub mod check;
pub mod column;
mod errors;
pub mod keys;
pub mod model;
pub mod parse;
pub mod read;

pub use errors::Errors;
