//! Values of a changed row as texts, alike on every engine.

use crate::{Dialect, catalog::KeyKind, policy::ident};

/// A column whose value a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Its name.
    pub column: &'a str,
    /// How its values are stored.
    pub shape: Shape,
}

/// How values are stored where an engine has no type for them. PostgreSQL needs no telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As what they are.
    Plain,
    /// As the sixteen bytes of a UUID.
    Uuid,
    /// As bytes.
    Bytes,
}

impl<'a> Key<'a> {
    /// A tenant column.
    #[must_use]
    pub fn tenant(column: &'a str, kind: KeyKind) -> Self {
        let shape = if kind == KeyKind::Uuid { Shape::Uuid } else { Shape::Plain };
        Self { column, shape }
    }

    /// The column of the old or the new row.
    pub(super) fn column(&self, dialect: Dialect, row: &str) -> String {
        match dialect {
            // It stands in a format.
            Dialect::Postgres => format!("{row}.{}", ident(self.column).replace('%', "%%")),
            Dialect::MySql => format!("{row}.`{}`", self.column.replace('`', "``")),
            Dialect::Sqlite => format!("{row}.{}", ident(self.column)),
        }
    }

    /// Its value as text.
    pub(super) fn text(&self, dialect: Dialect, row: &str) -> String {
        let value = self.column(dialect, row);
        match (dialect, self.shape) {
            (Dialect::Postgres, _) => format!("{value}::pg_catalog.text"),
            (Dialect::MySql, Shape::Plain) => format!("CAST({value} AS CHAR)"),
            (Dialect::MySql, Shape::Bytes) => {
                format!("CONCAT(CHAR(92 USING utf8mb4), 'x', LOWER(HEX({value})))")
            }
            (Dialect::MySql, Shape::Uuid) => {
                let hex = format!("LOWER(HEX({value}))");
                [9, 14, 19, 24]
                    .into_iter()
                    .fold(hex, |text, place| format!("INSERT({text}, {place}, 0, '-')"))
            }
            (Dialect::Sqlite, Shape::Plain) => format!("CAST({value} AS TEXT)"),
            (Dialect::Sqlite, Shape::Bytes) => format!("'\\x' || lower(hex({value}))"),
            (Dialect::Sqlite, Shape::Uuid) => {
                let parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)]
                    .map(|(start, length)| format!("substr(hex({value}), {start}, {length})"));
                format!(
                    "CASE typeof({value}) WHEN 'blob' THEN lower({}) ELSE {value} END",
                    parts.join(" || '-' || ")
                )
            }
        }
    }
}

/// A primary key as one text: its value, or a list of the values as JSON.
pub(super) fn key(dialect: Dialect, row: &str, columns: &[Key<'_>]) -> String {
    match columns {
        [] => "''".to_owned(),
        [column] => column.text(dialect, row),
        columns => {
            let texts = columns.iter().map(|column| {
                let text = column.text(dialect, row);
                match dialect {
                    Dialect::Postgres => {
                        format!("pg_catalog.to_json({text})::pg_catalog.text")
                    }
                    Dialect::MySql => format!("JSON_QUOTE({text})"),
                    Dialect::Sqlite => format!("json_quote({text})"),
                }
            });
            let texts: Vec<String> = texts.collect();
            match dialect {
                Dialect::MySql => format!("CONCAT('[', {}, ']')", texts.join(", ',', ")),
                _ => format!("'[' || {} || ']'", texts.join(" || ',' || ")),
            }
        }
    }
}
