//! Steps through a graph, and what they do to the table that holds the heads.

use std::{collections::BTreeSet, fmt};

use super::RevisionId;

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards the heads.
    Upgrade,
    /// Towards the bases.
    Downgrade,
    /// Either way, without running anything.
    Stamp,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Stamp => "stamp_revision",
        })
    }
}

/// One change of the table that holds the heads. Exactly one row must be met by each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A head more.
    Insert(RevisionId),
    /// A head less.
    Delete(RevisionId),
    /// A head moves.
    Update {
        /// From there.
        from: RevisionId,
        /// To here.
        to: RevisionId,
    },
}

/// One revision run, up or down, or a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which way.
    pub direction: Direction,
    /// The revision that runs; none for a stamp.
    pub revision: Option<RevisionId>,
    /// Whether a [baseline](super::Baseline) runs instead of it and of all it stands on.
    pub baseline: bool,
    /// What it leaves, without dependencies.
    pub from: Vec<RevisionId>,
    /// What it reaches, without dependencies.
    pub to: Vec<RevisionId>,
    /// The revision's message.
    pub message: String,
    /// What happens to the heads, in this order.
    pub changes: Vec<Change>,
    /// The heads after it.
    pub heads: BTreeSet<RevisionId>,
}

/// The changes that lead from some heads to others.
pub(super) fn changes(old: &BTreeSet<RevisionId>, new: &BTreeSet<RevisionId>) -> Vec<Change> {
    let mut gone: Vec<_> = old.difference(new).cloned().collect();
    let mut come: Vec<_> = new.difference(old).cloned().collect();
    let moved = gone.pop().zip(come.pop());
    // One of the two lists had nothing: what the other one gave up goes back.
    let mut changes = Vec::new();
    match moved {
        Some((from, to)) => {
            changes.extend(gone.into_iter().map(Change::Delete));
            changes.extend(come.into_iter().map(Change::Insert));
            changes.push(Change::Update { from, to });
        }
        None => {
            changes.extend(old.difference(new).cloned().map(Change::Delete));
            changes.extend(new.difference(old).cloned().map(Change::Insert));
        }
    }
    changes
}

impl fmt::Display for Step {
    /// As Alembic logs it: `upgrade a -> b, message`; a base is nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (super::script::comma(&self.from), super::script::comma(&self.to));
        write!(f, "{} {from} -> {to}", self.direction)?;
        if !self.message.is_empty() {
            write!(f, ", {}", self.message)?;
        }
        Ok(())
    }
}
