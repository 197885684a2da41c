//! How many connections there may be, and for how long.

use std::time::Duration;

use crate::{Error, Result};

/// How many connections, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections of all engines together.
    pub(crate) budget: usize,
    /// Most connections of one engine.
    pub(crate) per_engine: usize,
    /// How long a connection nobody uses stays open.
    pub(crate) idle: Duration,
    /// Longest wait for a connection.
    pub(crate) wait: Duration,
    /// Of tenants' lanes, if there are any.
    pub(crate) lanes: Option<LaneLimits>,
}

/// How many connections lanes may have, within the budget, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneLimits {
    /// Most connections of all lanes together.
    pub(crate) connections: usize,
    /// Most connections of one lane.
    pub(crate) per_tenant: usize,
    /// How long a connection nobody uses stays open.
    pub(crate) idle: Duration,
}

impl LaneLimits {
    fn check(&self, budget: usize) -> Result<()> {
        let why = if self.connections == 0 {
            "lanes may have 0 connections together, so nobody would ever get one; leave lanes away"
        } else if self.per_tenant == 0 {
            "a lane may have 0 connections, so nobody would ever get one; leave lanes away"
        } else if self.per_tenant > self.connections {
            "one lane may have more connections than all lanes together; lower the one or raise the other"
        } else if self.connections > budget {
            "lanes may have more connections than the budget they are within; lower \
             `Lanes::connections` or raise `Builder::connection_budget`"
        } else if self.idle.is_zero() {
            "lanes' connections stay open for no time when nobody uses them, so each would serve one statement; raise `idle`"
        } else {
            return Ok(());
        };
        Err(Error::config(why))
    }
}

impl Limits {
    /// # Errors
    ///
    /// If nobody could be served under them.
    pub(super) fn check(&self) -> Result<()> {
        let why = if self.budget == 0 {
            "the budget is 0 connections, and every statement needs one"
        } else if self.per_engine == 0 {
            "an engine may have 0 connections, and every statement needs one"
        } else if self.per_engine > self.budget {
            "one engine may have more connections than the budget of all; lower the one or raise the other"
        } else if self.idle.is_zero() {
            "connections stay open for no time when nobody uses them, so each would serve one lease; raise `idle`"
        } else if self.wait.is_zero() {
            "nobody may wait for a connection, not even while it is opened; raise `wait`"
        } else {
            return self.lanes.map_or(Ok(()), |lanes| lanes.check(self.budget));
        };
        Err(Error::config(why))
    }

    /// How long an engine may pass on a connection among its own while others wait.
    pub(super) fn turn(&self) -> Duration {
        Duration::from_millis(100).min(self.wait / 8)
    }
}
