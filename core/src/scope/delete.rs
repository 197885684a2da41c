//! DELETE: the tenant's rows only.

use sqlparser::ast::{Delete, FromTable, Ident, ObjectName};

use super::{
    from::{Entry, Found},
    walker::{Names, Result, Walker, guard, plain},
};
use crate::Dialect;

impl<'a> Walker<'a> {
    pub(super) fn delete(&mut self, delete: &mut Delete, names: &Names) -> Result {
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        if [!optimizer_hints.is_empty(), output.is_some()].contains(&true) {
            return Err(self.unknown("a hint or OUTPUT clause"));
        }
        let FromTable::WithFromKeyword(list) = from else {
            return Err(self.refuse(
                "DELETE without FROM",
                "it reads ambiguously",
                "write DELETE FROM",
            ));
        };
        let found = if tables.is_empty() {
            let joined = list.len() != 1 || list.iter().any(|table| !table.joins.is_empty());
            if joined || (using.is_some() && self.dialect == Dialect::MySql) {
                return Err(self.refuse(
                    "DELETE FROM several tables",
                    "it is not certain which of them loses rows",
                    "write `DELETE t FROM t JOIN …` on MySQL, `DELETE FROM t USING …` on PostgreSQL",
                ));
            }
            // The table that loses rows is a table, whatever common table expressions are called.
            self.unaliased = self.dialect == Dialect::MySql;
            let mut found =
                self.within("DELETE", |walker| walker.table_list(list, &Names::default()))?;
            self.unaliased = false;
            if found.derived {
                return Err(self.refuse(
                    "DELETE from a table whose columns have other names",
                    "the sub-query it becomes has no rows to delete",
                    "leave out the list of names behind the table",
                ));
            }
            self.loses_rows(found.entries.first())?;
            if let Some(list) = using {
                let more = self.within("USING", |walker| walker.table_list(list, names))?;
                self.distinct_names(&found.entries, &more.entries)?;
                found.predicates.extend(more.predicates);
            }
            found
        } else {
            self.multiple(tables, list, using.is_some(), names)?
        };
        if let Some(condition) = selection {
            self.within("WHERE", |walker| walker.expr(condition, names))?;
        }
        if let Some(items) = returning {
            self.within("RETURNING", |walker| walker.select_list(items, names))?;
        }
        self.within("ORDER BY", |walker| walker.order_list(order_by, names))?;
        if let Some(limit) = limit {
            self.within("LIMIT", |walker| walker.expr(limit, names))?;
        }
        *selection = guard(selection.take(), found.predicates);
        Ok(())
    }

    /// `DELETE a, b FROM a JOIN b …`, as MySQL has it.
    fn multiple(
        &mut self,
        tables: &[ObjectName],
        list: &mut [sqlparser::ast::TableWithJoins],
        using: bool,
        names: &Names,
    ) -> Result<Found<'a>> {
        if self.dialect != Dialect::MySql || using {
            return Err(self.unknown("a list of tables before FROM"));
        }
        let found = self.within("FROM", |walker| walker.table_list(list, names))?;
        if found.derived {
            return Err(self.no_derived_target("DELETE"));
        }
        for name in tables {
            let called: Option<&Ident> = match name.0.as_slice() {
                [part] => part.as_ident(),
                _ => None,
            };
            let entry = found
                .entries
                .iter()
                .find(|entry| called.is_some_and(|called| entry.alias.value == called.value));
            if entry.is_none() {
                return Err(self.refuse(
                    format!("DELETE from `{}`", plain(name)),
                    "FROM names no table so",
                    "name the tables that lose rows as FROM calls them",
                ));
            }
            self.loses_rows(entry)?;
        }
        Ok(found)
    }

    fn loses_rows(&mut self, entry: Option<&Entry<'_>>) -> Result {
        match entry.and_then(|entry| entry.entity) {
            Some(entity) => self.within("DELETE", |walker| walker.writable(entity)),
            None => Err(self.refuse(
                "DELETE from something that is no table",
                "a common table expression or sub-query has no rows of its own",
                "delete from the table, and call expressions otherwise",
            )),
        }
    }
}
