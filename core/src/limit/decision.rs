//! What was decided.

use std::{error, fmt, sync::Arc};

use super::{Limits, Micros, Policy};

/// How one policy stands after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether it let the request through.
    pub admits: bool,
    /// How much is left.
    pub remaining: u32,
    /// How long until the same request would be let through, if nobody else asks; zero if it was, or
    /// if nobody can say, as with what runs at the same time.
    pub retry_in: Micros,
    /// How long until there is more; zero if nothing is used, or if nobody can say.
    pub more_in: Micros,
}

/// What was decided about a request, by all policies together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    limits: Limits,
    standings: [Standing; Limits::MAX],
}

impl Decision {
    /// Puts together what each policy said.
    #[must_use]
    pub fn new(limits: &Limits, standings: [Standing; Limits::MAX]) -> Self {
        Self { limits: limits.clone(), standings }
    }

    /// Each policy, and how it stands.
    pub fn standings(&self) -> impl Iterator<Item = (&Policy, &Standing)> {
        self.limits.policies().iter().zip(&self.standings)
    }

    /// Whether the request may go on: no policy refuses it, shadow policies apart.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.violated().next().is_none()
    }

    /// The same some time later, as long as nobody asked meanwhile.
    #[must_use]
    pub fn later(mut self, micros: Micros) -> Self {
        for standing in &mut self.standings {
            // What was refused is not let through by waiting alone: somebody has to ask again.
            standing.retry_in =
                standing.retry_in.saturating_sub(micros).max(standing.retry_in.min(1));
            standing.more_in = standing.more_in.saturating_sub(micros).max(standing.more_in.min(1));
        }
        self
    }

    /// The policies that refuse it.
    pub fn violated(&self) -> impl Iterator<Item = (&Policy, &Standing)> {
        self.standings().filter(|(policy, standing)| !standing.admits && !policy.is_shadow())
    }

    /// How long until the same request would be let through, if nobody else asks; zero if it was, or
    /// if nobody can say.
    #[must_use]
    pub fn retry_in(&self) -> Micros {
        self.violated().map(|(_, standing)| standing.retry_in).max().unwrap_or(0)
    }
}

/// A request that costs more than there ever is. Waiting does not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooCostly {
    pub(super) policy: Arc<str>,
    pub(super) cost: u32,
    pub(super) capacity: u32,
}

impl TooCostly {
    /// The policy that never has so much.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }
}

impl fmt::Display for TooCostly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, cost, capacity } = self;
        write!(
            f,
            "the request costs {cost}, and policy `{policy}` never has more than {capacity}: raise \
             its limit or lower the cost"
        )
    }
}

impl error::Error for TooCostly {}
