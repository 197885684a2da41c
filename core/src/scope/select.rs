//! One SELECT: its list, its condition, its groups and windows.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, GroupByWithModifier, NamedWindowDefinition, NamedWindowExpr,
    Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::walker::{Names, Result, Walker, guard};

impl Walker<'_> {
    /// Walks a SELECT. Tells whether a table was replaced by a sub-query.
    pub(super) fn select(&mut self, select: &mut Select, names: &Names) -> Result<bool> {
        self.plain_select(select)?;
        let Select {
            distinct, projection, from, selection, group_by, having, named_window, ..
        } = select;
        let found = self.within("FROM", |walker| walker.table_list(from, names))?;
        if let Some(Distinct::On(list)) = distinct {
            self.within("DISTINCT ON", |walker| walker.exprs(list, names))?;
        }
        self.within("the select list", |walker| walker.select_list(projection, names))?;
        if let Some(condition) = selection {
            self.within("WHERE", |walker| walker.expr(condition, names))?;
        }
        self.within("GROUP BY", |walker| walker.group_by(group_by, names))?;
        if let Some(condition) = having {
            self.within("HAVING", |walker| walker.expr(condition, names))?;
        }
        self.within("WINDOW", |walker| walker.named_windows(named_window, names))?;
        *selection = guard(selection.take(), found.predicates);
        Ok(found.derived)
    }

    /// Refuses the clauses of a SELECT that no engine of ours has, or that are not safe.
    fn plain_select(&self, select: &Select) -> Result {
        // Every field is named, so that a new one in the parser does not compile unseen.
        let Select {
            select_token: _,
            optimizer_hints,
            distinct: _,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection: _,
            exclude,
            into,
            from: _,
            lateral_views,
            prewhere,
            selection: _,
            connect_by,
            group_by: _,
            cluster_by,
            distribute_by,
            sort_by,
            having: _,
            named_window: _,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(self.refuse(
                "SELECT … INTO",
                "it writes a table or a file outside the tenant",
                "read the rows, and insert them through the tenant's connection",
            ));
        }
        if !optimizer_hints.is_empty() {
            return Err(self.refuse(
                "a SELECT hint",
                "some change the settings of the session",
                "leave it out",
            ));
        }
        if select_modifiers.as_ref().is_some_and(|modifiers| modifiers.sql_calc_found_rows) {
            return Err(self.refuse(
                "SQL_CALC_FOUND_ROWS",
                "the session keeps the count for whoever uses the connection next",
                "count with `SELECT COUNT(*)`",
            ));
        }
        let foreign = [
            top.is_some(),
            exclude.is_some(),
            !lateral_views.is_empty(),
            prewhere.is_some(),
            !connect_by.is_empty(),
            !cluster_by.is_empty(),
            !distribute_by.is_empty(),
            !sort_by.is_empty(),
            qualify.is_some(),
            value_table_mode.is_some(),
            *flavor != SelectFlavor::Standard,
        ];
        if foreign.contains(&true) {
            Err(self.unknown("a SELECT clause of another engine"))
        } else {
            Ok(())
        }
    }

    pub(super) fn select_list(&mut self, items: &mut [SelectItem], names: &Names) -> Result {
        items.iter_mut().try_for_each(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ } => {
                self.expr(expr, names)
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(_),
                options,
            )
            | SelectItem::Wildcard(options) => self.plain_wildcard(options),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), options) => {
                self.plain_wildcard(options)?;
                self.expr(expr, names)
            }
            SelectItem::ExprWithAliases { .. } => {
                Err(self.unknown("a column with several aliases"))
            }
        })
    }

    pub(super) fn plain_wildcard(&self, options: &WildcardAdditionalOptions) -> Result {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike: None,
            opt_exclude: None,
            opt_except: None,
            opt_replace: None,
            opt_rename: None,
            opt_alias: None,
        } = options
        else {
            return Err(self.unknown("a wildcard with options"));
        };
        Ok(())
    }

    fn group_by(&mut self, group_by: &mut GroupByExpr, names: &Names) -> Result {
        match group_by {
            GroupByExpr::Expressions(list, modifiers) => {
                for modifier in modifiers {
                    if !matches!(modifier, GroupByWithModifier::Rollup) {
                        return Err(self.unknown("a GROUP BY modifier"));
                    }
                }
                self.exprs(list, names)
            }
            GroupByExpr::All(_) => Err(self.unknown("GROUP BY ALL")),
        }
    }

    fn named_windows(&mut self, windows: &mut [NamedWindowDefinition], names: &Names) -> Result {
        windows.iter_mut().try_for_each(|NamedWindowDefinition(_, window)| match window {
            NamedWindowExpr::NamedWindow(_) => Ok(()),
            NamedWindowExpr::WindowSpec(spec) => self.window(spec, names),
        })
    }

    pub(super) fn exprs(&mut self, list: &mut [Expr], names: &Names) -> Result {
        list.iter_mut().try_for_each(|expr| self.expr(expr, names))
    }
}
