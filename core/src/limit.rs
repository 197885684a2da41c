//! Rate limits: what a tenant may ask for, and the arithmetic that decides.
//!
//! A [`Policy`] is one limit with a name; [`Limits`] are the policies a tenant is under. All of them
//! are checked before any is charged, so a request that one of them refuses costs nothing. There is
//! no clock here: whoever counts says what time it is, in microseconds since a moment of its
//! choosing, and [`Account`] does the counting in a process. What counts for several processes does
//! the same sums elsewhere, and is tested against this.
//!
//! | policy | bound, for every stretch of time |
//! |---|---|
//! | [`Window`] | no more than `limit` in any stretch of length `per`, wherever it begins |
//! | [`Rate`] | no more than `burst + t × count / per` in any stretch of length `t` |
//! | [`Concurrent`] | no more than `limit` at the same time |
//!
//! "1,000 a minute" is a `Window`. A `Rate` of 1,000 a minute that may burst to 1,000 lets 2,000
//! through within one minute: those that were saved up, and those that come in meanwhile.

mod account;
mod decision;
mod policy;
mod rate;
mod window;

#[cfg(test)]
mod tests;

pub use self::{
    account::Account,
    decision::{Decision, Standing, TooCostly},
    policy::{Away, Kind, Limits, Policy},
    rate::{Concurrent, Rate, Tat},
    window::{Ring, Window},
};

/// Microseconds, since whatever moment the one who counts chose, or between two moments.
pub type Micros = u64;

/// Microseconds in a second.
const SECOND: Micros = 1_000_000;
