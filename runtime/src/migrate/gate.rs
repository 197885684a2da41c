//! Which places this program can serve: those that have come far enough for it, and not too far.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use tenancy_core::{
    TenantId,
    revision::{Graph, Phase, RevisionId, Target},
};
use tokio::{sync::Mutex, time::Instant};

use super::{
    Migrations,
    heads::Heads,
    ledger::{Ledger, Line},
};
use crate::{Error, Result};

/// How old what is known of places may be, unless set.
const LIFE: Duration = Duration::from_secs(2);

/// Refuses tenants whose places this program cannot serve, for
/// [`Builder::revision_gate`](crate::Builder::revision_gate).
///
/// While a fleet is moved and programs are replaced, places are at different revisions and so are
/// programs. A place that is behind what the program needs is refused, with 503 over HTTP, and that
/// tenant alone. One that newer code has moved on is served as long as what this program does not know
/// only adds: a revision of the phase `contract` takes away, and ends that.
///
/// # Example
///
/// ```
/// use tenancy::migrate::RevisionGate;
///
/// // The columns of this revision are read; what came later is used where it is there.
/// let gate = RevisionGate::new().at_least("9f2c4e01a7b3");
/// # let _ = gate;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RevisionGate {
    at_least: Vec<String>,
    life: Duration,
}

impl Default for RevisionGate {
    fn default() -> Self {
        Self::new()
    }
}

impl RevisionGate {
    /// One that needs nothing, and refuses what newer code has taken away from.
    pub fn new() -> Self {
        Self { at_least: Vec::new(), life: LIFE }
    }

    /// Needs a revision of tenants' places, or all that is known with `heads`.
    pub fn at_least(mut self, revision: impl Into<String>) -> Self {
        self.at_least.push(revision.into());
        self
    }

    /// How old what is known of places may be; 2 seconds unless set. It is read for all tenants at
    /// once.
    pub fn life(mut self, longest: Duration) -> Self {
        self.life = longest;
        self
    }
}

/// A gate, with what is known of places.
#[derive(Debug)]
pub(crate) struct Gate {
    migrations: Arc<Migrations>,
    needs: Vec<RevisionId>,
    life: Duration,
    /// Those it refuses, and why.
    outside: RwLock<Arc<BTreeMap<String, String>>>,
    read_at: Mutex<Option<Instant>>,
}

impl Gate {
    /// # Errors
    ///
    /// If a revision is needed that is not there.
    pub(crate) fn new(gate: &RevisionGate, migrations: &Arc<Migrations>) -> Result<Self> {
        let graph = migrations.history().graph(Target::Tenant);
        let mut needs = Vec::new();
        for asked in &gate.at_least {
            let found = graph.find(asked).map_err(|error| {
                Error::config(format!("the gate needs a revision that is not there: {error}"))
            })?;
            needs.extend(found);
        }
        Ok(Self {
            migrations: Arc::clone(migrations),
            needs,
            life: gate.life,
            outside: RwLock::default(),
            read_at: Mutex::new(None),
        })
    }

    /// Refuses a tenant whose place was outside when it was looked at last.
    pub(crate) fn check(&self, id: &TenantId) -> Result<()> {
        let outside = self.outside.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match outside.get(id.as_str()) {
            Some(why) => Err(Error::outdated(why.clone())),
            None => Ok(()),
        }
    }

    /// Whether what is known of places is young enough.
    pub(crate) fn is_fresh(&self) -> bool {
        // Whoever holds it is looking, and those who come meanwhile wait for that.
        self.read_at.try_lock().is_ok_and(|read_at| self.is_young(*read_at))
    }

    fn is_young(&self, read_at: Option<Instant>) -> bool {
        read_at.is_some_and(|read_at| read_at.elapsed() < self.life)
    }

    /// Looks at all places again, if that was too long ago. One does it for all who wait.
    pub(super) async fn refresh(&self, ledger: &Ledger, now: bool) -> Result<()> {
        let mut read_at = self.read_at.lock().await;
        if !now && self.is_young(*read_at) {
            return Ok(());
        }
        let begun = Instant::now();
        let graph = self.migrations.history().graph(Target::Tenant);
        let mut verdicts: BTreeMap<(Heads, Vec<String>), Option<String>> = BTreeMap::new();
        let mut outside = BTreeMap::new();
        for (id, line) in ledger.elsewhere(&graph.target_heads()).await? {
            let Line { heads, contracts, .. } = line;
            let key = (heads, contracts);
            let verdict = verdicts
                .entry(key)
                .or_insert_with_key(|(heads, contracts)| self.verdict(graph, heads, contracts));
            if let Some(why) = verdict {
                outside.insert(id, why.clone());
            }
        }
        *self.outside.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Arc::new(outside);
        *read_at = Some(begun);
        Ok(())
    }

    /// Why a place cannot be served.
    fn verdict(&self, graph: &Graph, heads: &Heads, contracts: &[String]) -> Option<String> {
        let unknown = heads.iter().find(|head| graph.get(head).is_none());
        match unknown {
            None => {
                let missing = self
                    .needs
                    .iter()
                    .find(|need| !graph.has_run(heads, need).is_ok_and(|has_run| has_run))?;
                Some(format!(
                    "its place is at {}, and this program needs revision {missing}: migrate it",
                    if heads.is_empty() {
                        "no revision".to_owned()
                    } else {
                        super::heads::joined(heads)
                    }
                ))
            }
            Some(head) => {
                let taken = contracts.iter().find(|id| {
                    RevisionId::new(id.as_str()).is_ok_and(|id| graph.get(&id).is_none())
                })?;
                Some(format!(
                    "its place is at {head}, which this program does not know, and revision {taken} has \
                     taken something away: replace the program"
                ))
            }
        }
    }
}

/// The revisions that took something away, of those that have run.
pub(super) fn contracts(graph: &Graph, heads: &Heads) -> Vec<String> {
    graph
        .nodes()
        .map(|node| &node.revision)
        .filter(|revision| revision.phase == Phase::Contract)
        .filter(|revision| graph.has_run(heads, &revision.id).unwrap_or(false))
        .map(|revision| revision.id.to_string())
        .collect()
}
