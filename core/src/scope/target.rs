//! Conflict targets beyond a list of columns: expressions, and the condition of a partial index.
//!
//! The parser reads `ON CONFLICT (column, …)` and no more. What it cannot read is taken out of the
//! tokens here, read as expressions, walked like any other, and put back when the tree is printed.

use sqlparser::{
    ast::{Expr, Ident},
    dialect::Dialect as Grammar,
    parser::Parser,
    tokenizer::{Token, TokenWithSpan, Word},
};

use super::{
    mark::Mark,
    upsert::has_key,
    walker::{Names, Result, Walker},
};
use crate::{Dialect, catalog::Entity};

/// `(item, …) WHERE condition`
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) items: Vec<Expr>,
    pub(super) condition: Option<Expr>,
}

impl Target {
    /// As it stands between the parentheses the parser left around the mark.
    pub(super) fn print(&self) -> String {
        let items: Vec<String> = self.items.iter().map(ToString::to_string).collect();
        let items = items.join(", ");
        match &self.condition {
            None => items,
            Some(Expr::Nested(condition)) => format!("{items}) WHERE ({condition}"),
            Some(condition) => format!("{items}) WHERE ({condition}"),
        }
    }
}

/// Takes the targets out that the parser cannot read. What this cannot read either stays, for the
/// parser to complain about.
pub(super) fn take(tokens: &mut Vec<TokenWithSpan>, grammar: &dyn Grammar) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut at = 0;
    while let Some(open) = (at..tokens.len()).find_map(|on| opening(tokens, on)) {
        at = open;
        let Some(found) = read(tokens, open, grammar) else { continue };
        let mark = Token::Word(Word {
            value: Mark::Target(targets.len()).to_string(),
            quote_style: None,
            keyword: sqlparser::keywords::Keyword::NoKeyword,
        });
        let Some(span) = tokens.get(open).map(|token| token.span) else { continue };
        let rest =
            [mark, Token::RParen, Token::Whitespace(sqlparser::tokenizer::Whitespace::Space)];
        let rest = rest.map(|token| TokenWithSpan { token, span });
        tokens.splice(open + 1..found.end, rest);
        targets.push(found.target);
    }
    targets
}

struct Found {
    target: Target,
    /// Where `DO` stands.
    end: usize,
}

fn is_word(token: &TokenWithSpan, text: &str) -> bool {
    matches!(&token.token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

/// The next token that is not white space, from `at` on.
fn next(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    (at..tokens.len()).find(|at| {
        tokens.get(*at).is_some_and(|token| !matches!(token.token, Token::Whitespace(_)))
    })
}

/// Where the parenthesis of `ON CONFLICT (` opens, if `ON` stands at `at`.
fn opening(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    if !is_word(tokens.get(at)?, "on") {
        return None;
    }
    let conflict = next(tokens, at + 1)?;
    if !is_word(tokens.get(conflict)?, "conflict") {
        return None;
    }
    let open = next(tokens, conflict + 1)?;
    (tokens.get(open)?.token == Token::LParen).then_some(open)
}

/// Reads a target that is more than a list of names.
fn read(tokens: &[TokenWithSpan], open: usize, grammar: &dyn Grammar) -> Option<Found> {
    let mut depth = 0_usize;
    let mut starts = vec![open + 1];
    let mut close = None;
    for (at, token) in tokens.iter().enumerate().skip(open + 1) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => {
                close = Some(at);
                break;
            }
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    let close = close?;
    let after = next(tokens, close + 1)?;
    let (condition, end) = if is_word(tokens.get(after)?, "where") {
        let mut depth = 0_usize;
        let end = (after..tokens.len()).find(|at| match tokens.get(*at) {
            Some(token) if token.token == Token::LParen => {
                depth += 1;
                false
            }
            Some(token) if token.token == Token::RParen => {
                depth = depth.saturating_sub(1);
                false
            }
            Some(token) => depth == 0 && is_word(token, "do"),
            None => false,
        })?;
        (Some(expression(tokens.get(after + 1..end)?, grammar)?), end)
    } else if is_word(tokens.get(after)?, "do") {
        (None, after)
    } else {
        return None;
    };
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([close]);
    let items: Option<Vec<Expr>> = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| expression(tokens.get(*start..end)?, grammar))
        .collect();
    let items = items?;
    let plain = items.iter().all(|item| matches!(item, Expr::Identifier(_)));
    if plain && condition.is_none() {
        return None;
    }
    Some(Found { target: Target { items, condition }, end })
}

fn expression(tokens: &[TokenWithSpan], grammar: &dyn Grammar) -> Option<Expr> {
    let mut parser = Parser::new(grammar).with_tokens_with_locations(tokens.to_vec());
    let expr = parser.parse_expr().ok()?;
    (parser.peek_token().token == Token::EOF).then_some(expr)
}

impl Walker<'_> {
    /// Walks a target the parser could not read. Every unique key of a tenant's table should
    /// contain the tenant column; an index that is known only by its expressions is taken to.
    pub(super) fn read_target(&mut self, number: usize, entity: &Entity) -> Result {
        let Some(mut target) = self.targets.get(number).cloned() else {
            return Err(self.unknown("this conflict target"));
        };
        self.within("ON CONFLICT", |walker| {
            let queries = walker.queries();
            walker.exprs(&mut target.items, &Names::default())?;
            let mut condition = target.condition.iter_mut();
            condition.try_for_each(|expr| walker.expr(expr, &Names::default()))?;
            if walker.queries() == queries {
                return Ok(());
            }
            Err(walker.refuse(
                "a sub-query",
                "an index has none, so no index can be meant",
                "name the columns of a unique key",
            ))
        })?;
        if let Some((tenant, _)) = entity.tenant_column() {
            let names: Option<Vec<&Ident>> = target
                .items
                .iter()
                .map(|item| if let Expr::Identifier(name) = item { Some(name) } else { None })
                .collect();
            let named = target.items.iter().any(|item| {
                matches!(item, Expr::Identifier(name) if name.value.eq_ignore_ascii_case(tenant))
            });
            let global = names.is_some_and(|names| has_key(entity, &names));
            if !named && !global {
                let tenant = Ident::with_quote(self.dialect.quote(), tenant);
                target.items.push(Expr::Identifier(tenant));
            }
        }
        if let Some(slot) = self.targets.get_mut(number) {
            *slot = target;
        }
        self.count_target();
        Ok(())
    }
}

/// Whether the dialect has conflict targets at all.
pub(super) fn in_dialect(dialect: Dialect) -> bool {
    dialect != Dialect::MySql
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::{dialect::PostgreSqlDialect, tokenizer::Tokenizer};

    /// The targets that are taken out of a text.
    #[track_caller]
    fn check(sql: &str, expected: &[&str]) {
        let grammar = PostgreSqlDialect {};
        let mut tokens = Tokenizer::new(&grammar, sql).tokenize_with_location().unwrap();
        let before = tokens.clone();
        let taken: Vec<String> = take(&mut tokens, &grammar).iter().map(Target::print).collect();
        assert_eq!(taken, expected, "{sql}");
        assert_eq!(tokens == before, taken.is_empty(), "{sql}");
    }

    #[test]
    fn what_the_parser_cannot_read_is_taken_out() {
        check("ON CONFLICT (lower(a)) DO NOTHING", &["lower(a)"]);
        check("on conflict(lower(a), b) DO NOTHING", &["lower(a), b"]);
        check("ON CONFLICT (f(a, b), c) DO NOTHING", &["f(a, b), c"]);
        check("ON CONFLICT (a) WHERE b > 0 DO NOTHING", &["a) WHERE (b > 0"]);
        // Within parentheses it is a column, not what is to be done.
        check("ON CONFLICT (a) WHERE ((do) > 0) DO NOTHING", &["a) WHERE ((do) > 0"]);
        check(
            "ON CONFLICT (f(a)) DO NOTHING), y AS (INSERT INTO t (a) VALUES (1) ON CONFLICT (g(b)) DO",
            &["f(a)", "g(b)"],
        );
    }

    #[test]
    fn everything_else_is_left_to_the_parser() {
        for sql in [
            "ON CONFLICT (a, b) DO NOTHING",
            "ON CONFLICT DO NOTHING",
            "conflict (lower(a)) DO NOTHING",
            "AS conflict (lower(a)) DO NOTHING",
            "ON (lower(a)) DO NOTHING",
            "ON \"conflict\" (lower(a)) DO NOTHING",
            "ON CONFLICT (lower(a)) AND b",
            "ON CONFLICT (lower(a)) WHERE b",
            "ON CONFLICT (lower(a)) WHERE b; c DO",
            "ON CONFLICT (lower(a), ) DO NOTHING",
            "ON CONFLICT (lower(a)",
            "ON",
            "",
        ] {
            check(sql, &[]);
        }
    }
}
