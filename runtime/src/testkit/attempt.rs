//! One statement of a tenant's, tried out and rolled back.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, SqlErr, Statement, TransactionTrait as _, Value};

use crate::{Error, TenantDb, TenantTransaction};

/// A statement, what must happen before it in the same transaction, and what is counted.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) before: Vec<(String, Vec<Value>)>,
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
    pub(super) counts: Counts,
    /// Sent as it is, so that the database alone is in the way. Only rows are counted.
    past_the_scoper: bool,
}

/// What is counted of a statement.
#[derive(Debug, Clone)]
pub(super) enum Counts {
    /// The rows it returns.
    Rows,
    /// Their column `n`, all together.
    Sum,
    /// The rows it changes.
    Changed,
    /// Whether it changes a row of this table without adding one.
    ChangedInstead(String),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Number(u64),
    /// The scoper refused it.
    Refused(String),
    /// The database did.
    Failed(String),
    /// The database did, because of a key that is taken.
    Taken(String),
}

impl Attempt {
    pub(super) fn new(counts: Counts, sql: String, values: Vec<Value>) -> Self {
        Self { before: Vec::new(), sql, values, counts, past_the_scoper: false }
    }

    /// The same after other statements.
    pub(super) fn after(self, before: Vec<(String, Vec<Value>)>) -> Self {
        Self { before, ..self }
    }

    /// The same, sent past the scoper.
    pub(super) fn past_the_scoper(self) -> Self {
        Self { past_the_scoper: true, ..self }
    }

    /// Tries it in a transaction that is rolled back.
    pub(super) async fn run(&self, db: &TenantDb) -> Result<Seen, DbErr> {
        let transaction = db.begin().await?;
        let seen = self.run_in(&transaction).await;
        transaction.rollback().await?;
        Ok(match seen {
            Ok(number) => Seen::Number(number),
            Err(error) => told(error),
        })
    }

    async fn run_in(&self, transaction: &TenantTransaction) -> Result<u64, DbErr> {
        for (sql, values) in &self.before {
            transaction.execute_raw(statement(transaction, sql, values)).await?;
        }
        let own = statement(transaction, &self.sql, &self.values);
        if self.past_the_scoper {
            return Ok(transaction.past_the_scoper(own).await?.len() as u64);
        }
        match &self.counts {
            Counts::Rows => Ok(transaction.query_all_raw(own).await?.len() as u64),
            Counts::Sum => sum(transaction, own).await,
            Counts::Changed => Ok(transaction.execute_raw(own).await?.rows_affected()),
            Counts::ChangedInstead(table) => {
                let count = format!("SELECT COUNT(*) AS n FROM {table}");
                let before = sum(transaction, statement(transaction, &count, &[])).await?;
                let changed = transaction.execute_raw(own).await?.rows_affected();
                let after = sum(transaction, statement(transaction, &count, &[])).await?;
                Ok(u64::from(changed > 0 && after == before))
            }
        }
    }
}

fn told(error: DbErr) -> Seen {
    let taken = matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)));
    let error = Error::from(error);
    match error.is_refused() {
        true => Seen::Refused(error.to_string()),
        false if taken => Seen::Taken(error.to_string()),
        false => Seen::Failed(error.to_string()),
    }
}

pub(super) fn statement(conn: &impl ConnectionTrait, sql: &str, values: &[Value]) -> Statement {
    let backend: DbBackend = conn.get_database_backend();
    Statement::from_sql_and_values(backend, sql, values.iter().cloned())
}

/// The column `n` of all rows together.
pub(super) async fn sum(conn: &impl ConnectionTrait, stmt: Statement) -> Result<u64, DbErr> {
    let mut sum = 0;
    for row in conn.query_all_raw(stmt).await? {
        let n: i64 = row.try_get("", "n")?;
        sum += u64::try_from(n).unwrap_or_default();
    }
    Ok(sum)
}
