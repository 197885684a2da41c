//! The text of a statement between its placeholders, to be read for more than one engine.

use std::borrow::Cow;

use sqlparser::{
    dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    keywords::Keyword,
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer},
};

use super::{
    Ready,
    lists::LIST,
    mark,
    parse::{named_parameter, private_use, unreadable},
    refusal::{Refusal, RefusalKind},
    render::{Piece, assemble},
};
use crate::Dialect;

/// A statement as it was written, with a place for each value. It is not scoped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The engine it is for.
    pub dialect: Dialect,
    /// Text and the places of values, by turns.
    pub pieces: Cow<'static, [Piece]>,
    /// How many values and lists of values it has places for.
    pub slots: usize,
    /// Which of them are lists.
    pub lists: Cow<'static, [usize]>,
}

impl Template {
    /// The text with a placeholder for each value, if the lists have these lengths. `None` if
    /// there is not one length for each list, or if a list is empty.
    #[must_use]
    pub fn ready(&self, lengths: &[usize]) -> Option<Ready<'static>> {
        if self.lists.len() != lengths.len() || lengths.contains(&0) {
            return None;
        }
        let (sql, binds) = assemble(self.dialect, &self.pieces, None, &|slot| {
            let before = self.lists.iter().zip(lengths).filter(|(list, _)| **list < slot);
            let start = before.fold(slot, |value, (_, length)| value + length - 1);
            let list = self.lists.iter().position(|list| *list == slot);
            start..start + list.and_then(|list| lengths.get(list)).copied().unwrap_or(1)
        })?;
        Some(Ready { sql: Cow::Owned(sql), binds: Cow::Owned(binds) })
    }

    /// The text with one placeholder for each slot, numbered by the slots.
    pub(super) fn text(&self) -> String {
        let mut sql = String::new();
        for piece in self.pieces.iter() {
            match (piece, self.dialect) {
                (Piece::Slot(_), Dialect::MySql) => sql.push('?'),
                (Piece::Slot(slot), Dialect::Sqlite) => sql.push_str(&format!("?{}", slot + 1)),
                (Piece::Slot(slot), Dialect::Postgres) => sql.push_str(&format!("${}", slot + 1)),
                (other, _) => sql.push_str(other.text()),
            }
        }
        sql
    }
}

/// Finds the places of values in a statement. In each dialect `?` is one, numbered as it stands;
/// for PostgreSQL `$1` may be written instead, and `?` is then an operator.
///
/// # Errors
///
/// A [`Refusal`] if the text is not one of this dialect, or if it cannot be told whether a `?` is
/// the place of a value.
pub fn template(sql: &str, dialect: Dialect) -> Result<Template, Refusal> {
    if sql.contains([LIST, mark::OPEN, mark::CLOSE, '\0']) {
        return Err(private_use());
    }
    let grammar: &dyn Grammar = match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::MySql => &MySqlDialect {},
    };
    let tokens = Tokenizer::new(grammar, sql)
        .tokenize_with_location()
        .map_err(|error| unreadable(&error.to_string(), dialect))?;
    let numbered = dialect == Dialect::Postgres
        && tokens.iter().any(|token| matches!(token.token, Token::Placeholder(_)));
    let mut pieces = Vec::new();
    let (mut written, mut slots) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        let (text, slot) = match &token.token {
            Token::Placeholder(text) if numbered => (text.as_str(), number(text)?),
            Token::Placeholder(text) if text == "?" => ("?", slots),
            Token::Placeholder(text) => return Err(named_parameter(text, dialect)),
            // MySQL takes it for a column.
            Token::Word(word) if word.quote_style.is_none() && is_numbered(&word.value) => {
                return Err(named_parameter(&word.value, dialect));
            }
            Token::Question | Token::QuestionAnd | Token::QuestionPipe if numbered => continue,
            Token::Question if is_value(&tokens, at) => ("?", slots),
            Token::Question | Token::QuestionAnd | Token::QuestionPipe => return Err(ambiguous()),
            _ => continue,
        };
        let start = offset(sql, token.span.start);
        let start = start.filter(|start| sql.get(*start..).is_some_and(|it| it.starts_with(text)));
        let Some((start, before)) = start.and_then(|at| Some((at, sql.get(written..at)?))) else {
            return Err(Refusal::new(
                RefusalKind::Parameters,
                format!("the parameter `{text}`"),
                "its place in the text is not certain",
                "write the statement without tabulators and unusual line ends",
            ));
        };
        pieces.push(Piece::Text(before.to_owned().into()));
        pieces.push(Piece::Slot(slot));
        written = start + text.len();
        slots = slots.max(slot + 1);
    }
    pieces.push(Piece::Text(sql.get(written..).unwrap_or_default().to_owned().into()));
    Ok(Template { dialect, pieces: pieces.into(), slots, lists: Cow::Borrowed(&[]) })
}

fn is_numbered(word: &str) -> bool {
    word.strip_prefix('$').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The slot `$1` stands for.
fn number(text: &str) -> Result<usize, Refusal> {
    match text.strip_prefix('$').and_then(|digits| digits.parse().ok()) {
        Some(number @ 1..=65_535_usize) => Ok(number - 1),
        _ => Err(named_parameter(text, Dialect::Postgres)),
    }
}

/// Whether a `?` is the place of a value and not PostgreSQL's operator, which stands between two
/// values.
fn is_value(tokens: &[TokenWithSpan], at: usize) -> bool {
    let is_text = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let before = tokens.get(..at).and_then(|tokens| tokens.iter().rfind(is_text));
    let after = tokens.get(at + 1..).and_then(|tokens| tokens.iter().find(is_text));
    let is_literal = |token: &Token| {
        matches!(
            token,
            Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::EscapedStringLiteral(_)
                | Token::DollarQuotedString(_)
                | Token::Question
        )
    };
    let is_name = |token: &Token| match token {
        Token::Word(word) => word.quote_style.is_some() || word.keyword == Keyword::NoKeyword,
        _ => false,
    };
    let ends_value = |token: &Token| {
        is_literal(token) || is_name(token) || matches!(token, Token::RParen | Token::RBracket)
    };
    let begins_value =
        |token: &Token| is_literal(token) || is_name(token) || *token == Token::LParen;
    !before.is_some_and(|token| ends_value(&token.token))
        && !after.is_some_and(|token| begins_value(&token.token))
}

fn ambiguous() -> Refusal {
    Refusal::new(
        RefusalKind::Parameters,
        "a `?` that may be PostgreSQL's operator",
        "it is not certain whether a value belongs there",
        "write the values of a PostgreSQL statement as `$1`; or `jsonb_exists(a, b)` for the \
         operator, a space behind the value, and AS before an alias",
    )
}

/// Where a place of the tokenizer's is in the text.
fn offset(sql: &str, place: Location) -> Option<usize> {
    let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let start: usize = sql.split_inclusive('\n').take(line).map(str::len).sum();
    let (length, _) = sql.get(start..)?.char_indices().nth(column)?;
    Some(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with each place of a value in brackets.
    #[track_caller]
    fn check(dialect: Dialect, sql: &str, expected: &str) {
        let shown = match template(sql, dialect) {
            Err(refusal) => format!("!! {}", refusal.construct()),
            Ok(template) => template
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Slot(slot) => format!("[{slot}]"),
                    other => other.text().to_owned(),
                })
                .collect(),
        };
        assert_eq!(shown, expected, "{sql}");
    }

    #[test]
    fn places_are_found_between_texts_and_comments() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
            check(dialect, "SELECT 1", "SELECT 1");
            check(dialect, "a = ? AND b = '?' OR c = ?", "a = [0] AND b = '?' OR c = [1]");
            check(dialect, "-- ?\nSELECT 'ä', /* ? */\n  ?", "-- ?\nSELECT 'ä', /* ? */\n  [0]");
            check(dialect, "IN (?, ?) LIMIT ? OFFSET ?", "IN ([0], [1]) LIMIT [2] OFFSET [3]");
            check(dialect, "BETWEEN ? AND ?", "BETWEEN [0] AND [1]");
            check(dialect, "CASE WHEN ? THEN ? END", "CASE WHEN [0] THEN [1] END");
            check(dialect, "a = ?\r\nOR\tb = ?", "a = [0]\r\nOR\tb = [1]");
        }
        check(Dialect::Sqlite, "a = ?1", "!! the parameter `?1`");
    }

    #[test]
    fn numbers_are_postgres_own() {
        use Dialect::{MySql, Postgres, Sqlite};
        check(Postgres, "a = $2 OR b = $1 OR c = $2", "a = [1] OR b = [0] OR c = [1]");
        check(
            Postgres,
            "tags ? 'a' AND b ?| $1 OR '$2' = c",
            "tags ? 'a' AND b ?| [0] OR '$2' = c",
        );
        check(Postgres, "a = $0", "!! the parameter `$0`");
        check(Sqlite, "a = $1", "!! the parameter `$1`");
        check(MySql, "a = $1", "!! the parameter `$1`");
    }

    #[test]
    fn operators_of_postgres_are_not_taken_for_places() {
        let doubt = "!! a `?` that may be PostgreSQL's operator";
        for sql in [
            "tags ? 'a'",
            "tags ? ?",
            "f(a) ? b",
            "a[1] ? b",
            "'{}' ? key",
            "\"a\" ? key",
            "data ? (b)",
            "tags ?| ARRAY['a']",
            "tags ?& ?",
            "SELECT ? name_of_it",
        ] {
            check(Dialect::Postgres, sql, doubt);
        }
        check(Dialect::Postgres, "SELECT ? AS name", "SELECT [0] AS name");
        check(Dialect::Postgres, "SELECT ?::text", "SELECT [0]::text");
    }

    #[test]
    fn values_are_put_in_again() {
        let mut template = template("a = $2 AND b IN ($1)", Dialect::Postgres).unwrap();
        template.lists = Cow::Borrowed(&[0]);
        let ready = template.ready(&[2]).unwrap();
        assert_eq!(ready.sql, "a = $1 AND b IN ($2, $3)");
        let given = [2, 0, 1].map(super::super::Bind::Given);
        assert_eq!(ready.binds.as_ref(), given);
        assert_eq!((template.ready(&[]), template.ready(&[0])), (None, None));
        assert_eq!(template.text(), "a = $2 AND b IN ($1)");
    }
}
