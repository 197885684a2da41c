//! Settings as data: from a file, from the environment, and from the program.
//!
//! A [`TenancyConfig`] holds everything [`Builder`] can be told that is no code. It is read from TOML
//! by the crate `toml`, with the line of each value, and from variables of the environment, which come
//! first. It is checked as a whole: a [`ConfigError`] says all that is wrong.

mod assemble;
mod problem;
mod section;
mod setting;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, env, fmt::Write as _, fs, io, path::Path};

use serde::de::{Deserialize, Deserializer, Error as _};

pub use self::{
    problem::ConfigError,
    section::{
        CacheConfig, Counter, DatabaseConfig, ForwardedHeader, HeaderConfig, IsolationConfig,
        JwtConfig, JwtKeyConfig, LanesConfig, LimitsConfig, PathConfig, PolicyConfig,
        ProxiesConfig, RedisConfig, ResolverConfig, ResolverKind, ResolverRule, SigningConfig,
        SubdomainConfig, TierTimeoutsConfig, TimeoutsConfig, WebConfig, WhenAway,
    },
};
use self::{
    problem::{Problem, Problems},
    setting::{Key, Setting, Shown},
    source::{Entry, Origin},
};
use crate::{Tenancy, tenancy::Builder};

/// The file that is read unless another is named.
const FILE: &str = "tenancy.toml";

/// Everything a [`Builder`] can be told that is no code.
///
/// [`load`](Self::load) reads it; every field can be changed afterwards. The table of all keys is what
/// [`table`](Self::table) returns. A key in a file is written as in TOML, `database.url`; as a variable
/// it is `TENANCY_DATABASE__URL`, with `TENANCY_` before it and `__` for each dot. Lists in variables
/// have commas between their values.
///
/// It can be part of an application's own configuration, too: it is read by serde.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::config::TenancyConfig;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let file = r#"
///     [database]
///     url = "sqlite::memory:"
///     [limits.tiers.free]
///     minute = { limit = 60, per = "1m" }
/// "#;
/// let variables = [("TENANCY_CACHE__LIFE".to_owned(), "2s".to_owned())];
/// let config = TenancyConfig::read("shop.toml", file, variables)?;
/// // Code can add what is no data.
/// let tenancy = config.builder().connect().await?;
///
/// let wrong = TenancyConfig::read("shop.toml", "[databse]\nurl = 1\n[cache]\nlife = 5", []);
/// let wrong = wrong.unwrap_err().to_string();
/// assert!(wrong.contains("shop.toml:2") && wrong.contains("did you mean `database.url`?"));
/// assert!(wrong.contains("cache.life = 5 (shop.toml:4): write a time with its unit"));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TenancyConfig {
    /// The database of tenants' rows, and connections.
    pub database: DatabaseConfig,
    /// How tenants' rows are kept apart.
    pub isolation: IsolationConfig,
    /// How long statements may take.
    pub timeouts: TimeoutsConfig,
    /// Which tenant a request is for.
    pub resolver: ResolverConfig,
    /// How long tenants are remembered.
    pub cache: CacheConfig,
    /// A Redis server.
    pub redis: RedisConfig,
    /// What tenants may ask for.
    pub limits: LimitsConfig,
    /// What the layer of an axum application does.
    pub web: WebConfig,
    /// Where each value was written, and which it was.
    origins: BTreeMap<String, (Origin, String)>,
}

impl TenancyConfig {
    /// Reads the file that `TENANCY_CONFIG` names, or else `tenancy.toml` in the current folder if it
    /// is there, and then the variables of the environment.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] with everything that is wrong, if anything is.
    pub fn load() -> Result<Self, ConfigError> {
        match env::var_os(source::FILE) {
            Some(file) => Self::load_from(Path::new(&file)),
            None if Path::new(FILE).exists() => Self::load_from(Path::new(FILE)),
            None => Self::read(FILE, "", variables()),
        }
    }

    /// Whether [`load`](Self::load) finds anything: a file, or a variable of the environment.
    #[must_use]
    pub fn is_written() -> bool {
        env::var_os(source::FILE).is_some()
            || Path::new(FILE).exists()
            || variables().iter().any(|(name, _)| source::is_setting(name))
    }

    /// Reads this file, and then the variables of the environment.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); also if the file cannot be read.
    pub fn load_from(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let file = file.as_ref();
        let name = file.display().to_string();
        let text = fs::read_to_string(file).map_err(|error| unreadable(&name, &error))?;
        Self::read(&name, &text, variables())
    }

    /// Reads the text of a file of this name, and then the variables, whose names begin with
    /// `TENANCY_`. Others are passed over, and so are those of tests, which begin with
    /// `TENANCY_TEST_`, and `TENANCY_MIGRATIONS`, which is the command's.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn read(
        name: &str,
        toml: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let mut tree = Entry::file(name, toml, &mut problems);
        tree.overlay(variables);
        let config = Self::of(tree, &mut problems);
        if let Err(unusable) = assemble::builder(&config) {
            problems.and(unusable);
        }
        problems.finish(config)
    }

    fn of(tree: Entry, problems: &mut Problems) -> Self {
        let mut origins = BTreeMap::new();
        tree.origins("", &mut origins);
        let mut config = Self::read_from(tree, problems);
        let mut shown = Vec::new();
        Setting::show(&config, "", &mut shown);
        let values: BTreeMap<&str, &str> =
            shown.iter().map(|shown| (&*shown.key, &*shown.value)).collect();
        let with_value = |(key, origin): (String, Origin)| {
            let value = values.get(&*key).copied().unwrap_or_default().to_owned();
            (key, (origin, value))
        };
        config.origins = origins.into_iter().map(with_value).collect();
        config
    }

    /// A builder that is told all of this, to which code can add the rest.
    ///
    /// What cannot be used, in a configuration the program has changed, makes
    /// [`connect`](Builder::connect) fail, with everything that is wrong.
    #[must_use]
    pub fn builder(&self) -> Builder {
        assemble::builder(self).unwrap_or_else(|error| Tenancy::builder().refuse(error.into()))
    }

    /// Looks whether all of it can be used; what was [read](Self::read) can.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn check(&self) -> Result<(), ConfigError> {
        assemble::builder(self).map(drop)
    }

    /// All values that are set, and those that hold unless they are set, in TOML; each with where it
    /// was written. Secrets are left out.
    #[must_use]
    pub fn show(&self) -> String {
        let mut all = Vec::new();
        Setting::show(self, "", &mut all);
        let mut text = String::new();
        for shown in all {
            let Shown { key, value, .. } = shown;
            let from = match self.origins.get(&key) {
                Some((origin, written)) if *written == value => origin.to_string(),
                _ => "unless set".to_owned(),
            };
            // A text is always written.
            let _ = writeln!(text, "{key} = {value} # {from}");
        }
        text
    }

    /// The table of all keys, in Markdown.
    #[must_use]
    pub fn table() -> String {
        table::markdown()
    }
}

/// The sections, each under its name.
macro_rules! sections {
    ($($section:ident),+) => {
        impl TenancyConfig {
            fn read_from(entry: Entry, problems: &mut Problems) -> Self {
                let mut config = Self::default();
                let source::Node::Table(mut table) = entry.node else { return config };
                $(
                    if let Some(entry) = table.remove(stringify!($section))
                        && let Some(read) = Setting::read(stringify!($section), entry, problems)
                    {
                        config.$section = read;
                    }
                )+
                problems.unknown("", table, &[$(stringify!($section)),+]);
                config
            }
        }

        impl Setting for TenancyConfig {
            fn read(_: &str, entry: Entry, problems: &mut Problems) -> Option<Self> {
                Some(Self::read_from(entry, problems))
            }

            fn describe(_: &str, _: &str, _: Option<&Self>, keys: &mut Vec<Key>) {
                fn of<T: Setting>(_: impl Fn(TenancyConfig) -> T, key: &str, keys: &mut Vec<Key>) {
                    T::describe(key, "", None, keys);
                }
                $(of(|config| config.$section, stringify!($section), keys);)+
            }

            fn show(&self, _: &str, all: &mut Vec<Shown>) {
                $(Setting::show(&self.$section, stringify!($section), all);)+
            }
        }
    };
}

sections!(database, isolation, timeouts, resolver, cache, redis, limits, web);

/// All keys there are.
fn keys() -> Vec<Key> {
    let mut keys = Vec::new();
    TenancyConfig::describe("", "", None, &mut keys);
    keys
}

/// The variables of the environment that are text; others cannot be ours.
fn variables() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn unreadable(name: &str, error: &io::Error) -> ConfigError {
    let mut problems = Problems::default();
    problems.push(Problem {
        key: String::new(),
        value: None,
        origin: Origin::File(name.into(), 0),
        why: format!("it cannot be read: {error}"),
    });
    ConfigError::from(problems)
}

impl<'de> Deserialize<'de> for TenancyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Entry::deserialize(deserializer)?;
        let mut problems = Problems::default();
        let config = Self::of(tree, &mut problems);
        problems.finish(config).map_err(D::Error::custom)
    }
}
