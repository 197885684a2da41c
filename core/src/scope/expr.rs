//! Expressions: each kind that is known to look at nothing but its parts, and no other.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, Expr, Interval, MemberOf,
    Subscript, TypedString, UnaryOperator,
};

use super::{
    mark::Mark,
    operator,
    walker::{Names, Result, Walker},
};
use crate::Dialect;

impl Walker<'_> {
    pub(super) fn expr(&mut self, expr: &mut Expr, names: &Names) -> Result {
        self.deeper(|walker| walker.expr_here(expr, names))
    }

    fn expr_here(&mut self, expr: &mut Expr, names: &Names) -> Result {
        match expr {
            Expr::Value(_) if matches!(Mark::of(expr), Some(Mark::List(_))) => {
                Err(self.unknown("a list of values outside of IN"))
            }
            Expr::Value(_) => Ok(()),
            Expr::Identifier(column) => {
                self.session_word(column)?;
                self.reserved_word(column)?;
                self.plain_column(column)
            }
            Expr::CompoundIdentifier(parts) => {
                parts.last().map_or(Ok(()), |column| self.plain_column(column))
            }
            Expr::TypedString(TypedString { data_type, value: _, uses_odbc_syntax: _ }) => {
                self.data_type(data_type)?;
                self.place_type(data_type);
                Ok(())
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                // `(o).f` calls the function `f` where there is no such field.
                let dotted = |access: &AccessExpr| matches!(access, AccessExpr::Dot(_));
                if access_chain.iter().any(dotted) {
                    return Err(self.refuse(
                        "a field of a value (`(value).name`)",
                        "the engine calls the function `name` where there is no such field",
                        "select the column by its table's alias: `alias.column`",
                    ));
                }
                self.expr(root, names)?;
                access_chain.iter_mut().try_for_each(|access| match access {
                    AccessExpr::Dot(_) => Ok(()),
                    AccessExpr::Subscript(subscript) => self.subscript(subscript, names),
                })
            }
            Expr::IsFalse(e)
            | Expr::IsNotFalse(e)
            | Expr::IsTrue(e)
            | Expr::IsNotTrue(e)
            | Expr::IsNull(e)
            | Expr::IsNotNull(e)
            | Expr::IsUnknown(e)
            | Expr::IsNotUnknown(e)
            | Expr::Nested(e)
            | Expr::IsNormalized { expr: e, form: _, negated: _ }
            | Expr::IsJson { expr: e, kind: _, unique_keys: _, negated: _ }
            | Expr::Extract { field: _, syntax: _, expr: e } => self.expr(e, names),
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => self.pair(a, b, names),
            Expr::InList { expr, list, negated: _ } => {
                self.expr(expr, names)?;
                match list.as_slice() {
                    [only] if matches!(Mark::of(only), Some(Mark::List(_))) => Ok(()),
                    _ => self.exprs(list, names),
                }
            }
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.expr(expr, names)?;
                self.within("IN (SELECT …)", |walker| walker.query(subquery, names))
            }
            Expr::Exists { subquery, negated: _ } => {
                self.within("EXISTS", |walker| walker.query(subquery, names))
            }
            Expr::Subquery(query) => {
                self.within("a sub-query", |walker| walker.query(query, names))
            }
            Expr::Between { expr, negated: _, low, high } => {
                self.expr(expr, names)?;
                self.pair(low, high, names)
            }
            Expr::BinaryOp { .. } => self.chain(expr, names),
            Expr::AnyOp { left, compare_op, right, is_some: _ }
            | Expr::AllOp { left, compare_op, right } => {
                self.operator(compare_op)?;
                self.pair(left, right, names)
            }
            Expr::UnaryOp { op, expr } => {
                if *op != UnaryOperator::Not {
                    part_signs(expr);
                }
                self.expr(expr, names)
            }
            Expr::Like { negated: _, any: _, expr, pattern, escape_char }
            | Expr::ILike { negated: _, any: _, expr, pattern, escape_char }
            | Expr::SimilarTo { negated: _, expr, pattern, escape_char } => {
                self.pair(expr, pattern, names)?;
                escape_char.iter_mut().try_for_each(|escape| self.expr(escape, names))
            }
            Expr::RLike { negated: _, expr, pattern, regexp: _ } => self.pair(expr, pattern, names),
            Expr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type,
                format: None,
            } => {
                self.data_type(data_type)?;
                self.place_type(data_type);
                self.expr(expr, names)
            }
            Expr::Convert {
                is_try: false,
                expr,
                data_type,
                charset: _,
                target_before_value: false,
                styles,
            } => {
                data_type.iter().try_for_each(|data_type| self.data_type(data_type))?;
                self.exprs(styles, names)?;
                self.expr(expr, names)
            }
            Expr::MemberOf(MemberOf { value, array }) => self.pair(value, array, names),
            Expr::AtTimeZone { timestamp: a, time_zone: b }
            | Expr::Position { expr: a, r#in: b } => self.pair(a, b, names),
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => match field {
                CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => self.expr(expr, names),
            },
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.expr(expr, names)?;
                let mut parts = substring_from.iter_mut().chain(substring_for);
                parts.try_for_each(|part| self.expr(part, names))
            }
            Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
                self.expr(expr, names)?;
                trim_what.iter_mut().try_for_each(|what| self.expr(what, names))?;
                trim_characters.iter_mut().try_for_each(|list| self.exprs(list, names))
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.pair(expr, overlay_what, names)?;
                self.expr(overlay_from, names)?;
                overlay_for.iter_mut().try_for_each(|part| self.expr(part, names))
            }
            Expr::Collate { expr, collation: _ } => self.expr(expr, names),
            Expr::Function(function) => self.function(function, names),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                operand.iter_mut().try_for_each(|operand| self.expr(operand, names))?;
                for CaseWhen { condition, result } in conditions {
                    self.pair(condition, result, names)?;
                }
                else_result.iter_mut().try_for_each(|result| self.expr(result, names))
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter_mut().try_for_each(|set| self.exprs(set, names))
            }
            Expr::Tuple(list) => self.exprs(list, names),
            Expr::Array(Array { elem, named: _ }) => self.exprs(elem, names),
            // PostgreSQL has texts there and nothing else; what the parser reads as more of it, a
            // printer puts elsewhere.
            Expr::Interval(Interval { value, .. })
                if self.dialect != Dialect::MySql && !matches!(**value, Expr::Value(_)) =>
            {
                Err(self.refuse(
                    "INTERVAL before something else than a text",
                    "only MySQL computes the number of an interval",
                    "multiply: `n * INTERVAL '1 day'`",
                ))
            }
            Expr::Interval(Interval {
                value,
                leading_field: _,
                leading_precision: _,
                last_field: _,
                fractional_seconds_precision: _,
            }) => self.expr(value, names),
            Expr::MatchAgainst { .. } => Err(self.refuse(
                "MATCH … AGAINST",
                "its scores, and which rows score at all, depend on the rows of all tenants",
                "use LIKE or a search engine with an index for each tenant",
            )),
            other => {
                let kind = format!("{other:?}");
                let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                Err(self.unknown(format!("an expression of the kind `{kind}`")))
            }
        }
    }

    /// Walks `a AND b AND c …` without going deeper for each link, as query builders write long
    /// chains of conditions.
    fn chain(&mut self, mut expr: &mut Expr, names: &Names) -> Result {
        while let Expr::BinaryOp { left, op, right } = expr {
            self.operator(op)?;
            self.expr(right, names)?;
            expr = left;
        }
        self.expr(expr, names)
    }

    fn pair(&mut self, left: &mut Expr, right: &mut Expr, names: &Names) -> Result {
        self.expr(left, names)?;
        self.expr(right, names)
    }

    fn subscript(&mut self, subscript: &mut Subscript, names: &Names) -> Result {
        match subscript {
            Subscript::Index { index } => self.expr(index, names),
            Subscript::Slice { lower_bound, upper_bound, stride } => {
                let mut bounds = lower_bound.iter_mut().chain(upper_bound).chain(stride);
                bounds.try_for_each(|bound| self.expr(bound, names))
            }
        }
    }

    fn operator(&self, op: &BinaryOperator) -> Result {
        if operator::known(op) { Ok(()) } else { Err(self.unknown(format!("the operator `{op}`"))) }
    }
}

/// Puts a signed operand in parentheses: `- -1` would be printed as `--1`, a comment, and `@ -1` as
/// `@-1`, another operator.
fn part_signs(mut operand: &mut Expr) {
    while let Expr::BinaryOp { left, .. } = operand {
        operand = left;
    }
    if matches!(operand, Expr::UnaryOp { op, .. } if *op != UnaryOperator::Not) {
        let signed = std::mem::replace(operand, Expr::Tuple(Vec::new()));
        *operand = Expr::Nested(Box::new(signed));
    }
}
