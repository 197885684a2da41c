//! One SELECT: plain, distinct, grouped, with windows.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{Column, Kind, Relation},
    query::Body,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Distinct,
    DistinctOn,
    Total,
    Grouped,
    Windows,
}

impl Generator {
    /// A SELECT whose columns have these kinds: of an aggregate mostly, if it is to have one row;
    /// without a demand on the order, if it is an arm of a set operation.
    pub(crate) fn select(&mut self, kinds: &[Kind], one: bool, arm: bool) -> Body {
        // MariaDB dies of `o.id NOT IN (SELECT i.id)` where `i` is a derived table.
        let inside = self.is(Engine::MySql) && !self.scopes.is_empty();
        if !inside && self.choices.chance(6) {
            self.scopes.push(Scope::default());
            let body = self.without_from(kinds);
            self.scopes.pop();
            return body;
        }
        let outside = self.runs;
        let (from, relations, rows) = self.tables();
        // A condition leaves about half of the rows.
        self.runs = outside * (rows / 2.0).max(1.0);
        let form = match one && self.choices.chance(65) {
            true => Form::Total,
            false => self.choices.weighted(&[
                (55, Form::Plain),
                (10, Form::Distinct),
                (if self.is(Engine::Postgres) && !arm { 8 } else { 0 }, Form::DistinctOn),
                (6, Form::Total),
                (18, Form::Grouped),
                // In a correlated sub-query MariaDB computes them wrong, on a private database as
                // well: of the pairs `o.id = i.id AND 0 NOT IN (SELECT rank() OVER (ORDER BY p.id)
                // FROM products AS p WHERE p.price = o.id)` it leaves some out, and no rank is 0.
                (if self.is(Engine::MySql) && self.depth > 1 { 0 } else { 16 }, Form::Windows),
            ]),
        };
        self.scopes.push(Scope { relations, grouped: None });
        let mut sql = format!(" FROM {from}");
        if self.choices.chance(70) {
            let condition = self.condition(2);
            sql = format!("{sql} WHERE {condition}");
        }
        let mut body = match form {
            Form::Plain | Form::Distinct | Form::DistinctOn => self.plain(kinds, form, arm, &sql),
            Form::Total | Form::Grouped => self.grouped(kinds, form == Form::Grouped, &sql),
            Form::Windows => self.windows(kinds, &sql),
        };
        body.rows = if form == Form::Total { 1.0 } else { rows.max(2.0) };
        self.scopes.pop();
        self.runs = outside;
        body
    }

    fn without_from(&mut self, kinds: &[Kind]) -> Body {
        self.saw("SELECT without FROM");
        let (list, columns) = self.list(kinds, false);
        Body { sql: format!("SELECT {list}"), columns, rows: 1.0, order: None }
    }

    /// The select list, each value under a name of its own; the first an aggregate, if it must be.
    fn list(&mut self, kinds: &[Kind], aggregate: bool) -> (String, Vec<Column>) {
        let names = self.column_names(kinds.len());
        let mut items: Vec<String> = Vec::new();
        for (kind, name) in kinds.iter().zip(&names) {
            let value = if aggregate && items.is_empty() {
                self.aggregate(*kind)
            } else {
                self.value(*kind, 1)
            };
            if value.contains("(SELECT") {
                self.saw("sub-query in the select list");
            }
            items.push(format!("{value} AS {name}"));
        }
        (items.join(", "), columns(kinds, names))
    }

    fn plain(&mut self, kinds: &[Kind], form: Form, arm: bool, rest: &str) -> Body {
        let mut order = None;
        let distinct = match form {
            Form::Distinct => {
                self.saw("DISTINCT");
                "DISTINCT ".to_owned()
            }
            Form::DistinctOn => {
                self.saw("DISTINCT ON");
                let value = self.term(Kind::Int);
                order = Some(value.clone());
                format!("DISTINCT ON ({value}) ")
            }
            _ => {
                if !arm && self.choices.chance(12) {
                    let term = self.term(Kind::Int);
                    if term.contains("(SELECT") {
                        self.saw("sub-query in ORDER BY");
                    }
                    order = Some(term);
                }
                String::new()
            }
        };
        let (list, columns) = self.list(kinds, false);
        let sql = format!("SELECT {distinct}{list}{rest}");
        Body { sql, columns, rows: 0.0, order }
    }

    /// A value to group or sort by, which no engine takes for the number of a column.
    pub(crate) fn term(&mut self, kind: Kind) -> String {
        let unqualified = std::mem::replace(&mut self.unqualified, false);
        let value = self.value(kind, 1);
        self.unqualified = unqualified;
        match kind {
            Kind::Int => format!("(0 + {value})"),
            Kind::Text => format!("coalesce({value}, '-')"),
        }
    }

    fn grouped(&mut self, kinds: &[Kind], by_group: bool, rest: &str) -> Body {
        self.saw("aggregate");
        let Some(scope) = self.scopes.last() else { unreachable!("the caller pushed one") };
        let full = scope.relations.clone();
        let unqualified = std::mem::replace(&mut self.unqualified, false);
        let (groups, terms) =
            if by_group { self.groups(&full) } else { (Vec::new(), String::new()) };
        if let Some(scope) = self.scopes.last_mut() {
            *scope = Scope { relations: groups, grouped: Some(full.clone()) };
        }
        let having = if by_group && self.choices.chance(50) {
            let condition = self.condition(2);
            self.saw("HAVING");
            if condition.contains("(SELECT") {
                self.saw("sub-query in HAVING");
            }
            format!(" HAVING {condition}")
        } else {
            String::new()
        };
        // Without an aggregate in it, the query would have as many rows as the table.
        let (list, columns) = self.list(kinds, !by_group);
        if let Some(scope) = self.scopes.last_mut() {
            *scope = Scope { relations: full, grouped: None };
        }
        self.unqualified = unqualified;
        let sql = format!("SELECT {list}{rest}{terms}{having}");
        Body { sql, columns, rows: 0.0, order: None }
    }

    /// GROUP BY, and the columns that are left of the relations.
    fn groups(&mut self, full: &[Relation]) -> (Vec<Relation>, String) {
        self.saw("GROUP BY");
        let mut groups: Vec<Relation> = Vec::new();
        let mut terms = Vec::new();
        for _ in 0..=self.choices.below(2) {
            let relation = self.choices.one(full);
            let Some(column) =
                relation.columns.get(self.choices.below(relation.columns.len().max(1)))
            else {
                continue;
            };
            let term = format!("{}.{}", relation.alias, column.name);
            let same = relation.columns.iter().filter(|other| other.name == column.name).count();
            if terms.contains(&term) || same > 1 {
                continue;
            }
            terms.push(term);
            groups.push(Relation { columns: vec![column.clone()], ..relation.clone() });
        }
        let computed = self.choices.chance(30);
        if computed || terms.is_empty() {
            let term = self.term(Kind::Int);
            if term.contains("(SELECT") {
                self.saw("sub-query in GROUP BY");
            }
            terms.push(term);
        }
        let list = terms.join(", ");
        let sql = match self.engine {
            Engine::Postgres if self.choices.chance(10) => {
                self.saw("ROLLUP");
                format!(" GROUP BY ROLLUP ({list})")
            }
            Engine::MySql if self.choices.chance(6) => {
                self.saw("ROLLUP");
                format!(" GROUP BY {list} WITH ROLLUP")
            }
            _ => format!(" GROUP BY {list}"),
        };
        (groups, sql)
    }

    /// Window functions whose value does not depend on the order of rows that are equal.
    fn windows(&mut self, kinds: &[Kind], rest: &str) -> Body {
        self.saw("window function");
        let names = self.column_names(kinds.len());
        let mut items = Vec::new();
        let mut named = String::new();
        for (index, (kind, name)) in kinds.iter().zip(&names).enumerate() {
            let value = if index > 0 && self.choices.chance(40) {
                self.value(*kind, 2)
            } else {
                self.window_call(*kind, &mut named)
            };
            items.push(format!("{value} AS {name}"));
        }
        let sql = format!("SELECT {}{rest}{named}", items.join(", "));
        Body { sql, columns: columns(kinds, names), rows: 0.0, order: None }
    }

    fn window_call(&mut self, kind: Kind, named: &mut String) -> String {
        let partition = if self.choices.chance(50) {
            let kind = self.kind();
            let term = self.term(kind);
            if term.contains("(SELECT") {
                self.saw("sub-query in PARTITION BY");
            }
            format!("PARTITION BY {term} ")
        } else {
            String::new()
        };
        let total = self.all_columns();
        let (call, order) = match (kind, total) {
            (_, Some(total)) if self.choices.chance(40) => {
                self.saw("window over a total order");
                let value = self.value(kind, 1);
                let call = match self.choices.below(if kind == Kind::Int { 4 } else { 3 }) {
                    0 => format!("lag({value})"),
                    1 => format!("first_value({value})"),
                    2 => format!("lead({value})"),
                    _ => "row_number()".to_owned(),
                };
                (call, total)
            }
            _ => {
                let term = self.window_order();
                if term.contains("(SELECT") {
                    self.saw("sub-query in a window's ORDER BY");
                }
                let call = match kind {
                    Kind::Int => match self.choices.below(4) {
                        0 => "rank()".to_owned(),
                        1 => "dense_rank()".to_owned(),
                        2 => "COUNT(*)".to_owned(),
                        _ => format!("MAX({})", self.value(kind, 1)),
                    },
                    Kind::Text => format!("MIN({})", self.value(kind, 1)),
                };
                (call, term)
            }
        };
        let window = format!("{partition}ORDER BY {order}");
        if named.is_empty() && self.choices.chance(15) {
            self.saw("WINDOW clause");
            *named = format!(" WINDOW w AS ({window})");
            return format!("{call} OVER w");
        }
        format!("{call} OVER ({window})")
    }

    /// What rows are ordered by in a window. MariaDB miscounts rows that are equal in a computed
    /// value.
    fn window_order(&mut self) -> String {
        if !self.is(Engine::MySql) {
            return self.term(Kind::Int);
        }
        let unqualified = std::mem::replace(&mut self.unqualified, false);
        let column = self.column(Kind::Int);
        self.unqualified = unqualified;
        column.unwrap_or_else(|| "(0 + 1)".to_owned())
    }

    /// All columns in FROM, as a list: rows equal in all of them cannot be told apart.
    fn all_columns(&self) -> Option<String> {
        let relations = &self.scopes.last()?.relations;
        let known = relations.iter().all(|relation| !relation.columns.is_empty());
        let all: Vec<String> = relations
            .iter()
            .flat_map(|relation| {
                relation.columns.iter().map(|column| format!("{}.{}", relation.alias, column.name))
            })
            .collect();
        (known && (1..14).contains(&all.len())).then(|| all.join(", "))
    }
}

fn columns(kinds: &[Kind], names: Vec<String>) -> Vec<Column> {
    names.into_iter().zip(kinds).map(|(name, kind)| Column { name, kind: *kind }).collect()
}
