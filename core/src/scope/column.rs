//! Columns: those the engines add to every table, those that are calls in disguise, and names that
//! may mean the tenant column.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, Select, TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
};

use super::{
    Action, Refusal, RefusalKind, TableUse,
    walker::{Result, Walker},
};
use crate::{
    Dialect,
    catalog::{Catalog, same_name},
};

/// Words that are a column's name in none of the engines, unless they stand in quotes.
const RESERVED: &[&str] = &[
    "and", "as", "case", "distinct", "else", "from", "group", "having", "in", "into", "not", "on",
    "or", "order", "select", "then", "union", "when", "where",
];

impl Walker<'_> {
    /// Refuses the columns an engine adds to every table: they number the rows of all tenants.
    pub(super) fn plain_column(&self, column: &Ident) -> Result {
        let added: &[&str] = match self.dialect {
            Dialect::Sqlite => &["rowid", "oid", "_rowid_"],
            Dialect::Postgres => &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"],
            Dialect::MySql => &["_rowid"],
        };
        let meant = added.iter().any(|name| name.eq_ignore_ascii_case(&column.value));
        let declared = || self.catalog.iter().any(|entity| entity.columns.contains(&column.value));
        if meant && !declared() {
            return Err(self.refuse(
                format!("the column `{}`", column.value),
                "the engine numbers the rows of all tenants with it",
                "use the table's own key",
            ));
        }
        Ok(())
    }

    /// Refuses words that look like columns and tell of the session.
    pub(super) fn session_word(&self, word: &Ident) -> Result {
        let words: &[&str] = match self.dialect {
            Dialect::Sqlite => &[],
            Dialect::Postgres => &[
                "current_catalog",
                "current_role",
                "current_schema",
                "current_user",
                "session_user",
                "system_user",
                "user",
            ],
            Dialect::MySql => &["current_role", "current_user"],
        };
        let meant = words.iter().any(|known| known.eq_ignore_ascii_case(&word.value));
        if word.quote_style.is_none() && meant {
            return Err(self.refuse(
                format!("`{}`", word.value),
                "it tells of the session, which all tenants share",
                "put it in quotes if it is a column",
            ));
        }
        Ok(())
    }

    /// Refuses words of the language which the parser, for want of what belongs to them, takes for
    /// columns: put elsewhere they would be read as the words they are.
    pub(super) fn reserved_word(&self, word: &Ident) -> Result {
        let binary = self.dialect == Dialect::MySql && word.value.eq_ignore_ascii_case("binary");
        let reserved = RESERVED.iter().any(|known| known.eq_ignore_ascii_case(&word.value));
        if word.quote_style.is_none() && (reserved || binary) {
            return Err(self.refuse(
                format!("the column `{}`", word.value),
                "to the engine it is a word of the language",
                "put it in quotes if it is a column",
            ));
        }
        Ok(())
    }
}

/// Whether a name somebody wrote may mean this column. MySQL compares names by rules of case that may
/// reach beyond ASCII (`İ` is `i`), so any such character counts as the one that would fit.
pub(super) fn may_mean(written: &Ident, column: &str) -> bool {
    let mut known = column.chars();
    written
        .value
        .chars()
        .all(|c| known.next().is_some_and(|known| !c.is_ascii() || c.eq_ignore_ascii_case(&known)))
        && known.next().is_none()
}

/// Refuses `alias.name` where the table has no such column: PostgreSQL then calls the function
/// `name` with the row.
pub(super) fn no_calls_in_disguise(
    part: &impl Visit,
    uses: &[TableUse],
    catalog: &Catalog,
) -> Result {
    let mut finder = Finder { uses, catalog, renamed: Vec::new() };
    match part.visit(&mut finder) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Finder<'a> {
    uses: &'a [TableUse],
    catalog: &'a Catalog,
    /// The aliases met that give names to columns.
    renamed: Vec<TableAlias>,
}

impl Finder<'_> {
    fn is_renamed(&self, alias: &Ident, column: &Ident) -> bool {
        self.renamed.iter().any(|known| {
            known.name.value.eq_ignore_ascii_case(&alias.value)
                && known.columns.iter().any(|known| known.name.value == column.value)
        })
    }
}

impl Visitor for Finder<'_> {
    type Break = Refusal;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        for TableWithJoins { relation, joins } in &select.from {
            let factors = std::iter::once(relation).chain(joins.iter().map(|join| &join.relation));
            let aliases = factors.filter_map(|factor| match factor {
                TableFactor::Derived { alias, .. } => alias.clone(),
                _ => None,
            });
            self.renamed.extend(aliases.filter(|alias| !alias.columns.is_empty()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        let Expr::CompoundIdentifier(parts) = expr else { return ControlFlow::Continue(()) };
        let [.., alias, column] = parts.as_slice() else { return ControlFlow::Continue(()) };
        let excluded = alias.value.eq_ignore_ascii_case("excluded");
        let meant = self.uses.iter().filter(|table| {
            table.alias.eq_ignore_ascii_case(&alias.value)
                || (excluded && table.action == Action::Stamped)
        });
        // An alias may stand for several tables in several places of the statement.
        let tables: Vec<&str> = meant.map(|table| &*table.table).collect();
        let Some(first) = tables.first() else { return ControlFlow::Continue(()) };
        let has_column = |known: &str| {
            same_name(known, &column.value, column.quote_style.is_some(), Dialect::Postgres)
        };
        let known =
            self.catalog.iter().filter(|entity| tables.contains(&entity.table.as_str())).any(
                |entity| {
                    entity.columns.is_empty()
                        || entity.columns.iter().any(|name| has_column(name))
                        || entity.tenant_column().is_some_and(|(name, _)| has_column(name))
                },
            );
        if known || self.is_renamed(alias, column) {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(Refusal::new(
            RefusalKind::Clause,
            format!("the column `{}.{}`", alias.value, column.value),
            format!(
                "the entity of `{first}` has no such column, and the engine would call a function \
                 of that name with the row"
            ),
            "add the column to the entity; if a sub-query is called the same as the table, give it \
             another alias",
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Dialect,
        scope::{plan, tests::catalog},
    };

    /// A word of the language is no column, and in quotes it may be one.
    #[test]
    fn words_of_the_language_are_no_columns() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
            let is_read = |word: &str| {
                plan(&format!("SELECT {word}, id FROM orders"), dialect, &catalog()).is_ok()
            };
            for word in ["not", "CASE", "from", "Select"] {
                assert!(!is_read(word), "{word}");
                let quote = dialect.quote();
                assert!(is_read(&format!("{quote}{word}{quote}")), "{word}");
            }
            assert_eq!(is_read("binary"), dialect != Dialect::MySql);
            assert!(is_read("`binary`") || dialect == Dialect::Postgres);
            assert!(is_read("position"));
        }
    }

    /// The tenant column is pinned under every name an engine may take for its own, and a column
    /// that is called almost the same keeps the value it is given.
    #[test]
    fn only_names_that_fit_mean_the_tenant_column() {
        let text = |column: &str| {
            let sql = format!("UPDATE orders SET {column} = ?");
            plan(&sql, Dialect::MySql, &catalog()).unwrap()
        };
        for column in ["tenant_id", "TENANT_ID", "`Tenant_Id`", "tenant_\u{130}d", "t\u{eb}nant_id"]
        {
            assert_eq!(text(column).checks().len(), 1, "{column}");
        }
        for column in ["tenant", "tenant_i", "tenant_id2", "tenant_ix", "t", "\u{130}"] {
            assert!(text(column).checks().is_empty(), "{column}");
        }
    }
}
