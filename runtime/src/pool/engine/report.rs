//! Who has how many connections, for metrics and for whoever waited in vain.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use super::{Inner, Limits, Target, ledger::Count, lock};

/// How many engines a time-out names.
const NAMED: usize = 5;

/// Who has how many connections of its own, to a database of its own or as a lane to the shared one; see
/// [`Tenancy::connections`](crate::Tenancy::connections).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Connections {
    /// Most connections of all together.
    pub budget: usize,
    /// Most connections of one tenant.
    pub per_tenant: usize,
    /// Connections that take a place in the budget.
    pub open: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
    /// Tenants somebody holds a handle of.
    pub registered: usize,
    /// Those that have connections or are waited for, the one that has most first.
    pub tenants: Vec<TenantConnections>,
}

/// One tenant's connections to its own database, or its lane's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantConnections {
    /// The tenant's id.
    pub tenant: Arc<str>,
    /// Whether these are a lane's, to the shared database. Nobody waits for those.
    pub lane: bool,
    /// Lent, or on the way back.
    pub held: usize,
    /// Open, and nobody uses them.
    pub idle: usize,
    /// Being opened.
    pub opening: usize,
    /// Being closed.
    pub closing: usize,
    /// Callers that wait for one.
    pub waiting: usize,
}

impl Inner {
    pub(super) fn stats(&self) -> Connections {
        let registry = lock(&self.registry);
        let registered = registry.databases.len() + registry.lanes.len();
        drop(registry);
        let state = lock(&self.state);
        let mut engines: Vec<_> = state
            .ledger
            .counts()
            .map(|(engine, count)| {
                let Count { lent, idle, opening, closing, waiting } = count;
                TenantConnections {
                    tenant: Arc::clone(&engine.key),
                    lane: !matches!(engine.target, Target::Database(_)),
                    held: lent,
                    idle,
                    opening,
                    closing,
                    waiting,
                }
            })
            .collect();
        let open = state.ledger.open();
        drop(state);
        engines.sort_by(|a, b| b.held.cmp(&a.held).then_with(|| a.tenant.cmp(&b.tenant)));
        let waiting = engines.iter().map(|engine| engine.waiting).sum();
        let Limits { budget, per_engine: per_tenant, .. } = self.limits;
        Connections { budget, per_tenant, open, waiting, registered, tenants: engines }
    }
}

impl Connections {
    /// What to tell somebody who waited for an engine's connection and got none.
    pub(super) fn timeout(&self, key: &str, wait: Duration) -> String {
        let own = self.tenants.iter().find(|it| !it.lane && &*it.tenant == key);
        let own = own.map_or(0, |own| own.held + own.idle + own.opening + own.closing);
        let mut text = format!(
            "no connection to the database of `{key}` within {wait:?}: it has {own} of at most {}, \
             all engines together {} of at most {}; ",
            self.per_tenant, self.open, self.budget,
        );
        // Writing to a text does not fail.
        let mut list = |title: &str, count: fn(&TenantConnections) -> usize| {
            let mut some: Vec<_> = self.tenants.iter().filter(|engine| count(engine) > 0).collect();
            some.sort_by_key(|engine| std::cmp::Reverse(count(engine)));
            for (n, engine) in some.iter().take(NAMED).enumerate() {
                let before = if n == 0 { title } else { ", " };
                let _ = write!(text, "{before}{} {}", engine.tenant, count(engine));
            }
            match some.len() {
                0 => {}
                n if n > NAMED => text.push_str(&format!(", and {} more; ", n - NAMED)),
                _ => text.push_str("; "),
            }
        };
        list("held: ", |engine| engine.held);
        list("opening: ", |engine| engine.opening);
        list("closing: ", |engine| engine.closing);
        let _ = write!(text, "{} waiting", self.waiting);
        text
    }
}
