//! Revisions by what people type.

use super::{Graph, Label, RevisionError, RevisionId};

/// A relative name: `billing@ae10+2`, each part but the number optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relative<'a> {
    pub(super) branch: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    /// The number with its sign, as it was written.
    pub(super) number: &'a str,
    pub(super) steps: i64,
}

impl<'a> Relative<'a> {
    pub(super) fn parse(asked: &'a str) -> Option<Self> {
        let (branch, rest) = match asked.split_once('@') {
            Some((branch, rest)) => (Some(branch).filter(|branch| !branch.is_empty()), rest),
            None => (None, asked),
        };
        let sign = rest.find(['+', '-'])?;
        let (from, number) = rest.split_at(sign);
        let digits = &number[1..];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let from = Some(from).filter(|from| !from.is_empty());
        Some(Self { branch, from, number, steps: number.parse().ok()? })
    }

    pub(super) fn count(&self) -> u64 {
        self.steps.unsigned_abs()
    }
}

impl Graph {
    /// The revisions a name means: one for an identifier, the beginning of one, or `head`; any number
    /// for `heads`; none for `base`. A branch can stand before each, with an `@`.
    ///
    /// # Errors
    ///
    /// An error if there is no such revision, if there are several, or if it is not on that branch.
    pub fn find(&self, asked: &str) -> Result<Vec<RevisionId>, RevisionError> {
        Ok(self.ids(&self.resolve(asked)?))
    }

    pub(super) fn resolve(&self, asked: &str) -> Result<Vec<usize>, RevisionError> {
        let (branch, name) = match asked.split_once('@') {
            Some((branch, name)) => (Some(branch), name),
            None => (None, asked),
        };
        match (name, branch) {
            ("base", None) => Ok(Vec::new()),
            ("base", Some(branch)) => self.branch(branch).map(|_| Vec::new()),
            ("heads", None) => Ok(self.real_head_indexes()),
            ("heads", Some(branch)) => self.on_branch(self.head_indexes(), branch),
            ("head", branch) => Ok(self.head(branch, asked)?.into_iter().collect()),
            (name, branch) => self.member(name, branch).map(|index| vec![index]),
        }
    }

    /// One revision, or the base.
    pub(super) fn one(&self, asked: &str) -> Result<Option<usize>, RevisionError> {
        let found = self.resolve(asked)?;
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(self.several(asked, several)),
        }
    }

    pub(super) fn several(&self, asked: &str, heads: &[usize]) -> RevisionError {
        let heads = heads.iter().map(|index| self.id(*index).to_string()).collect();
        RevisionError::MultipleHeads { asked: asked.to_owned(), heads }
    }

    fn head(&self, branch: Option<&str>, asked: &str) -> Result<Option<usize>, RevisionError> {
        let heads = match branch {
            Some(branch) => self.on_branch(self.head_indexes(), branch)?,
            None => self.head_indexes(),
        };
        match heads.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(self.several(asked, several)),
        }
    }

    /// The revision a branch goes by: the one with the label, or the one of that name.
    pub(super) fn branch(&self, branch: &str) -> Result<usize, RevisionError> {
        self.ident(branch)
    }

    /// Those of some revisions that lie on the same line as a branch.
    pub(super) fn on_branch(
        &self,
        of: impl IntoIterator<Item = usize>,
        branch: &str,
    ) -> Result<Vec<usize>, RevisionError> {
        let mark = self.branch(branch)?;
        let line = &self.line_up([mark]) | &self.line_down([mark]);
        Ok(of.into_iter().filter(|index| line.contains(index)).collect())
    }

    pub(super) fn member(&self, name: &str, branch: Option<&str>) -> Result<usize, RevisionError> {
        let Some(branch) = branch.filter(|branch| !branch.is_empty()) else {
            return self.ident(name);
        };
        let mark = self.branch(branch)?;
        let index = match self.exact(name) {
            Some(index) => index,
            None => self.beginning(name, Some(mark))?,
        };
        if self.shares_line(index, mark) {
            return Ok(index);
        }
        let why = format!("revision {} is not a member of branch '{branch}'", self.id(index));
        Err(RevisionError::not_found(name, why))
    }

    pub(super) fn ident(&self, name: &str) -> Result<usize, RevisionError> {
        match self.exact(name) {
            Some(index) => Ok(index),
            None => self.beginning(name, None),
        }
    }

    fn exact(&self, name: &str) -> Option<usize> {
        let id = RevisionId::new(name).ok().and_then(|id| self.by_id.get(&id));
        let label = || Label::new(name).ok().and_then(|label| self.by_label.get(&label));
        id.or_else(label).copied()
    }

    /// The one revision whose name, or whose label, begins so. Names of up to three characters are
    /// not found by their beginnings.
    fn beginning(&self, name: &str, mark: Option<usize>) -> Result<usize, RevisionError> {
        let ids = self.by_id.iter().map(|(id, index)| (id.as_str(), *index));
        let labels = self.by_label.iter().map(|(label, index)| (label.as_str(), *index));
        let mut found: Vec<_> = ids
            .chain(labels)
            .filter(|(known, _)| !name.is_empty() && known.len() > 3 && known.starts_with(name))
            .filter(|(_, index)| mark.is_none_or(|mark| self.shares_line(*index, mark)))
            .map(|(_, index)| index)
            .collect();
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let short = name.len() < 4;
                let why = if self.is_empty() {
                    "there are no revisions"
                } else if short {
                    "no revision or branch begins so; names of three characters and less are given in \
                     full"
                } else {
                    "no revision or branch begins so"
                };
                Err(RevisionError::not_found(name, why))
            }
            several => {
                let some: Vec<_> =
                    several.iter().take(3).map(|index| format!("'{}'", self.id(*index))).collect();
                let more = if several.len() > 3 { ", ..." } else { "" };
                let why = format!("several revisions begin so: {}{more}", some.join(", "));
                Err(RevisionError::not_found(name, why))
            }
        }
    }
}
