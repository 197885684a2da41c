//! A second opinion: looks at the text that would run, knows nothing of how it was made, and names
//! every tenant's table in it that is not narrowed, stamped or guarded.
//!
//! It is used by the tests of the scoper and by its fuzz target, and speaks of plain texts only,
//! so that it shares no code with what it judges.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{
        Assignment, BinaryOperator, Expr, FromTable, Insert, JoinConstraint, JoinOperator,
        ObjectName, OnConflictAction, OnInsert, Query, Select, SelectItem, SetExpr, Statement,
        TableAlias, TableFactor, TableObject, TableWithJoins, UpdateTableFromKind, Value, Visit,
        Visitor,
    },
    dialect::{Dialect, MySqlDialect},
    parser::Parser,
    tokenizer::{Token, Tokenizer, Whitespace},
};

/// What stands for the tenant's value while the text is judged.
const TENANT: &str = "$tenant";

/// Names the first table of a tenant in a statement that is not guarded. `is_tenant` tells whether
/// the value bound to the n-th placeholder of the text, or for numbered ones the value of that
/// number, is the tenant's; `column` names the tenant column of a table, if it is a tenant's.
pub(crate) fn unguarded(
    sql: &str,
    grammar: &dyn Dialect,
    is_tenant: &dyn Fn(usize) -> bool,
    column: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, String> {
    let mut tokens = Tokenizer::new(grammar, sql).tokenize().map_err(|error| error.to_string())?;
    let mut count = 0;
    for token in &mut tokens {
        let Token::Placeholder(text) = token else { continue };
        let number = match text.get(1..).and_then(|digits| digits.parse::<usize>().ok()) {
            Some(number) => number - 1,
            None => count,
        };
        count += 1;
        *text = if is_tenant(number) { TENANT.to_owned() } else { "$given".to_owned() };
    }
    for part in parts(tokens) {
        // What is rendered nests deeper than what was read, and no database minds.
        let parser = Parser::new(grammar).with_recursion_limit(1_000);
        let parsed = parser.with_tokens(part).parse_statements();
        let statements = parsed.map_err(|error| error.to_string())?;
        let shadowed = grammar.is::<MySqlDialect>();
        let mut judge = Judge { column, shadowed, scopes: Vec::new(), frames: Vec::new() };
        if let ControlFlow::Break(table) = Visit::visit(&statements, &mut judge) {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// A statement with plain columns for its conflict targets, and the targets as queries: the parser
/// cannot read them where they stand.
pub(crate) fn parts(mut statement: Vec<Token>) -> Vec<Vec<Token>> {
    let is_word = |token: &Token, text: &str| {
        matches!(token, Token::Word(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
    };
    let space = || Token::Whitespace(Whitespace::Space);
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        let mut next = statement.iter().enumerate().skip(at);
        let mut next = || next.find(|(_, token)| !matches!(token, Token::Whitespace(_)));
        let (Some((on, first)), Some((_, second)), Some((open, third))) = (next(), next(), next())
        else {
            break;
        };
        at = on + 1;
        let found = is_word(first, "on") && is_word(second, "conflict");
        if !found || *third != Token::LParen {
            continue;
        }
        let mut depth = 0_isize;
        let end = statement.iter().skip(open).position(|token| {
            depth += isize::from(*token == Token::LParen) - isize::from(*token == Token::RParen);
            depth == 0 && is_word(token, "do")
        });
        let Some(end) = end.map(|end| open + end) else { continue };
        let plain = [Token::LParen, Token::make_word("c", None), Token::RParen, space()];
        let target = statement.splice(open..end, plain);
        parts.push([Token::make_keyword("SELECT"), space()].into_iter().chain(target).collect());
    }
    parts.push(statement);
    parts
}

struct Judge<'a> {
    column: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a common table expression hides the table an UPDATE or DELETE is of.
    shadowed: bool,
    /// For each SELECT, UPDATE or DELETE around: the aliases that are narrowed, and by which column.
    scopes: Vec<Vec<(String, String)>>,
    /// For each query around: its common table expressions, and how many of them can be named.
    frames: Vec<Frame>,
}

struct Frame {
    names: Vec<(String, *const Query)>,
    visible: usize,
}

fn last(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map_or_else(String::new, |i| i.value.clone())
}

/// `alias.column = <tenant>` in a chain of AND.
fn conjuncts(expr: &Expr, found: &mut Vec<(String, String)>) {
    match expr {
        Expr::Nested(inner) => conjuncts(inner, found),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if is_tenant_value(right) => {
            if let Expr::CompoundIdentifier(parts) = &**left
                && let [alias, column] = parts.as_slice()
            {
                found.push((alias.value.clone(), column.value.clone()));
            }
        }
        _ => {}
    }
}

fn is_tenant_value(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { expr, .. } => is_tenant_value(expr),
        Expr::Value(value) => value.value == Value::Placeholder(TENANT.to_owned()),
        _ => false,
    }
}

/// Whether a name may mean a column to an engine that folds more than ASCII.
fn may_mean(written: &str, column: &str) -> bool {
    written.chars().count() == column.chars().count()
        && written
            .chars()
            .zip(column.chars())
            .all(|(written, known)| !written.is_ascii() || written.eq_ignore_ascii_case(&known))
}

/// What the tables of one side of a join are called.
fn aliases(factor: &TableFactor, found: &mut Vec<String>) {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            found.push(alias.as_ref().map_or_else(|| last(name), |alias| alias.name.value.clone()));
        }
        TableFactor::NestedJoin { table_with_joins, .. } => {
            aliases(&table_with_joins.relation, found);
            table_with_joins.joins.iter().for_each(|join| aliases(&join.relation, found));
        }
        _ => {}
    }
}

fn joins(tables: &[TableWithJoins], found: &mut Vec<(String, String)>) {
    for TableWithJoins { relation, joins: list } in tables {
        for factor in std::iter::once(relation).chain(list.iter().map(|join| &join.relation)) {
            if let TableFactor::NestedJoin { table_with_joins, .. } = factor {
                joins(std::slice::from_ref(table_with_joins), found);
            }
        }
        for join in list {
            // Only the right side of a LEFT JOIN may be narrowed in ON.
            if let JoinOperator::Left(JoinConstraint::On(on))
            | JoinOperator::LeftOuter(JoinConstraint::On(on)) = &join.join_operator
            {
                let (mut right, mut narrowed) = (Vec::new(), Vec::new());
                aliases(&join.relation, &mut right);
                conjuncts(on, &mut narrowed);
                found.extend(narrowed.into_iter().filter(|(alias, _)| {
                    right.iter().any(|known| known.eq_ignore_ascii_case(alias))
                }));
            }
        }
    }
}

impl Judge<'_> {
    fn is_cte(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| {
            frame.names.iter().take(frame.visible).any(|(cte, _)| cte.eq_ignore_ascii_case(name))
        })
    }

    fn scope(&mut self, selection: Option<&Expr>, tables: &[&[TableWithJoins]]) {
        let mut found = Vec::new();
        if let Some(selection) = selection {
            conjuncts(selection, &mut found);
        }
        tables.iter().for_each(|list| joins(list, &mut found));
        self.scopes.push(found);
    }

    /// Whether the table is narrowed by the statement or query it stands in.
    fn narrowed(&self, name: &ObjectName, alias: Option<&TableAlias>) -> ControlFlow<String> {
        let table = last(name);
        let Some(column) = (self.column)(&table) else { return ControlFlow::Continue(()) };
        let called = alias.map_or(&table, |alias| &alias.name.value);
        let narrowed = self.scopes.last().is_some_and(|found| {
            found.iter().any(|(by, of)| by.eq_ignore_ascii_case(called) && *of == column)
        });
        if narrowed {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(format!("{table} as {called}"))
        }
    }

    /// What is changed is a table, whatever common table expression has its name.
    fn changed(&self, tables: &[TableWithJoins]) -> ControlFlow<String> {
        tables.iter().filter(|_| !self.shadowed).try_for_each(|table| match &table.relation {
            TableFactor::Table { name, alias, .. } => self.narrowed(name, alias.as_ref()),
            other => ControlFlow::Break(other.to_string()),
        })
    }

    fn stamped(&self, insert: &Insert, table: &str, column: &str) -> bool {
        let position = insert.columns.iter().position(|name| may_mean(&last(name), column));
        let (Some(position), Some(source)) = (position, &insert.source) else { return false };
        let alias = insert.table_alias.as_ref().map_or(table, |alias| &alias.alias.value);
        let guarded = |expr: Option<&Expr>| {
            let mut found = Vec::new();
            expr.into_iter().for_each(|expr| conjuncts(expr, &mut found));
            found.iter().any(|(by, of)| by.eq_ignore_ascii_case(alias) && of == column)
        };
        let upsert = match &insert.on {
            Some(OnInsert::OnConflict(on)) => match &on.action {
                OnConflictAction::DoNothing => true,
                OnConflictAction::DoUpdate(update) => guarded(update.selection.as_ref()),
            },
            Some(OnInsert::DuplicateKeyUpdate(list)) => list.iter().all(|Assignment { value, .. }| {
                matches!(value, Expr::Case { conditions, .. }
                    if conditions.len() == 1 && guarded(conditions.first().map(|case| &case.condition)))
            }),
            Some(_) => false,
            None => true,
        };
        upsert && body_is_stamped(&source.body, position, insert.columns.len())
    }
}

/// `TABLE name`, which nothing can narrow.
fn whole_table(body: &SetExpr) -> ControlFlow<String> {
    match body {
        SetExpr::Table(_) => ControlFlow::Break(body.to_string()),
        SetExpr::SetOperation { left, right, .. } => {
            whole_table(left)?;
            whole_table(right)
        }
        _ => ControlFlow::Continue(()),
    }
}

fn body_is_stamped(body: &SetExpr, position: usize, columns: usize) -> bool {
    match body {
        SetExpr::Values(values) => {
            values.rows.iter().all(|row| row.content.get(position).is_some_and(is_tenant_value))
        }
        SetExpr::Select(select) => {
            let items = select.projection.as_slice();
            let known = |items: &[SelectItem]| {
                !items.iter().any(|item| {
                    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
                })
            };
            let is_tenant = |item: Option<&SelectItem>| {
                matches!(item, Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. })
                    if is_tenant_value(expr))
            };
            // Every engine refuses a list that is longer or shorter than the columns. So what
            // stands behind a wildcard, which is any number of columns, is counted from the back.
            let behind = items.len().checked_sub(columns - position);
            if known(items) && items.len() != columns {
                true
            } else if items.get(..=position).is_some_and(known) {
                is_tenant(items.get(position))
            } else {
                behind.is_some_and(|at| {
                    items.get(at..).is_some_and(known) && is_tenant(items.get(at))
                })
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            body_is_stamped(left, position, columns) && body_is_stamped(right, position, columns)
        }
        SetExpr::Query(query) => body_is_stamped(&query.body, position, columns),
        _ => false,
    }
}

impl Visitor for Judge<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        whole_table(&query.body)?;
        let with = query.with.as_ref();
        let names: Vec<(String, *const Query)> = with
            .into_iter()
            .flat_map(|with| &with.cte_tables)
            .map(|cte| (cte.alias.name.value.clone(), std::ptr::from_ref(&*cte.query)))
            .collect();
        // A recursive one is seen by itself; that no table has its name is the scoper's to refuse.
        let visible = if with.is_some_and(|with| with.recursive) { names.len() } else { 0 };
        self.frames.push(Frame { names, visible });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        self.frames.pop();
        if let Some(frame) = self.frames.last_mut()
            && frame.names.get(frame.visible).is_some_and(|(_, cte)| std::ptr::eq(*cte, query))
        {
            frame.visible += 1;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
        self.scope(select.selection.as_ref(), &[&select.from]);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<String> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        match statement {
            Statement::Update(update) => {
                let from: &[TableWithJoins] = match &update.from {
                    Some(
                        UpdateTableFromKind::AfterSet(list) | UpdateTableFromKind::BeforeSet(list),
                    ) => list,
                    None => &[],
                };
                let table = std::slice::from_ref(&update.table);
                self.scope(update.selection.as_ref(), &[table, from]);
                self.changed(table)?;
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let using = delete.using.as_deref().unwrap_or_default();
                self.scope(delete.selection.as_ref(), &[from, using]);
                self.changed(from)?;
            }
            Statement::Insert(insert) => {
                self.scope(None, &[]);
                let TableObject::TableName(name) = &insert.table else {
                    return ControlFlow::Break(insert.table.to_string());
                };
                let table = last(name);
                if let Some(column) = (self.column)(&table)
                    && !self.stamped(insert, &table, &column)
                {
                    return ControlFlow::Break(format!("INSERT INTO {table}"));
                }
            }
            Statement::Query(_) => self.scope(None, &[]),
            other => return ControlFlow::Break(other.to_string()),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<String> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        let TableFactor::Table { name, alias, args: None, .. } = factor else {
            return ControlFlow::Continue(());
        };
        if name.0.len() == 1 && self.is_cte(&last(name)) {
            return ControlFlow::Continue(());
        }
        self.narrowed(name, alias.as_ref())
    }
}
