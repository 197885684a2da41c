//! Revisions in SQL files: a head of comments that says what the revision is, then sections.
//!
//! ```sql
//! -- revision: 9f2c4e01a7b3
//! -- down_revision: 77aa01bc33de
//! -- message: add due date
//!
//! -- +upgrade
//! ALTER TABLE tasks ADD COLUMN due date;
//!
//! -- +downgrade
//! ALTER TABLE tasks DROP COLUMN due;
//! ```

use std::time::Duration;

use super::{Label, Phase, Problem, Problems, Revision, RevisionId, Script, Target};
use crate::Dialect;

/// What the head may say, and the sections there are.
const KEYS: &str = "revision, baseline, down_revision, branch_labels, depends_on, target, message, date, \
                    phase, wait, rust, no-transaction, irreversible";
const SECTIONS: &str = "`-- +upgrade`, `-- +downgrade`, `-- +verify`, each with engines after it \
                        (`postgres`, `mysql`, `sqlite`) where it is for these alone";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Upgrade,
    Downgrade,
    Verify,
}

struct Reader<'a> {
    source: &'a str,
    revision: Option<RevisionId>,
    into: Revision,
    problems: Vec<Problem>,
}

impl Revision {
    /// Reads a file. `target` is what its folder says; its head may say so too, and must agree.
    ///
    /// # Errors
    ///
    /// All that is wrong with the file, each with its line.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::revision::{Revision, Target};
    ///
    /// let text = "-- revision: 77aa01bc33de\n-- message: tasks\n\n\
    ///             -- +upgrade\nCREATE TABLE tasks (id bigint);\n\n\
    ///             -- +downgrade\nDROP TABLE tasks;\n";
    /// let revision = Revision::parse("tenant/77aa01bc33de_tasks.sql", text, Some(Target::Tenant))?;
    /// assert_eq!(revision.message, "tasks");
    /// # Ok::<(), tenancy_core::revision::Problems>(())
    /// ```
    pub fn parse(source: &str, text: &str, target: Option<Target>) -> Result<Self, Problems> {
        let nameless =
            RevisionId::new("0000").map_err(|e| Problem::new(e.to_string(), &[source]))?;
        let mut into = Self::of_code(nameless, target.unwrap_or(Target::Tenant), source);
        into.code = None;
        text.clone_into(&mut into.text);
        let mut reader = Reader { source, revision: None, into, problems: Vec::new() };
        reader.read(text, target);
        reader.finish()
    }
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, what: impl AsRef<str>) {
        let what = format!("line {line}: {}", what.as_ref());
        self.problems.push(Problem::new(what, &[self.source]));
    }

    fn read(&mut self, text: &str, target: Option<Target>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut section: Option<(Section, Vec<Option<Dialect>>)> = None;
        let mut body = Script::default();
        for (place, line) in text.lines().enumerate() {
            let number = place + 1;
            let comment = line.strip_prefix("--").map(str::trim);
            if let Some(marker) = comment.and_then(|comment| comment.strip_prefix('+')) {
                self.close(section.take(), &mut body);
                section = self.section(number, marker);
                body = Script { sql: String::new(), line: number + 1 };
            } else if section.is_some() {
                body.sql.push_str(line);
                body.sql.push('\n');
            } else if let Some(comment) = comment {
                self.head(number, comment, target);
            } else if !line.trim().is_empty() {
                self.problem(
                    number,
                    format!("SQL before the first section; the sections are {SECTIONS}"),
                );
                return;
            }
        }
        self.close(section, &mut body);
    }

    fn section(&mut self, line: usize, marker: &str) -> Option<(Section, Vec<Option<Dialect>>)> {
        let mut words = marker.split([' ', ',', '\t']).filter(|word| !word.is_empty());
        let section = match words.next() {
            Some("upgrade") => Section::Upgrade,
            Some("downgrade") => Section::Downgrade,
            Some("verify") => Section::Verify,
            _ => {
                self.problem(line, format!("no such section; the sections are {SECTIONS}"));
                return None;
            }
        };
        let mut engines = Vec::new();
        for word in words {
            match word {
                "postgres" | "postgresql" => engines.push(Some(Dialect::Postgres)),
                "mysql" | "mariadb" => engines.push(Some(Dialect::MySql)),
                "sqlite" => engines.push(Some(Dialect::Sqlite)),
                other => {
                    self.problem(
                        line,
                        format!("no engine `{other}`; there are `postgres`, `mysql` and `sqlite`"),
                    );
                }
            }
        }
        if engines.is_empty() {
            engines.push(None);
        }
        Some((section, engines))
    }

    /// Puts what was read of a section in its place.
    fn close(&mut self, section: Option<(Section, Vec<Option<Dialect>>)>, body: &mut Script) {
        let Some((section, engines)) = section else { return };
        let body = std::mem::take(body);
        for engine in engines {
            let scripts = match section {
                Section::Upgrade => &mut self.into.upgrade,
                Section::Downgrade => &mut self.into.downgrade,
                Section::Verify => &mut self.into.verify,
            };
            let slot = scripts.slot(engine);
            if slot.is_some() {
                self.problem(
                    body.line.saturating_sub(1),
                    "a section of that kind, for that engine, is there already; write them as one",
                );
            } else {
                *slot = Some(body.clone());
            }
        }
    }

    fn head(&mut self, line: usize, comment: &str, target: Option<Target>) {
        if comment == "no-transaction" {
            self.into.transaction = false;
            return;
        }
        if comment == "irreversible" {
            self.into.irreversible = Some("it is marked irreversible".to_owned());
            return;
        }
        let keyed = comment.split_once(':').filter(|(key, _)| {
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        });
        let Some((key, value)) = keyed else {
            self.into.doc.push_str(comment);
            self.into.doc.push('\n');
            return;
        };
        let value = value.trim();
        match key {
            "revision" => match value.parse() {
                Ok(id) if self.revision.is_none() => self.revision = Some(id),
                Ok(_) => self.problem(line, "`revision` is there already"),
                Err(error) => self.problem(line, format!("`{value}` is {error}")),
            },
            "down_revision" => self.into.down = self.names(line, value),
            "baseline" if !self.into.baseline.is_empty() => {
                self.problem(line, "`baseline` is there already");
            }
            "baseline" => {
                self.into.baseline = self.names(line, value);
                if self.into.baseline.is_empty() {
                    self.problem(line, "`baseline` says which revisions it leads to, as `-- baseline: 9f2c4e01a7b3`");
                }
            }
            "branch_labels" => self.into.labels = self.names::<Label>(line, value),
            "depends_on" => self.into.depends = words(value).map(str::to_owned).collect(),
            "message" => value.clone_into(&mut self.into.message),
            "date" => self.into.date = Some(value.to_owned()),
            "irreversible" => self.into.irreversible = Some(value.to_owned()),
            "phase" => match value {
                "expand" => self.into.phase = Phase::Expand,
                "migrate" => self.into.phase = Phase::Migrate,
                "contract" => self.into.phase = Phase::Contract,
                _ => self.problem(line, "a phase is `expand`, `migrate` or `contract`"),
            },
            "rust" if is_identifier(value) => self.into.code = Some(value.to_owned()),
            "rust" => self.problem(
                line,
                "`rust` says the name of a type, as in `-- rust: Backfill`, without its path",
            ),
            "target" => self.target(line, value, target),
            "wait" => self.wait(line, value),
            "lint" => {}
            _ => self.problem(
                line,
                format!(
                    "the head of a revision knows no `{key}`, only {KEYS}; what is no key is written \
                     without a colon after its first word"
                ),
            ),
        }
    }

    fn target(&mut self, line: usize, value: &str, folder: Option<Target>) {
        let said = match value {
            "shared" => Target::Shared,
            "tenant" => Target::Tenant,
            _ => return self.problem(line, "a target is `shared` or `tenant`"),
        };
        match folder {
            Some(folder) if folder != said => self.problem(
                line,
                format!("it says `target: {said}` and lies in the folder of `{folder}`; move it"),
            ),
            _ => self.into.target = said,
        }
    }

    fn wait(&mut self, line: usize, value: &str) {
        for word in value.split_whitespace() {
            let duration = word.split_once('=').map(|(kind, text)| (kind, duration(text)));
            match duration {
                Some(("lock", Some(time))) => self.into.wait.lock = Some(time),
                Some(("statement", Some(time))) => self.into.wait.statement = Some(time),
                _ => self.problem(
                    line,
                    "what it may wait is `lock=500ms`, `statement=30s`, or both: a whole number with \
                     `ms`, `s` or `min`",
                ),
            }
        }
    }

    fn names<T: std::str::FromStr<Err = crate::InvalidValue>>(
        &mut self,
        line: usize,
        value: &str,
    ) -> Vec<T> {
        let mut names = Vec::new();
        for word in words(value) {
            match word.parse() {
                Ok(name) => names.push(name),
                Err(error) => self.problem(line, format!("`{word}` is {error}")),
            }
        }
        names
    }

    fn finish(mut self) -> Result<Revision, Problems> {
        if let Some(first) = self.into.baseline.first().cloned() {
            self.finish_baseline(first);
        }
        match self.revision.take() {
            Some(id) => self.into.id = id,
            None if self.problems.is_empty() => self.problem(
                1,
                "it has no `-- revision: …`; the head says which revision this is, and what it comes \
                 after (or, if it makes at once what many revisions make, `-- baseline: …`)",
            ),
            None => {}
        }
        let end = self.into.doc.trim().to_owned();
        self.into.doc = end;
        if self.problems.is_empty() { Ok(self.into) } else { Err(Problems(self.problems)) }
    }
}

impl Reader<'_> {
    /// What a script that stands for revisions may not say, since they say it.
    fn finish_baseline(&mut self, first: RevisionId) {
        let own = [
            (self.revision.is_some(), "`revision`: it is none, it stands for some"),
            (!self.into.down.is_empty(), "`down_revision`: nothing comes before it"),
            (!self.into.labels.is_empty(), "`branch_labels`: its revisions have them"),
            (!self.into.depends.is_empty(), "`depends_on`: its revisions do"),
            (self.into.code.is_some(), "`rust`: write as SQL what the code makes"),
            (self.into.irreversible.is_some(), "`irreversible`: its revisions are undone, or not"),
            (!self.into.downgrade.is_empty(), "a way down: its revisions have one"),
            (self.into.phase != Phase::default(), "a `phase`: its revisions have them"),
        ];
        for (_, what) in own.into_iter().filter(|(is, _)| *is) {
            self.problem(1, format!("a baseline does not say {what}"));
        }
        self.revision = Some(first);
    }
}

/// Names between commas. `None`, as Alembic writes it, is none.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty() && !matches!(*word, "None" | "none" | "<base>"))
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "min" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
