//! What a query answered, as texts that are equal only if the values are.

use sea_orm::{
    ConnectionTrait, QueryResult,
    sqlx::{Column, Database, Decode, Row, Sqlite, TypeInfo, ValueRef},
};

use crate::query::Query;

/// The rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Vec<String>>,
}

/// Runs a query.
pub(crate) async fn answer<C: ConnectionTrait>(db: &C, query: &Query, scale: f64) -> Answer {
    let statement = query.statement(db.get_database_backend(), scale);
    match db.query_all_raw(statement).await {
        Ok(rows) => Answer { rows: rows.iter().map(texts).collect() },
        Err(error) => panic!("query {}: {error}", query.number),
    }
}

impl Answer {
    /// Only the columns the rows are ordered by.
    pub(crate) fn order(&self, columns: &[usize]) -> Vec<Vec<&str>> {
        self.rows
            .iter()
            .map(|row| columns.iter().map(|column| row[*column].as_str()).collect())
            .collect()
    }

    /// The rows in an order of their own.
    pub(crate) fn sorted(mut self) -> Self {
        self.rows.sort_unstable();
        self
    }

    /// Whether a row has a value that is not NULL.
    pub(crate) fn says_something(&self) -> bool {
        self.rows.iter().flatten().any(|value| !value.ends_with(NULL))
    }
}

const NULL: &str = "=NULL";

/// Each value with the name and the type of its column, and without any conversion but SQLite's own.
pub(crate) fn texts(row: &QueryResult) -> Vec<String> {
    if let Some(row) = row.try_as_pg_row() {
        let bytes = |index| {
            let value = row.try_get_raw(index).expect("a column of the row");
            value.as_bytes().map(|bytes| bytes.escape_ascii().to_string())
        };
        return named(row, |index| bytes(index).expect("a value that is not NULL"));
    }
    if let Some(row) = row.try_as_mysql_row() {
        return named(row, |index| {
            row.get_unchecked::<Vec<u8>, _>(index).escape_ascii().to_string()
        });
    }
    let row = row.try_as_sqlite_row().expect("a row of one of three engines");
    named(row, |index| {
        let value = row.try_get_raw(index).expect("a column of the row");
        let kind = value.type_info().name().to_owned();
        match kind.as_str() {
            "INTEGER" => <i64 as Decode<'_, Sqlite>>::decode(value).expect("a number").to_string(),
            // The shortest text that is read as the same number.
            "REAL" => {
                format!("{:?}", <f64 as Decode<'_, Sqlite>>::decode(value).expect("a number"))
            }
            _ => <&str as Decode<'_, Sqlite>>::decode(value).expect("a text").to_owned(),
        }
    })
}

fn named<R: Row>(row: &R, value: impl Fn(usize) -> String) -> Vec<String>
where
    usize: sea_orm::sqlx::ColumnIndex<R>,
{
    let text = |(index, column): (usize, &<R::Database as Database>::Column)| {
        let raw = row.try_get_raw(index).expect("a column of the row");
        let kind = raw.type_info().name().to_owned();
        let name = column.name();
        if raw.is_null() {
            format!("{name}{NULL}")
        } else {
            format!("{name}={kind}:{}", value(index))
        }
    };
    row.columns().iter().enumerate().map(text).collect()
}
