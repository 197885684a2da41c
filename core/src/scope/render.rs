//! From the scoped tree back to text: placeholders numbered anew, literals quoted by the
//! dialect's own rules.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, ops::Range};

use super::{
    Bind,
    mark::{self, Mark},
    plan::Body,
};
use crate::{Dialect, catalog::KeyKind};

/// A part of a text that is put together at each call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(Cow<'static, str>),
    /// The value, or the list of values, of a slot.
    Slot(usize),
    /// The tenant's id.
    Tenant(KeyKind),
    /// The tenant's schema, database or prefix.
    Place,
}

impl Piece {
    pub(super) fn text(&self) -> &str {
        match self {
            Piece::Text(text) => text,
            Piece::Slot(_) | Piece::Tenant(_) | Piece::Place => "",
        }
    }
}

/// Replaces the marks in a printed tree. `None` if a mark is not one of ours, which cannot happen
/// for a tree that [`parse`](super::parse) made.
pub(super) fn render(printed: &str, literals: &[String], dialect: Dialect) -> Option<Body> {
    let mut pieces = Vec::new();
    let mut text = String::with_capacity(printed.len() + 16);
    let mut fixed = true;
    let mut rest = printed;
    while let Some((before, after)) = rest.split_once(mark::OPEN) {
        text.push_str(before);
        let (mark, after) = after.split_once(mark::CLOSE)?;
        let piece = match Mark::parse(mark)? {
            Mark::Given(number) => Some(Piece::Slot(number)),
            Mark::List(number) => {
                fixed = false;
                Some(Piece::Slot(number))
            }
            Mark::Tenant(kind) => Some(Piece::Tenant(kind)),
            Mark::Place => {
                fixed = false;
                Some(Piece::Place)
            }
            Mark::Literal(number) => {
                literal(&mut text, literals.get(number)?, dialect);
                None
            }
            Mark::Target(_) => return None,
        };
        if let Some(piece) = piece {
            pieces.push(Piece::Text(std::mem::take(&mut text).into()));
            pieces.push(piece);
        }
        rest = after;
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text.into()));
    if !fixed {
        return Some(Body::Pieces(dialect, pieces.into()));
    }
    let (sql, binds) = assemble(dialect, &pieces, None, &|slot| slot..slot + 1)?;
    Some(Body::Fixed { sql: sql.into(), binds: binds.into() })
}

/// Puts a text together: numbers its placeholders and tells what to bind to each. `None` if it
/// names the tenant's place and there is none.
pub(super) fn assemble(
    dialect: Dialect,
    pieces: &[Piece],
    place: Option<&str>,
    values: &dyn Fn(usize) -> Range<usize>,
) -> Option<(String, Vec<Bind>)> {
    let mut sql = String::with_capacity(pieces.iter().map(|piece| piece.text().len() + 8).sum());
    let mut binds = Binds::default();
    for piece in pieces {
        match piece {
            Piece::Text(text) => sql.push_str(text),
            Piece::Place => sql.push_str(place?),
            Piece::Tenant(kind) => binds.place(&mut sql, Bind::Tenant(*kind), dialect),
            Piece::Slot(slot) => {
                for (position, value) in values(*slot).enumerate() {
                    if position > 0 {
                        sql.push_str(", ");
                    }
                    binds.place(&mut sql, Bind::Given(value), dialect);
                }
            }
        }
    }
    Some((sql, binds.list))
}

/// The values to bind, in order, and where numbered placeholders find each.
#[derive(Default)]
struct Binds {
    list: Vec<Bind>,
    positions: HashMap<Bind, usize>,
}

impl Binds {
    fn place(&mut self, sql: &mut String, bind: Bind, dialect: Dialect) {
        // A bare placeholder takes the next value, so a value that stands twice is bound twice. To
        // mix them with numbered ones is not safe on SQLite: its driver counts the two apart.
        if dialect != Dialect::Postgres {
            self.list.push(bind);
            sql.push('?');
            return;
        }
        let position = *self.positions.entry(bind).or_insert_with(|| {
            self.list.push(bind);
            self.list.len()
        });
        // Writing to a string cannot fail.
        let _ = write!(sql, "${position}");
    }
}

fn literal(sql: &mut String, text: &str, dialect: Dialect) {
    // With a backslash PostgreSQL reads a plain literal in two ways, by a setting; an escape
    // literal in one. Doubled, it is harmless to MySQL whatever `NO_BACKSLASH_ESCAPES` says.
    let doubled = match dialect {
        Dialect::Sqlite => false,
        Dialect::Postgres => text.contains('\\'),
        Dialect::MySql => true,
    };
    if dialect == Dialect::Postgres && doubled {
        sql.push('E');
    }
    sql.push('\'');
    for c in text.chars() {
        if c == '\'' || (c == '\\' && doubled) {
            sql.push(c);
        }
        sql.push(c);
    }
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(printed: &str, literals: &[String], dialect: Dialect) -> (String, Vec<Bind>) {
        match render(printed, literals, dialect) {
            Some(Body::Fixed { sql, binds }) => (sql.into_owned(), binds.into_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn literals_cannot_break_out() {
        let literals = [String::from(r"a\' OR 1=1 --")];
        let printed = format!("SELECT {}", Mark::Literal(0));
        let text = |dialect| fixed(&printed, &literals, dialect).0;
        assert_eq!(text(Dialect::Sqlite), r"SELECT 'a\'' OR 1=1 --'");
        assert_eq!(text(Dialect::Postgres), r"SELECT E'a\\'' OR 1=1 --'");
        assert_eq!(text(Dialect::MySql), r"SELECT 'a\\'' OR 1=1 --'");
    }

    #[test]
    fn placeholders_keep_their_values() {
        let tenant = Mark::Tenant(KeyKind::Text);
        let printed = format!("{} {tenant} {} {tenant}", Mark::Given(1), Mark::Given(0));
        let (sql, binds) = fixed(&printed, &[], Dialect::Postgres);
        assert_eq!(sql, "$1 $2 $3 $2");
        let tenant = Bind::Tenant(KeyKind::Text);
        assert_eq!(binds, [Bind::Given(1), tenant, Bind::Given(0)]);
        let (sql, binds) = fixed(&printed, &[], Dialect::MySql);
        assert_eq!(sql, "? ? ? ?");
        assert_eq!(binds, [Bind::Given(1), tenant, Bind::Given(0), tenant]);
    }
}
