//! A history from the texts of its files.

use super::{History, Problem, Problems, Revision, Script, Target, split};
use crate::Dialect;

/// A file with a revision, as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlFile<'a> {
    /// What it is called in messages; files are ordered by it.
    pub path: &'a str,
    /// What is in it.
    pub text: &'a str,
    /// Whose structure it changes, as its folder says.
    pub target: Target,
}

impl History {
    /// Reads files, and checks them: each by itself, then all of them as a graph, and that each
    /// section can be divided into statements. One that is for no engine in particular must be
    /// divisible for one of `engines`.
    ///
    /// What is not finished yet is no error: [`lapses`](Self::lapses) tells it.
    ///
    /// # Errors
    ///
    /// All that is wrong, each with the files it is in.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{Dialect, revision::{History, SqlFile, Target}};
    ///
    /// let file = |path, text| SqlFile { path, text, target: Target::Tenant };
    /// let one = file("a.sql", "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE a (id int);");
    /// let two = file("b.sql", "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE b (id int);");
    /// assert!(History::read(&[one], &[Dialect::Sqlite]).is_ok());
    /// let error = History::read(&[one, two], &[Dialect::Sqlite]).unwrap_err();
    /// assert_eq!(error.to_string(), "Revision aaaa01 is present more than once (a.sql, b.sql)");
    /// ```
    pub fn read(files: &[SqlFile<'_>], engines: &[Dialect]) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut revisions = Vec::new();
        for file in files {
            match Revision::parse(file.path, file.text, Some(file.target)) {
                Ok(revision) => {
                    undivided(&revision, engines, &mut problems);
                    revisions.push(revision);
                }
                Err(more) => problems.extend(more.0),
            }
        }
        // Parents in files that could not be read would be missed.
        if revisions.len() < files.len() {
            return Err(Problems(problems));
        }
        match Self::new(revisions) {
            Ok(history) if problems.is_empty() => return Ok(history),
            Ok(_) => {}
            Err(more) => problems.extend(more.0),
        }
        Err(Problems(problems))
    }
}

/// Names the sections that cannot be divided into statements.
fn undivided(revision: &Revision, engines: &[Dialect], problems: &mut Vec<Problem>) {
    let sections = [
        ("upgrade", &revision.upgrade),
        ("downgrade", &revision.downgrade),
        ("verify", &revision.verify),
    ];
    for (name, scripts) in sections {
        let own = [
            (Dialect::Postgres, &scripts.postgres),
            (Dialect::MySql, &scripts.mysql),
            (Dialect::Sqlite, &scripts.sqlite),
        ];
        let of_one =
            own.iter().filter_map(|(dialect, script)| Some((vec![*dialect], script.as_ref()?)));
        let of_all = scripts.general.iter().map(|script| (engines.to_vec(), script));
        for (dialects, script) in of_one.chain(of_all) {
            if let Some(why) = never_divides(&dialects, script) {
                let line = script.line.saturating_sub(1);
                let what = format!(
                    "line {line}: the section `{name}` cannot be divided into statements: {why}"
                );
                problems.push(Problem::new(what, &[&revision.source]));
            }
        }
    }
}

/// Why a script cannot be divided for any of some engines.
fn never_divides(dialects: &[Dialect], script: &Script) -> Option<String> {
    let mut why = None;
    for dialect in dialects {
        match split(*dialect, &script.sql) {
            Ok(_) => return None,
            Err(error) => why = why.or(Some(error.to_string())),
        }
    }
    why
}
