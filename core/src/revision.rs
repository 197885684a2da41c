//! Revisions of a database's structure, as Alembic has them: a graph with branches, merges and
//! dependencies, and the way through it.
//!
//! A [`Revision`] says what it comes after; a [`History`] is all of them, checked, divided into
//! those of what all tenants [share](Target::Shared) and those of each [tenant](Target::Tenant). Each
//! part is a [`Graph`], which finds revisions by what people type (`head`, `ae10+2`, `billing@-1`),
//! and plans: the [`Step`]s from the heads a database has to those it should have, each with the
//! [`Change`]s of the table that holds the heads. A [`Baseline`] makes at once what many revisions make,
//! in places that have nothing yet.
//!
//! The rules are those of Alembic 1.20 and of its documentation; where they differ on purpose,
//! `docs/migrations.md` says so. Nothing here does I/O.

mod baseline;
mod error;
mod file;
mod find;
mod graph;
mod history;
mod id;
mod order;
mod plan;
mod prefix;
mod read;
mod script;
mod split;
mod step;
mod text;
mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use self::{
    baseline::Baseline,
    error::{Problem, Problems, RevisionError},
    graph::{Graph, Node},
    history::History,
    id::{Label, RevisionId},
    prefix::{NotPrefixed, prefixed},
    read::SqlFile,
    script::{Phase, Revision, Script, Scripts, Target, Wait, checksum},
    split::{NotSplit, Piece, split},
    step::{Change, Direction, Step},
    text::Indicators,
    write::Draft,
};
