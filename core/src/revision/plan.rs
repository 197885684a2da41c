//! Ways from the heads a database has to those it should have.

use std::collections::BTreeSet;

use super::{
    Direction, Graph, RevisionError, RevisionId, Step, find::Relative, graph::Set, step::changes,
    walk::Found,
};

/// The rows of a database's table of heads.
type Rows = BTreeSet<RevisionId>;

impl Graph {
    /// The steps up to a revision, a branch's head, all heads, or a number of steps.
    ///
    /// What has run, or lies below what has, is no step: then there may be none.
    ///
    /// # Errors
    ///
    /// An error if the revision is not found or ambiguous, or if a row is not a revision.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::collections::BTreeSet;
    /// # use tenancy_core::revision::{History, Revision, Target};
    /// # let text = "-- revision: aaaa01\n-- message: init\n-- +upgrade\nCREATE TABLE a (id int);";
    /// # let first = Revision::parse("aaaa01.sql", text, Some(Target::Tenant))?;
    /// # let history = History::new(vec![first])?;
    /// let graph = history.graph(Target::Tenant);
    /// let steps = graph.upgrade(&BTreeSet::new(), "head")?;
    /// assert_eq!(steps[0].to_string(), "upgrade  -> aaaa01, init");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upgrade(&self, rows: &Rows, asked: &str) -> Result<Vec<Step>, RevisionError> {
        let current = self.rows(rows)?;
        let targets = match Relative::parse(asked) {
            Some(relative) => match self.walk_up_from(&current, &relative)? {
                Found::Base => Vec::new(),
                Found::At(index) => vec![index],
            },
            None => self.resolve(asked)?,
        };
        self.check_apart(&targets)?;
        self.check_apart(&current)?;
        let have = self.ancestors(current);
        let need = &self.ancestors(targets.iter().copied()) - &have;
        let mut order = self.newest_first(&need, &targets);
        order.reverse();
        Ok(self.steps(rows, &order, Direction::Upgrade))
    }

    /// The steps down to a revision, to the base of a branch or of all, or a number of steps.
    ///
    /// Everything that stands on what is undone is undone too, on other branches and by dependency.
    ///
    /// # Errors
    ///
    /// An error if the revision is not found, ambiguous or not below, or if a row is not a revision.
    pub fn downgrade(&self, rows: &Rows, asked: &str) -> Result<Vec<Step>, RevisionError> {
        let current = self.rows(rows)?;
        let (branch, target) = self.downgrade_target(&current, asked)?;
        let mut roots = match target {
            Found::Base => self.base_indexes(),
            Found::At(index) => self.nodes[index].next.clone(),
        };
        if let Some(branch) = branch
            && roots.len() > 1
        {
            let line = self.line_down([self.branch(&branch)?]);
            roots.retain(|root| line.contains(root));
            if roots.is_empty() {
                return Err(RevisionError::Other(
                    "Not a valid downgrade target from current heads".to_owned(),
                ));
            }
        }
        let active = self.ancestors(current.iter().copied());
        let undo = &self.descendants(roots) & &active;
        if let Found::At(index) = target
            && undo.is_empty()
            && !current.contains(&index)
        {
            let asked = asked.to_owned();
            return Err(RevisionError::Destination { asked, direction: Direction::Downgrade });
        }
        let order = self.newest_first(&undo, &current);
        Ok(self.steps(rows, &order, Direction::Downgrade))
    }

    /// The steps that say where a database is, without running anything. Several revisions are given
    /// for several branches.
    ///
    /// # Errors
    ///
    /// An error if a revision is not found or ambiguous, or if a row is not a revision.
    pub fn stamp(&self, rows: &Rows, asked: &[&str]) -> Result<Vec<Step>, RevisionError> {
        let mut steps = Vec::new();
        let mut rows = rows.clone();
        let current = self.rows(&rows)?;
        let mut targets: Vec<(usize, Vec<usize>)> = Vec::new();
        for asked in asked {
            if Relative::parse(asked).is_some() {
                return Err(RevisionError::not_found(
                    *asked,
                    "a number of steps from where a database is would be a guess here; name the revision",
                ));
            }
            let found = self.resolve(asked).map_err(|error| match error {
                RevisionError::MultipleHeads { heads, .. } => RevisionError::Other(format!(
                    "Multiple heads are present; please specify a single target revision, or 'heads' \
                     (they are {})",
                    heads.join(", ")
                )),
                other => other,
            })?;
            if found.is_empty() {
                let touched = match asked.split_once('@') {
                    Some((branch, _)) => self.on_branch(current.clone(), branch)?,
                    None => current.clone(),
                };
                for index in touched {
                    let step = self.stamp_step(&rows, &[index], None);
                    rows.clone_from(&step.heads);
                    steps.push(step);
                }
            }
            for index in found {
                let touched = current.iter().copied().filter(|row| self.related(*row, index));
                targets.push((index, touched.collect()));
            }
        }
        for (index, touched) in targets {
            if touched.contains(&index) {
                continue;
            }
            let step = self.stamp_step(&rows, &touched, Some(index));
            rows.clone_from(&step.heads);
            steps.push(step);
        }
        Ok(steps)
    }

    fn stamp_step(&self, rows: &Rows, from: &[usize], to: Option<usize>) -> Step {
        let from = self.ids(from);
        let to: Vec<_> = to.map(|index| self.id(index).clone()).into_iter().collect();
        let mut heads = rows.clone();
        for id in &from {
            heads.remove(id);
        }
        heads.extend(to.iter().cloned());
        let changes = changes(rows, &heads);
        let message = String::new();
        Step {
            direction: Direction::Stamp,
            revision: None,
            baseline: false,
            from,
            to,
            message,
            changes,
            heads,
        }
    }

    /// What a database has, where its table says only what is not implied: the tips of each line.
    ///
    /// # Errors
    ///
    /// An error if a row is not a revision.
    pub fn current(&self, rows: &Rows) -> Result<Vec<RevisionId>, RevisionError> {
        let active = self.ancestors(self.rows(rows)?);
        let tips = active
            .iter()
            .filter(|index| !self.nodes[**index].next.iter().any(|next| active.contains(next)));
        Ok(self.ids(tips))
    }

    /// Whether a revision has run where the table has these rows.
    ///
    /// # Errors
    ///
    /// An error if a row is not a revision.
    pub fn has_run(&self, rows: &Rows, id: &RevisionId) -> Result<bool, RevisionError> {
        let active = self.ancestors(self.rows(rows)?);
        Ok(self.by_id.get(id).is_some_and(|index| active.contains(index)))
    }

    /// The revisions from one to another, newest first, both included. Nothing is the base, and all
    /// heads. `current` is what `rows` say.
    ///
    /// # Errors
    ///
    /// An error if one is not found, or if they are not on one line.
    pub fn range(
        &self,
        start: Option<&str>,
        end: Option<&str>,
        rows: &Rows,
    ) -> Result<Vec<RevisionId>, RevisionError> {
        let (start, end) = (start.unwrap_or("base"), end.unwrap_or("heads"));
        let relative = |text| Relative::parse(text);
        let lower = match (start, relative(start)) {
            ("current", _) => self.rows(rows)?,
            (_, Some(steps)) if steps.from.is_none() && steps.steps < 0 => {
                let upper = if end == "current" { self.rows(rows)? } else { self.resolve(end)? };
                let mut ends = Set::new();
                for tip in upper {
                    if let Some(Found::At(at)) =
                        self.walk(Found::At(tip), steps.steps, None, false)?
                    {
                        ends.insert(at);
                    }
                }
                ends.into_iter().collect()
            }
            (_, Some(steps)) => match self.walk_from_named(&steps)? {
                Found::Base => Vec::new(),
                Found::At(index) => vec![index],
            },
            (name, None) => self.resolve(name)?,
        };
        let upper = match (end, relative(end)) {
            ("current", _) => self.rows(rows)?,
            (_, Some(steps)) if steps.from.is_none() => {
                let from = lower.first().map_or(Found::Base, |index| Found::At(*index));
                match self.walk(from, steps.steps, steps.branch, false)? {
                    Some(Found::At(index)) => vec![index],
                    _ => Vec::new(),
                }
            }
            (_, Some(steps)) => match self.walk_from_named(&steps)? {
                Found::Base => Vec::new(),
                Found::At(index) => vec![index],
            },
            (name, None) => self.resolve(name)?,
        };
        let required = self.ancestors(upper.iter().copied());
        if lower.iter().any(|index| !required.contains(index)) {
            return Err(RevisionError::Other(format!(
                "Requested range {start}:{end} does not refer to ancestor/descendant revisions along \
                 the same branch"
            )));
        }
        let mut listed = &required - &self.ancestors(lower.iter().copied());
        listed.extend(&lower);
        if !lower.is_empty() {
            let line = self.line_up(lower.clone());
            let on_line = upper.iter().any(|index| line.contains(index));
            // Where only a dependency leads up, all that leads there is listed.
            let above = if on_line { line } else { self.descendants(lower) };
            listed = &listed & &above;
        }
        Ok(self.ids(&self.newest_first(&listed, &upper)))
    }

    /// What a new revision comes after.
    ///
    /// # Errors
    ///
    /// An error if that is not found, if there are several where one is meant, or if one of them is
    /// not a head and `splice` is not set.
    pub fn parents(&self, asked: &[&str], splice: bool) -> Result<Vec<RevisionId>, RevisionError> {
        let mut found = Vec::new();
        for asked in asked {
            let these = self.resolve(asked).map_err(|error| match error {
                RevisionError::MultipleHeads { heads, .. } => RevisionError::Other(format!(
                    "Multiple heads are present; please specify the head revision on which the new \
                     revision should be based, or perform a merge. (They are {})",
                    heads.join(", ")
                )),
                other => other,
            })?;
            found.extend(these);
        }
        if found.iter().collect::<BTreeSet<_>>().len() < found.len() {
            return Err(RevisionError::Other("Duplicate head revisions specified".to_owned()));
        }
        match found.iter().find(|index| !splice && !self.nodes[**index].is_head()) {
            Some(index) => Err(RevisionError::Other(format!(
                "Revision {} is not a head revision; please specify --splice to create a new branch \
                 from this revision",
                self.id(*index)
            ))),
            None => Ok(self.ids(&found)),
        }
    }

    /// Steps that leave a branch: undoing `feature@base` undoes what came before the branch too, where
    /// it has no root of its own.
    #[must_use]
    pub fn strays(&self, steps: &[Step], asked: &str) -> Vec<RevisionId> {
        let Some((branch, _)) = asked.split_once('@') else { return Vec::new() };
        let Ok(mark) = self.branch(branch) else { return Vec::new() };
        let labels = &self.nodes[mark].branches;
        let stray = |id: &RevisionId| {
            self.get(id).is_some_and(|node| node.branches.intersection(labels).next().is_none())
        };
        steps.iter().filter_map(|step| step.revision.clone()).filter(stray).collect()
    }

    /// The revisions in a table of heads.
    fn rows(&self, rows: &Rows) -> Result<Vec<usize>, RevisionError> {
        rows.iter()
            .map(|id| {
                self.by_id.get(id).copied().ok_or_else(|| {
                    RevisionError::not_found(
                        id.as_str(),
                        "the database is there, and these revisions do not know it: run the code that \
                         has it, or say where the database is with `stamp --purge`",
                    )
                })
            })
            .collect()
    }

    /// Refuses revisions of which one implies another.
    pub(super) fn check_apart(&self, of: &[usize]) -> Result<(), RevisionError> {
        for index in of {
            let below = self.ancestors([*index]);
            let overlap: Vec<_> =
                of.iter().filter(|other| *other != index && below.contains(other)).collect();
            if !overlap.is_empty() {
                let overlap: Vec<_> =
                    overlap.into_iter().map(|other| self.id(*other).to_string()).collect();
                return Err(RevisionError::Other(format!(
                    "Requested revision {} overlaps with other requested revisions {}",
                    self.id(*index),
                    overlap.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// What the table of heads goes through when these revisions run in this order.
    pub(super) fn steps(&self, rows: &Rows, order: &[usize], direction: Direction) -> Vec<Step> {
        let mut heads = rows.clone();
        let mut steps = Vec::with_capacity(order.len());
        for index in order {
            let node = &self.nodes[*index];
            let id = node.revision.id.clone();
            let parents = self.ids(&node.down);
            let mut after = heads.clone();
            let (from, to) = if direction == Direction::Upgrade {
                for below in &node.normalized {
                    after.remove(self.id(*below));
                }
                after.insert(id.clone());
                (parents, vec![id.clone()])
            } else {
                after.remove(&id);
                after.extend(self.ids(&self.uncovered(&after, &node.normalized)));
                (vec![id.clone()], parents)
            };
            steps.push(Step {
                direction,
                revision: Some(id),
                baseline: false,
                from,
                to,
                message: node.revision.message.clone(),
                changes: changes(&heads, &after),
                heads: after.clone(),
            });
            heads = after;
        }
        steps
    }

    /// Those of some revisions that no other head, and none of themselves, implies.
    fn uncovered(&self, heads: &Rows, of: &[usize]) -> Set {
        let others = heads.iter().filter_map(|id| self.by_id.get(id)).copied();
        let covered = self.ancestors(others);
        of.iter()
            .copied()
            .filter(|index| {
                let below = of.iter().filter(|other| *other != index);
                !covered.contains(index) && !self.ancestors(below.copied()).contains(index)
            })
            .collect()
    }
}
