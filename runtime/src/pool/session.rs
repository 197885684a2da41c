//! Sessions on PostgreSQL: every statement in a transaction that knows its tenant.
//!
//! A setting of the transaction's own tells the database's policies who asks. It is gone when the
//! transaction ends, whatever became of the caller, and it survives poolers that lend a connection
//! for one transaction at a time. A single statement takes three round trips: `BEGIN` together with
//! the setting, the statement, `COMMIT`. In a transaction of the caller's, a statement takes one.

mod lease;
mod loan;
mod transaction;

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, TransactionOptions,
    Values,
    sqlx::{self, AssertSqlSafe, PgConnection, PgPool, Postgres},
};
use sea_query_sqlx::SqlxValues;

use self::lease::Lease;
pub(crate) use self::{loan::PgLoan, transaction::PgTransaction};
use super::{Probe, Rows, Sender};

/// A pool, and what each transaction on it begins with.
#[derive(Debug, Clone)]
pub(crate) struct PgSession {
    pool: PgPool,
    /// What tried out the connections, if transactions have a setting.
    probe: Option<Probe>,
    /// Follows `BEGIN` in the same round trip. Unlike `SELECT set_config(…)` it takes no snapshot:
    /// that is left to the first statement, as in any other transaction.
    set: Arc<str>,
    /// Whether statements stay prepared on their connection.
    named: bool,
}

impl PgSession {
    /// Transactions that tell the database nothing.
    pub(super) fn silent(pool: &PgPool, named: bool) -> Self {
        Self { pool: pool.clone(), probe: None, set: "".into(), named }
    }

    /// Transactions with a setting.
    pub(super) fn telling(
        pool: &PgPool,
        named: bool,
        probe: &Probe,
        name: &str,
        value: &str,
    ) -> Result<Self, DbErr> {
        let set = format!("; SET LOCAL {name} = {}", literal(value)?).into();
        Ok(Self { pool: pool.clone(), probe: Some(probe.clone()), set, named })
    }

    async fn acquire(&self) -> Result<Lease, DbErr> {
        let conn = self.pool.acquire().await.map_err(acquire_error)?;
        if let Some(probe) = &self.probe {
            probe.verdict()?;
        }
        Ok(Lease::new(conn))
    }

    async fn begin_on(&self, lease: &mut Lease, options: TransactionOptions) -> Result<(), DbErr> {
        let modes = modes(options);
        let begin =
            format!("BEGIN{}{modes}; {}", if modes.is_empty() { "" } else { " " }, self.set);
        lease.begin(begin).await.map_err(query_error)
    }

    async fn begun(&self) -> Result<Lease, DbErr> {
        let mut lease = self.acquire().await?;
        self.begin_on(&mut lease, TransactionOptions::default()).await?;
        Ok(lease)
    }

    pub(crate) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.begun().await?;
        let done = execute(lease.conn(), stmt, self.named).await?;
        lease.commit().await.map_err(exec_error)?;
        Ok(done)
    }

    pub(crate) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lease = self.begun().await?;
        let row = query_one(lease.conn(), stmt, self.named).await?;
        lease.commit().await.map_err(query_error)?;
        Ok(row)
    }

    pub(crate) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.begun().await?;
        let rows = query_all(lease.conn(), stmt, self.named).await?;
        lease.commit().await.map_err(query_error)?;
        Ok(rows)
    }

    pub(crate) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        let lease = self.acquire().await?;
        let session = self.clone();
        Ok(Rows::by(move |sender| async move {
            if let Err(error) = session.read(lease, stmt, &sender).await {
                sender.fail(error).await;
            }
        }))
    }

    /// Sends on the rows, and commits unless one of them was an error.
    async fn read(&self, mut lease: Lease, stmt: Statement, to: &Sender) -> Result<(), DbErr> {
        self.begin_on(&mut lease, TransactionOptions::default()).await?;
        if read(lease.conn(), stmt, self.named, to).await {
            lease.commit().await.map_err(query_error)?;
        }
        Ok(())
    }

    /// Not to be dropped half-way.
    pub(crate) async fn begin(&self, options: TransactionOptions) -> Result<PgTransaction, DbErr> {
        let mut lease = self.acquire().await?;
        self.begin_on(&mut lease, options).await?;
        Ok(PgTransaction::new(lease, self.named))
    }
}

/// A string literal that the server reads the same whatever its settings.
fn literal(text: &str) -> Result<String, DbErr> {
    // With `standard_conforming_strings` off a backslash would begin an escape.
    if text.contains(['\\', '\0']) {
        let why = "a setting's value holds a backslash or a zero byte, which cannot be quoted";
        return Err(DbErr::Custom(why.to_owned()));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// How a transaction differs from the usual, in SQL.
fn modes(options: TransactionOptions) -> String {
    let level = options.isolation_level.map(|level| format!("ISOLATION LEVEL {level}"));
    let access = options.access_mode.map(|mode| mode.to_string());
    level.into_iter().chain(access).collect::<Vec<_>>().join(" ")
}

/// A statement as the driver takes it. A `named` one stays prepared on its connection; a pooler
/// may lend another connection next time.
fn query(stmt: &Statement, named: bool) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = stmt.values.clone().unwrap_or(Values(vec![]));
    sqlx::query_with(AssertSqlSafe(stmt.sql.as_str()), SqlxValues(values)).persistent(named)
}

async fn execute(
    conn: &mut PgConnection,
    stmt: Statement,
    named: bool,
) -> Result<ExecResult, DbErr> {
    query(&stmt, named).execute(conn).await.map(Into::into).map_err(exec_error)
}

async fn query_one(
    conn: &mut PgConnection,
    stmt: Statement,
    named: bool,
) -> Result<Option<QueryResult>, DbErr> {
    let row = query(&stmt, named).fetch_optional(conn).await;
    row.map(|row| row.map(Into::into)).map_err(query_error)
}

async fn query_all(
    conn: &mut PgConnection,
    stmt: Statement,
    named: bool,
) -> Result<Vec<QueryResult>, DbErr> {
    let rows = query(&stmt, named).fetch_all(conn).await.map_err(query_error)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Sends on all rows. False if one was an error.
async fn read(conn: &mut PgConnection, stmt: Statement, named: bool, to: &Sender) -> bool {
    let rows = query(&stmt, named).fetch(conn);
    to.send(rows.map_ok(Into::into).map_err(query_error)).await
}

// The same kinds of error as SeaORM makes of the driver's.

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn acquire_error(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_literal_ends_where_it_should() {
        assert_eq!(literal("acme").unwrap(), "'acme'");
        assert_eq!(literal("a'; DROP TABLE x; --").unwrap(), "'a''; DROP TABLE x; --'");
        assert!(literal("a\\'").is_err());
        assert!(literal("a\0").is_err());
    }
}
