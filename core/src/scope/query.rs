//! Queries: common table expressions, set operations, ordering, limits and locks.

use sqlparser::ast::{
    Cte, Expr, LimitClause, LockClause, ObjectName, Offset, OrderBy, OrderByExpr, OrderByKind,
    Query, SetExpr, Values, With,
};

use super::walker::{Names, Result, Walker};
use crate::Dialect;

impl Walker<'_> {
    pub(super) fn query(&mut self, query: &mut Query, outer: &Names) -> Result {
        self.deeper(|walker| walker.query_here(query, outer))
    }

    fn query_here(&mut self, query: &mut Query, outer: &Names) -> Result {
        self.count_query();
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if [for_clause.is_some(), settings.is_some(), format_clause.is_some()].contains(&true) {
            return Err(self.unknown("a FOR, SETTINGS or FORMAT clause of another engine"));
        }
        if !pipe_operators.is_empty() {
            return Err(self.unknown("a pipe operator"));
        }
        let names = match with {
            Some(with) => self.within("WITH", |walker| walker.with(with, outer))?,
            None => outer.clone(),
        };
        let derived = self.set_expr(body, &names)?;
        if derived && !locks.is_empty() && self.dialect == Dialect::MySql {
            return Err(self.refuse(
                "a row lock on a RIGHT, NATURAL or nested join",
                "MySQL does not lock rows through the sub-query that keeps such a join within the tenant",
                "write the join as LEFT or INNER JOIN … ON",
            ));
        }
        if let Some(order_by) = order_by {
            self.within("ORDER BY", |walker| walker.order_by(order_by, &names))?;
        }
        if let Some(limit) = limit_clause {
            self.within("LIMIT", |walker| walker.limit(limit, &names))?;
        }
        if let Some(fetch) = fetch
            && let Some(quantity) = &mut fetch.quantity
        {
            self.within("FETCH", |walker| walker.expr(quantity, &names))?;
        }
        for LockClause { lock_type: _, of, nonblock: _ } in locks {
            if let Some(ObjectName(parts)) = of
                && parts.len() != 1
            {
                return Err(self.unknown("a qualified name in FOR UPDATE OF"));
            }
        }
        Ok(())
    }

    fn with(&mut self, with: &mut With, outer: &Names) -> Result<Names> {
        let With { with_token: _, recursive, cte_tables } = with;
        let mut names = outer.clone();
        let before = self.uses.len();
        for cte in cte_tables {
            let Cte { alias, query, from: None, materialized: _, closing_paren_token: _ } = cte
            else {
                return Err(self.unknown("a common table expression with FROM"));
            };
            self.alias(alias)?;
            let name = &alias.name;
            // The engines disagree about what a recursive name means in its own first arm.
            let shadows = self.catalog.iter().any(|e| e.table.eq_ignore_ascii_case(&name.value));
            if *recursive && shadows {
                return Err(self.refuse(
                    format!("the recursive expression `{}`", name.value),
                    "it has the name of a table, and it would not be certain which of the two is read",
                    "give it another name",
                ));
            }
            let read_before = self
                .uses
                .iter()
                .skip(before)
                .any(|table| table.table.eq_ignore_ascii_case(&name.value));
            if self.dialect == Dialect::Sqlite && shadows && read_before {
                return Err(self.refuse(
                    format!("the common table expression `{}`", name.value),
                    "it has the name of a table, and SQLite lets the expressions before it read it",
                    "give it another name, or put it first",
                ));
            }
            if *recursive {
                self.absent.push(name.value.clone());
            }
            let seen = names.with(name, self.dialect);
            self.query(query, if *recursive { &seen } else { &names })?;
            names = seen;
        }
        Ok(names)
    }

    /// Walks the body of a query. Tells whether a table was replaced by a sub-query.
    pub(super) fn set_expr(&mut self, body: &mut SetExpr, names: &Names) -> Result<bool> {
        match body {
            SetExpr::Select(select) => self.select(select, names),
            SetExpr::Query(query) => {
                self.query(query, names)?;
                Ok(false)
            }
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => {
                self.deeper(|walker| {
                    let left = walker.set_expr(left, names)?;
                    Ok(walker.set_expr(right, names)? || left)
                })
            }
            SetExpr::Values(values) => {
                self.within("VALUES", |walker| walker.values(values, names))?;
                Ok(false)
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement) => {
                self.statement(statement, names)?;
                Ok(false)
            }
            SetExpr::Merge(_) => Err(self.merge()),
            SetExpr::Table(_) => Err(self.refuse(
                "`TABLE name`",
                "the name is not resolved the way FROM resolves it",
                "write `SELECT * FROM name`",
            )),
        }
    }

    pub(super) fn values(&mut self, values: &mut Values, names: &Names) -> Result {
        let Values { explicit_row: _, value_keyword: _, rows } = values;
        rows.iter_mut().try_for_each(|row| self.exprs(&mut row.content, names))
    }

    fn order_by(&mut self, order_by: &mut OrderBy, names: &Names) -> Result {
        let OrderBy { kind, interpolate } = order_by;
        if interpolate.is_some() {
            return Err(self.unknown("INTERPOLATE"));
        }
        match kind {
            OrderByKind::Expressions(list) => self.order_list(list, names),
            OrderByKind::All(_) => Err(self.unknown("ORDER BY ALL")),
        }
    }

    pub(super) fn order_list(&mut self, list: &mut [OrderByExpr], names: &Names) -> Result {
        for OrderByExpr { expr, options: _, with_fill } in list {
            if with_fill.is_some() {
                return Err(self.unknown("WITH FILL"));
            }
            self.expr(expr, names)?;
        }
        Ok(())
    }

    fn limit(&mut self, limit: &mut LimitClause, names: &Names) -> Result {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                if !limit_by.is_empty() {
                    return Err(self.unknown("LIMIT … BY"));
                }
                let offset = offset.as_mut().map(|Offset { value, rows: _ }| value);
                let mut parts = limit.iter_mut().chain(offset);
                parts.try_for_each(|expr: &mut Expr| self.expr(expr, names))
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                self.expr(offset, names)?;
                self.expr(limit, names)
            }
        }
    }

    pub(super) fn merge(&self) -> super::Refusal {
        self.refuse(
            "MERGE",
            "its branches would each need a guard of their own",
            "write it as INSERT … ON CONFLICT, or as separate statements in a transaction",
        )
    }
}
