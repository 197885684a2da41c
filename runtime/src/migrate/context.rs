//! What a run says of itself wherever it works.

use std::{sync::Arc, time::Duration};

use sea_orm::DatabaseConnection;
use tenancy_core::{Dialect, Tenant};

use super::{
    Migrations,
    heads::HeadsTable,
    site::{Extent, Site, literal, quoted},
};
use crate::{Error, Result, pool::PoolOptions};

/// How long a statement may wait for a lock, per try.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// What is the same for all places of a run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(super) migrations: Arc<Migrations>,
    pub(super) dialect: Dialect,
    /// The schema of what all tenants share.
    pub(super) shared: Option<String>,
    /// The name of the tables of heads.
    pub(super) table: String,
    pub(super) lock_timeout: Duration,
    pub(super) statement_timeout: Option<Duration>,
    /// Schemas in which extensions are, beside those of PostgreSQL itself.
    pub(super) extensions: Vec<String>,
}

impl Context {
    pub(crate) fn new(
        migrations: Arc<Migrations>,
        dialect: Dialect,
        shared: Option<&str>,
    ) -> Result<Self> {
        let table = migrations.version_table_name()?.to_owned();
        Ok(Self {
            migrations,
            dialect,
            shared: shared.map(str::to_owned),
            table,
            lock_timeout: LOCK_TIMEOUT,
            statement_timeout: None,
            extensions: Vec::new(),
        })
    }
}

/// A place, with the way to it.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub(super) cx: &'a Context,
    pub(super) site: &'a Site,
    pub(super) conn: &'a DatabaseConnection,
    /// How such a connection is opened.
    pub(super) options: &'a PoolOptions,
    /// Whose it is; nobody's if all share it.
    pub(super) tenant: Option<&'a Arc<Tenant>>,
    /// What the ledger is told with the last step, where the ledger is in the same database.
    pub(super) entry: Option<&'a str>,
    /// What gives the role that serves tenants its rights, after something was made.
    pub(super) rights: &'a [String],
}

impl Spot<'_> {
    pub(super) fn heads(&self) -> HeadsTable {
        HeadsTable::new(self.site, self.cx.dialect, &self.cx.table)
    }

    /// Where bare names lead on PostgreSQL, if that has to be said: to the place, and to nothing that
    /// others share.
    pub(super) fn search_path(&self) -> Option<String> {
        let schema = self.site.schema_name(self.cx.dialect)?;
        let mut path = schema;
        for extension in &self.cx.extensions {
            path.push(',');
            path.push_str(&quoted(self.cx.dialect, extension));
        }
        path.push_str(",pg_catalog,pg_temp");
        Some(path)
    }

    /// A statement of a revision, as it reads in this place.
    ///
    /// # Errors
    ///
    /// If a name cannot be put there.
    pub(super) fn statement(&self, sql: &str) -> Result<String> {
        let dialect = self.cx.dialect;
        let mut sql = sql.to_owned();
        let prefix = self.site.prefix(dialect);
        if sql.contains("{{shared}}") && prefix.is_none() {
            let Some(shared) = &self.cx.shared else {
                return Err(Error::config(
                    "it names `{{shared}}`, and from here nothing that all tenants share can be reached: \
                     the place is a database of its own",
                ));
            };
            sql = sql.replace("{{shared}}", &quoted(dialect, shared));
        }
        if sql.contains("{{schema}}") {
            let Some(schema) = self.site.schema_name(dialect) else {
                return Err(Error::config(
                    "it names `{{schema}}`, and this place is a database of its own; write the bare name",
                ));
            };
            sql = sql.replace("{{schema}}", &schema);
        }
        match prefix {
            Some(prefix) => tenancy_core::revision::prefixed(&sql, &prefix)
                .map_err(|error| Error::config(error.to_string())),
            None => Ok(sql),
        }
    }

    /// The lock on the place, on PostgreSQL: an error of division unless it is had, and held until the
    /// transaction ends. Whoever makes or drops the place takes the same.
    pub(super) fn lock(&self) -> String {
        let name = literal(Dialect::Postgres, &format!("tenancy:{}", self.site.lock));
        format!("SELECT 1 / pg_try_advisory_xact_lock(hashtextextended({name}, 0))::int")
    }

    pub(super) fn lock_timeout(&self, own: Option<Duration>) -> Duration {
        own.unwrap_or(self.cx.lock_timeout)
    }

    pub(super) fn statement_timeout(&self, own: Option<Duration>) -> Option<Duration> {
        own.or(self.cx.statement_timeout)
    }

    /// Whether it is the whole of a database.
    pub(super) fn is_whole(&self) -> bool {
        self.site.extent == Extent::Whole
    }
}
