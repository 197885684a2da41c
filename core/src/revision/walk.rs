//! A number of steps up or down.

use super::{Graph, RevisionError, find::Relative, graph::Set};

/// Where a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Below all revisions.
    Base,
    /// At one.
    At(usize),
}

impl Graph {
    /// Goes up or down a number of steps. Nothing, if that leads beyond the ends and `exactly` is set.
    pub(super) fn walk(
        &self,
        from: Found,
        steps: i64,
        branch: Option<&str>,
        exactly: bool,
    ) -> Result<Option<Found>, RevisionError> {
        let mut at = from;
        for _ in 0..steps.unsigned_abs() {
            let next: Vec<Found> = match (at, steps > 0) {
                (Found::At(index), false) if self.nodes[index].down.is_empty() => vec![Found::Base],
                (Found::At(index), false) => {
                    self.nodes[index].down.iter().map(|index| Found::At(*index)).collect()
                }
                (Found::Base, false) => Vec::new(),
                (at, true) => {
                    let next = match at {
                        Found::Base => self.base_indexes(),
                        Found::At(index) => self.nodes[index].next.clone(),
                    };
                    let next = match branch {
                        Some(branch) => self.on_branch(next, branch)?,
                        None => next,
                    };
                    next.into_iter().map(Found::At).collect()
                }
            };
            match next.as_slice() {
                [] if exactly => return Ok(None),
                [] => return Ok(Some(at)),
                [one] => at = *one,
                several => {
                    let several: Vec<_> = several
                        .iter()
                        .map(|found| match found {
                            Found::At(index) => self.id(*index).as_str(),
                            Found::Base => "base",
                        })
                        .collect();
                    return Err(RevisionError::Walk(format!(
                        "Ambiguous walk: it goes on to {}; name the branch, or the revision",
                        several.join(", ")
                    )));
                }
            }
        }
        Ok(Some(at))
    }

    /// A number of steps from a revision that is named.
    pub(super) fn walk_from_named(&self, relative: &Relative<'_>) -> Result<Found, RevisionError> {
        let name = relative.from.unwrap_or("base");
        // Upwards the branch chooses where lines part; downwards the revision must be on it.
        let named = match relative.branch {
            Some(branch) if relative.steps < 0 => self.one(&format!("{branch}@{name}"))?,
            _ => self.one(name)?,
        };
        let from = named.map_or(Found::Base, Found::At);
        self.walk(from, relative.steps, relative.branch, true)?
            .ok_or_else(|| RevisionError::Walk("Walked too far".to_owned()))
    }

    pub(super) fn walk_up_from(
        &self,
        current: &[usize],
        relative: &Relative<'_>,
    ) -> Result<Found, RevisionError> {
        if relative.from.is_some() {
            return self.walk_from_named(relative);
        }
        let failed = || RevisionError::relative(relative.number, relative.count());
        if relative.steps <= 0 {
            return Err(RevisionError::relative(&relative.steps.to_string(), relative.count()));
        }
        let starts = match relative.branch {
            None => current.to_vec(),
            Some(branch) => match self.on_branch(current.to_vec(), branch)? {
                none if none.is_empty() => {
                    // Where the branch left what is active.
                    let active = self.on_branch(self.ancestors(current.to_vec()), branch)?;
                    let below: Set = active
                        .iter()
                        .flat_map(|index| &self.nodes[*index].normalized)
                        .copied()
                        .collect();
                    active.into_iter().filter(|index| !below.contains(index)).collect()
                }
                some => some,
            },
        };
        let from = match starts.as_slice() {
            [] => Found::Base,
            [one] => Found::At(*one),
            _ => {
                return Err(RevisionError::Walk(
                    "Ambiguous upgrade from multiple current revisions".to_owned(),
                ));
            }
        };
        self.walk(from, relative.steps, relative.branch, true)?.ok_or_else(failed)
    }

    pub(super) fn downgrade_target(
        &self,
        current: &[usize],
        asked: &str,
    ) -> Result<(Option<String>, Found), RevisionError> {
        let Some(relative) = Relative::parse(asked) else {
            let (branch, name) = match asked.rsplit_once('@') {
                Some((branch, name)) => (Some(branch.to_owned()), name),
                None => (None, asked),
            };
            if let Some(branch) = &branch {
                self.branch(branch)?;
            }
            return Ok((branch, self.one(name)?.map_or(Found::Base, Found::At)));
        };
        let branch = relative.branch.map(str::to_owned);
        let failed = || RevisionError::relative(relative.number, relative.count());
        if relative.from.is_some() {
            return Ok((branch, self.walk_from_named(&relative)?));
        }
        if relative.steps >= 0 || current.is_empty() {
            return Err(failed());
        }
        let starts = match relative.branch {
            None => current.to_vec(),
            Some(branch) => match self.on_branch(current.to_vec(), branch)? {
                none if none.is_empty() => {
                    let active = self.ancestors(current.to_vec());
                    let tips = active.iter().copied().filter(|index| {
                        !self.nodes[*index].next.iter().any(|next| active.contains(next))
                    });
                    self.on_branch(tips, branch)?
                }
                some => some,
            },
        };
        match (starts.as_slice(), relative.branch) {
            ([one], _) => {
                let from = Found::At(*one);
                let target = self.walk(from, relative.steps, None, true)?.ok_or_else(failed)?;
                // Of what lies above the target, only the line that was walked.
                let branch = branch.unwrap_or_else(|| self.id(*one).to_string());
                Ok((Some(branch), target))
            }
            ([], Some(branch)) => Err(RevisionError::Walk(format!(
                "Relative revision {} didn't produce {} migrations: nothing of the branch '{branch}' \
                 has run",
                relative.number,
                relative.count()
            ))),
            (several, _) => {
                let several: Vec<_> =
                    several.iter().map(|index| self.id(*index).to_string()).collect();
                Err(RevisionError::Walk(format!(
                    "downgrade {} from multiple heads is ambiguous ({}); say which: \
                     '<branchname>@{}'",
                    relative.number,
                    several.join(", "),
                    relative.number
                )))
            }
        }
    }
}
