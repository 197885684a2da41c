//! A connection of one engine's driver, for what SeaORM's pools cannot say: several statements in one
//! message, and settings that must be on the connection before a transaction begins.

use futures_util::StreamExt as _;
use sea_orm::{
    DatabaseConnection,
    sqlx::{self, AssertSqlSafe, Either, Row as _, pool::PoolConnection},
};
use tenancy_core::Dialect;

use super::cut;

/// A connection that nobody else has.
pub(super) enum Raw {
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    MySql(PoolConnection<sqlx::MySql>),
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<sqlx::Sqlite>),
}

/// Does the same on whichever it is.
macro_rules! on {
    ($raw:expr, $conn:ident => $work:expr) => {
        match $raw {
            #[cfg(feature = "postgres")]
            Raw::Postgres($conn) => $work,
            #[cfg(feature = "mysql")]
            Raw::MySql($conn) => $work,
            #[cfg(feature = "sqlite")]
            Raw::Sqlite($conn) => $work,
        }
    };
}

impl Raw {
    pub(super) async fn acquire(
        conn: &DatabaseConnection,
        dialect: Dialect,
    ) -> Result<Self, sqlx::Error> {
        match dialect {
            #[cfg(feature = "postgres")]
            Dialect::Postgres => {
                Ok(Self::Postgres(conn.get_postgres_connection_pool().acquire().await?))
            }
            #[cfg(feature = "mysql")]
            Dialect::MySql => Ok(Self::MySql(conn.get_mysql_connection_pool().acquire().await?)),
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => Ok(Self::Sqlite(conn.get_sqlite_connection_pool().acquire().await?)),
            #[cfg(not(all(feature = "postgres", feature = "mysql", feature = "sqlite")))]
            _ => {
                let _ = conn;
                Err(sqlx::Error::Protocol("the engine is not among the features".to_owned()))
            }
        }
    }

    /// Where a test wants the connection to be lost, it is never used again.
    fn cut(&mut self) -> Result<(), sqlx::Error> {
        cut::here().inspect_err(|_| self.spoil())
    }

    fn spoil(&mut self) {
        on!(self, conn => conn.close_on_drop());
    }

    /// Runs statements, which stay prepared nowhere, and says how many rows they met.
    pub(super) async fn run(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        self.cut()?;
        on!(self, conn => {
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **conn).await?;
            Ok(done.rows_affected())
        })
    }

    /// Runs statements in one message. If one fails, how many were done before it is said too.
    pub(super) async fn run_all(
        &mut self,
        statements: &[String],
    ) -> Result<(), (usize, sqlx::Error)> {
        // A comment at the end of a statement must not swallow what follows.
        let message = |statements: &[String]| statements.join("\n;\n");
        let Some(cut) = cut::among(statements.len()) else {
            return self.send(&message(statements)).await;
        };
        let before = cut.before;
        if before > 0 {
            self.send(&message(&statements[..before])).await?;
        }
        self.spoil();
        Err((before, cut.come()))
    }

    async fn send(&mut self, sql: &str) -> Result<(), (usize, sqlx::Error)> {
        on!(self, conn => {
            let mut done = 0;
            let mut answers = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(&mut **conn);
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(Either::Left(_)) => done += 1,
                    Ok(Either::Right(_)) => {}
                    Err(error) => return Err((done, error)),
                }
            }
            Ok(())
        })
    }

    /// The first column of what a query finds, which must be text.
    pub(super) async fn texts(&mut self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        self.cut()?;
        on!(self, conn => {
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut **conn).await?;
            rows.iter().map(|row| row.try_get::<String, _>(0)).collect()
        })
    }

    /// What a query finds, whose columns must be texts. Nothing stays prepared, so that it works through
    /// poolers that lend connections for one transaction.
    pub(super) async fn rows(
        &mut self,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
        self.cut()?;
        on!(self, conn => {
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut **conn).await?;
            rows.iter()
                .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect())
                .collect()
        })
    }

    /// Whether a query finds anything.
    pub(super) async fn finds(&mut self, sql: &str) -> Result<bool, sqlx::Error> {
        self.cut()?;
        on!(self, conn => {
            let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut **conn);
            let first = rows.next().await.transpose()?;
            // The rest is read before the connection is used again.
            while rows.next().await.transpose()?.is_some() {}
            Ok(first.is_some())
        })
    }

    /// Rolls back, and gives the connection back only if that was possible.
    pub(super) async fn rollback(mut self) {
        if self.run("ROLLBACK").await.is_err() {
            self.close().await;
        }
    }

    /// Closes the connection: what was said on it ends with it.
    pub(super) async fn close(self) {
        on!(self, conn => {
            // It is gone either way.
            let _ = conn.close().await;
        });
    }
}
