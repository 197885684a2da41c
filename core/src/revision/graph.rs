//! The graph of one target's revisions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Baseline, Label, Revision, RevisionId};

/// A revision in its place in the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// The revision.
    pub revision: Revision,
    /// What it comes after.
    pub(super) down: Vec<usize>,
    /// What it depends on, of the same target.
    pub(super) depends: Vec<usize>,
    /// What it comes after, and what it depends on unless something it comes after does already.
    pub(super) normalized: Vec<usize>,
    /// What comes after it.
    pub(super) next: Vec<usize>,
    /// What comes after it or depends on it.
    pub(super) all_next: Vec<usize>,
    /// Names of the branches it is on.
    pub(super) branches: BTreeSet<Label>,
    /// Revisions of the shared target that must have run.
    pub(super) requires: Vec<RevisionId>,
}

/// The revisions of one target, each in its place. Made by [`History`](super::History), which checks
/// them; in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) by_id: BTreeMap<RevisionId, usize>,
    /// Where each branch label stands.
    pub(super) by_label: BTreeMap<Label, usize>,
    pub(super) baselines: Vec<Baseline>,
}

/// A set of revisions.
pub(super) type Set = BTreeSet<usize>;

impl Graph {
    /// Whether there are no revisions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The revisions, in the order of their files.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The revision of that name.
    #[must_use]
    pub fn get(&self, id: &RevisionId) -> Option<&Node> {
        self.by_id.get(id).map(|index| &self.nodes[*index])
    }

    /// The revisions nothing comes after.
    #[must_use]
    pub fn heads(&self) -> Vec<&Node> {
        self.nodes.iter().filter(|node| node.is_head()).collect()
    }

    /// What a database that is up to date has in its table: the heads nothing depends on.
    #[must_use]
    pub fn target_heads(&self) -> BTreeSet<RevisionId> {
        let heads = self.nodes.iter().filter(|node| node.is_real_head());
        heads.map(|node| node.revision.id.clone()).collect()
    }

    pub(super) fn id(&self, index: usize) -> &RevisionId {
        &self.nodes[index].revision.id
    }

    pub(super) fn ids<'a>(&self, of: impl IntoIterator<Item = &'a usize>) -> Vec<RevisionId> {
        of.into_iter().map(|index| self.id(*index).clone()).collect()
    }

    pub(super) fn head_indexes(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].is_head()).collect()
    }

    pub(super) fn real_head_indexes(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].is_real_head()).collect()
    }

    pub(super) fn base_indexes(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].down.is_empty()).collect()
    }

    /// All that can be reached, the beginnings included.
    pub(super) fn reach<'a, 'b>(
        &'a self,
        from: impl IntoIterator<Item = usize>,
        along: impl Fn(&'a Node) -> &'b [usize],
    ) -> Set
    where
        'a: 'b,
    {
        let mut seen = Set::new();
        let mut todo: Vec<_> = from.into_iter().collect();
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend(along(&self.nodes[index]));
            }
        }
        seen
    }

    /// What must have run for these to have run, and these.
    pub(super) fn ancestors(&self, of: impl IntoIterator<Item = usize>) -> Set {
        self.reach(of, |node| &node.normalized)
    }

    /// The same, along what they come after only.
    pub(super) fn line_down(&self, of: impl IntoIterator<Item = usize>) -> Set {
        self.reach(of, |node| &node.down)
    }

    /// What cannot stand without these, and these.
    pub(super) fn descendants(&self, of: impl IntoIterator<Item = usize>) -> Set {
        self.reach(of, |node| &node.all_next)
    }

    /// The same, along what comes after only.
    pub(super) fn line_up(&self, of: impl IntoIterator<Item = usize>) -> Set {
        self.reach(of, |node| &node.next)
    }

    /// Whether one lies above or below the other on the same line, or they are the same.
    pub(super) fn shares_line(&self, one: usize, other: usize) -> bool {
        self.line_up([one]).contains(&other) || self.line_down([one]).contains(&other)
    }

    /// The same, where dependencies count as a line too.
    pub(super) fn related(&self, one: usize, other: usize) -> bool {
        self.descendants([one]).contains(&other) || self.ancestors([one]).contains(&other)
    }
}

impl Node {
    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.next.is_empty()
    }

    /// Whether nothing comes after it or depends on it.
    #[must_use]
    pub fn is_real_head(&self) -> bool {
        self.all_next.is_empty()
    }

    /// Whether several come after it.
    #[must_use]
    pub fn is_branch_point(&self) -> bool {
        self.next.len() > 1
    }

    /// Whether it comes after several.
    #[must_use]
    pub fn is_merge_point(&self) -> bool {
        self.down.len() > 1
    }

    /// The names of the branches it is on.
    pub fn branches(&self) -> impl Iterator<Item = &Label> {
        self.branches.iter()
    }

    /// The revisions of the shared target that must have run before it.
    #[must_use]
    pub fn requires(&self) -> &[RevisionId] {
        &self.requires
    }
}
