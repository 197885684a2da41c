//! From settings to a builder, with all that is wrong.

mod edge;
mod isolation;
mod jwt;
mod resolver;

use super::{
    TenancyConfig,
    problem::{ConfigError, Problem, Problems},
    setting::{Setting, Shown},
    source::Origin,
};
use crate::{Tenancy, tenancy::Builder};

/// Collects what does not go together.
struct Check<'a> {
    config: &'a TenancyConfig,
    shown: Vec<Shown>,
    problems: Problems,
}

impl Check<'_> {
    /// Something is wrong with the value of a key, or with its absence.
    fn refuse(&mut self, key: &str, why: impl Into<String>) {
        let shown = self.shown.iter().find(|shown| shown.key == key);
        let origin = match (self.config.origins.get(key), shown) {
            (Some((origin, value)), Some(shown)) if *value == shown.value => origin.clone(),
            (Some((origin, _)), None) => origin.clone(),
            (None, Some(shown)) if self.is_default(shown) => Origin::Default,
            (_, Some(_)) => Origin::Code,
            (None, None) => Origin::Default,
        };
        let value = shown.map(|shown| shown.value.clone());
        self.problems.push(Problem { key: key.to_owned(), value, origin, why: why.into() });
    }

    /// What somebody said, or nothing if it was refused.
    fn sound<T>(&mut self, key: &str, made: Result<T, impl ToString>) -> Option<T> {
        let why = |error: &dyn ToString| {
            let text = error.to_string();
            text.strip_prefix("the configuration cannot work: ").map_or(text.clone(), str::to_owned)
        };
        made.map_err(|error| self.refuse(key, why(&error))).ok()
    }

    fn is_default(&self, shown: &Shown) -> bool {
        let mut defaults = Vec::new();
        Setting::show(&TenancyConfig::default(), "", &mut defaults);
        defaults.contains(shown)
    }

    /// Whether something below a key was set.
    fn is_set(&self, key: &str) -> bool {
        let below = |shown: &&Shown| {
            shown.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.shown.iter().filter(below).any(|shown| !self.is_default(shown))
    }
}

/// The builder with these settings, if all of them can be used.
pub(super) fn builder(config: &TenancyConfig) -> Result<Builder, ConfigError> {
    let mut shown = Vec::new();
    Setting::show(config, "", &mut shown);
    let mut check = Check { config, shown, problems: Problems::default() };
    let mut builder = database(&mut check);
    builder = isolation::isolation(&mut check, builder);
    builder = isolation::timeouts(&mut check, builder);
    builder = resolver::resolver(&mut check, builder);
    builder = edge::cache_and_limits(&mut check, builder);
    edge::web(&mut check, &mut builder);
    check.problems.finish(builder)
}

fn database(check: &mut Check<'_>) -> Builder {
    let database = &check.config.database;
    let mut builder = Tenancy::builder()
        .max_connections(database.max_connections)
        .acquire_timeout(database.acquire_timeout)
        .connection_budget(database.connection_budget)
        .idle_timeout(database.idle_timeout)
        .plan_cache(database.plan_cache_bytes);
    match &database.url {
        Some(url) => builder = builder.database(url.expose()),
        None => {
            check.refuse("database.url", "name the database, as in `sqlite://shop.db?mode=rwc`");
        }
    }
    let urls = [
        ("database.url", &database.url),
        ("database.operator_url", &database.operator_url),
        ("database.control_plane_url", &database.control_plane_url),
    ];
    let schemes: Vec<Option<&str>> =
        urls.iter().map(|(key, url)| engine(check, key, url.as_ref()?.expose())).collect();
    if let (Some(own), Some(operator)) = (schemes[0], schemes[1])
        && own != operator
    {
        let why = format!(
            "it leads to {operator}, and `database.url` to {own}; both are the same database"
        );
        check.refuse("database.operator_url", why);
    }
    if let Some(url) = &database.operator_url {
        builder = builder.operator(url.expose());
    }
    if let Some(url) = &database.control_plane_url {
        builder = builder.control_plane(url.expose());
    }
    numbers(check);
    if let Some(share) = database.pool_share {
        builder = builder.pool_share(share);
    }
    if let Some(connections) = database.connections_per_tenant {
        builder = builder.connections_per_tenant(connections);
    }
    for (function, reason) in &database.functions {
        if reason.trim().is_empty() {
            let key = super::problem::join("database.functions", function);
            check.refuse(&key, "say why tenants may call it");
        }
        builder = builder.allow_function(function, reason);
    }
    for (code, objects) in &database.allow {
        for (object, reason) in objects {
            if reason.trim().is_empty() {
                let key =
                    super::problem::join(&super::problem::join("database.allow", code), object);
                check.refuse(&key, "say why it does no harm");
            }
            builder = builder.allow(code, object, reason);
        }
    }
    builder
}

/// Numbers with which nobody could be served.
fn numbers(check: &mut Check<'_>) {
    let database = &check.config.database;
    let zero = "nobody could be served; raise it, or leave it out";
    let none = [
        ("database.max_connections", database.max_connections == 0),
        ("database.pool_share", database.pool_share == Some(0)),
        ("database.connection_budget", database.connection_budget == 0),
        ("database.connections_per_tenant", database.connections_per_tenant == Some(0)),
        ("database.acquire_timeout", database.acquire_timeout.is_zero()),
        ("database.idle_timeout", database.idle_timeout.is_zero()),
    ];
    for (key, _) in none.iter().filter(|(_, none)| *none) {
        check.refuse(key, zero);
    }
    let budget = database.connection_budget;
    if database.connections_per_tenant.is_some_and(|own| own > budget) {
        let why = format!(
            "one tenant would have more than the budget of all, {budget}; lower it, or raise `database.connection_budget`"
        );
        check.refuse("database.connections_per_tenant", why);
    }
}

/// Which engine a URL is for.
fn engine(check: &mut Check<'_>, key: &str, url: &str) -> Option<&'static str> {
    let scheme = url.split(':').next().unwrap_or_default();
    let (engine, compiled) = match scheme {
        "sqlite" => ("sqlite", cfg!(feature = "sqlite")),
        "postgres" | "postgresql" => ("postgres", cfg!(feature = "postgres")),
        "mysql" | "mariadb" => ("mysql", cfg!(feature = "mysql")),
        _ => {
            check.refuse(key, "write a URL that begins with `sqlite:`, `postgres:` or `mysql:`");
            return None;
        }
    };
    let any = cfg!(any(feature = "sqlite", feature = "postgres", feature = "mysql"));
    // A program without any, such as one that only checks, cannot tell what others have.
    if any && !compiled {
        check.refuse(
            key,
            format!("this program was built without the feature `{engine}` of `tenancy`"),
        );
    }
    Some(engine)
}
