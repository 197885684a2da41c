//! A place that belongs to one tenant, under a lock: how each engine makes it, says whose it is, and
//! drops it.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement};
use tenancy_core::{TenantId, scope::PREFIX_END};

use crate::{
    Error, Result,
    isolation::erase::{placeholder, quoted},
};

/// The table that says whose a place is, on engines whose schemas have no comment.
const OWNER: &str = "tenancy_owner";

/// Seconds to wait for somebody else who is making or dropping the same place.
const PATIENCE: u32 = 30;

/// How much of a database is one tenant's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// A schema; on MySQL a database, on SQLite tables with a prefix.
    Schema,
    /// The whole database that the connection leads to.
    Database,
}

/// A place under a lock that everybody takes who makes or drops it.
pub(super) struct Place<'a> {
    pub(super) transaction: &'a DatabaseTransaction,
    pub(super) backend: DbBackend,
    pub(super) extent: Extent,
    pub(super) name: String,
    pub(super) id: TenantId,
}

impl Place<'_> {
    fn statement(&self, sql: &str, value: &str) -> Statement {
        Statement::from_sql_and_values(self.backend, sql, [value.into()])
    }

    async fn text(&self, statement: Statement) -> Result<Option<String>> {
        let row = self.transaction.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten())
    }

    async fn run(&self, sql: &str) -> Result<()> {
        self.transaction.execute_unprepared(sql).await?;
        Ok(())
    }

    /// SQLite's write lock came with the transaction.
    pub(super) async fn lock(&self) -> Result<()> {
        match self.backend {
            DbBackend::Postgres => {
                self.run(&format!("SET LOCAL lock_timeout = '{PATIENCE}s'")).await?;
                let sql =
                    "SELECT pg_advisory_xact_lock(hashtextextended('tenancy:' || $1, 0))::text";
                self.text(self.statement(sql, &self.name)).await?;
            }
            DbBackend::MySql => {
                let sql = format!(
                    "SELECT CAST(GET_LOCK(CONCAT('tenancy:', MD5(?)), {PATIENCE}) AS CHAR)"
                );
                if self.text(self.statement(&sql, &self.name)).await?.as_deref() != Some("1") {
                    return Err(Error::config(format!(
                        "somebody else has been making or dropping `{}` for {PATIENCE} seconds; try again",
                        self.name
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) async fn unlock(&self) -> Result<()> {
        if self.backend == DbBackend::MySql {
            let sql = "SELECT CAST(RELEASE_LOCK(CONCAT('tenancy:', MD5(?))) AS CHAR)";
            self.text(self.statement(sql, &self.name)).await?;
        }
        Ok(())
    }

    /// Whose the schema is. `None` if there is none, or, where making one and saying whose it is
    /// are two steps, if it is empty still.
    async fn owner(&self) -> Result<Option<String>> {
        let name = &self.name;
        match (self.backend, self.extent) {
            (DbBackend::Postgres, Extent::Schema) => {
                let sql = "SELECT COALESCE(obj_description(oid, 'pg_namespace'), '') \
                           FROM pg_namespace WHERE nspname = $1";
                let comment = self.text(self.statement(sql, name)).await?;
                Ok(comment.map(|text| text.strip_prefix(COMMENT).unwrap_or("").to_owned()))
            }
            _ => {
                let tables = self.tables().await?;
                if tables.is_empty() {
                    return Ok(None);
                }
                if !tables.iter().any(|table| *table == self.owner_table()) {
                    return Ok(Some(String::new()));
                }
                let sql = format!("SELECT tenant_id FROM {}", self.qualified(&self.owner_table()));
                Ok(Some(
                    self.text(Statement::from_string(self.backend, sql)).await?.unwrap_or_default(),
                ))
            }
        }
    }

    /// The names of all tables in the place.
    async fn tables(&self) -> Result<Vec<String>> {
        let statement = match (self.backend, self.extent) {
            (DbBackend::MySql, Extent::Schema) => self.statement(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
                &self.name,
            ),
            (_, Extent::Schema) => self.statement(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, length(?1)) = ?1",
                &format!("{}{PREFIX_END}", self.name),
            ),
            (backend, Extent::Database) => {
                let sql = match backend {
                    DbBackend::Postgres => {
                        "SELECT table_name::text FROM information_schema.tables \
                         WHERE table_schema NOT IN ('information_schema', 'pg_catalog')"
                    }
                    DbBackend::MySql => {
                        "SELECT table_name FROM information_schema.tables \
                         WHERE table_schema = DATABASE()"
                    }
                    _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
                };
                Statement::from_string(backend, sql)
            }
        };
        let rows = self.transaction.query_all_raw(statement).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    fn owner_table(&self) -> String {
        match (self.backend, self.extent) {
            (DbBackend::Sqlite, Extent::Schema) => format!("{}{PREFIX_END}{OWNER}", self.name),
            _ => OWNER.to_owned(),
        }
    }

    fn qualified(&self, table: &str) -> String {
        let table = quoted(self.backend, table);
        match (self.backend, self.extent) {
            (DbBackend::MySql, Extent::Schema) => {
                format!("{}.{table}", quoted(self.backend, &self.name))
            }
            _ => table,
        }
    }

    /// Makes the place, if it is not there, and runs statements in it, which have no values: MySQL
    /// prepares no trigger.
    pub(super) async fn settle(&self, statements: Vec<Statement>) -> Result<()> {
        self.claim().await?;
        for statement in statements {
            self.run(&statement.sql).await?;
        }
        Ok(())
    }

    pub(super) async fn check(&self) -> Result<()> {
        match self.owner().await? {
            Some(owner) if owner != self.id.as_str() => Err(self.foreign(&owner)),
            _ => Ok(()),
        }
    }

    /// Makes the schema, and says whose it is.
    async fn claim(&self) -> Result<()> {
        match self.owner().await? {
            Some(owner) if owner == self.id.as_str() => return Ok(()),
            Some(owner) => return Err(self.foreign(&owner)),
            None => {}
        }
        let name = quoted(self.backend, &self.name);
        // Ids and names hold no quotes, by their types.
        match self.backend {
            DbBackend::Postgres if self.extent == Extent::Schema => {
                self.run(&format!("CREATE SCHEMA {name}")).await?;
                self.run(&format!("COMMENT ON SCHEMA {name} IS '{COMMENT}{}'", self.id)).await
            }
            backend => {
                if backend == DbBackend::MySql && self.extent == Extent::Schema {
                    // It commits at once; an empty one is what a call that was cut off left.
                    self.run(&format!("CREATE DATABASE IF NOT EXISTS {name}")).await?;
                }
                let table = self.qualified(&self.owner_table());
                self.run(&format!("CREATE TABLE {table} (tenant_id VARCHAR(64) NOT NULL)")).await?;
                let sql = format!("INSERT INTO {table} VALUES ({})", placeholder(backend));
                self.transaction.execute_raw(self.statement(&sql, self.id.as_str())).await?;
                Ok(())
            }
        }
    }

    pub(super) async fn raze(&self) -> Result<()> {
        match self.owner().await? {
            Some(owner) if owner == self.id.as_str() => {}
            Some(owner) => return Err(self.foreign(&owner)),
            None if self.backend == DbBackend::MySql => {}
            None => return Ok(()),
        }
        let name = quoted(self.backend, &self.name);
        match self.backend {
            DbBackend::Postgres => self.run(&format!("DROP SCHEMA {name} CASCADE")).await,
            DbBackend::MySql => self.run(&format!("DROP DATABASE IF EXISTS {name}")).await,
            _ => {
                self.run("PRAGMA defer_foreign_keys = ON").await?;
                for table in self.tables().await? {
                    self.run(&format!("DROP TABLE {}", quoted(self.backend, &table))).await?;
                }
                Ok(())
            }
        }
    }

    fn foreign(&self, owner: &str) -> Error {
        let whose = if owner.is_empty() {
            "it does not say whose it is".to_owned()
        } else {
            format!("it belongs to the tenant `{owner}`")
        };
        let what = if self.extent == Extent::Schema { "schema" } else { "database" };
        Error::conflict(format!(
            "the {what} `{}` ({whose}, and none is ever shared or dropped for another; rename it, or \
             drop it yourself if nobody needs it)",
            self.name
        ))
    }
}

/// What the comment on a tenant's schema begins with.
const COMMENT: &str = "tenancy tenant ";
