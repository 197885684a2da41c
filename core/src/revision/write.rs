//! New revisions, as files.

use std::fmt::Write as _;

use super::{Label, Phase, RevisionId, Target, script::comma};
use crate::Dialect;

/// A revision that is not written yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name.
    pub id: RevisionId,
    /// The revisions it stands for together with all they stand on, if it is to be a
    /// [baseline](super::Baseline): it has no name, parents or way down then.
    pub baseline: Vec<RevisionId>,
    /// What it comes after.
    pub down: Vec<RevisionId>,
    /// Names of the branch it begins.
    pub labels: Vec<Label>,
    /// What must be there before, beside what it comes after.
    pub depends: Vec<String>,
    /// Whose structure it changes.
    pub target: Target,
    /// What it does, in a line.
    pub message: String,
    /// When it is made, as text.
    pub date: String,
    /// Which part of a change in several releases it is.
    pub phase: Phase,
    /// The engine its statements are for; all of them, unless it is said.
    pub engine: Option<Dialect>,
    /// The way up, without its marker.
    pub upgrade: String,
    /// The way down, without its marker.
    pub downgrade: String,
}

impl Draft {
    /// The name of its file: identifier, then the message's words up to 40 characters.
    #[must_use]
    pub fn file_name(&self) -> String {
        if !self.baseline.is_empty() {
            let ids: Vec<_> = self.baseline.iter().map(RevisionId::as_str).collect();
            return format!("baseline_{}.sql", ids.join("_"));
        }
        let words = self.message.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut slug = String::new();
        for word in words.filter(|word| !word.is_empty()) {
            let long = slug.chars().count() + word.chars().count() + usize::from(!slug.is_empty());
            if long > 40 {
                break;
            }
            if !slug.is_empty() {
                slug.push('_');
            }
            slug.push_str(&word.to_lowercase());
        }
        if slug.is_empty() { format!("{}.sql", self.id) } else { format!("{}_{slug}.sql", self.id) }
    }

    /// The file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut file = String::new();
        // Writing to a string cannot fail.
        if self.baseline.is_empty() {
            let down = if self.down.is_empty() { "<base>".to_owned() } else { comma(&self.down) };
            let _ = writeln!(file, "-- revision: {}\n-- down_revision: {down}", self.id);
        } else {
            let _ = writeln!(file, "-- baseline: {}", comma(&self.baseline));
        }
        if !self.labels.is_empty() {
            let _ = writeln!(file, "-- branch_labels: {}", comma(&self.labels));
        }
        if !self.depends.is_empty() {
            let _ = writeln!(file, "-- depends_on: {}", comma(&self.depends));
        }
        let _ = writeln!(file, "-- target: {}", self.target);
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = writeln!(file, "-- message: {message}");
        let _ = writeln!(file, "-- date: {}", self.date);
        if self.phase != Phase::default() {
            let _ = writeln!(file, "-- phase: {}", self.phase);
        }
        let sections = [("upgrade", &self.upgrade), ("downgrade", &self.downgrade)];
        let written = if self.baseline.is_empty() { &sections[..] } else { &sections[..1] };
        for (marker, body) in written {
            let body = body.trim_end();
            let engine = match self.engine {
                None => String::new(),
                Some(engine) => format!(" {}", engine.to_string().to_lowercase()),
            };
            let _ = write!(file, "\n-- +{marker}{engine}\n");
            if !body.is_empty() {
                let _ = writeln!(file, "{body}");
            }
        }
        file
    }
}
