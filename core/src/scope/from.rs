//! FROM: where the tenant predicate of each table reference has to stand.
//!
//! For the tables of inner joins it is WHERE. A table on the nullable side of an outer join is
//! filtered before the join: in ON where the join has one, else by a sub-query in its place.

use sqlparser::ast::{Expr, Ident, Join, JoinConstraint, JoinOperator, TableWithJoins};

use super::{
    Action,
    walker::{Names, Result, Walker, guard},
};
use crate::{Dialect, catalog::Entity};

/// What a list of tables came to.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// Predicates that belong in WHERE.
    pub(super) predicates: Vec<Expr>,
    /// What the list calls each thing in it.
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether a table was replaced by a sub-query.
    pub(super) derived: bool,
}

/// One thing in FROM, under the name the statement calls it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) alias: Ident,
    /// The entity, if it is a table.
    pub(super) entity: Option<&'a Entity>,
}

/// Where the predicate of a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Where,
    On,
    Subquery,
}

impl<'a> Walker<'a> {
    pub(super) fn table_list(
        &mut self,
        list: &mut [TableWithJoins],
        names: &Names,
    ) -> Result<Found<'a>> {
        let mut found = Found::default();
        // SQLite's comma is a join like any other: a RIGHT or FULL join after it keeps rows that
        // lack what stands before the comma.
        let last = list.iter().rposition(|tables| tables.joins.iter().any(keeps_right));
        let outer = last.filter(|_| self.dialect == Dialect::Sqlite).unwrap_or(0);
        for (position, tables) in list.iter_mut().enumerate() {
            self.joined(tables, names, position < outer, &mut found)?;
        }
        Ok(found)
    }

    /// Walks one chain of joins. In a nested chain every table is filtered by a sub-query, since
    /// nothing is known there of the joins around it.
    pub(super) fn joined(
        &mut self,
        tables: &mut TableWithJoins,
        names: &Names,
        nested: bool,
        found: &mut Found<'a>,
    ) -> Result {
        let TableWithJoins { relation, joins } = tables;
        let places =
            if nested { vec![Place::Subquery; joins.len() + 1] } else { self.places(joins)? };
        let mut places = places.into_iter();
        let mut next = move || places.next().unwrap_or(Place::Subquery);
        let first = self.table_factor(relation, names, next(), found)?;
        found.predicates.extend(first);
        for Join { relation, global: _, join_operator } in joins {
            let place = next();
            let predicate = self.table_factor(relation, names, place, found)?;
            if let Some(JoinConstraint::On(condition)) = constraint(join_operator) {
                self.within("ON", |walker| walker.expr(condition, names))?;
            }
            match (predicate, place, constraint(join_operator)) {
                (Some(predicate), Place::On, Some(JoinConstraint::On(condition))) => {
                    let old = std::mem::replace(condition, Expr::Tuple(Vec::new()));
                    if let Some(new) = guard(Some(old), vec![predicate]) {
                        *condition = new;
                    }
                }
                (predicate, ..) => found.predicates.extend(predicate),
            }
        }
        Ok(())
    }

    fn places(&self, joins: &mut [Join]) -> Result<Vec<Place>> {
        let mut places = vec![Place::Where];
        for Join { relation: _, global, join_operator } in joins {
            if *global {
                return Err(self.unknown("a GLOBAL join"));
            }
            let has_on = matches!(constraint(join_operator), Some(JoinConstraint::On(_)));
            let place = match join_operator {
                JoinOperator::Join(_)
                | JoinOperator::Inner(_)
                | JoinOperator::CrossJoin(_)
                | JoinOperator::StraightJoin(_) => Place::Where,
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) if has_on => Place::On,
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => Place::Subquery,
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) => {
                    filter_before(&mut places);
                    Place::Where
                }
                JoinOperator::FullOuter(_) => {
                    filter_before(&mut places);
                    Place::Subquery
                }
                other => return Err(self.unknown(format!("the join `{}`", word(other)))),
            };
            places.push(place);
        }
        Ok(places)
    }
}

/// What stands on the left of a RIGHT or FULL join may be missing from a row of the result, so it
/// cannot be filtered in WHERE.
fn filter_before(places: &mut [Place]) {
    for place in places.iter_mut().filter(|place| **place == Place::Where) {
        *place = Place::Subquery;
    }
}

/// Whether a join keeps the rows on its right that have none on their left.
fn keeps_right(join: &Join) -> bool {
    matches!(
        join.join_operator,
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_)
    )
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::StraightJoin(constraint) => Some(constraint),
        _ => None,
    }
}

fn word(operator: &JoinOperator) -> String {
    let debug = format!("{operator:?}");
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

impl Place {
    pub(super) fn action(self) -> Action {
        match self {
            Place::Where => Action::FilteredInWhere,
            Place::On => Action::FilteredInOn,
            Place::Subquery => Action::FilteredInSubquery,
        }
    }
}
