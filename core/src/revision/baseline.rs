//! Where a place that has nothing yet may begin: at a script that makes at once what many revisions
//! make one after another.

use std::collections::BTreeSet;

use super::{
    Direction, Graph, Problem, Revision, RevisionError, RevisionId, Step, find::Relative,
    graph::Set, script::comma, step::changes,
};
use crate::Dialect;

/// A script that stands for revisions, in its place in the graph.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The script, as it was read.
    pub revision: Revision,
    /// The revisions after which a place stands that it has made.
    pub(super) at: Vec<usize>,
    /// The revisions it stands for.
    pub(super) covers: Set,
}

impl Baseline {
    /// The heads of a place that it has made.
    #[must_use]
    pub fn heads(&self) -> &[RevisionId] {
        &self.revision.baseline
    }

    /// How many revisions it stands for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.covers.len()
    }

    /// The step it is, from nothing.
    #[must_use]
    pub fn step(&self) -> Step {
        let heads: BTreeSet<RevisionId> = self.heads().iter().cloned().collect();
        Step {
            direction: Direction::Upgrade,
            revision: self.heads().first().cloned(),
            baseline: true,
            from: Vec::new(),
            to: self.heads().to_vec(),
            message: format!("baseline of {} revisions", self.count()),
            changes: changes(&BTreeSet::new(), &heads),
            heads,
        }
    }
}

impl Graph {
    /// The scripts that stand for revisions.
    pub fn baselines(&self) -> impl Iterator<Item = &Baseline> {
        self.baselines.iter()
    }

    /// The steps up from nothing: as [`upgrade`](Self::upgrade), but the first one is a baseline, if
    /// there is one for the engine that does not lead too far; of several, the one that leads
    /// furthest.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](Self::upgrade).
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{Dialect, revision::{History, SqlFile, Target}};
    ///
    /// let file = |path, text| SqlFile { path, text, target: Target::Tenant };
    /// let history = History::read(
    ///     &[
    ///         file("a.sql", "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE a (id int);"),
    ///         file("b.sql", "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\nALTER TABLE a ADD b int;"),
    ///         file("base.sql", "-- baseline: aaaa02\n-- +upgrade\nCREATE TABLE a (id int, b int);"),
    ///     ],
    ///     &[Dialect::Sqlite],
    /// )?;
    /// let steps = history.graph(Target::Tenant).upgrade_new("head", Dialect::Sqlite)?;
    /// assert_eq!(steps.len(), 1);
    /// assert_eq!(steps[0].to_string(), "upgrade  -> aaaa02, baseline of 2 revisions");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upgrade_new(&self, asked: &str, dialect: Dialect) -> Result<Vec<Step>, RevisionError> {
        let nothing = BTreeSet::new();
        // A number of steps is one of revisions.
        if Relative::parse(asked).is_some() {
            return self.upgrade(&nothing, asked);
        }
        let targets = self.resolve(asked)?;
        self.check_apart(&targets)?;
        let need = self.ancestors(targets.iter().copied());
        let fits = |baseline: &&Baseline| {
            baseline.covers.is_subset(&need) && baseline.revision.upgrade.of(dialect).is_some()
        };
        let Some(baseline) = self.baselines.iter().filter(fits).max_by_key(|it| it.count()) else {
            return self.upgrade(&nothing, asked);
        };
        let mut order = self.newest_first(&(&need - &baseline.covers), &targets);
        order.reverse();
        let first = baseline.step();
        let rest = self.steps(&first.heads, &order, Direction::Upgrade);
        Ok(std::iter::once(first).chain(rest).collect())
    }

    /// What a step runs, if it runs anything.
    #[must_use]
    pub fn script_of(&self, step: &Step) -> Option<&Revision> {
        if step.baseline {
            let same = |baseline: &&Baseline| baseline.heads() == step.to;
            return self.baselines.iter().find(same).map(|baseline| &baseline.revision);
        }
        step.revision.as_ref().and_then(|id| self.get(id)).map(|node| &node.revision)
    }

    /// The shared revisions that must have run before these steps can, those included that the
    /// revisions need which a baseline stands for.
    #[must_use]
    pub fn required_by(&self, steps: &[Step]) -> Vec<RevisionId> {
        let mut required = BTreeSet::new();
        for step in steps {
            let reached = step.to.iter().filter_map(|id| self.by_id.get(id).copied());
            let covered = if step.baseline { self.ancestors(reached) } else { Set::new() };
            let own = step.revision.as_ref().and_then(|id| self.by_id.get(id).copied());
            for index in covered.into_iter().chain(own) {
                required.extend(self.nodes[index].requires.iter().cloned());
            }
        }
        required.into_iter().collect()
    }

    /// Puts scripts in their places.
    pub(super) fn place_baselines(&mut self, scripts: Vec<Revision>, problems: &mut Vec<Problem>) {
        for script in scripts {
            let source = script.source.clone();
            let found: Result<Vec<usize>, &RevisionId> =
                script.baseline.iter().map(|id| self.by_id.get(id).copied().ok_or(id)).collect();
            let at = match found {
                Ok(at) => at,
                Err(id) => {
                    let what = format!(
                        "the baseline stands for revision {id} of the target `{}`, which is not present",
                        script.target
                    );
                    problems.push(Problem::new(what, &[&source]));
                    continue;
                }
            };
            if let Err(error) = self.check_apart(&at) {
                problems.push(Problem::new(format!("of the baseline: {error}"), &[&source]));
                continue;
            }
            let same = |other: &&Baseline| {
                other.at.iter().all(|it| at.contains(it)) && other.at.len() == at.len()
            };
            if let Some(other) = self.baselines.iter().find(same) {
                let what = format!(
                    "there are two baselines of {}; write what differs between engines as sections of one",
                    comma(&script.baseline)
                );
                problems.push(Problem::new(what, &[&other.revision.source, &source]));
                continue;
            }
            let covers = self.ancestors(at.iter().copied());
            self.baselines.push(Baseline { revision: script, at, covers });
        }
    }
}
