//! Calls of functions. Which may be called is in `list`.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, ObjectName, WindowFrame, WindowFrameBound, WindowSpec, WindowType,
};

use super::{
    Refusal, RefusalKind,
    walker::{Names, Result, Walker, plain},
};
use crate::Dialect;

mod list;

impl Walker<'_> {
    pub(super) fn function(&mut self, function: &mut Function, names: &Names) -> Result {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = function;
        if [*uses_odbc_syntax, !matches!(parameters, FunctionArguments::None)].contains(&true) {
            return Err(self.unknown("a function call in the style of another engine"));
        }
        let constructor = matches!(args, FunctionArguments::Subquery(_))
            && self.dialect == Dialect::Postgres
            && self.folded(name).is_some_and(|name| name == "array");
        if !constructor {
            self.function_name(name)?;
        }
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.query(query, names)?,
            FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: _,
                args,
                clauses,
            }) => {
                self.function_args(args, names)?;
                clauses.iter_mut().try_for_each(|clause| self.argument_clause(clause, names))?;
            }
        }
        self.order_list(within_group, names)?;
        if let Some(condition) = filter {
            self.within("FILTER", |walker| walker.expr(condition, names))?;
        }
        match over {
            Some(WindowType::WindowSpec(spec)) => {
                self.within("OVER", |walker| walker.window(spec, names))
            }
            Some(WindowType::NamedWindow(_)) | None => Ok(()),
        }
    }

    fn function_name(&self, name: &ObjectName) -> Result {
        let known = self.folded(name).is_some_and(|name| {
            list::known(&name, self.dialect) || (self.in_upsert && name == "values")
        });
        if known || self.catalog.allowed_function(&plain(name)).is_some() {
            Ok(())
        } else {
            Err(self.unknown_function(name))
        }
    }

    pub(super) fn table_function_name(&self, name: &ObjectName) -> Result {
        let known = self.folded(name).is_some_and(|name| list::makes_rows(&name));
        if known || self.catalog.allowed_function(&plain(name)).is_some() {
            Ok(())
        } else {
            Err(self.unknown_function(name))
        }
    }

    /// The name of a function as the engine compares it. In PostgreSQL a name in quotes keeps its
    /// capitals, and the engine has no function with any.
    fn folded(&self, name: &ObjectName) -> Option<String> {
        let ident = match name.0.as_slice() {
            [part] => part.as_ident()?,
            [schema, part] if self.dialect == Dialect::Postgres => {
                let schema = schema.as_ident()?;
                let own = schema.value == "pg_catalog"
                    || (schema.quote_style.is_none()
                        && schema.value.eq_ignore_ascii_case("pg_catalog"));
                part.as_ident().filter(|_| own)?
            }
            _ => return None,
        };
        let keeps_case = self.dialect == Dialect::Postgres && ident.quote_style.is_some();
        Some(if keeps_case { ident.value.clone() } else { ident.value.to_ascii_lowercase() })
    }

    fn unknown_function(&self, name: &ObjectName) -> Refusal {
        let last = name.0.last().and_then(|part| part.as_ident());
        let why = last.and_then(|ident| list::harm(&ident.value.to_ascii_lowercase())).unwrap_or(
            "it is not one of those known to compute from their arguments alone, and it could read tables",
        );
        Refusal::new(
            RefusalKind::Function,
            format!("the function `{}`", plain(name)),
            why,
            "compute the value in Rust, allow the function with `allow_function` if it reads nothing, or use an unscoped connection",
        )
        .at(self.place)
    }

    pub(super) fn function_args(&mut self, args: &mut [FunctionArg], names: &Names) -> Result {
        args.iter_mut().try_for_each(|arg| match arg {
            FunctionArg::Unnamed(arg) | FunctionArg::Named { name: _, arg, operator: _ } => {
                match arg {
                    FunctionArgExpr::Expr(expr) => self.expr(expr, names),
                    FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::Wildcard => Ok(()),
                    FunctionArgExpr::WildcardWithOptions(options) => self.plain_wildcard(options),
                }
            }
            FunctionArg::ExprNamed { .. } => {
                Err(self.unknown("an argument named by an expression"))
            }
        })
    }

    fn argument_clause(&mut self, clause: &mut FunctionArgumentClause, names: &Names) -> Result {
        match clause {
            FunctionArgumentClause::OrderBy(list) => self.order_list(list, names),
            FunctionArgumentClause::IgnoreOrRespectNulls(_)
            | FunctionArgumentClause::Separator(_)
            | FunctionArgumentClause::JsonNullClause(_) => Ok(()),
            FunctionArgumentClause::Limit(limit) => self.expr(limit, names),
            _ => Err(self.unknown("a clause inside a function's arguments")),
        }
    }

    pub(super) fn window(&mut self, spec: &mut WindowSpec, names: &Names) -> Result {
        let WindowSpec { window_name: _, partition_by, order_by, window_frame } = spec;
        self.exprs(partition_by, names)?;
        self.order_list(order_by, names)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else {
            return Ok(());
        };
        std::iter::once(start_bound).chain(end_bound).try_for_each(|bound| match bound {
            WindowFrameBound::CurrentRow => Ok(()),
            WindowFrameBound::Preceding(rows) | WindowFrameBound::Following(rows) => {
                rows.iter_mut().try_for_each(|rows: &mut Box<Expr>| self.expr(rows, names))
            }
        })
    }
}
