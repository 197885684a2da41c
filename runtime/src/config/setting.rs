//! What a setting is: read from a tree, described in a table, and shown without secrets.

use std::{collections::BTreeMap, time::Duration};

use tenancy_core::{IsolationKind, Secret};

use super::{
    problem::{Problems, join},
    source::{Entry, Node},
};

/// What the table says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The way to it; `<name>` stands for names of one's own.
    pub(super) name: String,
    /// What values it takes.
    pub(super) kind: &'static str,
    /// Its value unless it is set.
    pub(super) default: Option<String>,
    pub(super) about: String,
}

/// A value that is set, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) key: String,
    /// In TOML.
    pub(super) value: String,
    pub(super) secret: bool,
}

/// What can stand in a configuration.
pub(super) trait Setting: Sized {
    /// What a tree says; what is wrong with it is added to the problems.
    fn read(key: &str, entry: Entry, problems: &mut Problems) -> Option<Self>;
    /// The keys there are.
    fn describe(key: &str, about: &str, default: Option<&Self>, keys: &mut Vec<Key>);
    /// The values there are.
    fn show(&self, key: &str, all: &mut Vec<Shown>);
}

/// A setting that is one value.
pub(super) trait Value: Sized {
    const KIND: &'static str;
    const SECRET: bool = false;
    /// # Errors
    ///
    /// What to write instead.
    fn from_node(node: &Node) -> Result<Self, String>;
    /// In TOML.
    fn text(&self) -> String;
}

impl<T: Value> Setting for T {
    fn read(key: &str, entry: Entry, problems: &mut Problems) -> Option<Self> {
        let read = T::from_node(&entry.node);
        read.map_err(|why| problems.unfit(key, &entry, T::SECRET, why)).ok()
    }

    fn describe(key: &str, about: &str, default: Option<&Self>, keys: &mut Vec<Key>) {
        let (name, about) = (key.to_owned(), about.to_owned());
        keys.push(Key { name, kind: T::KIND, default: default.map(Value::text), about });
    }

    fn show(&self, key: &str, all: &mut Vec<Shown>) {
        all.push(Shown { key: key.to_owned(), value: self.text(), secret: T::SECRET });
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

impl Value for bool {
    const KIND: &'static str = "`true` or `false`";

    fn from_node(node: &Node) -> Result<Self, String> {
        match node {
            Node::Boolean(value) => Ok(*value),
            Node::Text(text) if text == "true" => Ok(true),
            Node::Text(text) if text == "false" => Ok(false),
            _ => Err("write `true` or `false`".to_owned()),
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

macro_rules! numbers {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const KIND: &'static str = "a whole number";

            fn from_node(node: &Node) -> Result<Self, String> {
                let number = match node {
                    Node::Integer(number) => (*number).try_into().ok(),
                    Node::Text(text) => text.trim().parse().ok(),
                    _ => None,
                };
                number.ok_or_else(|| format!("write a whole number from 0 to {}", <$type>::MAX))
            }

            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}

numbers!(u32, u64, usize);

impl Value for String {
    const KIND: &'static str = "a text";

    fn from_node(node: &Node) -> Result<Self, String> {
        match node {
            Node::Text(text) => Ok(text.clone()),
            _ => Err("write a text, in quotes".to_owned()),
        }
    }

    fn text(&self) -> String {
        quoted(self)
    }
}

impl Value for Secret {
    const KIND: &'static str = "a secret text";
    const SECRET: bool = true;

    fn from_node(node: &Node) -> Result<Self, String> {
        String::from_node(node).map(Secret::new)
    }

    fn text(&self) -> String {
        "\"…\"".to_owned()
    }
}

impl Value for Duration {
    const KIND: &'static str = "a time, such as `250ms`, `10s` or `1h 30m`";

    fn from_node(node: &Node) -> Result<Self, String> {
        let read = match node {
            Node::Text(text) => humantime::parse_duration(text).ok(),
            _ => None,
        };
        read.ok_or_else(|| {
            "write a time with its unit, such as \"250ms\", \"10s\" or \"1h 30m\"".to_owned()
        })
    }

    fn text(&self) -> String {
        quoted(&humantime::format_duration(*self).to_string())
    }
}

impl Value for IsolationKind {
    const KIND: &'static str = "`row`, `rls`, `schema` or `database`";

    fn from_node(node: &Node) -> Result<Self, String> {
        let read = match node {
            Node::Text(text) => text.parse().ok(),
            _ => None,
        };
        read.ok_or_else(|| "write one of \"row\", \"rls\", \"schema\" and \"database\"".to_owned())
    }

    fn text(&self) -> String {
        quoted(self.as_str())
    }
}

/// A choice of words.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $Name:ident: $kind:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $Name { $($(#[$vdoc])* $variant,)+ }

        impl $crate::config::setting::Value for $Name {
            const KIND: &'static str = $kind;

            fn from_node(node: &$crate::config::source::Node) -> Result<Self, String> {
                match node {
                    $($crate::config::source::Node::Text(text) if text == $word => Ok(Self::$variant),)+
                    _ => Err(concat!("write one of:" $(, " \"", $word, "\"")+).to_owned()),
                }
            }

            fn text(&self) -> String {
                match self { $(Self::$variant => concat!("\"", $word, "\"").to_owned(),)+ }
            }
        }
    };
}
pub(super) use choice;

impl<T: Setting> Setting for Option<T> {
    fn read(key: &str, entry: Entry, problems: &mut Problems) -> Option<Self> {
        T::read(key, entry, problems).map(Some)
    }

    fn describe(key: &str, about: &str, default: Option<&Self>, keys: &mut Vec<Key>) {
        T::describe(key, about, default.and_then(Option::as_ref), keys);
    }

    fn show(&self, key: &str, all: &mut Vec<Shown>) {
        if let Some(value) = self {
            value.show(key, all);
        }
    }
}

/// A list; as a variable, with commas.
impl<T: Value> Setting for Vec<T> {
    fn read(key: &str, entry: Entry, problems: &mut Problems) -> Option<Self> {
        let entries = match entry.node {
            Node::List(entries) => entries,
            Node::Text(text) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                let part = |part: &str| Entry {
                    node: Node::Text(part.to_owned()),
                    origin: entry.origin.clone(),
                };
                parts.map(part).collect()
            }
            _ => {
                problems.unfit(key, &entry, false, "write a list, such as [\"one\", \"two\"]");
                return None;
            }
        };
        let read = entries.into_iter().enumerate().map(|(at, entry)| {
            let read = T::from_node(&entry.node);
            read.map_err(|why| problems.unfit(&format!("{key}[{at}]"), &entry, T::SECRET, why)).ok()
        });
        Some(read.flatten().collect())
    }

    fn describe(key: &str, about: &str, default: Option<&Self>, keys: &mut Vec<Key>) {
        let default = default.filter(|list| !list.is_empty()).map(|list| texts(list));
        let (name, about) = (key.to_owned(), about.to_owned());
        keys.push(Key { name, kind: "a list", default, about });
    }

    fn show(&self, key: &str, all: &mut Vec<Shown>) {
        if !self.is_empty() {
            all.push(Shown { key: key.to_owned(), value: texts(self), secret: T::SECRET });
        }
    }
}

fn texts<T: Value>(list: &[T]) -> String {
    format!("[{}]", list.iter().map(Value::text).collect::<Vec<_>>().join(", "))
}

/// What has names of one's own.
impl<T: Setting> Setting for BTreeMap<String, T> {
    fn read(key: &str, entry: Entry, problems: &mut Problems) -> Option<Self> {
        let Node::Table(table) = entry.node else {
            problems.unfit(key, &entry, false, format!("write a table, as under [{key}]"));
            return None;
        };
        let read = table.into_iter().map(|(name, entry)| {
            let value = T::read(&join(key, &name), entry, problems)?;
            Some((name, value))
        });
        Some(read.flatten().collect())
    }

    fn describe(key: &str, about: &str, _: Option<&Self>, keys: &mut Vec<Key>) {
        T::describe(&format!("{key}.<name>"), about, None, keys);
    }

    fn show(&self, key: &str, all: &mut Vec<Shown>) {
        self.iter().for_each(|(name, value)| value.show(&join(key, name), all));
    }
}

/// A section: a structure of settings, each with its text and its default.
macro_rules! section {
    ($(#[doc = $about:literal])+ pub struct $Name:ident {
        $($(#[doc = $doc:literal])+ pub $field:ident: $type:ty = $default:expr,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $Name { $($(#[doc = $doc])+ pub $field: $type,)+ }

        impl Default for $Name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::config::setting::Setting for $Name {
            fn read(
                key: &str,
                entry: $crate::config::source::Entry,
                problems: &mut $crate::config::problem::Problems,
            ) -> Option<Self> {
                let $crate::config::source::Node::Table(mut table) = entry.node else {
                    problems.unfit(key, &entry, true, format!("this is a table: write its keys under [{key}]"));
                    return None;
                };
                let mut section = Self::default();
                $(
                    let name = stringify!($field);
                    if let Some(entry) = table.remove(name) {
                        let key = $crate::config::problem::join(key, name);
                        let read = <$type as $crate::config::setting::Setting>::read(&key, entry, problems);
                        if let Some(read) = read {
                            section.$field = read;
                        }
                    }
                )+
                problems.unknown(key, table, &[$(stringify!($field)),+]);
                Some(section)
            }

            fn describe(at: &str, _: &str, _: Option<&Self>, keys: &mut Vec<$crate::config::setting::Key>) {
                let section = Self::default();
                $(
                    let about = concat!($($doc, "\n"),+);
                    let name = stringify!($field);
                    let key = &$crate::config::problem::join(at, name);
                    <$type as $crate::config::setting::Setting>::describe(key, about, Some(&section.$field), keys);
                )+
            }

            fn show(&self, at: &str, all: &mut Vec<$crate::config::setting::Shown>) {
                $(
                    let key = &$crate::config::problem::join(at, stringify!($field));
                    $crate::config::setting::Setting::show(&self.$field, key, all);
                )+
            }
        }
    };
}
pub(super) use section;
