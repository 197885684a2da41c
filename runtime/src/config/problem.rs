//! What is wrong with a configuration: all of it.

use std::{collections::BTreeMap, error, fmt};

use super::source::{Entry, Node, Origin, variable};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The way to the value; empty for what has none.
    pub(super) key: String,
    /// The value, unless it is a secret or a table.
    pub(super) value: Option<String>,
    pub(super) origin: Origin,
    /// What is wrong, and what to do.
    pub(super) why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.key, &self.value) {
            ("", _) => write!(f, "{}", self.origin)?,
            (key, Some(value)) => write!(f, "{key} = {value} ({})", self.origin)?,
            (key, None) => write!(f, "{key} ({})", self.origin)?,
        }
        write!(f, ": {}", self.why)
    }
}

/// All that is wrong with a configuration.
///
/// Each line has the key, its value unless that is secret, where it was written, and what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// One line for each thing that is wrong.
    pub fn problems(&self) -> impl ExactSizeIterator<Item = String> {
        self.problems.iter().map(ToString::to_string)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.problems {
            [only] => write!(f, "the configuration cannot be used: {only}"),
            all => {
                write!(f, "the configuration cannot be used, for {} reasons:", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
            }
        }
    }
}

/// As it is displayed.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for ConfigError {}

impl From<ConfigError> for crate::Error {
    fn from(error: ConfigError) -> Self {
        crate::Error::config(error.to_string())
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// A value that cannot be what is wanted there.
    pub(super) fn unfit(&mut self, key: &str, entry: &Entry, secret: bool, why: impl Into<String>) {
        let value = if secret { Some("…".to_owned()) } else { shown(&entry.node) };
        let (key, origin) = (key.to_owned(), entry.origin.clone());
        self.push(Problem { key, value, origin, why: why.into() });
    }

    /// Keys nobody knows, beside those that are `known` there.
    pub(super) fn unknown(&mut self, at: &str, rest: BTreeMap<String, Entry>, known: &[&str]) {
        for (name, entry) in rest {
            let beside = nearest(&name, known.iter().copied()).map(|near| join(at, near));
            let key = join(at, &name);
            let mut leaves = Vec::new();
            leaves_of(&key, entry, &mut leaves);
            for (key, origin) in leaves {
                let all = super::keys();
                let meant =
                    || nearest(&key, all.iter().map(|known| &*known.name)).map(str::to_owned);
                // One that is beside it is meant rather than one that is elsewhere.
                let meant = match &beside {
                    Some(beside) if key == join(at, &name) => Some(beside.clone()),
                    _ => meant(),
                };
                let why = match (meant, beside.clone()) {
                    (Some(meant), _) | (None, Some(meant)) => {
                        format!(
                            "there is no such key; did you mean `{}`?",
                            spelled(&origin, &meant)
                        )
                    }
                    (None, None) if at.is_empty() => {
                        format!("there is no such section; there are {}", list(known))
                    }
                    (None, None) => format!("there is no such key; `{at}` has {}", list(known)),
                };
                self.push(Problem { key, value: None, origin, why });
            }
        }
    }

    /// Adds what was found later, but for keys of which something is said already.
    pub(super) fn and(&mut self, others: ConfigError) {
        let known: Vec<String> = self.0.iter().map(|problem| problem.key.clone()).collect();
        self.0.extend(others.problems.into_iter().filter(|problem| !known.contains(&problem.key)));
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.0.is_empty() { Ok(value) } else { Err(self.into()) }
    }
}

impl From<Problems> for ConfigError {
    fn from(problems: Problems) -> Self {
        Self { problems: problems.0 }
    }
}

/// The keys of what a table holds, or the one that is none.
fn leaves_of(key: &str, entry: Entry, leaves: &mut Vec<(String, Origin)>) {
    match entry.node {
        Node::Table(table) if !table.is_empty() => {
            table.into_iter().for_each(|(name, entry)| leaves_of(&join(key, &name), entry, leaves));
        }
        _ => leaves.push((key.to_owned(), entry.origin)),
    }
}

/// A key as it is written in a file, or as a variable.
fn spelled(origin: &Origin, key: &str) -> String {
    match origin {
        Origin::Variable(_) => variable(key),
        _ => key.to_owned(),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '.'], "_");
    let name = plain(name);
    let near = known.map(|other| (strsim::damerau_levenshtein(&name, &plain(other)), other));
    let (distance, other) = near.min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may differ.
    (distance * 3 <= other.len().max(3)).then_some(other)
}

/// The way to a key in a table.
pub(super) fn join(at: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    };
    if at.is_empty() { name } else { format!("{at}.{name}") }
}

/// A value, as it was written.
fn shown(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(format!("{text:?}")),
        Node::Integer(number) => Some(number.to_string()),
        Node::Boolean(value) => Some(value.to_string()),
        Node::Other(what) => Some((*what).to_owned()),
        Node::List(_) | Node::Table(_) => None,
    }
}
