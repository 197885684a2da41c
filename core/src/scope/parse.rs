//! From text to a tree in which every literal and placeholder is a mark of ours.
//!
//! The tree is printed again later, and a printer that errs about quotes would open a hole. So no
//! literal is left to the parser's printer: each is taken out, numbered, and written by
//! [`render`](super::render) by the dialect's own rules. What cannot be printed safely (quotes in
//! identifiers, rare literal styles) is refused here.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{Ident, Statement, Value, ValueWithSpan, VisitMut, VisitorMut},
    dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use super::{
    lists::LIST,
    mark::{self, Mark},
    refusal::{Refusal, RefusalKind},
    statement,
    target::{self, Target},
};
use crate::Dialect;

/// A statement taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) statement: Statement,
    /// The texts of the literals, by the number in their marks.
    pub(super) literals: Vec<String>,
    /// Whether a text in quotes is in the tree that is no value and no name.
    pub(super) strays: bool,
    /// Conflict targets the parser cannot read, by the number in their marks.
    pub(super) targets: Vec<Target>,
    /// How many values and lists of values the statement has places for.
    pub(super) slots: usize,
    /// Which of them are lists.
    pub(super) lists: Vec<usize>,
}

pub(super) fn parse(sql: &str, dialect: Dialect) -> Result<Parsed, Refusal> {
    if sql.contains(LIST) { Err(private_use()) } else { parse_folded(sql, Vec::new(), dialect) }
}

/// The parser's rules for a dialect.
pub(super) fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::MySql => &MySqlDialect {},
    }
}

pub(super) fn private_use() -> Refusal {
    Refusal::new(
        RefusalKind::Syntax,
        "a control or private-use character",
        "the characters U+0000 and U+E000 to U+E002 cannot stand in a statement",
        "bind the text as a parameter",
    )
}

/// Parses a statement in which the placeholders of these slots stand for lists.
pub(super) fn parse_folded(
    sql: &str,
    lists: Vec<usize>,
    dialect: Dialect,
) -> Result<Parsed, Refusal> {
    if sql.contains([mark::OPEN, mark::CLOSE, '\0']) {
        return Err(private_use());
    }
    if dialect == Dialect::MySql && (sql.contains("/*!") || sql.contains("/*M!")) {
        return Err(Refusal::new(
            RefusalKind::Syntax,
            "a version comment (`/*! … */`)",
            "the server would run its contents",
            "write the statement for one server version, without version comments",
        ));
    }
    let grammar = grammar(dialect);
    let mut tokens = Tokenizer::new(grammar, sql)
        .tokenize_with_location()
        .map_err(|error| unreadable(&error.to_string(), dialect))?;
    few_operators(&tokens)?;
    no_hex_numbers(sql, &tokens, dialect)?;
    let texts = count_texts(&tokens, dialect);
    let slots = number_placeholders(&mut tokens, &lists, dialect)?;
    let mut targets =
        if target::in_dialect(dialect) { target::take(&mut tokens, grammar) } else { Vec::new() };
    let mut statements = Parser::new(grammar)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| {
            statement::known(sql).unwrap_or_else(|| unreadable(&error.to_string(), dialect))
        })?;
    let (Some(mut statement), true) = (statements.pop(), statements.is_empty()) else {
        return Err(Refusal::new(
            RefusalKind::Syntax,
            "a text that is not exactly one statement",
            "each statement is scoped and run by itself",
            "send one statement at a time",
        ));
    };
    let mut marker = Marker { dialect, literals: Vec::new(), texts: 0 };
    let mut marked = VisitMut::visit(&mut statement, &mut marker);
    for Target { items, condition } in &mut targets {
        for expr in items.iter_mut().chain(condition) {
            if marked.is_continue() {
                marked = VisitMut::visit(expr, &mut marker);
            }
        }
    }
    match marked {
        ControlFlow::Continue(()) => {
            let Marker { literals, texts: met, dialect: _ } = marker;
            Ok(Parsed { statement, literals, strays: texts != met, targets, slots, lists })
        }
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// The tree does not tell the number `0x1F` from the bytes `x'1F'`. Only to MySQL they are the same.
fn no_hex_numbers(sql: &str, tokens: &[TokenWithSpan], dialect: Dialect) -> Result<(), Refusal> {
    let is_hex = |token: &TokenWithSpan| matches!(token.token, Token::HexStringLiteral(_));
    let written = |sql: &str| sql.contains("0x") || sql.contains("0X");
    if dialect == Dialect::MySql || !tokens.iter().any(is_hex) || !written(sql) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Syntax,
        "a hexadecimal number (`0x…`)",
        "it is not told from the bytes `x'…'`",
        "write the number in decimal digits",
    ))
}

/// How many texts in quotes there are. Each must be found in the tree as a value or a name: some
/// the parser keeps elsewhere, and prints without their quotes.
fn count_texts(tokens: &[TokenWithSpan], dialect: Dialect) -> usize {
    let mut count = 0;
    let mut continued = false;
    for TokenWithSpan { token, .. } in tokens {
        let plain = matches!(token, Token::SingleQuotedString(_) | Token::DoubleQuotedString(_));
        let is_text = plain
            || matches!(
                token,
                Token::DollarQuotedString(_)
                    | Token::EscapedStringLiteral(_)
                    | Token::HexStringLiteral(_)
                    | Token::NationalStringLiteral(_)
                    | Token::SingleQuotedByteStringLiteral(_)
                    | Token::UnicodeStringLiteral(_)
            );
        // To MySQL, texts that follow each other are one.
        count += usize::from(is_text && !(plain && continued));
        if !matches!(token, Token::Whitespace(_)) {
            continued = plain && dialect == Dialect::MySql;
        }
    }
    count
}

/// How many operators one statement may have. A chain of them is a tree as deep as the chain is
/// long, and everything that walks, prints or drops it uses the stack.
const MOST_OPERATORS: usize = 2_000;

fn few_operators(tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    let is_operator = |token: &Token| match token {
        Token::Word(word) => {
            word.quote_style.is_none()
                && ["and", "or", "xor", "not", "like", "union", "except", "intersect", "is"]
                    .iter()
                    .any(|operator| word.value.eq_ignore_ascii_case(operator))
        }
        Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::LBracket
        | Token::RBracket
        | Token::Period
        | Token::SemiColon
        | Token::Whitespace(_)
        | Token::Number(..)
        | Token::Placeholder(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_) => false,
        _ => true,
    };
    let operators = tokens.iter().filter(|token| is_operator(&token.token)).count();
    if operators <= MOST_OPERATORS {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Syntax,
        format!("a statement with {operators} operators"),
        format!("more than {MOST_OPERATORS} could exhaust the stack"),
        "use `IN (…)` for long lists of alternatives, or several statements",
    ))
}

pub(super) fn unreadable(error: &str, dialect: Dialect) -> Refusal {
    let error = error.trim_start_matches("sql parser error: ");
    Refusal::new(
        RefusalKind::Syntax,
        format!("a statement that cannot be read as {dialect}"),
        error.replace([mark::OPEN, mark::CLOSE], "?"),
        "only what is understood can be scoped: rewrite it, or use an unscoped connection",
    )
}

/// Replaces each placeholder by a mark with its number, and tells how many values are needed.
fn number_placeholders(
    tokens: &mut [TokenWithSpan],
    lists: &[usize],
    dialect: Dialect,
) -> Result<usize, Refusal> {
    let mut highest = 0;
    for TokenWithSpan { token, .. } in tokens {
        let Token::Placeholder(text) = token else { continue };
        let number = match (dialect, text.as_str()) {
            (Dialect::Sqlite | Dialect::MySql, "?") => Some(highest + 1),
            (Dialect::Sqlite, text) => {
                text.strip_prefix('?').and_then(|digits| digits.parse().ok())
            }
            (Dialect::Postgres, text) => {
                text.strip_prefix('$').and_then(|digits| digits.parse().ok())
            }
            (Dialect::MySql, _) => None,
        };
        let Some(number @ 1..=65_535) = number else { return Err(named_parameter(text, dialect)) };
        highest = highest.max(number);
        let slot = number - 1;
        let mark = if lists.contains(&slot) { Mark::List(slot) } else { Mark::Given(slot) };
        *text = mark.to_string();
    }
    Ok(highest)
}

pub(super) fn named_parameter(text: &str, dialect: Dialect) -> Refusal {
    let style = if dialect == Dialect::Postgres { "`$1`" } else { "`?`" };
    Refusal::new(
        RefusalKind::Parameters,
        format!("the parameter `{text}`"),
        "values are bound by position",
        format!("write {style}"),
    )
}

/// Takes the literals out of the tree and checks the identifiers in it.
struct Marker {
    dialect: Dialect,
    literals: Vec<String>,
    /// How many texts in quotes were met.
    texts: usize,
}

impl VisitorMut for Marker {
    type Break = Refusal;

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Refusal> {
        let printable =
            |c: char| !matches!(c, '"' | '\'' | '`' | '\\' | '[' | ']') && !c.is_control();
        if !ident.value.chars().all(printable) {
            return ControlFlow::Break(Refusal::new(
                RefusalKind::Syntax,
                "an identifier with a quote, bracket, backslash or control character",
                "engines disagree about how to quote it",
                "rename the column, table or alias",
            ));
        }
        match ident.quote_style {
            Some(quote) => {
                let is_text = quote == '\'' || self.dialect == Dialect::MySql && quote == '"';
                self.texts += usize::from(is_text);
                ident.quote_style = Some(self.dialect.quote());
            }
            None if ident.value.starts_with('@') => {
                return ControlFlow::Break(Refusal::new(
                    RefusalKind::Clause,
                    format!("the variable `{}`", ident.value),
                    "session variables outlive the statement on a connection other tenants use next",
                    "bind the value as a parameter",
                ));
            }
            // `o.2E1` ends in a name or in a number, and a name cut off behind it would be an alias.
            None if ident.value.starts_with(|c: char| c.is_ascii_digit()) => {
                return ControlFlow::Break(Refusal::new(
                    RefusalKind::Syntax,
                    format!("the name `{}` without quotes", ident.value),
                    "engines disagree about whether a name or a number begins with a digit",
                    "put the name in quotes",
                ));
            }
            None => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Refusal> {
        let text = match &mut value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                std::mem::take(text)
            }
            Value::DollarQuotedString(text) => std::mem::take(&mut text.value),
            // Only MySQL's grammar has such texts; to the others they are names.
            Value::DoubleQuotedString(text) => std::mem::take(text),
            Value::Number(digits, false)
                if digits
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-')) =>
            {
                return ControlFlow::Continue(());
            }
            Value::HexStringLiteral(digits) if digits.chars().all(|c| c.is_ascii_hexdigit()) => {
                self.texts += 1;
                return ControlFlow::Continue(());
            }
            Value::Boolean(_) | Value::Null => return ControlFlow::Continue(()),
            Value::Placeholder(text) if text.starts_with(mark::OPEN) => {
                return ControlFlow::Continue(());
            }
            Value::Placeholder(text) => {
                return ControlFlow::Break(named_parameter(text, self.dialect));
            }
            other => {
                let literal = format!("the literal `{other}`");
                return ControlFlow::Break(Refusal::new(
                    RefusalKind::Syntax,
                    literal,
                    "this style of literal is not printed back safely",
                    "write a plain 'text' literal or bind a parameter",
                ));
            }
        };
        // An escape can stand for a character that the text itself may not hold.
        if text.contains(['\0', mark::OPEN, mark::CLOSE, LIST]) {
            return ControlFlow::Break(private_use());
        }
        self.texts += 1;
        value.value = Value::Placeholder(Mark::Literal(self.literals.len()).to_string());
        self.literals.push(text);
        ControlFlow::Continue(())
    }
}
