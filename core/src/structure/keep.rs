//! What entities cannot say stays as it is.

use std::collections::BTreeMap;

use super::{ConstraintKind, Structure};

impl Structure {
    /// What entities want, and beside it what is there and entities cannot say: functions, sequences,
    /// views, checks, exclusions, indexes with expressions or conditions, rights, and triggers of tables
    /// that both have. Without this a revision made from entities would take away what was written by
    /// hand.
    ///
    /// Keys and indexes that are there under other names keep them: entities do not choose these. Policies
    /// are kept for tables whose row security the entities do not ask for.
    #[must_use]
    pub fn keeping(mut self, there: &Structure) -> Self {
        let add = |mine: &mut BTreeMap<String, String>, theirs: &BTreeMap<String, String>| {
            for (name, it) in theirs {
                mine.entry(name.clone()).or_insert_with(|| it.clone());
            }
        };
        add(&mut self.functions, &there.functions);
        add(&mut self.sequences, &there.sequences);
        for (name, view) in &there.views {
            self.views.entry(name.clone()).or_insert_with(|| view.clone());
        }
        for (name, table) in &mut self.tables {
            let Some(before) = there.tables.get(name) else { continue };
            adopt(&mut table.constraints, &before.constraints, |one, other| {
                one.kind == other.kind
                    && one.columns == other.columns
                    && one.references == other.references
                    && one.definition == other.definition
            });
            adopt(&mut table.indexes, &before.indexes, PartialEq::eq);
            add(&mut table.triggers, &before.triggers);
            for (name, it) in &before.constraints {
                if matches!(it.kind, ConstraintKind::Check | ConstraintKind::Exclude) {
                    table.constraints.entry(name.clone()).or_insert_with(|| it.clone());
                }
            }
            for (name, it) in &before.indexes {
                let special = it.columns.is_empty()
                    || it.definition.contains(" WHERE ")
                    || it.definition.matches('(').count() > 1;
                if special {
                    table.indexes.entry(name.clone()).or_insert_with(|| it.clone());
                }
            }
            if table.grants.is_empty() {
                table.grants.clone_from(&before.grants);
            }
            if !table.row_security {
                table.row_security = before.row_security;
                table.forced = before.forced;
                table.policies.clone_from(&before.policies);
            }
        }
        self
    }
}

/// Gives what is wanted the names that the same has already.
fn adopt<T: Clone>(
    wanted: &mut BTreeMap<String, T>,
    there: &BTreeMap<String, T>,
    same: impl Fn(&T, &T) -> bool,
) {
    for (name, it) in there {
        if wanted.contains_key(name) {
            continue;
        }
        let found =
            wanted.iter().find(|(other, mine)| !there.contains_key(*other) && same(mine, it));
        if let Some(other) = found.map(|(other, _)| other.clone()) {
            wanted.remove(&other);
            wanted.insert(name.clone(), it.clone());
        }
    }
}
