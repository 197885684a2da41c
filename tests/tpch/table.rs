//! The tables and their columns, and rows as text.

use std::fmt::Write as _;

use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable, Value};

use crate::entity::{customer, lineitem, nation, orders, part, partsupp, region, supplier};

/// A row without the tenant column, in the order of its table's columns.
pub(crate) type Row = Vec<Value>;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Number,
    Date,
    Text,
}

/// A table and its columns without the tenant's.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<(&'static str, Kind)>,
}

/// All tables, each after those it refers to; rows are kept in the same order.
pub(crate) fn tables() -> [Table; 8] {
    [
        table(region::Entity),
        table(nation::Entity),
        table(part::Entity),
        table(supplier::Entity),
        table(partsupp::Entity),
        table(customer::Entity),
        table(orders::Entity),
        table(lineitem::Entity),
    ]
}

/// Where [`tables`] has the last two.
pub(crate) const ORDERS: usize = 6;
pub(crate) const LINEITEM: usize = 7;

fn table<E: EntityTrait>(entity: E) -> Table {
    let kind = |column: &E::Column| match column.def().get_column_type() {
        ColumnType::BigInteger => Kind::Number,
        ColumnType::Date => Kind::Date,
        _ => Kind::Text,
    };
    let columns = E::Column::iter().map(|column| (column.as_str(), kind(&column)));
    Table {
        name: entity.table_name(),
        columns: columns.filter(|(name, _)| *name != "tenant_id").collect(),
    }
}

impl Table {
    fn columns(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// An INSERT with the values in its text, and with a last column of one value for all rows if
    /// there is one.
    pub(crate) fn insert(&self, rows: &[Row], last: Option<(&str, &str)>) -> String {
        let mut sql = format!("INSERT INTO {} ({}", self.name, self.columns());
        if let Some((column, _)) = last {
            let _ = write!(sql, ", {column}");
        }
        let end = last.map_or_else(|| ")".to_owned(), |(_, value)| format!(",'{value}')"));
        let mut before = ") VALUES (";
        for row in rows {
            sql.push_str(before);
            for (index, value) in row.iter().enumerate() {
                if index > 0 {
                    sql.push(',');
                }
                literal(&mut sql, value);
            }
            sql.push_str(&end);
            before = ", (";
        }
        sql
    }

    /// An INSERT with numbered placeholders for so many rows.
    pub(crate) fn template(&self, rows: usize) -> String {
        let width = self.columns.len();
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns());
        for number in 0..rows * width {
            let before = match (number % width, number) {
                (0, 0) => "(",
                (0, _) => "), (",
                _ => ", ",
            };
            let _ = write!(sql, "{before}${}", number + 1);
        }
        sql.push(')');
        sql
    }
}

fn literal(sql: &mut String, value: &Value) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::BigInt(Some(number)) => write!(sql, "{number}"),
        Value::ChronoDate(Some(date)) => write!(sql, "'{date}'"),
        Value::String(Some(text)) => write!(sql, "'{}'", text.replace('\'', "''")),
        other => unreachable!("rows hold whole numbers, dates and texts, not {other:?}"),
    };
}
