//! Revisions of databases' structure, run over what all tenants share and over each tenant's place.
//!
//! The model is Alembic's: a graph of revisions, of which each place remembers the heads it has.
//! [`Migrations`] are the revisions; [`Tenancy::migrate`](crate::Tenancy::migrate) moves places.

mod baseline;
mod code;
mod context;
mod cut;
mod danger;
mod drift;
mod event;
mod failure;
mod fleet;
mod gate;
mod heads;
mod journal;
mod ledger;
mod lite;
mod place;
mod raw;
#[cfg(feature = "postgres")]
mod script;
mod shadow;
mod site;
mod source;
pub mod structure;
mod wave;
mod work;

pub use tenancy_core::revision::{
    Baseline, Direction, Graph, History, Indicators, Label, Node, Phase, Problem, Problems,
    Revision, RevisionError, RevisionId, Step, Target,
};

pub use self::{
    baseline::{BaselineReport, Squashed},
    code::{RustRevision, Surroundings},
    drift::{DriftReport, DriftedTenant, Mend, UnreadTenant},
    event::{FailedTenant, RunEvent, RunReport},
    failure::Failure,
    fleet::{Selection, StopRun},
    gate::RevisionGate,
    site::Site,
    source::{Embedded, Migrations},
    wave::Share,
};
pub(crate) use self::{
    context::Context,
    fleet::{Asked, Conduct, Fleet, Places, Ways},
    gate::Gate,
};
