//! Brings the control plane's tables up to date, once, however many processes start together.

use chrono::{SecondsFormat, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::{Error, Result, pool::Connection};

/// One step, in each engine's SQL. Its sections are statements, divided by lines that read `-- next`.
struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
    mysql: &'static str,
}

/// A step's three files.
macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            sqlite: include_str!(concat!("../../../migrations/control/", $name, ".sqlite.sql")),
            postgres: include_str!(concat!("../../../migrations/control/", $name, ".postgres.sql")),
            mysql: include_str!(concat!("../../../migrations/control/", $name, ".mysql.sql")),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_tenants"),
    migration!(2, "0002_unscoped"),
    migration!(3, "0003_domains"),
    migration!(4, "0004_api_keys"),
    migration!(5, "0005_tell"),
    migration!(6, "0006_standing"),
    migration!(100, "0100_records"),
];

const DIVIDER: &str = "-- next";

/// Seconds to wait for another process that is migrating.
const PATIENCE: u32 = 60;

/// An arbitrary number: who migrates the control plane of a PostgreSQL database holds this lock.
const POSTGRES_LOCK: i64 = 0x7465_6e61_6e63_7901;

impl Migration {
    fn statements(&self, backend: DbBackend) -> impl Iterator<Item = &'static str> {
        let sql = match backend {
            DbBackend::Postgres => self.postgres,
            DbBackend::MySql => self.mysql,
            _ => self.sqlite,
        };
        let mut sections = vec![];
        let mut start = 0;
        let mut end = 0;
        for line in sql.split_inclusive('\n') {
            if line.trim_end() == DIVIDER {
                sections.push(&sql[start..end]);
                start = end + line.len();
            }
            end += line.len();
        }
        sections.push(&sql[start..]);
        // An engine may have nothing to do.
        let works = |section: &&str| section.lines().any(|line| !line.starts_with("--"));
        sections.into_iter().map(str::trim).filter(works)
    }
}

/// Applies what is missing.
///
/// It runs in a task of its own, so that a caller that goes away cannot cut it off between the
/// lock and its release.
pub(crate) async fn run(conn: &Connection) -> Result<()> {
    let conn = conn.clone();
    let work = tokio::spawn(async move { migrate(&conn).await });
    work.await.map_err(|error| Error::from(DbErr::Custom(error.to_string())))?
}

async fn migrate(conn: &Connection) -> Result<()> {
    // Where the tables are there already, a role without the right to create any is enough. An
    // error here most often means that there is no table; if it means more, what follows says so.
    if let Ok(applied) = applied(conn).await
        && pending(&applied).next().is_none()
    {
        if let Some(newer) = applied.iter().find(|version| **version > latest()) {
            tracing::warn!(
                target: "tenancy::store",
                version = newer,
                "the control plane was migrated by a newer version of tenancy"
            );
        }
        return Ok(());
    }
    // Nobody can drop this task.
    let conn = conn.unguarded();
    match conn.get_database_backend() {
        DbBackend::Postgres => postgres(conn).await,
        DbBackend::MySql => mysql(conn).await,
        _ => sqlite(conn).await,
    }
}

fn latest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn pending(applied: &[i64]) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version))
}

async fn applied(conn: &impl ConnectionTrait) -> Result<Vec<i64>, DbErr> {
    let backend = conn.get_database_backend();
    let select = Statement::from_string(backend, "SELECT version FROM tenancy_migrations");
    let rows = conn.query_all_raw(select).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Applies what is missing on a connection that holds the engine's lock.
async fn apply(conn: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = conn.get_database_backend();
    conn.execute_unprepared(
        "CREATE TABLE IF NOT EXISTS tenancy_migrations (\
         version BIGINT NOT NULL PRIMARY KEY, applied_at VARCHAR(32) NOT NULL)",
    )
    .await?;
    let applied = applied(conn).await?;
    for migration in pending(&applied) {
        for statement in migration.statements(backend) {
            conn.execute_unprepared(statement).await?;
        }
        let insert = match backend {
            DbBackend::Postgres => "INSERT INTO tenancy_migrations VALUES ($1, $2)",
            _ => "INSERT INTO tenancy_migrations VALUES (?, ?)",
        };
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let values = [migration.version.into(), now.into()];
        conn.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    }
    Ok(())
}

async fn sqlite(conn: &DatabaseConnection) -> Result<()> {
    // Takes the write lock at once: a transaction that read first could not be upgraded after
    // another process wrote.
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = conn.begin_with_options(options).await?;
    finish(apply(&transaction).await, transaction).await
}

async fn postgres(conn: &DatabaseConnection) -> Result<()> {
    // After the wait, the snapshot must be one that shows what the other process did.
    let transaction = conn.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
    let work = async {
        transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = '{PATIENCE}s'")).await?;
        transaction
            .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({POSTGRES_LOCK})"))
            .await?;
        apply(&transaction).await
    };
    finish(work.await, transaction).await
}

async fn mysql(conn: &DatabaseConnection) -> Result<()> {
    // The lock belongs to the connection, and the transaction holds on to one. It undoes nothing:
    // this engine commits at each CREATE TABLE.
    let transaction = conn.begin().await?;
    let lock = format!("SELECT GET_LOCK(CONCAT('tenancy:', MD5(DATABASE())), {PATIENCE})");
    let lock = Statement::from_string(DbBackend::MySql, lock);
    let got = match transaction.query_one_raw(lock).await? {
        Some(row) => row.try_get_by_index::<Option<i64>>(0)?,
        None => None,
    };
    if got != Some(1) {
        return Err(Error::config(format!(
            "the control plane was not migrated: another process held the lock for {PATIENCE} \
             seconds, or the database URL names no database"
        )));
    }
    let outcome = apply(&transaction).await;
    let release = "DO RELEASE_LOCK(CONCAT('tenancy:', MD5(DATABASE())))";
    let released = transaction.execute_unprepared(release).await.map(|_| ());
    finish(outcome.and(released), transaction).await
}

async fn finish(outcome: Result<(), DbErr>, transaction: DatabaseTransaction) -> Result<()> {
    match outcome {
        Ok(()) => transaction.commit().await?,
        Err(error) => {
            // The first error says why; the connection is dropped if it cannot roll back.
            let _ = transaction.rollback().await;
            return Err(error.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_one_statement() {
        for migration in MIGRATIONS {
            for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
                for statement in migration.statements(backend) {
                    let code = statement.lines().filter(|line| !line.starts_with("--"));
                    let code = code.collect::<Vec<_>>().join("\n");
                    // The body of a function or a block is one text.
                    let body = [("CREATE FUNCTION ", "$tell$"), ("DO $standing$", "$standing$")];
                    let body = body.iter().any(|(from, to)| {
                        code.starts_with(from)
                            && code.ends_with(to)
                            && code.matches(to).count() == 2
                    });
                    assert!(body || code.starts_with("CREATE "), "{statement}");
                    assert!(body || !code.contains(';'), "{statement}");
                }
            }
        }
        let sqlite: Vec<_> = MIGRATIONS[0].statements(DbBackend::Sqlite).collect();
        assert_eq!(sqlite.len(), 3);
        assert!(!sqlite.concat().lines().any(|line| line == DIVIDER));
    }
}
