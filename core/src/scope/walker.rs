//! The walk over a statement: what it knows on the way, and the check that it went everywhere.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName, Query, Statement, Visit, Visitor};

use super::{
    Action, Check, Checked, Mode, Plan, Refusal, RefusalKind, TableUse,
    column::no_calls_in_disguise, mark::Mark, parse::Parsed, refusal, render::render, statement,
    target::Target,
};
use crate::{
    Dialect,
    catalog::{Catalog, Entity, KeyKind},
};

pub(super) type Result<T = ()> = std::result::Result<T, Refusal>;

/// How deep expressions and queries may nest: deeper ones would exhaust a thread's stack.
const DEEPEST: usize = 120;

/// The common table expressions visible at a point of the statement, by folded name.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    ctes: Vec<String>,
}

impl Names {
    pub(super) fn with(&self, name: &Ident, dialect: Dialect) -> Names {
        let mut names = self.clone();
        names.ctes.push(fold(name, dialect));
        names
    }

    /// Whether a bare name means a common table expression here.
    ///
    /// The rule is the strictest any engine has: what is not surely one is looked up as a table,
    /// and scoped or refused as such.
    pub(super) fn contains(&self, name: &Ident, dialect: Dialect) -> bool {
        self.ctes.contains(&fold(name, dialect))
    }
}

/// A name as the dialect compares it.
fn fold(name: &Ident, dialect: Dialect) -> String {
    match (dialect, name.quote_style) {
        (Dialect::Sqlite, _) | (Dialect::Postgres, None) => name.value.to_ascii_lowercase(),
        (Dialect::Postgres, Some(_)) | (Dialect::MySql, _) => name.value.clone(),
    }
}

/// What is known while a statement is walked.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    pub(super) dialect: Dialect,
    pub(super) catalog: &'a Catalog,
    pub(super) mode: &'a Mode,
    pub(super) literals: &'a [String],
    pub(super) targets: Vec<Target>,
    /// The clause being walked, for messages.
    pub(super) place: &'static str,
    /// `VALUES(column)` means the row that was not inserted, in this clause only.
    pub(super) in_upsert: bool,
    pub(super) uses: Vec<TableUse>,
    pub(super) checks: Vec<Check>,
    /// Names that were no tables'.
    pub(super) absent: Vec<String>,
    /// The engine takes no alias for the table being walked.
    pub(super) unaliased: bool,
    visited: Visited,
    depth: usize,
}

/// How many nodes were walked of the kinds that can reach data.
#[derive(Debug, Default, PartialEq, Eq)]
struct Visited {
    relations: usize,
    queries: usize,
    targets: usize,
}

pub(super) fn scope(
    parsed: Parsed,
    dialect: Dialect,
    catalog: &Catalog,
    mode: &Mode,
) -> Result<Plan> {
    let Parsed { mut statement, literals, strays, targets, slots, lists } = parsed;
    let mut counter = Counter::default();
    counter.0.targets = targets.len();
    let mut walker = Walker {
        dialect,
        catalog,
        mode,
        literals: &literals,
        targets,
        place: refusal::STATEMENT,
        in_upsert: false,
        uses: Vec::new(),
        checks: Vec::new(),
        absent: Vec::new(),
        unaliased: false,
        visited: Visited::default(),
        depth: 0,
    };
    if let Err(refusal) = walker.statement(&mut statement, &Names::default()) {
        return Err(refusal.after(walker.uses));
    }
    if strays {
        return Err(Refusal::new(
            RefusalKind::Syntax,
            "a text in quotes where no value stands",
            "only values are written back safely",
            "leave it out, or bind it as a parameter",
        ));
    }
    let Walker { uses, checks, absent, visited, targets, .. } = walker;
    if dialect == Dialect::Postgres {
        no_calls_in_disguise(&statement, &uses, catalog)?;
        for Target { items, condition } in &targets {
            no_calls_in_disguise(items, &uses, catalog)?;
            no_calls_in_disguise(condition, &uses, catalog)?;
        }
    }
    // The parser's own visitor knows nothing of scoping, but it knows every node. If it meets a
    // table or query that the walk did not, the walk has a hole.
    let _: ControlFlow<()> = Visit::visit(&statement, &mut counter);
    let mut printed = statement.to_string();
    for (number, target) in targets.iter().enumerate() {
        printed = printed.replace(&Mark::Target(number).to_string(), &target.print());
    }
    match render(&printed, &literals, dialect) {
        Some(body) if counter.0 == visited => Ok(Plan {
            body,
            checks: checks.into(),
            slots,
            lists: lists.into(),
            uses: uses.into(),
            absent: absent.into_iter().map(Into::into).collect(),
        }),
        _ => Err(Refusal::new(
            RefusalKind::Clause,
            "a statement with a part that was not looked at",
            format!("{} tables and queries were found, {} were scoped", counter.0, visited),
            "please report it; meanwhile rewrite the statement in a plainer form",
        )),
    }
}

impl std::fmt::Display for Visited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}+{}", self.relations, self.queries, self.targets)
    }
}

#[derive(Default)]
struct Counter(Visited);

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_relation(&mut self, _: &ObjectName) -> ControlFlow<()> {
        self.0.relations += 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.0.queries += 1;
        ControlFlow::Continue(())
    }
}

impl<'a> Walker<'a> {
    pub(super) fn statement(&mut self, statement: &mut Statement, names: &Names) -> Result {
        match statement {
            Statement::Query(query) => self.query(query, names),
            Statement::Insert(insert) => self.insert(insert, names),
            Statement::Update(update) => self.update(update, names),
            Statement::Delete(delete) => self.delete(delete, names),
            other => Err(statement::unknown(&other.to_string())),
        }
    }

    /// Walks one level deeper, or refuses to.
    pub(super) fn deeper<T>(&mut self, walk: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.refuse(
                format!("nesting deeper than {DEEPEST} levels"),
                "it would exhaust the stack",
                "use `IN (…)` for long lists of alternatives",
            ));
        }
        let result = walk(self);
        self.depth -= 1;
        result
    }

    /// Walks a clause under its name.
    pub(super) fn within<T>(
        &mut self,
        place: &'static str,
        walk: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let outer = std::mem::replace(&mut self.place, place);
        let result = walk(self);
        self.place = outer;
        result
    }

    pub(super) fn count_query(&mut self) {
        self.visited.queries += 1;
    }

    pub(super) fn queries(&self) -> usize {
        self.visited.queries
    }

    pub(super) fn count_relation(&mut self) {
        self.visited.relations += 1;
    }

    pub(super) fn count_target(&mut self) {
        self.visited.targets += 1;
    }

    pub(super) fn note(&mut self, entity: &Entity, alias: &Ident, action: Action) {
        let (table, alias) = (entity.table.clone().into(), alias.value.clone().into());
        self.uses.push(TableUse { table, alias, place: self.place, action });
    }

    pub(super) fn refuse(
        &self,
        construct: impl Into<String>,
        why: impl Into<String>,
        instead: impl Into<String>,
    ) -> Refusal {
        Refusal::new(RefusalKind::Clause, construct, why, instead).at(self.place)
    }

    /// Refuses a construct nobody has taught the scoper.
    pub(super) fn unknown(&self, construct: impl Into<String>) -> Refusal {
        self.refuse(
            construct,
            "the scoper does not know that it stays within one tenant",
            "write it another way, or use an unscoped connection",
        )
    }

    /// The entity a name stands for.
    pub(super) fn entity(&self, name: &ObjectName) -> Result<&'a Entity> {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        let part = |ident: &'_ Ident| (ident.value.clone(), ident.quote_style.is_some());
        let found = match parts.as_deref() {
            Some([table]) => {
                let (table, quoted) = part(table);
                self.catalog.lookup(None, (&table, quoted), self.dialect)
            }
            Some([schema, table]) => {
                let ((schema, schema_quoted), (table, quoted)) = (part(schema), part(table));
                self.catalog.lookup(Some((&schema, schema_quoted)), (&table, quoted), self.dialect)
            }
            _ => None,
        };
        found.ok_or_else(|| {
            let name = plain(name);
            if name.eq_ignore_ascii_case("only") && self.dialect == Dialect::Postgres {
                return self.refuse(
                    "ONLY",
                    "tables that inherit from one another are not told apart",
                    "leave it out",
                );
            }
            if describes_the_server(&name) {
                return Refusal::new(
                    RefusalKind::Table,
                    format!("the table `{name}`"),
                    "it describes the whole database, neighbours' tables and activity too",
                    "use an unscoped connection if you mean it",
                )
                .at(self.place);
            }
            Refusal::new(
                RefusalKind::Table,
                format!("the table `{name}`"),
                "it is not in the catalog",
                "put `#[tenant_scoped]` or `#[derive(SharedEntity)]` on its entity and write its \
                 name as the entity does, or use an unscoped connection",
            )
            .at(self.place)
        })
    }

    /// `alias.tenant_column = <tenant>`
    pub(super) fn predicate(&self, alias: &Ident, column: &str, kind: KeyKind) -> Expr {
        Expr::BinaryOp {
            left: Box::new(self.column(alias, column)),
            op: BinaryOperator::Eq,
            right: Box::new(Mark::Tenant(kind).into_expr()),
        }
    }

    pub(super) fn column(&self, alias: &Ident, column: &str) -> Expr {
        Expr::CompoundIdentifier(vec![
            alias.clone(),
            Ident::with_quote(self.dialect.quote(), column),
        ])
    }

    /// Checks what somebody wrote as the value of a tenant column. The caller replaces it.
    pub(super) fn tenant_value(
        &mut self,
        value: &Expr,
        entity: &Entity,
        column: &str,
        kind: KeyKind,
        null_allowed: bool,
    ) -> Result {
        let value = match value {
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => {
                return self.tenant_value(inner, entity, column, kind, null_allowed);
            }
            Expr::Value(value) if value.value == sqlparser::ast::Value::Null && null_allowed => {
                return Ok(());
            }
            Expr::Identifier(word)
                if word.quote_style.is_none()
                    && word.value.eq_ignore_ascii_case("default")
                    && null_allowed =>
            {
                return Ok(());
            }
            Expr::Value(value) => match (Mark::of(&Expr::Value(value.clone())), &value.value) {
                (Some(Mark::Given(number)), _) => Some(Checked::Given(number)),
                (Some(Mark::Literal(number)), _) => {
                    self.literals.get(number).cloned().map(|text| Checked::Literal(text.into()))
                }
                (_, sqlparser::ast::Value::Number(digits, _)) => {
                    Some(Checked::Literal(digits.clone().into()))
                }
                _ => None,
            },
            _ => None,
        };
        let Some(value) = value else {
            return Err(Refusal::new(
                RefusalKind::TenantValue,
                format!("the value for `{}.{column}`", entity.table),
                "it cannot be compared with the tenant before the statement runs",
                "leave the column out, and it is filled in",
            )
            .at(self.place));
        };
        let (table, column) = (entity.table.clone().into(), column.to_owned().into());
        self.checks.push(Check { value, kind, null_allowed, table, column });
        Ok(())
    }
}

/// A name as somebody would say it, without quotes.
pub(super) fn plain(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone()))
        .collect();
    parts.join(".")
}

/// Puts predicates in front of a condition.
pub(super) fn guard(condition: Option<Expr>, predicates: Vec<Expr>) -> Option<Expr> {
    let condition = condition.map(|condition| match condition {
        simple @ (Expr::Nested(_) | Expr::Exists { .. }) => simple,
        other => Expr::Nested(Box::new(other)),
    });
    predicates.into_iter().chain(condition).reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

fn describes_the_server(name: &str) -> bool {
    const SCHEMAS: &[&str] = &["information_schema", "mysql", "sys", "performance_schema"];
    let name = name.to_ascii_lowercase();
    let mut parts = name.split('.');
    parts.any(|part| {
        SCHEMAS.contains(&part) || part.starts_with("pg_") || part.starts_with("sqlite_")
    })
}
