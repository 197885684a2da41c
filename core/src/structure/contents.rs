//! What a place's tables hold, as the literals of statements: small tables that revisions fill.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Generated, Structure, Table, sql::in_order};
use crate::Dialect;

/// The rows of tables. Columns take no part whose values another run would make otherwise: those that
/// are computed, and those whose default is a function, such as the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, Held>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    columns: Vec<String>,
    /// Each as `('1', 'free')`, in order.
    rows: Vec<String>,
}

/// What must be asked to know a table's rows: each is found as one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The table.
    pub table: String,
    /// The columns that are asked for.
    pub columns: Vec<String>,
    /// The query.
    pub sql: String,
}

impl Contents {
    /// What is to be asked about the tables of a place, with bare names.
    #[must_use]
    pub fn questions(dialect: Dialect, structure: &Structure) -> Vec<Question> {
        let ask = |(name, table): (&String, &Table)| {
            let columns: Vec<String> = in_order(table)
                .into_iter()
                .filter(|(_, column)| is_said(column))
                .map(|(name, _)| name.to_owned())
                .collect();
            (!columns.is_empty()).then(|| Question {
                table: name.clone(),
                sql: query(dialect, name, table, &columns),
                columns,
            })
        };
        structure.tables.iter().filter_map(ask).collect()
    }

    /// Puts down what was found.
    pub fn found(&mut self, question: Question, mut rows: Vec<String>) {
        rows.sort();
        if !rows.is_empty() {
            self.0.insert(question.table, Held { columns: question.columns, rows });
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is not as in `wanted`, in sentences.
    #[must_use]
    pub fn differences(&self, wanted: &Self) -> Vec<String> {
        let nothing = Held::default();
        let tables: BTreeSet<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        let mut said = Vec::new();
        for table in tables {
            let here = &self.0.get(table).unwrap_or(&nothing).rows;
            let there = &wanted.0.get(table).unwrap_or(&nothing).rows;
            for row in beyond(there, here) {
                said.push(format!("{table} lacks the row {row}"));
            }
            for row in beyond(here, there) {
                said.push(format!("{table} has the row {row}, which the revisions do not make"));
            }
        }
        said
    }

    /// The statements that put the rows into a place of that structure, in which nothing is yet: what
    /// is referred to first.
    #[must_use]
    pub fn inserts(&self, dialect: Dialect, structure: &Structure) -> Vec<String> {
        let mut statements = Vec::new();
        for name in self.in_order(structure) {
            let (Some(held), Some(table)) = (self.0.get(&name), structure.tables.get(&name)) else {
                continue;
            };
            let made = |of: &[Generated]| {
                let is = |column: &&String| {
                    let how = table.columns.get(*column).and_then(|it| it.generated.as_ref());
                    how.is_some_and(|how| of.contains(how))
                };
                held.columns.iter().find(is)
            };
            let over =
                if made(&[Generated::Always]).is_some() { "OVERRIDING SYSTEM VALUE " } else { "" };
            statements.push(format!(
                "INSERT INTO {} ({}) {over}VALUES\n    {}",
                dialect.name(&name),
                dialect.names(&held.columns),
                held.rows.join(",\n    ")
            ));
            let counted = made(&[Generated::Always, Generated::ByDefault, Generated::Serial]);
            if let (Dialect::Postgres, Some(column)) = (dialect, counted) {
                // Other engines look at what is there.
                let text = |text: String| format!("'{}'", text.replace('\'', "''"));
                statements.push(format!(
                    "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {}), \
                     (SELECT pg_catalog.max({}) FROM {}))",
                    text(dialect.name(&name)),
                    text(column.clone()),
                    dialect.name(column),
                    dialect.name(&name)
                ));
            }
        }
        statements
    }

    /// The tables, those first that others refer to. Circles are broken anywhere.
    fn in_order(&self, structure: &Structure) -> Vec<String> {
        let refers = |name: &String| -> Vec<String> {
            let Some(table) = structure.tables.get(name) else { return Vec::new() };
            let keys = table.constraints.values().filter_map(|it| it.references.as_ref());
            let own = keys.filter(|to| to.schema.is_none() && to.table != *name);
            own.map(|to| to.table.clone()).collect()
        };
        let mut left: Vec<String> = self.0.keys().cloned().collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let free = left.iter().position(|it| refers(it).iter().all(|to| !left.contains(to)));
            order.push(left.remove(free.unwrap_or(0)));
        }
        order
    }
}

/// The rows of one that the other does not have, or not as often. Both are sorted.
fn beyond<'a>(one: &'a [String], other: &[String]) -> Vec<&'a String> {
    let mut rest = other.iter().peekable();
    let mut beyond = Vec::new();
    for row in one {
        while rest.next_if(|there| *there < row).is_some() {}
        if rest.next_if(|there| *there == row).is_none() {
            beyond.push(row);
        }
    }
    beyond
}

/// Whether a column's values are said by statements, or the same whenever they run.
fn is_said(column: &Column) -> bool {
    if let Some(Generated::Stored(_) | Generated::Virtual(_)) = column.generated {
        return false;
    }
    let Some(default) = column.default.as_ref().filter(|_| column.generated.is_none()) else {
        return true;
    };
    let default = default.to_ascii_uppercase();
    !default.contains('(') && !default.contains("CURRENT_") && !default.contains("LOCALTIME")
}

fn query(dialect: Dialect, name: &str, table: &Table, columns: &[String]) -> String {
    let table_name = dialect.name(name);
    let literal = |column: &String| {
        let quoted = dialect.name(column);
        let kind = table.columns.get(column).map_or("", |column| column.kind.as_str());
        let kind = kind.to_ascii_lowercase();
        match dialect {
            Dialect::Postgres => format!("pg_catalog.quote_nullable({quoted}::pg_catalog.text)"),
            Dialect::Sqlite => format!("quote({quoted})"),
            Dialect::MySql if ["blob", "binary", "bit"].iter().any(|it| kind.contains(it)) => {
                format!("IF({quoted} IS NULL, 'NULL', CONCAT('X''', HEX({quoted}), ''''))")
            }
            Dialect::MySql => format!("QUOTE({quoted})"),
        }
    };
    let literals: Vec<String> = columns.iter().map(literal).collect();
    match dialect {
        // Rows of a partition are its own.
        Dialect::Postgres => {
            format!("SELECT '(' || {} || ')' FROM ONLY {table_name}", literals.join(" || ', ' || "))
        }
        Dialect::Sqlite => {
            format!("SELECT '(' || {} || ')' FROM {table_name}", literals.join(" || ', ' || "))
        }
        Dialect::MySql => format!(
            "SELECT CONVERT(CONCAT('(', {}, ')') USING utf8mb4) FROM {table_name}",
            literals.join(", ', ', ")
        ),
    }
}
