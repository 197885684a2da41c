//! A script divided into its statements.

use std::{any::TypeId, error, fmt};

use sqlparser::{
    dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect},
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace},
};

use crate::Dialect;

/// One statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its text, without the semicolon.
    pub sql: &'a str,
    /// The line it begins in, from 1.
    pub line: usize,
}

/// A script that has no end somewhere: of a string, a comment, a quoted name, or a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSplit(String);

impl fmt::Display for NotSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for NotSplit {}

/// Divides a script at its semicolons: not at those in strings, quoted names, comments or
/// dollar-quoted bodies, nor, on MySQL and SQLite, at those between `BEGIN` and `END` of a trigger
/// or routine. Pieces that hold comments only are left out.
///
/// # Errors
///
/// An error that says where something begins that does not end.
///
/// # Example
///
/// ```
/// use tenancy_core::{Dialect, revision::split};
///
/// let pieces = split(Dialect::Postgres, "SELECT ';'; -- ;\nDO $$ BEGIN NULL; END $$;")?;
/// assert_eq!(pieces.len(), 2);
/// assert_eq!(pieces[1].line, 2);
/// # Ok::<(), tenancy_core::revision::NotSplit>(())
/// ```
pub fn split(dialect: Dialect, sql: &str) -> Result<Vec<Piece<'_>>, NotSplit> {
    let grammar: &dyn Grammar = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::MySql => &WholeComments(MySqlDialect {}),
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let tokens = Tokenizer::new(grammar, sql)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|error| NotSplit(error.to_string()))?;
    let lines = Lines::new(sql);
    let mut pieces = Vec::new();
    let mut statement = Statement::default();
    for token in &tokens {
        match &token.token {
            Token::EOF => {}
            Token::SemiColon if statement.depth == 0 => {
                let end = lines.offset(token.span.start);
                statement.close(sql, end, &mut pieces);
            }
            // Comments that MySQL and MariaDB run.
            Token::Whitespace(Whitespace::MultiLineComment(text))
                if dialect == Dialect::MySql && text.starts_with(['!', 'M']) =>
            {
                statement.meet(token, &lines);
            }
            Token::Whitespace(_) => {}
            _ => {
                statement.meet(token, &lines);
                statement.nest(&token.token, dialect);
            }
        }
    }
    if statement.depth > 0 {
        let line = statement.line;
        return Err(NotSplit(format!(
            "the statement that begins in line {line} has a BEGIN, or a CASE, without its END"
        )));
    }
    statement.close(sql, sql.len(), &mut pieces);
    Ok(pieces)
}

/// MySQL's grammar, where a comment it runs is one token and not what stands in it, whose places the
/// tokenizer does not know.
#[derive(Debug)]
struct WholeComments(MySqlDialect);

impl Grammar for WholeComments {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_identifier_start(&self, c: char) -> bool {
        self.0.is_identifier_start(c)
    }

    fn is_identifier_part(&self, c: char) -> bool {
        self.0.is_identifier_part(c)
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        self.0.is_delimited_identifier_start(c)
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        self.0.supports_string_literal_backslash_escape()
    }

    fn supports_numeric_prefix(&self) -> bool {
        self.0.supports_numeric_prefix()
    }

    fn requires_single_line_comment_whitespace(&self) -> bool {
        self.0.requires_single_line_comment_whitespace()
    }

    fn supports_multiline_comment_hints(&self) -> bool {
        false
    }
}

/// What is known of the statement that is being read.
#[derive(Default)]
struct Statement {
    start: Option<usize>,
    line: usize,
    /// The first words, by which a routine is known.
    words: Vec<String>,
    depth: usize,
    /// The word before was BEGIN, or END.
    begun: bool,
    ended: bool,
}

impl Statement {
    fn meet(&mut self, token: &TokenWithSpan, lines: &Lines<'_>) {
        if self.start.is_none() {
            self.start = Some(lines.offset(token.span.start));
            self.line = usize::try_from(token.span.start.line).unwrap_or(usize::MAX);
        }
    }

    /// Counts what must end before the statement does.
    fn nest(&mut self, token: &Token, dialect: Dialect) {
        let Token::Word(word) = token else {
            self.ended = false;
            return;
        };
        let word =
            if word.quote_style.is_some() { String::new() } else { word.value.to_uppercase() };
        if self.words.len() < 16 {
            self.words.push(word.clone());
        }
        let ended = std::mem::replace(&mut self.ended, false);
        let atomic = std::mem::replace(&mut self.begun, word == "BEGIN") && word == "ATOMIC";
        if !self.is_routine() {
            return;
        }
        if dialect == Dialect::Postgres {
            // Bodies in the form of the SQL standard; others are strings there.
            match word.as_str() {
                "ATOMIC" if atomic => self.depth += 1,
                "CASE" if self.depth > 0 => self.depth += 1,
                "END" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            return;
        }
        match word.as_str() {
            // `END CASE`, `END IF` and the like: that word begins nothing.
            "CASE" if ended => {}
            "BEGIN" | "CASE" => self.depth += 1,
            "END" => {
                self.depth = self.depth.saturating_sub(1);
                self.ended = true;
            }
            // These have ends of their own, which were taken for one of a BEGIN.
            "IF" | "LOOP" | "WHILE" | "REPEAT" if ended => self.depth += 1,
            _ => {}
        }
    }

    fn is_routine(&self) -> bool {
        self.words.first().is_some_and(|word| word == "CREATE")
            && self
                .words
                .iter()
                .any(|word| matches!(word.as_str(), "TRIGGER" | "PROCEDURE" | "FUNCTION" | "EVENT"))
    }

    fn close<'a>(&mut self, sql: &'a str, end: usize, pieces: &mut Vec<Piece<'a>>) {
        let done = std::mem::take(self);
        if let Some(start) = done.start {
            pieces.push(Piece { sql: sql[start..end].trim_end(), line: done.line });
        }
    }
}

/// Where lines begin, since the tokenizer counts lines and characters.
struct Lines<'a> {
    sql: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(sql: &'a str) -> Self {
        let after = sql.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(after.map(|(place, _)| place + 1)).collect();
        Self { sql, starts }
    }

    fn offset(&self, at: Location) -> usize {
        let line = usize::try_from(at.line).unwrap_or(1).saturating_sub(1);
        let Some(start) = self.starts.get(line).copied() else { return self.sql.len() };
        let column = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
        let rest = &self.sql[start..];
        start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
    }
}
