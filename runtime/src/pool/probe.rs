//! Whether the settings of a transaction reach its statements.
//!
//! Between us and the server there may be a pooler. One that lends a connection for a single
//! statement, or answers some statements itself, would let a statement run without its tenant. So
//! each new connection is tried out before anything else runs on it.

use std::sync::{Arc, OnceLock};

use sea_orm::{
    DbErr,
    sqlx::{self, AssertSqlSafe, Executor as _, PgConnection, Row as _},
};

use crate::Error;

/// What was found on the connections of a pool. Once one has failed, the pool is used no more.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    failed: Arc<OnceLock<String>>,
    setting: &'static str,
}

/// What a new connection is told, and must then say. It is no tenant's id.
const PROBE: &str = "tenancy:probe";

impl Probe {
    /// `setting` is the one that transactions will have.
    pub(crate) fn new(setting: &'static str) -> Self {
        Self { failed: Arc::default(), setting }
    }

    /// Fails if one of the pool's connections has.
    pub(crate) fn verdict(&self) -> Result<(), DbErr> {
        match self.failed.get() {
            None => Ok(()),
            Some(why) => Err(Error::config(format!(
                "a setting made in a transaction does not reach its statements, so policies would \
                 not know the tenant ({why}); connect to PostgreSQL directly or through a pooler \
                 that lends its connections for whole transactions"
            ))
            .into()),
        }
    }

    /// Tries out a new connection.
    ///
    /// # Errors
    ///
    /// If it broke. What it says is left for [`verdict`](Self::verdict).
    pub(super) async fn try_out(&self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        let setting = self.setting;
        let read = format!("SELECT current_setting('{setting}', true) AS value");
        let steps = [
            (format!("BEGIN; SET LOCAL {setting} = '{PROBE}'"), None),
            (read.clone(), Some(PROBE)),
            (format!("COMMIT; {read}"), Some("")),
        ];
        for (step, expected) in steps {
            let seen = match conn.fetch_optional(AssertSqlSafe(step)).await {
                Ok(row) => row,
                Err(sqlx::Error::Database(error)) => {
                    self.fail(error.message().to_owned());
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let seen = match seen {
                Some(row) => row.try_get::<Option<String>, _>("value")?.unwrap_or_default(),
                None => String::new(),
            };
            if expected.is_some_and(|expected| expected != seen) {
                self.fail(format!("`{setting}` was {seen:?} where it had to be {expected:?}"));
                return Ok(());
            }
        }
        Ok(())
    }

    fn fail(&self, why: String) {
        tracing::error!(target: "tenancy::pool", why, "transactions' settings do not reach statements");
        // The first reason is kept.
        let _ = self.failed.set(why);
    }
}
