//! `IN` lists: statements that differ only in the length of one share a plan.

use crate::Dialect;

/// Stands before the placeholder of a list. A private-use character: no statement that contains
/// one is read.
pub(super) const LIST: char = '\u{E002}';

/// A statement with each list of placeholders after `IN` folded to one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// The text, with [`LIST`] before the placeholder of each list.
    pub(super) sql: String,
    /// The number of each list's placeholder, from 0.
    pub(super) slots: Vec<usize>,
    /// How many values each list has.
    pub(super) lengths: Vec<usize>,
}

impl Folded {
    /// The text as the parser reads it.
    pub(super) fn plain(&self) -> String {
        self.sql.replace(LIST, "")
    }
}

/// Folds the lists of a statement. `None` if it has none, or if it cannot be told for certain,
/// from its quotes alone, what is text and what is a placeholder.
pub(super) fn fold(sql: &str, dialect: Dialect) -> Option<Folded> {
    let bytes = sql.as_bytes();
    let mut folder =
        Folder { bytes, at: 0, dialect, seen: 0, slots: 0, kept: 0, out: String::new() };
    let (mut slots, mut lengths) = (Vec::new(), Vec::new());
    while let Some(byte) = bytes.get(folder.at).copied() {
        match byte {
            b'\'' | b'"' | b'`' => folder.quoted(byte)?,
            // A comment, an escape, a dollar quote, a bracket quote: these need a real tokenizer.
            b'\\' | b'#' => return None,
            b'[' if dialect == Dialect::Sqlite => return None,
            b'-' | b'/' if matches!(bytes.get(folder.at + 1), Some(b'-' | b'*')) => return None,
            b'?' | b'$' => folder.single(sql)?,
            b'i' | b'I' if folder.is_in() => match folder.list(sql)? {
                0 => folder.at += 2,
                length => {
                    slots.push(folder.slots - 1);
                    lengths.push(length);
                }
            },
            _ => folder.at += 1,
        }
    }
    if lengths.is_empty() {
        return None;
    }
    folder.out.push_str(sql.get(folder.kept..)?);
    Some(Folded { sql: folder.out, slots, lengths })
}

struct Folder<'a> {
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    /// Placeholders read so far.
    seen: usize,
    /// Placeholders written so far.
    slots: usize,
    /// Where the text begins that is not written yet.
    kept: usize,
    out: String,
}

impl Folder<'_> {
    /// Skips a quoted text, in which a doubled quote is none.
    fn quoted(&mut self, quote: u8) -> Option<()> {
        loop {
            self.at += 1;
            match *self.bytes.get(self.at)? {
                b'\\' => return None,
                byte if byte == quote => {
                    self.at += 1;
                    if self.bytes.get(self.at) != Some(&quote) {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads a placeholder at `at` and returns where it ends. They must be numbered as they stand,
    /// so that each value belongs to one of them.
    fn placeholder(&mut self, at: usize) -> Option<usize> {
        let digits = self.bytes.get(at + 1..)?.iter().take_while(|byte| byte.is_ascii_digit());
        let end = at + 1 + digits.count();
        let number = std::str::from_utf8(self.bytes.get(at + 1..end)?).ok()?;
        self.seen += 1;
        let expected = match (self.dialect, self.bytes.get(at)?) {
            (Dialect::Postgres, b'$') => number.parse() == Ok(self.seen),
            (Dialect::Sqlite | Dialect::MySql, b'?') => number.is_empty(),
            _ => false,
        };
        expected.then_some(end)
    }

    fn write(&mut self, sql: &str, start: usize, end: usize, list: bool) -> Option<()> {
        self.out.push_str(sql.get(self.kept..start)?);
        self.slots += 1;
        if list {
            self.out.push(LIST);
        }
        match self.dialect {
            Dialect::Postgres => {
                self.out.push('$');
                self.out.push_str(&self.slots.to_string());
            }
            Dialect::Sqlite | Dialect::MySql => self.out.push('?'),
        }
        self.kept = end;
        self.at = end;
        Some(())
    }

    fn single(&mut self, sql: &str) -> Option<()> {
        let start = self.at;
        // `a$1` is a name.
        if start.checked_sub(1).is_some_and(|before| self.is_word(before)) {
            return None;
        }
        let end = self.placeholder(start)?;
        self.write(sql, start, end, false)
    }

    /// Whether the byte may be part of a word.
    fn is_word(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@' | b'.' | 128..)
        })
    }

    /// Whether the word `IN` stands here, alone.
    fn is_in(&self) -> bool {
        matches!(self.bytes.get(self.at + 1), Some(b'n' | b'N'))
            && !self.at.checked_sub(1).is_some_and(|before| self.is_word(before))
            && !self.is_word(self.at + 2)
    }

    /// Folds the list after an `IN`, if there stands nothing but placeholders. Returns how many.
    fn list(&mut self, sql: &str) -> Option<usize> {
        let blank = |bytes: &[u8], mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let bytes = self.bytes;
        let open = blank(bytes, self.at + 2);
        if bytes.get(open) != Some(&b'(') {
            return Some(0);
        }
        let first = blank(bytes, open + 1);
        let (mut at, mut length, before) = (first, 0, self.seen);
        loop {
            if !matches!(bytes.get(at), Some(b'?' | b'$')) {
                self.seen = before;
                return Some(0);
            }
            let end = self.placeholder(at)?;
            length += 1;
            at = blank(bytes, end);
            match bytes.get(at) {
                Some(b',') => at = blank(bytes, at + 1),
                Some(b')') => {
                    self.write(sql, first, at, true)?;
                    return Some(length);
                }
                _ => {
                    self.seen = before;
                    return Some(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, sql: &str, expected: Option<(&str, &[usize])>) {
        let folded = fold(sql, dialect).map(|f| (f.sql.replace(LIST, "*"), f.lengths));
        assert_eq!(
            folded,
            expected.map(|(sql, lengths)| (sql.to_owned(), lengths.to_vec())),
            "{sql}"
        );
    }

    #[test]
    fn lists_of_placeholders_are_folded() {
        use Dialect::{MySql, Postgres, Sqlite};
        check(
            Sqlite,
            "a = ? AND b IN (?, ?,?) AND c = ?",
            Some(("a = ? AND b IN (*?) AND c = ?", &[3])),
        );
        check(
            Postgres,
            "a = $1 AND b in ($2, $3) AND c = $4",
            Some(("a = $1 AND b in (*$2) AND c = $3", &[2])),
        );
        check(MySql, "a NOT IN( ? ) OR b IN (?, ?)", Some(("a NOT IN( *?) OR b IN (*?)", &[1, 2])));
        check(
            Sqlite,
            "a IN (?, ?) AND b IN (SELECT 1)",
            Some(("a IN (*?) AND b IN (SELECT 1)", &[2])),
        );
        // The text in quotes is one, however far behind the first IN it stands.
        check(
            Sqlite,
            "customer_name IN (SELECT 'x IN (?)') AND b IN (?, ?)",
            Some(("customer_name IN (SELECT 'x IN (?)') AND b IN (*?)", &[2])),
        );
    }

    #[test]
    fn what_is_not_certain_is_left_alone() {
        use Dialect::{MySql, Postgres, Sqlite};
        for sql in [
            "a = ?",
            "'x IN (?, ?)'",
            "\"a IN (?)\"",
            "min (?, ?)",
            "a.in (?)",
            "a IN (?, 1)",
            "a IN ((?, ?))",
        ] {
            check(Sqlite, sql, None);
        }
        for sql in [
            "a IN (?, ?) -- x",
            "/* */ a IN (?)",
            r"'\' IN (?)",
            "[a IN (?)]",
            "a IN (?1, ?2)",
            "'open IN (?)",
        ] {
            check(Sqlite, sql, None);
        }
        check(Postgres, "a IN ($2, $1)", None);
        check(Postgres, "a IN ($1, $2) AND b = $1", None);
        check(Postgres, "$$ IN ($1) $$", None);
        check(Postgres, "a IN ($1, $2) AND b$3 = 1", None);
        check(MySql, "# IN (?)", None);
        check(Sqlite, "'it''s' = a AND b IN (?, ?)", Some(("'it''s' = a AND b IN (*?)", &[2])));
    }
}
