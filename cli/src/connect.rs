//! The way to the databases.

use std::{env, fmt, future::Future, pin::Pin, sync::Arc};

use tenancy::{
    Builder, Database, Error, Result, Row, Schema, Tenancy, TenancyConfig, migrate::Migrations,
};
use tenancy_core::Dialect;

use crate::{
    arguments::{Common, Isolation},
    output::Failure,
    session::Session,
};

/// How an application connects.
#[derive(Clone)]
pub(crate) struct Connect(Arc<dyn Fn(Migrations) -> Connecting + Send + Sync>);

type Connecting = Pin<Box<dyn Future<Output = Result<Tenancy>> + Send>>;

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect")
    }
}

impl Connect {
    pub(crate) fn new<F>(connect: impl Fn(Migrations) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Tenancy>> + Send + 'static,
    {
        Self(Arc::new(move |migrations| Box::pin(connect(migrations))))
    }
}

impl Session<'_, '_> {
    /// Connects, as the application does or as the command line says.
    pub(crate) async fn tenancy(
        &self,
        migrations: &Migrations,
    ) -> std::result::Result<Tenancy, Failure> {
        let migrations = migrations.clone();
        match &self.cli.connect {
            Some(Connect(connect)) if self.common.database.is_none() => connect(migrations).await,
            _ => self.common.builder()?.migrations(migrations).connect().await,
        }
        .map_err(|error| refused(&error))
    }
}

fn nowhere() -> Failure {
    Failure::Usage(
        "no database is named; say which with `--database`, by a configuration (`--config`, or \
         `tenancy.toml`), or by the variable DATABASE_URL"
            .to_owned(),
    )
}

impl Common {
    /// The URL of the database all tenants share, if any is named.
    pub(crate) fn url(&self) -> std::result::Result<Option<String>, Failure> {
        if self.database.is_some() {
            return Ok(self.database.clone());
        }
        let config = self.config()?.and_then(|config| config.database.url);
        let named = || env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        Ok(config.map(|url| url.expose().to_owned()).or_else(named))
    }

    /// The application's configuration, unless a database is named or there is none.
    fn config(&self) -> std::result::Result<Option<TenancyConfig>, Failure> {
        let config = match &self.config {
            _ if self.database.is_some() => return Ok(None),
            Some(file) => TenancyConfig::load_from(file),
            None if TenancyConfig::is_written() => TenancyConfig::load(),
            None => return Ok(None),
        };
        config.map(Some).map_err(|error| Failure::Failed(error.to_string()))
    }

    /// What the command line, or the configuration, says of the database and of the isolation.
    fn builder(&self) -> std::result::Result<Builder, Failure> {
        if let Some(config) = self.config()? {
            if self.isolation.is_some() {
                return Err(Failure::Usage(
                    "the configuration says how tenants' rows are kept apart; leave `--isolation` out, or \
                     name the database with `--database` to leave the configuration out"
                        .to_owned(),
                ));
            }
            return Ok(config.builder());
        }
        let builder = Tenancy::builder().database(self.url()?.ok_or_else(nowhere)?);
        Ok(match self.isolation {
            None | Some(Isolation::Row) => builder.isolation(Row::new()),
            Some(Isolation::Schema) => builder.isolation(Schema::new()),
            Some(Isolation::Database) => builder.isolation(Database::new()),
        })
    }

    /// The engine a URL is of.
    pub(crate) fn dialect(&self) -> std::result::Result<Dialect, Failure> {
        let url = self.url()?.ok_or_else(nowhere)?;
        match url.split_once(':').map_or(url.as_str(), |(scheme, _)| scheme) {
            "postgres" | "postgresql" => Ok(Dialect::Postgres),
            "mysql" | "mariadb" => Ok(Dialect::MySql),
            "sqlite" => Ok(Dialect::Sqlite),
            // The URL may hold a password.
            _ => Err(Failure::Usage(
                "the database's URL begins with none of `postgres:`, `mysql:` and `sqlite:`"
                    .to_owned(),
            )),
        }
    }
}

/// A URL without its password, and without what stands behind it.
pub(crate) fn shown(url: &str) -> String {
    let (address, _) = url.split_once('?').unwrap_or((url, ""));
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    // A password can have an `@` in it, a host cannot.
    let Some((user, host)) = rest.rsplit_once('@') else { return address.to_owned() };
    match user.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
        None => address.to_owned(),
    }
}

/// An error of the runtime, as the command says it.
pub(crate) fn refused(error: &Error) -> Failure {
    Failure::Failed(said(error))
}

pub(crate) fn said(error: &Error) -> String {
    let said = error.to_string();
    said.strip_prefix("the configuration cannot work: ").map(str::to_owned).unwrap_or(said)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("sqlite:///tmp/g.db?mode=rwc", "sqlite:///tmp/g.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            ("postgres://me:p@ss:w0rd@host:5432/db?password=x", "postgres://me:***@host:5432/db"),
        ] {
            assert_eq!(super::shown(url), shown);
        }
    }
}
