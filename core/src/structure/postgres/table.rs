//! Tables that are made, dropped or altered.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        Change, ConstraintKind, Policy, Table,
        compare::{Compared, compare},
        sql::{self, in_order, mentions},
    },
    HERE, column, part,
};

/// The table with its keys, checks and indexes; foreign keys and what watches over it come later.
fn make(name: &str, table: &Table) -> Vec<String> {
    let mut lines: Vec<String> = in_order(table)
        .into_iter()
        .map(|(name, it)| column::define(name, it, it.not_null))
        .collect();
    for (name, it) in &table.constraints {
        if it.kind != ConstraintKind::Foreign {
            lines.push(sql::constraint(HERE, name, it));
        }
    }
    let options = table.options.as_deref().unwrap_or_default();
    let (unlogged, rest) = match options.strip_prefix("UNLOGGED") {
        Some(rest) => ("UNLOGGED ", rest.trim()),
        None => ("", options),
    };
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    let body = lines.join(",\n    ");
    let mut up = vec![format!("CREATE {unlogged}TABLE {} (\n    {body}\n){rest}", HERE.name(name))];
    up.extend(table.indexes.iter().map(|(index, it)| part::index_sql(name, index, it)));
    for (column, it) in in_order(table) {
        let column = format!("{}.{}", HERE.name(name), HERE.name(column));
        up.extend(part::comment("COLUMN", &column, None, it.comment.as_deref()));
    }
    up
}

pub(super) fn create(name: &str, table: &Table) -> Change {
    let drop = format!("DROP TABLE {}", HERE.name(name));
    Change::new(format!("Makes the table {name}."), make(name, table), [drop])
}

/// Drops a table whose foreign keys are gone already.
pub(super) fn drop(name: &str, table: &Table) -> Change {
    let mut change = create(name, table).reversed(format!("Drops the table {name}."));
    for guard in part::guards_of_new(name, table) {
        change.down.extend(guard.up);
    }
    change.losing(format!("All rows of {name} go."))
}

/// A table that is there and becomes another.
pub(super) struct Altered<'a> {
    pub(super) name: &'a str,
    before: &'a Table,
    after: &'a Table,
    /// Columns that go, or are made again.
    gone: BTreeSet<&'a str>,
    /// Columns whose type is another.
    retyped: BTreeSet<&'a str>,
    renamed_constraints: Vec<(&'a str, &'a str)>,
    renamed_indexes: Vec<(&'a str, &'a str)>,
}

/// Those that are the same under another name.
fn renamed<'a, T: PartialEq>(compared: &mut Compared<'a, T>) -> Vec<(&'a str, &'a str)> {
    let mut renamed = Vec::new();
    compared.removed.retain(|(old, before)| {
        let Some(at) = compared.added.iter().position(|(_, after)| after == before) else {
            return true;
        };
        renamed.push((*old, compared.added.remove(at).0));
        false
    });
    renamed
}

impl<'a> Altered<'a> {
    pub(super) fn of(name: &'a str, before: &'a Table, after: &'a Table) -> Self {
        let columns = compare(&before.columns, &after.columns);
        let mut gone: BTreeSet<&str> = columns.removed.iter().map(|(name, _)| *name).collect();
        let mut retyped = BTreeSet::new();
        for (name, before, after) in &columns.changed {
            if column::is_replaced(before, after) {
                gone.insert(name);
            } else if column::is_retyped(before, after) {
                retyped.insert(*name);
            }
        }
        let renamed_constraints = renamed(&mut compare(&before.constraints, &after.constraints));
        let renamed_indexes = renamed(&mut compare(&before.indexes, &after.indexes));
        Self { name, before, after, gone, retyped, renamed_constraints, renamed_indexes }
    }

    pub(super) fn disturbs_views(&self) -> bool {
        !self.gone.is_empty() || !self.retyped.is_empty()
    }

    /// Names in `before` that must go, and names in `after` that must come: what is new, gone or
    /// different, and what stands on a column that is made again.
    fn moving<T: PartialEq>(
        &self,
        before: &'a BTreeMap<String, T>,
        after: &'a BTreeMap<String, T>,
        renamed: &[(&str, &str)],
        stands_in_the_way: impl Fn(&T) -> bool,
    ) -> (Vec<&'a str>, Vec<&'a str>) {
        let same = |name: &str, it: &T| after.get(name) == Some(it) && !stands_in_the_way(it);
        let is_old = |name: &str| renamed.iter().any(|(old, _)| *old == name);
        let is_new = |name: &str| renamed.iter().any(|(_, new)| *new == name);
        let go = before
            .iter()
            .filter(|(name, it)| !same(name, it) && !is_old(name))
            .map(|(name, _)| name.as_str());
        let come = after
            .iter()
            .filter(|(name, it)| {
                let stays = before.get(*name) == Some(*it) && !stands_in_the_way(it);
                !(stays || is_new(name))
            })
            .map(|(name, _)| name.as_str());
        (go.collect(), come.collect())
    }

    fn stands_on(&self, columns: &[String]) -> bool {
        columns.iter().any(|column| self.gone.contains(column.as_str()))
    }

    fn on_moved(&self, text: &str) -> bool {
        self.gone.iter().chain(&self.retyped).any(|column| mentions(text, column))
    }

    fn constraints(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let (before, after) = (&self.before.constraints, &self.after.constraints);
        self.moving(before, after, &self.renamed_constraints, |it| {
            self.stands_on(&it.columns)
                || (it.kind != ConstraintKind::Foreign
                    && self.gone.iter().any(|column| mentions(&it.definition, column)))
        })
    }

    fn indexes(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let (before, after) = (&self.before.indexes, &self.after.indexes);
        self.moving(before, after, &self.renamed_indexes, |it| {
            self.stands_on(&it.columns)
                || self.gone.iter().any(|column| mentions(&it.definition, column))
        })
    }

    fn policies(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let text = |it: &Policy| {
            format!("{} {}", it.using.as_deref().unwrap_or(""), it.check.as_deref().unwrap_or(""))
        };
        self.moving(&self.before.policies, &self.after.policies, &[], |it| self.on_moved(&text(it)))
    }

    fn triggers(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let (before, after) = (&self.before.triggers, &self.after.triggers);
        self.moving(before, after, &[], |it| self.on_moved(it))
    }

    /// Takes away what is gone or different, or stands in the way of the columns' changes.
    pub(super) fn parts_dropped(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let undo = |change: Change| {
            let sentence = change.sentence.replacen("Adds", "Drops", 1);
            change.reversed(sentence)
        };
        for name in self.triggers().0 {
            changes.push(undo(part::trigger(self.name, name, &self.before.triggers[name])));
        }
        for name in self.policies().0 {
            let change = undo(part::policy(self.name, name, &self.before.policies[name]));
            let gone = !self.after.policies.contains_key(name);
            changes.push(if gone {
                change.losing(format!("Rows of {} lose a protection.", self.name))
            } else {
                change
            });
        }
        let (gone, _) = self.constraints();
        let (keys, others): (Vec<&str>, Vec<&str>) = gone
            .into_iter()
            .partition(|name| self.before.constraints[*name].kind == ConstraintKind::Foreign);
        for name in keys.into_iter().chain(others) {
            let it = &self.before.constraints[name];
            let change = undo(part::add_constraint(self.name, name, it));
            changes.push(self.part_of_drop(change, &it.columns));
        }
        for name in self.indexes().0 {
            let it = &self.before.indexes[name];
            let change = undo(part::add_index(self.name, name, it));
            changes.push(self.part_of_drop(change, &it.columns));
        }
        let table = HERE.name(self.name);
        for (old, new) in &self.renamed_constraints {
            let way = |from: &str, to: &str| {
                let (from, to) = (HERE.name(from), HERE.name(to));
                [format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}")]
            };
            let sentence = format!("Renames the constraint {old} of {} to {new}.", self.name);
            changes.push(Change::new(sentence, way(old, new), way(new, old)));
        }
        for (old, new) in &self.renamed_indexes {
            let way = |from: &str, to: &str| {
                [format!("ALTER INDEX {} RENAME TO {}", HERE.name(from), HERE.name(to))]
            };
            let sentence = format!("Renames the index {old} of {} to {new}.", self.name);
            changes.push(Change::new(sentence, way(old, new), way(new, old)));
        }
        changes
    }

    /// What goes with a column that goes is decided together with it.
    fn part_of_drop(&self, change: Change, columns: &[String]) -> Change {
        let with = columns.iter().find(|column| !self.after.columns.contains_key(*column));
        match with {
            Some(column) => {
                change.losing(format!("Part of dropping the column {}.{column}.", self.name))
            }
            None => change,
        }
    }

    pub(super) fn columns(&self) -> Vec<Change> {
        let compared = compare(&self.before.columns, &self.after.columns);
        let mut changes = Vec::new();
        let mut added = compared.added;
        added.sort_by_key(|(_, column)| column.position.0);
        for (name, it) in added {
            changes.push(column::add(self.name, name, it));
        }
        for (name, before, after) in compared.changed {
            changes.extend(column::alter(self.name, name, before, after));
        }
        for (name, it) in compared.removed {
            changes.push(column::drop(self.name, name, it));
        }
        if self.before.options != self.after.options {
            changes.push(self.options());
        }
        changes
    }

    fn options(&self) -> Change {
        let way = |to: &Option<String>| {
            let way = if to.is_some() { "UNLOGGED" } else { "LOGGED" };
            [format!("ALTER TABLE {} SET {way}", HERE.name(self.name))]
        };
        let (before, after) = (&self.before.options, &self.after.options);
        let plain = |it: &Option<String>| it.as_deref().is_none_or(|it| it == "UNLOGGED");
        if plain(before) && plain(after) {
            return Change::new(
                format!("Changes whether {} is logged.", self.name),
                way(after),
                way(before),
            );
        }
        Change::new(
            format!(
                "BY HAND: the table {} is {before:?} and should be {after:?}, for which there is no \
                 statement.",
                self.name
            ),
            [],
            [],
        )
    }

    /// Keys, checks and indexes that come.
    pub(super) fn parts_added(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let (_, come) = self.constraints();
        for name in come {
            let it = &self.after.constraints[name];
            if it.kind != ConstraintKind::Foreign {
                changes.push(part::add_constraint(self.name, name, it));
            }
        }
        for name in self.indexes().1 {
            changes.push(part::add_index(self.name, name, &self.after.indexes[name]));
        }
        changes
    }

    pub(super) fn foreign_keys_added(&self) -> Vec<Change> {
        let (_, come) = self.constraints();
        come.into_iter()
            .map(|name| (name, &self.after.constraints[name]))
            .filter(|(_, it)| it.kind == ConstraintKind::Foreign)
            .map(|(name, it)| part::add_constraint(self.name, name, it))
            .collect()
    }

    /// What watches over the table.
    pub(super) fn guards(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for name in self.policies().1 {
            changes.push(part::policy(self.name, name, &self.after.policies[name]));
        }
        changes.extend(part::row_security(self.name, self.before, self.after));
        for name in self.triggers().1 {
            changes.push(part::trigger(self.name, name, &self.after.triggers[name]));
        }
        changes.extend(part::rights(self.name, self.before, self.after));
        changes
    }
}
