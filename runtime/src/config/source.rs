//! What is written down, and where: a tree of values out of files and the environment.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems, join};

/// What the names of variables begin with.
pub(super) const PREFIX: &str = "TENANCY_";
/// Names the file to read.
pub(super) const FILE: &str = "TENANCY_CONFIG";
/// Names the folder of revisions, for the command.
const MIGRATIONS: &str = "TENANCY_MIGRATIONS";
/// Variables that begin with this are for tests.
const TESTS: &str = "TENANCY_TEST_";

/// Whether a variable of that name is a setting.
pub(super) fn is_setting(name: &str) -> bool {
    let other = name == FILE || name == MIGRATIONS || name.starts_with(TESTS);
    name.starts_with(PREFIX) && !other
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nowhere.
    Default,
    /// By the program.
    Code,
    /// In a file, on a line.
    File(Arc<str>, usize),
    /// In a variable of the environment.
    Variable(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("not set"),
            Origin::Code => f.write_str("the program"),
            Origin::File(name, 0) => f.write_str(name),
            Origin::File(name, line) => write!(f, "{name}:{line}"),
            Origin::Variable(name) => f.write_str(name),
        }
    }
}

/// A value as it was written.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Integer(i64),
    Boolean(bool),
    /// A kind of value that no setting has.
    Other(&'static str),
    List(Vec<Entry>),
    Table(BTreeMap<String, Entry>),
}

/// A value, and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) node: Node,
    pub(super) origin: Origin,
}

impl Entry {
    pub(super) fn empty() -> Self {
        Self { node: Node::Table(BTreeMap::new()), origin: Origin::Code }
    }

    /// What a file says.
    pub(super) fn file(name: &str, text: &str, problems: &mut Problems) -> Self {
        let name: Arc<str> = name.into();
        let line = |at: usize| {
            1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count()
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(1, |span| line(span.start));
            problems.push(Problem {
                key: String::new(),
                value: None,
                origin: Origin::File(Arc::clone(&name), at),
                // The message names no value, unlike the error itself.
                why: format!("this is not TOML: {}", error.message()),
            });
        }
        let convert = Convert { name: &name, line: &line };
        let at = table.span().start;
        convert.entry(&DeValue::Table(table.into_inner()), at)
    }

    /// Puts what the environment says over this. Names are `TENANCY_` and the way to a key, with `__`
    /// for each dot.
    pub(super) fn overlay(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            let Some(key) = name.strip_prefix(PREFIX).filter(|_| is_setting(&name)) else {
                continue;
            };
            let path = key.to_ascii_lowercase();
            let origin = Origin::Variable(name.as_str().into());
            self.put(path.split("__"), Entry { node: Node::Text(value), origin });
        }
    }

    /// Where each key was written.
    pub(super) fn origins(&self, key: &str, all: &mut BTreeMap<String, Origin>) {
        if let Node::Table(table) = &self.node {
            table.iter().for_each(|(name, entry)| entry.origins(&join(key, name), all));
        }
        all.insert(key.to_owned(), self.origin.clone());
    }

    fn put<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, entry: Entry) {
        let Some(first) = path.next() else {
            *self = entry;
            return;
        };
        if !matches!(self.node, Node::Table(_)) {
            *self = Entry { node: Node::Table(BTreeMap::new()), origin: entry.origin.clone() };
        }
        if let Node::Table(table) = &mut self.node {
            let empty = Entry { origin: entry.origin.clone(), ..Entry::empty() };
            table.entry(first.to_owned()).or_insert(empty).put(path, entry);
        }
    }
}

struct Convert<'a> {
    name: &'a Arc<str>,
    line: &'a dyn Fn(usize) -> usize,
}

impl Convert<'_> {
    fn entry(&self, value: &DeValue<'_>, at: usize) -> Entry {
        let origin = Origin::File(Arc::clone(self.name), (self.line)(at));
        let node = match value {
            DeValue::String(text) => Node::Text(text.clone().into_owned()),
            DeValue::Boolean(value) => Node::Boolean(*value),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Node::Other("a number that is too large"), Node::Integer),
            DeValue::Float(_) => Node::Other("a number with a fraction"),
            DeValue::Datetime(_) => Node::Other("a date or a time"),
            DeValue::Array(values) => Node::List(
                values
                    .iter()
                    .map(|value| self.entry(value.get_ref(), value.span().start))
                    .collect(),
            ),
            DeValue::Table(table) => Node::Table(
                table
                    .iter()
                    .map(|(key, value)| {
                        let entry = self.entry(value.get_ref(), key.span().start);
                        (key.get_ref().clone().into_owned(), entry)
                    })
                    .collect(),
            ),
        };
        Entry { node, origin }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, a boolean, a list or a table")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Integer(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
                i64::try_from(value).map(Node::Integer).map_err(E::custom)
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = seq.next_element()? {
                    list.push(entry);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut table = BTreeMap::new();
                while let Some((key, entry)) = map.next_entry::<String, Entry>()? {
                    if table.insert(key, entry).is_some() {
                        return Err(A::Error::custom("a key is there twice"));
                    }
                }
                Ok(Node::Table(table))
            }
        }

        Ok(Self { node: deserializer.deserialize_any(Any)?, origin: Origin::Code })
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}
