//! The 22 queries with the parameters their answers are validated with.
//!
//! `queries/qNN.sql` is for PostgreSQL and MariaDB; where SQLite needs other words for a date or a
//! part of a text, `queries/sqlite/qNN.sql` stands in for it. Money is in cents and percents are whole
//! (see [`entity`](crate::entity)), so `1 - l_discount` reads `100 - l_discount`. Query 15 has a common
//! table expression in place of a view. The threshold of query 18 is 250 instead of 300, which few
//! orders reach at the scales of a test.

use chrono::NaiveDate;
use sea_orm::{DbBackend, Statement, Value};

/// One of the queries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub(crate) number: usize,
    text: &'static str,
    sqlite: Option<&'static str>,
    parameters: fn(f64) -> Vec<Value>,
    /// Which columns of the answer ORDER BY names, if rows may be equal in them.
    pub(crate) ties: &'static [usize],
}

macro_rules! query {
    ($number:literal, [$($parameter:expr),*]) => {
        query!($number, |_| vec![$(Value::from($parameter)),*])
    };
    ($number:literal, $parameters:expr) => {
        Query {
            number: $number,
            text: include_str!(concat!("queries/q", stringify!($number), ".sql")),
            sqlite: None,
            parameters: $parameters,
            ties: &[],
        }
    };
}

macro_rules! sqlite {
    ($number:literal) => {
        include_str!(concat!("queries/sqlite/q", stringify!($number), ".sql"))
    };
}

fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).expect("a month of the calendar")
}

/// All of them, in order.
#[rustfmt::skip]
pub(crate) fn queries() -> [Query; 22] {
    [
        query!(1, []).sqlite(sqlite!(1)),
        query!(2, [15_i64, "%BRASS", "EUROPE"]),
        query!(3, ["BUILDING", NaiveDate::from_ymd_opt(1995, 3, 15)]).ties(&[1, 2]),
        query!(4, [day(1993, 7)]).sqlite(sqlite!(4)),
        query!(5, ["ASIA", day(1994, 1)]).sqlite(sqlite!(5)).ties(&[1]),
        query!(6, [day(1994, 1), 6_i64, 24_i64]).sqlite(sqlite!(6)),
        query!(7, ["FRANCE", "GERMANY"]).sqlite(sqlite!(7)),
        query!(8, ["BRAZIL", "AMERICA", "ECONOMY ANODIZED STEEL"]).sqlite(sqlite!(8)),
        query!(9, ["%green%"]).sqlite(sqlite!(9)),
        query!(10, [day(1993, 10)]).sqlite(sqlite!(10)).ties(&[2]),
        query!(11, |scale| vec!["GERMANY".into(), (0.0001 / scale).into()]).ties(&[1]),
        query!(12, ["MAIL", "SHIP", day(1994, 1)]).sqlite(sqlite!(12)),
        query!(13, ["%special%requests%"]),
        query!(14, [day(1995, 9)]).sqlite(sqlite!(14)),
        query!(15, [day(1996, 1)]).sqlite(sqlite!(15)),
        query!(16, ["Brand#45", "MEDIUM POLISHED%", 49_i64, 14_i64, 23_i64, 45_i64, 19_i64, 3_i64, 36_i64, 9_i64]),
        query!(17, ["Brand#23", "MED BOX"]),
        query!(18, [250_i64]).ties(&[4, 3]),
        query!(19, ["Brand#12", "Brand#23", "Brand#34", 1_i64, 10_i64, 20_i64]),
        query!(20, ["forest%", day(1994, 1), "CANADA"]).sqlite(sqlite!(20)),
        query!(21, ["SAUDI ARABIA"]),
        query!(22, ["13", "31", "23", "29", "30", "18", "17"]).sqlite(sqlite!(22)),
    ]
}

impl Query {
    fn sqlite(mut self, text: &'static str) -> Self {
        self.sqlite = Some(text);
        self
    }

    fn ties(mut self, ties: &'static [usize]) -> Self {
        self.ties = ties;
        self
    }

    /// The query as the engine has it.
    pub(crate) fn statement(&self, backend: DbBackend, scale: f64) -> Statement {
        let own = self.sqlite.filter(|_| backend == DbBackend::Sqlite);
        let text = own.unwrap_or(self.text);
        statement(backend, text, (self.parameters)(scale))
    }
}

/// A statement with the placeholders `$1`, `$2`, … in the engine's own style. MySQL's have no numbers,
/// so a value that is used twice is given twice.
pub(crate) fn statement(backend: DbBackend, text: &str, values: Vec<Value>) -> Statement {
    let mut pieces = text.split('$');
    let mut sql = pieces.next().unwrap_or_default().to_owned();
    let mut repeated = Vec::new();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(end);
        match backend {
            DbBackend::MySql => {
                let number: usize = number.parse().expect("a number follows `$`");
                repeated.push(values[number - 1].clone());
                sql.push('?');
            }
            DbBackend::Sqlite => {
                sql.push('?');
                sql.push_str(number);
            }
            _ => {
                sql.push('$');
                sql.push_str(number);
            }
        }
        sql.push_str(rest);
    }
    let values = if backend == DbBackend::MySql { repeated } else { values };
    Statement::from_sql_and_values(backend, sql, values)
}
