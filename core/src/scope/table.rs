//! One thing in FROM: a table, a common table expression, a sub-query, a table function.

use sqlparser::ast::{
    Expr, Ident, JsonTableColumn, JsonTableNamedColumn, JsonTableNestedColumn, ObjectName,
    ObjectNamePart, TableAlias, TableAliasColumnDef, TableFactor, TableFunctionArgs,
};

use super::{
    Action, Mode, Refusal, RefusalKind,
    build::select_all,
    from::{Entry, Found, Place},
    mark::Mark,
    mode::PREFIX_END,
    walker::{Names, Result, Walker, plain},
};
use crate::{
    Dialect,
    catalog::{Class, Entity},
};

impl<'a> Walker<'a> {
    /// Walks one thing in FROM. Returns the predicate the caller has to place.
    pub(super) fn table_factor(
        &mut self,
        factor: &mut TableFactor,
        names: &Names,
        place: Place,
        found: &mut Found<'a>,
    ) -> Result<Option<Expr>> {
        match factor {
            TableFactor::Table { args: Some(_), .. } => {
                self.table_function(factor, names, found)?;
                Ok(None)
            }
            TableFactor::Table { .. } => self.table(factor, names, place, found),
            TableFactor::Derived { lateral: _, subquery, alias, sample: None } => {
                self.query(subquery, names)?;
                self.enter(alias.as_ref(), None, found)?;
                Ok(None)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                if alias.is_some() {
                    return Err(self.unknown("an alias for a nested join"));
                }
                let joined =
                    |walker: &mut Self| walker.joined(table_with_joins, names, true, found);
                self.deeper(joined)?;
                Ok(None)
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: _,
            } => {
                self.exprs(array_exprs, names)?;
                self.enter(alias.as_ref(), None, found)?;
                Ok(None)
            }
            TableFactor::JsonTable { json_expr, json_path: _, columns, alias } => {
                self.expr(json_expr, names)?;
                self.json_columns(columns)?;
                self.enter(alias.as_ref(), None, found)?;
                Ok(None)
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                self.table_function_name(name)?;
                self.function_args(args, names)?;
                self.enter(alias.as_ref(), None, found)?;
                Ok(None)
            }
            other => Err(self.unknown(format!("`{}`", first_words(other)))),
        }
    }

    /// Puts the place of the tenant's tables into a name. A name that changes gets the old one as
    /// its alias, so that the rest of the statement still means it.
    pub(super) fn place_name(
        &self,
        name: &mut ObjectName,
        alias: &mut Option<TableAlias>,
        entity: &Entity,
    ) -> Result {
        let quote = self.dialect.quote();
        let ident = |text: &str| ObjectNamePart::Identifier(Ident::with_quote(quote, text));
        let place = Mark::Place.to_string();
        let placed = match (self.mode, &entity.class) {
            (Mode::Rows | Mode::Verify, _) | (Mode::Prefix, Class::Shared { .. }) => return Ok(()),
            (Mode::Schema { shared: None }, Class::Shared { .. }) => return Ok(()),
            (Mode::Schema { shared: Some(shared) }, Class::Shared { .. }) => {
                if entity.schema.is_some() {
                    return Ok(());
                }
                vec![ident(shared), ident(&entity.table)]
            }
            (_, Class::Tenant { .. }) if entity.schema.is_some() => {
                return Err(Refusal::new(
                    RefusalKind::Table,
                    format!("the table `{}`", plain(name)),
                    "its entity names a schema, and here each tenant's tables are in the tenant's own",
                    "take `schema_name` off the entity",
                )
                .at(self.place));
            }
            (Mode::Schema { .. }, Class::Tenant { .. }) => {
                vec![ident(&place), ident(&entity.table)]
            }
            (Mode::Prefix, Class::Tenant { .. }) => {
                vec![ident(&format!("{place}{PREFIX_END}{}", entity.table))]
            }
        };
        let old = std::mem::replace(&mut name.0, placed);
        if let (None, false, Some(ObjectNamePart::Identifier(old))) =
            (&*alias, self.unaliased, old.last())
        {
            *alias = Some(TableAlias {
                explicit: true,
                name: old.clone(),
                columns: Vec::new(),
                at: None,
            });
        }
        Ok(())
    }

    fn table(
        &mut self,
        factor: &mut TableFactor,
        names: &Names,
        place: Place,
        found: &mut Found<'a>,
    ) -> Result<Option<Expr>> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints: _,
        } = factor
        else {
            return Err(self.refuse(
                "a sample, version or path of a table",
                "it is taken from the rows of all tenants",
                "select from the table itself",
            ));
        };
        if !with_hints.is_empty() || !partitions.is_empty() {
            return Err(self.refuse(
                "a hint or PARTITION clause after a table",
                "partitions and hints tell of the rows of all tenants",
                "leave it out",
            ));
        }
        alias.iter().try_for_each(|alias| self.alias(alias))?;
        self.count_relation();
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && self.dialect == Dialect::MySql
            && ident.quote_style.is_none()
            && ident.value.eq_ignore_ascii_case("dual")
            && alias.is_none()
        {
            // A word of the language, not a table.
            return Ok(None);
        }
        if let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && names.contains(ident, self.dialect)
        {
            let called = alias.as_ref().map_or(ident, |alias| &alias.name).clone();
            self.enter_as(called, None, found)?;
            return Ok(None);
        }
        let entity = self.entity(name)?;
        let called = alias.as_ref().map_or_else(|| last(name), |alias| Some(&alias.name)).cloned();
        let Some(called) = called else { return Err(self.unknown("a computed table name")) };
        self.enter_as(called.clone(), Some(entity), found)?;
        let renamed = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
        self.place_name(name, alias, entity)?;
        let Class::Tenant { column, kind } = &entity.class else {
            self.note(entity, &called, Action::Shared);
            return Ok(None);
        };
        if !self.mode.narrows() {
            self.note(entity, &called, Action::Verified);
            return Ok(None);
        }
        // An alias that renames columns would rename the tenant's: it goes around the sub-query.
        let place = if renamed { Place::Subquery } else { place };
        self.note(entity, &called, place.action());
        let predicate = self.predicate(&called, column, *kind);
        if place != Place::Subquery {
            return Ok(Some(predicate));
        }
        found.derived = true;
        self.count_query();
        let outer = match alias {
            Some(alias) => {
                let outer = alias.clone();
                alias.columns.clear();
                outer
            }
            None => TableAlias { explicit: true, name: called, columns: Vec::new(), at: None },
        };
        let empty = TableFactor::TableFunction { expr: Expr::Tuple(Vec::new()), alias: None };
        let inner = std::mem::replace(factor, empty);
        *factor = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(select_all(inner, predicate)),
            alias: Some(outer),
            sample: None,
        };
        Ok(None)
    }

    fn table_function(
        &mut self,
        factor: &mut TableFactor,
        names: &Names,
        found: &mut Found<'a>,
    ) -> Result {
        let TableFactor::Table {
            name,
            alias,
            args: Some(TableFunctionArgs { args, settings: None }),
            with_hints,
            version: None,
            with_ordinality: _,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = factor
        else {
            return Err(self.unknown("a table function with settings"));
        };
        let hints = [!with_hints.is_empty(), !partitions.is_empty(), !index_hints.is_empty()];
        if hints.contains(&true) {
            return Err(self.unknown("a hint after a table function"));
        }
        self.count_relation();
        self.table_function_name(name)?;
        self.function_args(args, names)?;
        match (alias.as_ref(), last(name)) {
            (None, Some(name)) => self.enter_as(name.clone(), None, found),
            (alias, _) => self.enter(alias, None, found),
        }
    }

    fn enter(
        &mut self,
        alias: Option<&TableAlias>,
        entity: Option<&'a crate::catalog::Entity>,
        found: &mut Found<'a>,
    ) -> Result {
        let Some(alias) = alias else { return Ok(()) };
        self.alias(alias)?;
        self.enter_as(alias.name.clone(), entity, found)
    }

    /// An alias may give names and types to columns.
    pub(super) fn alias(&self, alias: &TableAlias) -> Result {
        let TableAlias { explicit: _, name: _, columns, at } = alias;
        if at.is_some() {
            return Err(self.unknown("an AT alias"));
        }
        columns.iter().try_for_each(|TableAliasColumnDef { name: _, data_type }| {
            data_type.iter().try_for_each(|data_type| self.data_type(data_type))
        })
    }

    fn json_columns(&self, columns: &[JsonTableColumn]) -> Result {
        columns.iter().try_for_each(|column| match column {
            JsonTableColumn::Named(JsonTableNamedColumn {
                name: _,
                r#type,
                path: _,
                exists: _,
                on_empty: _,
                on_error: _,
            }) => self.data_type(r#type),
            JsonTableColumn::ForOrdinality(_) => Ok(()),
            JsonTableColumn::Nested(JsonTableNestedColumn { path: _, columns }) => {
                self.json_columns(columns)
            }
        })
    }

    /// Remembers what FROM calls a thing. Two things of one name would leave open which of them
    /// the tenant predicate means.
    fn enter_as(
        &mut self,
        alias: Ident,
        entity: Option<&'a crate::catalog::Entity>,
        found: &mut Found<'a>,
    ) -> Result {
        let literal =
            ["true", "false", "null"].iter().any(|it| it.eq_ignore_ascii_case(&alias.value));
        if literal && alias.quote_style.is_none() {
            return Err(self.refuse(
                format!("the name `{}` for a table", alias.value),
                "it is the word for a value, and the tenant predicate must mean the table",
                "put it in quotes, or give the table another alias",
            ));
        }
        if found.entries.iter().any(|known| known.alias.value.eq_ignore_ascii_case(&alias.value)) {
            return Err(self.refuse(
                format!("the second `{}`", alias.value),
                "two tables of one FROM have the same name, and the tenant predicate must mean one of them",
                "give one of them an alias of its own",
            ));
        }
        found.entries.push(Entry { alias, entity });
        Ok(())
    }
}

fn last(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(|part| part.as_ident())
}

fn first_words(factor: &TableFactor) -> String {
    let text = factor.to_string();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
