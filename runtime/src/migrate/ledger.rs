//! What the control plane knows of each place: its heads, and how the last attempt to move it ended.
//!
//! Where a tenant's place is in the same database, its line is written in the transaction that moves
//! it, so that it cannot be wrong. For others the place's own table of heads is the truth, and the line
//! what was seen of it last.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, RuntimeErr, sqlx};
use tenancy_core::{Dialect, TenantId};

use super::{
    cut,
    failure::Failure,
    heads::{Heads, joined, parted},
    raw::Raw,
    site::{literal, quoted},
};
use crate::{Result, pool};

const TABLE: &str = "tenancy_ledger";

/// A line of the ledger.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) heads: Heads,
    pub(super) failed: Option<String>,
    /// The revisions that took something away from it.
    pub(super) contracts: Vec<String>,
}

/// The table that holds it.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    conn: DatabaseConnection,
    dialect: Dialect,
    /// Its name, wherever bare names lead.
    table: String,
}

/// The line of what all tenants share has nobody's id.
const SHARED: &str = "";

impl Ledger {
    /// Makes the table, if it is not there.
    pub(super) async fn open(
        conn: &DatabaseConnection,
        dialect: Dialect,
        shared: Option<&str>,
    ) -> Result<Self> {
        let own = quoted(dialect, TABLE);
        let table = match shared {
            Some(shared) => format!("{}.{own}", quoted(dialect, shared)),
            None => own,
        };
        let ledger = Self { conn: conn.clone(), dialect, table };
        if ledger.lines(&[]).await.is_err() {
            ledger.make().await?;
        }
        Ok(ledger)
    }

    async fn make(&self) -> Result<()> {
        let table = &self.table;
        // Ids differ by case.
        let exact = match self.dialect {
            Dialect::MySql => " CHARACTER SET ascii COLLATE ascii_bin",
            Dialect::Postgres | Dialect::Sqlite => "",
        };
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (tenant_id VARCHAR(64){exact} NOT NULL PRIMARY KEY, \
             heads VARCHAR(4000) NOT NULL, contracts VARCHAR(4000) NOT NULL, state VARCHAR(8) NOT NULL, revision VARCHAR(32), \
             started_at VARCHAR(32) NOT NULL, finished_at VARCHAR(32) NOT NULL, duration_ms BIGINT NOT NULL, \
             error TEXT)"
        );
        let statements = match self.dialect {
            // Two at a time would both find nothing there.
            Dialect::Postgres => vec![
                "BEGIN".to_owned(),
                format!("SELECT pg_advisory_xact_lock(hashtextextended('tenancy:{TABLE}', 0))"),
                create,
                "COMMIT".to_owned(),
            ],
            Dialect::MySql | Dialect::Sqlite => vec![create],
        };
        let mut raw = Raw::acquire(&self.conn, self.dialect)
            .await
            .map_err(|error| sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))?;
        match raw.run_all(&statements).await {
            Ok(()) => Ok(()),
            Err((_, error)) => {
                raw.rollback().await;
                Err(sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error.into())).into())
            }
        }
    }

    /// The lines of some tenants.
    pub(super) async fn lines(&self, ids: &[&TenantId]) -> Result<BTreeMap<String, Line>> {
        let ids: Vec<_> = ids.iter().map(|id| literal(self.dialect, id.as_str())).collect();
        let among = if ids.is_empty() { "''".to_owned() } else { ids.join(", ") };
        self.read(&format!("tenant_id IN ({among})")).await
    }

    /// The lines of all tenants whose places are not at these heads.
    pub(super) async fn elsewhere(&self, heads: &Heads) -> Result<BTreeMap<String, Line>> {
        let heads = literal(self.dialect, &joined(heads));
        self.read(&format!("tenant_id <> '' AND heads <> {heads}")).await
    }

    async fn read(&self, condition: &str) -> Result<BTreeMap<String, Line>> {
        let sql = format!(
            "SELECT tenant_id, heads, contracts, CASE WHEN state = 'failed' THEN error END FROM {} WHERE \
             {condition}",
            self.table
        );
        let (conn, dialect) = (self.conn.clone(), self.dialect);
        // Whoever asks may go away, and MySQL's driver loses its place in an answer half read.
        let rows = pool::finish(async move {
            let failed = |error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into()));
            let mut raw = Raw::acquire(&conn, dialect).await.map_err(failed)?;
            raw.rows(&sql).await.map_err(failed)
        })
        .await?;
        let mut lines = BTreeMap::new();
        for row in rows {
            let [id, heads, contracts, failed] = <[_; 4]>::try_from(row)
                .map_err(|row| DbErr::Type(format!("the ledger has {} columns", row.len())))?;
            let (id, heads) = (id.unwrap_or_default(), heads.unwrap_or_default());
            let contracts = contracts.unwrap_or_default();
            let contracts = contracts.split(',').filter(|id| !id.is_empty());
            let contracts = contracts.map(str::to_owned).collect();
            // A line nobody can read is none: the place says where it is.
            if let Some(heads) = parted(&heads) {
                lines.insert(id, Line { heads, failed, contracts });
            }
        }
        Ok(lines)
    }

    /// The statement that says a place has come to these heads.
    pub(super) fn arrived(
        &self,
        id: Option<&TenantId>,
        heads: &Heads,
        contracts: &[String],
    ) -> String {
        self.entry(id, Some((&joined(heads), &contracts.join(","))), None)
    }

    /// Writes that down, where it could not be done together with the work.
    pub(super) async fn note(&self, entry: &str) -> Result<()> {
        let (conn, entry) = (self.conn.clone(), entry.to_owned());
        pool::finish(async move {
            cut::here().map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))?;
            conn.execute_unprepared(&entry).await
        })
        .await?;
        Ok(())
    }

    /// Writes down that a place could not be moved. Its heads stay.
    pub(super) async fn failed(&self, id: Option<&TenantId>, failure: &Failure) -> Result<()> {
        self.note(&self.entry(id, None, Some(failure))).await
    }

    /// Forgets a place.
    pub(super) async fn forget(&self, id: &TenantId) -> Result<()> {
        let (table, id) = (&self.table, literal(self.dialect, id.as_str()));
        self.note(&format!("DELETE FROM {table} WHERE tenant_id = {id}")).await
    }

    fn entry(
        &self,
        id: Option<&TenantId>,
        heads: Option<(&str, &str)>,
        failure: Option<&Failure>,
    ) -> String {
        let table = &self.table;
        let text = |text: &str| literal(self.dialect, text);
        let begun = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let (now, duration) = match self.dialect {
            Dialect::Postgres => (
                "to_char(clock_timestamp() AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                    .to_owned(),
                format!("(EXTRACT(epoch FROM clock_timestamp() - '{begun}'::timestamptz) * 1000)::bigint"),
            ),
            Dialect::MySql => (
                "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')".to_owned(),
                format!(
                    "TIMESTAMPDIFF(MICROSECOND, '{}', UTC_TIMESTAMP(6)) DIV 1000",
                    begun.trim_end_matches('Z').replace('T', " ")
                ),
            ),
            Dialect::Sqlite => (
                "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')".to_owned(),
                format!(
                    "CAST(round((julianday('now') - julianday('{begun}')) * 86400000) AS INTEGER)"
                ),
            ),
        };
        let state = if failure.is_some() { "failed" } else { "ready" };
        let revision = failure.and_then(|failure| failure.revision.as_ref());
        let revision = revision.map_or("NULL".to_owned(), |id| text(id.as_str()));
        let error = failure.map_or("NULL".to_owned(), |failure| text(&failure.to_string()));
        let id = text(id.map_or(SHARED, TenantId::as_str));
        let (known, contracts) = heads.unwrap_or_default();
        let (known, contracts) = (text(known), text(contracts));
        let mut columns =
            vec!["state", "revision", "started_at", "finished_at", "duration_ms", "error"];
        if heads.is_some() {
            columns.extend(["heads", "contracts"]);
        }
        let update = |value: &dyn Fn(&str) -> String| {
            let set: Vec<_> =
                columns.iter().map(|name| format!("{name} = {}", value(name))).collect();
            set.join(", ")
        };
        let conflict = match self.dialect {
            Dialect::MySql => {
                format!("ON DUPLICATE KEY UPDATE {}", update(&|name| format!("VALUES({name})")))
            }
            Dialect::Postgres | Dialect::Sqlite => format!(
                "ON CONFLICT (tenant_id) DO UPDATE SET {}",
                update(&|name| format!("excluded.{name}"))
            ),
        };
        format!(
            "INSERT INTO {table} (tenant_id, heads, contracts, state, revision, started_at, finished_at, duration_ms, \
             error) VALUES ({id}, {known}, {contracts}, '{state}', {revision}, '{begun}', {now}, {duration}, {error}) \
             {conflict}"
        )
    }
}
