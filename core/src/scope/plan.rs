//! What the scoper makes of a statement: text and values that can be run for any tenant.

use std::{borrow::Cow, fmt};

use super::{Action, TableUse, explain::Explanation, render::Piece};
use crate::{Dialect, catalog::KeyKind};

/// A statement made safe, ready to be run for any tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) body: Body,
    pub(super) checks: Cow<'static, [Check]>,
    /// How many values and lists of values the statement has places for.
    pub(super) slots: usize,
    /// Which of the slots are lists of any length, in ascending order.
    pub(super) lists: Cow<'static, [usize]>,
    pub(super) uses: Cow<'static, [TableUse]>,
    /// Names that were no tables'. If one was, the statement would have been refused.
    pub(super) absent: Cow<'static, [Cow<'static, str>]>,
}

/// The text of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The same at each call.
    Fixed {
        /// The text to run.
        sql: Cow<'static, str>,
        /// The values to bind, in order.
        binds: Cow<'static, [Bind]>,
    },
    /// Put together at each call, since it names the tenant's place or holds a list.
    Pieces(Dialect, Cow<'static, [Piece]>),
}

/// A value a plan binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bind {
    /// The n-th value that came with the statement, from 0.
    Given(usize),
    /// The tenant's id, as its column's type wants it.
    Tenant(KeyKind),
}

/// A value somebody gave for a tenant column. It must be the tenant's own, or NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What to look at.
    pub value: Checked,
    /// Type of the tenant column.
    pub kind: KeyKind,
    /// Whether NULL stands for "fill it in".
    pub null_allowed: bool,
    /// The table, for messages.
    pub table: Cow<'static, str>,
    /// The tenant column, for messages.
    pub column: Cow<'static, str>,
}

/// Where the value of a [`Check`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The n-th value that came with the statement, from 0.
    Given(usize),
    /// This text or number, written into the statement.
    Literal(Cow<'static, str>),
}

/// A plan put together for one call: the text to run, and what to bind to it in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready<'p> {
    /// The text to run.
    pub sql: Cow<'p, str>,
    /// The values to bind, in order.
    pub binds: Cow<'p, [Bind]>,
}

/// Whose tables a statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The tenant's, or none at all.
    Tenant,
    /// Only such as all tenants share.
    Shared,
    /// Both.
    Both,
}

impl Plan {
    /// Whose tables the statement names, for those who keep them in different databases.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let shared = |table: &&TableUse| table.action == Action::Shared;
        match self.uses.iter().filter(shared).count() {
            0 => Reach::Tenant,
            n if n == self.uses.len() => Reach::Shared,
            _ => Reach::Both,
        }
    }

    /// What must hold of the values before the plan is run. The numbers in it are those of
    /// [`value`](Self::value).
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Whether it stands for statements with lists of any length.
    pub(super) fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Each table reference and what was done about it.
    #[must_use]
    pub fn uses(&self) -> &[TableUse] {
        &self.uses
    }

    /// How many values must come with the statement, if its lists have these lengths.
    #[must_use]
    pub fn given(&self, lengths: &[usize]) -> usize {
        self.value(self.slots, lengths)
    }

    /// Where the value of a slot stands among the values that came with the statement: every list
    /// before it shifts it.
    #[must_use]
    pub fn value(&self, slot: usize, lengths: &[usize]) -> usize {
        let before = self.lists.iter().zip(lengths).filter(|(list, _)| **list < slot);
        before.fold(slot, |value, (_, length)| value + length - 1)
    }

    /// Puts the text together for a tenant whose tables are at `place`, with lists of these
    /// lengths. `None` if the plan names the tenant's place and there is none, or if the lengths
    /// are not one for each list.
    #[must_use]
    pub fn ready(&self, place: Option<&str>, lengths: &[usize]) -> Option<Ready<'_>> {
        if self.lists.len() != lengths.len() || lengths.contains(&0) {
            return None;
        }
        match &self.body {
            Body::Fixed { sql, binds } => {
                Some(Ready { sql: Cow::Borrowed(sql), binds: Cow::Borrowed(binds) })
            }
            Body::Pieces(dialect, pieces) => {
                let (sql, binds) = super::render::assemble(*dialect, pieces, place, &|slot| {
                    let start = self.value(slot, lengths);
                    let list = self.lists.iter().position(|list| *list == slot);
                    let length = list.and_then(|list| lengths.get(list)).copied().unwrap_or(1);
                    start..start + length
                })?;
                Some(Ready { sql: Cow::Owned(sql), binds: Cow::Owned(binds) })
            }
        }
    }

    /// The text with each list one value long, and `place` for a tenant's schema, database or
    /// prefix. To look at; [`ready`](Self::ready) is what runs.
    #[must_use]
    pub fn text(&self, place: &str) -> String {
        let lengths = vec![1; self.lists.len()];
        self.ready(Some(place), &lengths).map(|ready| ready.sql.into_owned()).unwrap_or_default()
    }

    /// What was done to each table reference, and why, to be printed.
    #[must_use]
    pub fn explain(&self) -> Explanation<'_> {
        Explanation::new(self)
    }

    /// The memory it holds, in bytes, about.
    pub(super) fn weight(&self) -> usize {
        let (text, values) = match &self.body {
            Body::Fixed { sql, binds } => (sql.len(), size_of_val(&**binds)),
            Body::Pieces(_, pieces) => {
                (pieces.iter().map(|piece| piece.text().len()).sum(), size_of_val(&**pieces))
            }
        };
        let names = self.uses.iter().flat_map(|table| [table.table.len(), table.alias.len()]);
        let lists = [size_of_val(&*self.uses), size_of_val(&*self.checks), size_of::<Plan>()];
        [text, values].into_iter().chain(lists).chain(names).sum()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}
