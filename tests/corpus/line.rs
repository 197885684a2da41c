//! The statements of the corpus, as they stand in the scoper's own folder.

use std::{fs, path::Path};

use sea_orm::{DbBackend, Statement, Value};
use tenancy_tests::Engine;

/// A statement, and values for its placeholders.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) sql: String,
    values: Vec<Value>,
}

impl Line {
    /// Whether rows may be other ones after it.
    pub(crate) fn writes(&self) -> bool {
        let words = self.sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let locks = self.sql.contains("FOR UPDATE");
        !locks && words.into_iter().any(|word| ["INSERT", "UPDATE", "DELETE"].contains(&word))
    }

    pub(crate) fn statement(&self, backend: DbBackend) -> Statement {
        Statement::from_sql_and_values(backend, &self.sql, self.values.clone())
    }
}

/// All statements for an engine: the common ones and its own.
pub(crate) fn lines(engine: Engine) -> Vec<Line> {
    let own = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::MySql => "mysql",
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/scope/corpus");
    let mut lines = Vec::new();
    for folder in ["common", own] {
        let mut files: Vec<_> = fs::read_dir(corpus.join(folder))
            .expect("the corpus has a folder for each engine")
            .map(|entry| entry.expect("a folder can be listed").path())
            .collect();
        files.sort();
        for file in files {
            let text = fs::read_to_string(file).expect("a corpus file is a text");
            lines.extend(text.lines().filter(|line| !line.is_empty()).filter_map(line));
        }
    }
    lines
}

fn line(text: &str) -> Option<Line> {
    if text.starts_with("-- ") {
        return None;
    }
    let (sql, values) = text.split_once(" --= ").unwrap_or((text, ""));
    let values = values.split(", ").filter(|value| !value.is_empty()).map(value).collect();
    Some(Line { sql: sql.to_owned(), values })
}

fn value(text: &str) -> Value {
    match text.trim_matches('\'') {
        "NULL" => Value::String(None),
        inner if inner.len() < text.len() => inner.into(),
        number => number.parse::<i64>().expect("a value is a number, 'text' or NULL").into(),
    }
}
