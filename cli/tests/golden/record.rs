//! What was recorded.

use std::collections::BTreeSet;

const GOLDEN: &str = include_str!("../../../tests/alembic/golden.txt");

pub(crate) struct Recorded {
    pub(crate) section: &'static str,
    /// Run on a new database.
    pub(crate) fresh: bool,
    pub(crate) command: &'static str,
    pub(crate) failed: bool,
    pub(crate) rows: BTreeSet<String>,
    pub(crate) lines: Vec<&'static str>,
}

pub(crate) fn recorded() -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    let mut section = "";
    let mut fresh = false;
    for line in GOLDEN.lines() {
        if let Some(name) = line.strip_prefix("===== ") {
            section = name;
        } else if let Some(name) = line.strip_prefix("-- ").filter(|name| *name != "new database") {
            // Histories that are none, each under a heading of its own.
            section = name;
        } else if let Some(command) = line.strip_prefix("$ alembic ") {
            let (command, rest) = command.split_once("   [exit ").unwrap();
            let (exit, rows) = rest.split_once("] [version rows ").unwrap();
            let rows = rows.trim_end_matches(']').split('\'').skip(1).step_by(2);
            all.push(Recorded {
                section,
                fresh,
                command,
                failed: exit != "0",
                rows: rows.map(str::to_owned).collect(),
                lines: Vec::new(),
            });
            fresh = false;
        } else if line == "-- new database" {
            fresh = true;
        } else if let Some(told) = line.strip_prefix("   | ") {
            all.last_mut().unwrap().lines.push(told);
        }
    }
    all
}

/// Whether a command asks a database.
pub(crate) fn asks_database(command: &str) -> bool {
    let moves = ["upgrade", "downgrade", "stamp", "current", "ensure_version"];
    let online = moves.iter().any(|verb| command.starts_with(verb)) && !command.contains("--sql");
    online || command.contains("current") || command.contains(" -i")
}

/// Lines, without the order of what Python keeps in sets, and without the ends of lines.
pub(crate) fn plain(lines: &[impl AsRef<str>], sorted: bool) -> Vec<String> {
    let mut lines: Vec<_> = lines
        .iter()
        .map(|line| one(line.as_ref().trim_end()))
        // Scripts begin and end their transaction here.
        .filter(|line| !matches!(line.as_str(), "" | "BEGIN;" | "COMMIT;"))
        .collect();
    if sorted {
        lines.sort();
    }
    lines
}

fn one(line: &str) -> String {
    let line = line.replace("INFO  [alembic.runtime.migration] ", "");
    let line = line.replace("$ENV/versions/", "$ENV/").replace(".py", ".sql");
    let line = line.replace(" RETURNING version_num;", ";");
    let line = line.replace("alembic_version", "tenancy_version");
    let names = |text: &str| {
        let mut names: Vec<_> = text.split(", ").collect();
        names.sort_unstable();
        names.join(", ")
    };
    for key in ["Branch names: ", "Branches into: "] {
        if let Some(list) = line.strip_prefix(key) {
            return format!("{key}{}", names(list));
        }
    }
    if let Some((before, stamp)) = line.split_once("Running stamp_revision ") {
        let ends: Vec<_> = stamp.split(" -> ").map(names).collect();
        return format!("{before}Running stamp_revision {}", ends.join(" -> "));
    }
    if line.starts_with("error: ") || line.starts_with("FAILED: ") {
        return line;
    }
    let pieces = line.split(" (").map(|piece| match piece.split_once(')') {
        Some((list, rest)) => format!("{}){rest}", names(list)),
        None => piece.to_owned(),
    });
    pieces.collect::<Vec<_>>().join(" (")
}
