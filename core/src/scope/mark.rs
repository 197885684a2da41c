//! The marks that stand in the tree for values until it is rendered.

use std::fmt;

use sqlparser::{
    ast::{Expr, Ident, Value, ValueWithSpan},
    tokenizer::Span,
};

use crate::catalog::KeyKind;

/// Opens a mark. A private-use character: no statement that contains one is read.
pub(super) const OPEN: char = '\u{E000}';
/// Closes a mark.
pub(super) const CLOSE: char = '\u{E001}';

/// A value in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The value given for the n-th placeholder, from 0.
    Given(usize),
    /// The list of values given for the n-th placeholder, from 0.
    List(usize),
    /// The n-th literal of the text, from 0.
    Literal(usize),
    /// The n-th conflict target the parser cannot read, from 0.
    Target(usize),
    /// The tenant's schema, database or prefix.
    Place,
    /// The tenant's id, as bound to a column of this type.
    Tenant(KeyKind),
}

impl Mark {
    pub(super) fn into_expr(self) -> Expr {
        Expr::Value(ValueWithSpan {
            value: Value::Placeholder(self.to_string()),
            span: Span::empty(),
        })
    }

    /// The mark an expression consists of, if it is one.
    pub(super) fn of(expr: &Expr) -> Option<Mark> {
        match expr {
            Expr::Value(ValueWithSpan { value: Value::Placeholder(text), .. }) => {
                Mark::parse(text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?)
            }
            _ => None,
        }
    }

    /// The mark a name consists of, if it is one.
    pub(super) fn named(ident: &Ident) -> Option<Mark> {
        Mark::parse(ident.value.strip_prefix(OPEN)?.strip_suffix(CLOSE)?)
    }

    /// Reads what stands between [`OPEN`] and [`CLOSE`].
    pub(super) fn parse(text: &str) -> Option<Mark> {
        let (kind, number) = (text.get(..1)?, text.get(1..)?);
        match (kind, number) {
            ("t", "u") => Some(Mark::Tenant(KeyKind::Uuid)),
            ("t", "s") => Some(Mark::Tenant(KeyKind::Text)),
            ("t", "i") => Some(Mark::Tenant(KeyKind::Integer)),
            ("p", "") => Some(Mark::Place),
            ("v", number) => number.parse().ok().map(Mark::List),
            ("c", number) => number.parse().ok().map(Mark::Target),
            ("g", number) => number.parse().ok().map(Mark::Given),
            ("l", number) => number.parse().ok().map(Mark::Literal),
            _ => None,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Given(number) => write!(f, "{OPEN}g{number}{CLOSE}"),
            Mark::List(number) => write!(f, "{OPEN}v{number}{CLOSE}"),
            Mark::Literal(number) => write!(f, "{OPEN}l{number}{CLOSE}"),
            Mark::Target(number) => write!(f, "{OPEN}c{number}{CLOSE}"),
            Mark::Place => write!(f, "{OPEN}p{CLOSE}"),
            Mark::Tenant(KeyKind::Uuid) => write!(f, "{OPEN}tu{CLOSE}"),
            Mark::Tenant(KeyKind::Text) => write!(f, "{OPEN}ts{CLOSE}"),
            Mark::Tenant(KeyKind::Integer) => write!(f, "{OPEN}ti{CLOSE}"),
        }
    }
}
