//! The words of SQLite's statements, in one spelling.

use super::HERE;

/// One word, sign or literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword as it is meant, and whether it was quoted.
    Word(String, bool),
    /// Anything else, as written.
    Other(String),
}

impl Token {
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word, false) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self, Token::Other(text) if text == sign)
    }

    /// The name it is, if it can be one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Token::Word(word, _) => Some(word),
            // SQLite takes a text in single quotes for a name where only a name can be.
            Token::Other(text) => text.strip_prefix('\'')?.strip_suffix('\''),
        }
    }
}

/// The tokens of a text, without comments. `prefix` is taken off names that begin with it.
pub(super) fn tokens(text: &str, prefix: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let name = |word: &str| word.strip_prefix(prefix).unwrap_or(word).to_owned();
    while let Some(c) = rest.chars().next() {
        let end = match c {
            c if c.is_whitespace() => c.len_utf8(),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' | '`' | '[' => {
                let (word, end) = quoted(rest, if c == '[' { ']' } else { c })?;
                tokens.push(Token::Word(name(&word), true));
                end
            }
            '\'' => {
                let (_, end) = quoted(rest, c)?;
                tokens.push(Token::Other(rest[..end].to_owned()));
                end
            }
            c if c.is_alphabetic() || c == '_' => {
                let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                // A blob literal.
                if matches!(&rest[..end], "x" | "X") && rest[end..].starts_with('\'') {
                    let (_, close) = quoted(&rest[end..], '\'')?;
                    tokens.push(Token::Other(rest[..end + close].to_owned()));
                    end + close
                } else {
                    tokens.push(Token::Word(name(&rest[..end]), false));
                    end
                }
            }
            c if c.is_ascii_digit() => {
                let is_number = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
                let end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
                tokens.push(Token::Other(rest[..end].to_owned()));
                end
            }
            _ => {
                let signs = ["->>", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>", "->"];
                let end = signs
                    .iter()
                    .find(|sign| rest.starts_with(*sign))
                    .map_or(c.len_utf8(), |sign| sign.len());
                tokens.push(Token::Other(rest[..end].to_owned()));
                end
            }
        };
        rest = &rest[end..];
    }
    Ok(tokens)
}

/// What is between quotes, and where it ends.
fn quoted(text: &str, close: char) -> Result<(String, usize), String> {
    let mut word = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            word.push(c);
        } else if close != ']' && chars.peek().is_some_and(|(_, next)| *next == close) {
            word.push(c);
            chars.next();
        } else {
            return Ok((word, at + c.len_utf8()));
        }
    }
    Err(format!("a quote is never closed: {text}"))
}

/// Tokens as a text: keywords in capitals, names in quotes only where they need them.
pub(super) fn text(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut glued = true;
    for (at, token) in tokens.iter().enumerate() {
        let written = match token {
            Token::Word(word, false) if RESERVED.contains(&word.to_ascii_uppercase().as_str()) => {
                word.to_ascii_uppercase()
            }
            Token::Word(word, _) if plain(word) => word.clone(),
            Token::Word(word, _) => HERE.name(word),
            Token::Other(text) => text.clone(),
        };
        let closes = matches!(written.as_str(), ")" | "," | ".");
        let calls = written == "("
            && matches!(tokens.get(at.wrapping_sub(1)), Some(Token::Word(word, _))
                if !RESERVED.contains(&word.to_ascii_uppercase().as_str()));
        if !glued && !closes && !calls {
            out.push(' ');
        }
        glued = matches!(written.as_str(), "(" | ".");
        out.push_str(&written);
    }
    out
}

fn plain(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&word.to_ascii_uppercase().as_str())
}

/// The keywords of SQLite.
#[rustfmt::skip]
const RESERVED: [&str; 147] = [
    "ABORT", "ACTION", "ADD", "AFTER", "ALL", "ALTER", "ALWAYS", "ANALYZE", "AND", "AS", "ASC", "ATTACH",
    "AUTOINCREMENT", "BEFORE", "BEGIN", "BETWEEN", "BY", "CASCADE", "CASE", "CAST", "CHECK", "COLLATE",
    "COLUMN", "COMMIT", "CONFLICT", "CONSTRAINT", "CREATE", "CROSS", "CURRENT", "CURRENT_DATE",
    "CURRENT_TIME", "CURRENT_TIMESTAMP", "DATABASE", "DEFAULT", "DEFERRABLE", "DEFERRED", "DELETE",
    "DESC", "DETACH", "DISTINCT", "DO", "DROP", "EACH", "ELSE", "END", "ESCAPE", "EXCEPT", "EXCLUDE",
    "EXCLUSIVE", "EXISTS", "EXPLAIN", "FAIL", "FILTER", "FIRST", "FOLLOWING", "FOR", "FOREIGN", "FROM",
    "FULL", "GENERATED", "GLOB", "GROUP", "GROUPS", "HAVING", "IF", "IGNORE", "IMMEDIATE", "IN", "INDEX",
    "INDEXED", "INITIALLY", "INNER", "INSERT", "INSTEAD", "INTERSECT", "INTO", "IS", "ISNULL", "JOIN",
    "KEY", "LAST", "LEFT", "LIKE", "LIMIT", "MATCH", "MATERIALIZED", "NATURAL", "NO", "NOT", "NOTHING",
    "NOTNULL", "NULL", "NULLS", "OF", "OFFSET", "ON", "OR", "ORDER", "OTHERS", "OUTER", "OVER",
    "PARTITION", "PLAN", "PRAGMA", "PRECEDING", "PRIMARY", "QUERY", "RAISE", "RANGE", "RECURSIVE",
    "REFERENCES", "REGEXP", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESTRICT", "RETURNING", "RIGHT",
    "ROLLBACK", "ROW", "ROWS", "SAVEPOINT", "SELECT", "SET", "TABLE", "TEMP", "TEMPORARY", "THEN", "TIES",
    "TO", "TRANSACTION", "TRIGGER", "UNBOUNDED", "UNION", "UNIQUE", "UPDATE", "USING", "VACUUM", "VALUES",
    "VIEW", "VIRTUAL", "WHEN", "WHERE", "WINDOW", "WITH", "WITHOUT",
];
