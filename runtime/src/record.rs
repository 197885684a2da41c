//! What is recorded for good: steps in tenants' lives, and what tenants used.

mod actor;
mod lifecycle;
mod memory;
mod meter;
mod sql;
mod standing;

pub use self::{
    actor::Actor,
    lifecycle::{AuditEvent, AuditLog},
    memory::MemoryLog,
    meter::{UsageBatch, UsageLog},
    sql::SqlLog,
};
pub(crate) use self::{
    lifecycle::Begun,
    meter::Meter,
    standing::{Standings, UsedUp},
};
