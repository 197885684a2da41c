//! Sessions on PostgreSQL: statements and transactions on a connection that is theirs meanwhile.
//!
//! Where policies ask for the tenant, every statement runs in a transaction that knows it. A setting
//! of the transaction's own tells the database who asks. It is gone when the transaction ends,
//! whatever became of the caller, and it survives poolers that lend a connection for one transaction
//! at a time. A single statement takes three round trips: `BEGIN` together with the setting, the
//! statement, `COMMIT`. In a transaction of the caller's, a statement takes one. A token takes a round
//! trip of its own after the `BEGIN`, since it is bound.
//!
//! How long statements may take is said with the `BEGIN` as well, and where it is wanted the database
//! is asked there whether the tenant is still served. Elsewhere a single statement is sent
//! as it is.

mod lease;
mod standing;
mod transaction;

use std::sync::Arc;

use futures_util::StreamExt as _;
use sea_orm::{
    DbErr, ExecResult, QueryResult, RuntimeErr, Statement, TransactionOptions, Values,
    sqlx::{self, AssertSqlSafe, Executor as _, Postgres},
};
use sea_query_sqlx::SqlxValues;

use self::lease::{Lease, survives};
pub(crate) use self::{standing::Standing, transaction::PgTransaction};
use super::{Door, Probe, Rows, Sender, Token, postgres::Pool};

/// A pool, and what each transaction on it begins with.
#[derive(Debug, Clone)]
pub(crate) struct PgSession {
    pool: Pool,
    /// The tenant's way to the pool, if it is one of those who share it.
    door: Option<Door>,
    /// What tried out the connections, if transactions have a setting.
    probe: Option<Probe>,
    /// Follows `BEGIN` in the same round trip. Unlike `SELECT set_config(…)` it takes no snapshot:
    /// that is left to the first statement, as in any other transaction.
    set: Arc<str>,
    /// Asked with it.
    standing: Option<Standing>,
    /// Follows that.
    token: Option<Token>,
    /// Whether a single statement is in a transaction.
    wrapped: bool,
    /// Whether statements stay prepared on their connection.
    named: bool,
}

impl PgSession {
    /// Statements and transactions that tell the database nothing.
    ///
    /// Where statements do not stay prepared, one is prepared and run in a transaction, which is
    /// as long as a pooler lends the same connection. Out of it, what is run might be what somebody
    /// else has prepared.
    pub(super) fn silent(pool: &Pool, named: bool) -> Self {
        let (pool, set) = (pool.clone(), "".into());
        let (door, probe, standing, token) = (None, None, None, None);
        Self { pool, door, probe, set, standing, token, wrapped: !named, named }
    }

    /// On connections that were tried out for settings.
    pub(super) fn tried_out(self, probe: &Probe) -> Self {
        Self { probe: Some(probe.clone()), ..self }
    }

    /// As one of those who share the pool.
    pub(crate) fn behind(self, door: Door) -> Self {
        Self { door: Some(door), ..self }
    }

    /// Transactions with a token.
    pub(crate) fn signing(self, token: Token) -> Self {
        Self { token: Some(token), wrapped: true, ..self }
    }

    /// Transactions that begin only where the tenant is served.
    pub(crate) fn asking(self, standing: Standing) -> Self {
        Self { standing: Some(standing), wrapped: true, ..self }
    }

    /// Transactions with settings.
    pub(crate) fn with_settings(mut self, settings: &[(&str, String)]) -> Result<Self, DbErr> {
        let mut set = self.set.to_string();
        for (name, value) in settings {
            set.push_str(&format!("; SET LOCAL {name} = {}", literal(value)?));
            self.wrapped = true;
        }
        self.set = set.into();
        Ok(self)
    }

    async fn acquire(&self) -> Result<Lease, DbErr> {
        let pass = match &self.door {
            Some(door) => Some(door.enter().await?),
            None => None,
        };
        let member = self.pool.acquire().await?;
        if let Some(probe) = &self.probe {
            probe.verdict()?;
        }
        Ok(Lease::new(member, pass))
    }

    async fn begin_on(&self, lease: &mut Lease, options: TransactionOptions) -> Result<(), DbErr> {
        let modes = modes(options);
        let begin = format!("BEGIN{}{modes}{}", if modes.is_empty() { "" } else { " " }, self.set);
        match &self.standing {
            Some(standing) => {
                let said = lease.begin_asking(begin + standing.question()).await;
                standing.judge(said.map_err(query_error)?.as_deref())?;
            }
            None => lease.begin(begin).await.map_err(query_error)?,
        }
        if let Some(token) = &self.token {
            let token = token.sign();
            let tell = Token::telling();
            let tell = sqlx::query(AssertSqlSafe(tell)).bind(token.expose()).persistent(self.named);
            let told = tell.execute(lease.start()).await;
            lease.ended(told).map_err(query_error)?;
        }
        Ok(())
    }

    /// A connection where a single statement can run.
    async fn ready(&self) -> Result<Lease, DbErr> {
        let mut lease = self.acquire().await?;
        self.ready_on(&mut lease).await?;
        Ok(lease)
    }

    async fn ready_on(&self, lease: &mut Lease) -> Result<(), DbErr> {
        if self.wrapped {
            self.begin_on(lease, TransactionOptions::default()).await
        } else {
            Ok(())
        }
    }

    async fn done(&self, lease: &mut Lease) -> Result<(), sqlx::Error> {
        if self.wrapped { lease.commit().await } else { Ok(()) }
    }

    pub(crate) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.ready().await?;
        let done = execute(&mut lease, stmt, self.named).await?;
        self.done(&mut lease).await.map_err(exec_error)?;
        Ok(done)
    }

    /// Sends text without values, which may hold several statements.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.acquire().await?;
        execute_unprepared(&mut lease, sql).await
    }

    pub(crate) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lease = self.ready().await?;
        let row = query_one(&mut lease, stmt, self.named).await?;
        self.done(&mut lease).await.map_err(query_error)?;
        Ok(row)
    }

    pub(crate) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.ready().await?;
        let rows = query_all(&mut lease, stmt, self.named).await?;
        self.done(&mut lease).await.map_err(query_error)?;
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

    /// Sends on the rows as long as somebody wants them, and commits unless one of them was an error.
    async fn read(&self, mut lease: Lease, stmt: Statement, to: &Sender) -> Result<(), DbErr> {
        self.ready_on(&mut lease).await?;
        if read(&mut lease, stmt, self.named, to, Until::Unwanted).await {
            self.done(&mut lease).await.map_err(query_error)?;
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

async fn execute(lease: &mut Lease, stmt: Statement, named: bool) -> Result<ExecResult, DbErr> {
    let done = query(&stmt, named).execute(lease.start()).await;
    lease.ended(done).map(Into::into).map_err(exec_error)
}

async fn execute_unprepared(lease: &mut Lease, sql: &str) -> Result<ExecResult, DbErr> {
    let done = lease.start().execute(AssertSqlSafe(sql)).await;
    lease.ended(done).map(Into::into).map_err(exec_error)
}

async fn query_one(
    lease: &mut Lease,
    stmt: Statement,
    named: bool,
) -> Result<Option<QueryResult>, DbErr> {
    let row = query(&stmt, named).fetch_optional(lease.start()).await;
    lease.ended(row).map(|row| row.map(Into::into)).map_err(query_error)
}

async fn query_all(
    lease: &mut Lease,
    stmt: Statement,
    named: bool,
) -> Result<Vec<QueryResult>, DbErr> {
    let rows = query(&stmt, named).fetch_all(lease.start()).await;
    let rows = lease.ended(rows).map_err(query_error)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// When somebody's rows are read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// When there are no more: the connection is needed afterwards.
    End,
    /// When nobody wants them any more: the statement is cancelled with the lease.
    Unwanted,
}

/// Sends on the rows. False if one was an error, or if they were not read to the end.
async fn read(lease: &mut Lease, stmt: Statement, named: bool, to: &Sender, until: Until) -> bool {
    let (mut good, mut survived) = (true, true);
    let mut rows = query(&stmt, named).fetch(lease.start());
    loop {
        let row = tokio::select! {
            row = rows.next() => row,
            () = to.unwanted(), if until == Until::Unwanted => return false,
        };
        let Some(row) = row else { break };
        if let Err(error) = &row {
            good = false;
            survived &= survives(error);
        }
        to.row(row.map(Into::into).map_err(query_error)).await;
    }
    drop(rows);
    lease.over(survived);
    good
}

// The same kinds of error as SeaORM makes of the driver's.

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
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
