//! One place, from the heads it has to those it should have.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tenancy_core::{Dialect, revision::Direction};

#[cfg(feature = "postgres")]
use super::script;
use super::{
    code::Surroundings,
    context::Spot,
    cut,
    failure::{Failure, Remedy},
    heads::Heads,
    journal, lite,
    raw::Raw,
    work::{Chunk, Deed, Part, Work},
};
use crate::Error;

/// How often the same is tried again where a lock or a server was in the way.
pub(super) const TRIES: u32 = 10;

/// The shortest wait between tries, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// The heads a place has; none if it has no table of them.
pub(super) async fn heads(spot: &Spot<'_>) -> Result<Heads, Failure> {
    let mut raw =
        Raw::acquire(spot.conn, spot.cx.dialect).await.map_err(|error| Failure::sqlx(&error))?;
    match raw.texts(&spot.heads().select()).await {
        Ok(rows) => read(rows),
        Err(error) => {
            let failure = Failure::sqlx(&error);
            let missing =
                matches!(failure.code.as_deref(), Some("42P01" | "3F000" | "1146" | "1049"))
                    || failure.what.contains("no such table");
            if missing { Ok(Heads::new()) } else { Err(failure) }
        }
    }
}

pub(super) fn read(rows: Vec<String>) -> Result<Heads, Failure> {
    let heads = rows.into_iter().map(|row| {
        row.parse().map_err(|error| {
            Failure::none(format!(
                "its table of heads has a row that is {error}; say where it is with `stamp --purge`"
            ))
        })
    });
    heads.collect()
}

/// Does the work in a place, once.
pub(super) async fn once(spot: &Spot<'_>, work: &Work) -> Result<(), Failure> {
    for (index, chunk) in work.chunks.iter().enumerate() {
        let last = index + 1 == work.chunks.len();
        match (chunk.transaction, chunk.has_code(), spot.cx.dialect) {
            (true, true, _) => with_code(spot, chunk, last).await?,
            #[cfg(feature = "postgres")]
            (true, false, Dialect::Postgres) => script::run(spot, chunk, last).await?,
            (true, false, _) => lite::run(spot, chunk, last).await?,
            (false, ..) => journal::run(spot, chunk, last).await?,
        }
    }
    Ok(())
}

/// The same again, with pauses that grow, as long as what was in the way may pass.
pub(super) async fn patiently(spot: &Spot<'_>, work: &Work) -> (u32, Result<(), Failure>) {
    let mut pause = PAUSE.0;
    for attempt in 1.. {
        match once(spot, work).await {
            Err(failure) if failure.remedy == Remedy::Again && attempt < TRIES => {
                // Those who wait for the same lock do not come back together.
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(PAUSE.1);
            }
            outcome => return (attempt, outcome),
        }
    }
    unreachable!("the last attempt returns")
}

/// Between half of a pause and all of it.
fn jittered(pause: Duration) -> Duration {
    // The end of a new identifier is random.
    let part = u32::from(uuid::Uuid::now_v7().as_bytes()[15]);
    pause / 2 + pause * part / 512
}

/// A chunk with Rust code in it: one of SeaORM's transactions, which the code is given.
async fn with_code(spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<(), Failure> {
    if spot.site.prefix(spot.cx.dialect).is_some() {
        // Its bare names would be those of tables that others share.
        return Err(Failure::none(
            "Rust code cannot be told the prefix of a tenant's tables; write the revision in SQL, or keep \
             tenants in files of their own",
        ));
    }
    #[cfg(feature = "postgres")]
    if spot.cx.dialect == Dialect::Postgres && !spot.options.named() {
        return Err(Failure::none(
            "Rust code prepares statements, which a pooler would leave to somebody else's connection. Name \
             the server itself as the operator's address for revisions that run code",
        ));
    }
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let failed = |error| Failure::db(&error);
    let transaction = spot.conn.begin_with_options(options).await.map_err(failed)?;
    let outcome = within(spot, chunk, last, &transaction).await;
    match outcome {
        Ok(()) => {
            cut::here().map_err(|error| Failure::sqlx(&error))?;
            transaction.commit().await.map_err(failed)
        }
        Err(failure) => {
            // The first error says why.
            let _ = transaction.rollback().await;
            Err(failure)
        }
    }
}

async fn within(
    spot: &Spot<'_>,
    chunk: &Chunk,
    last: bool,
    transaction: &DatabaseTransaction,
) -> Result<(), Failure> {
    let failed = |error| Failure::db(&error);
    let lost = || cut::here().map_err(|error| Failure::sqlx(&error));
    let run = async |sql: &str| {
        lost()?;
        transaction.execute_unprepared(sql).await.map(drop).map_err(failed)
    };
    let table = spot.heads();
    if spot.cx.dialect == Dialect::Postgres {
        let lock = spot.lock_timeout(chunk.wait.lock).as_millis();
        run(&format!("SET LOCAL lock_timeout = {lock}")).await?;
        if let Some(path) = spot.search_path() {
            run(&format!("SET LOCAL search_path = {path}")).await?;
        }
        run(&spot.lock()).await.map_err(|failure| match failure.code.as_deref() {
            Some("22012") => Failure::busy(),
            _ => failure,
        })?;
    }
    run(&table.create()).await?;
    let rows = transaction
        .query_all_raw(sea_orm::Statement::from_string(
            crate::pool::backend(spot.cx.dialect),
            table.select(),
        ))
        .await
        .map_err(failed)?;
    let rows: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
    if read(rows.map_err(failed)?)? != chunk.before {
        return Err(Failure::moved());
    }
    for part in &chunk.parts {
        match &part.deed {
            Deed::Sql(sql) => {
                let sql = lite::statement(spot, sql, part)?;
                run(&sql).await.map_err(|failure| failure.at(part, Some(&sql)))?;
            }
            Deed::Verify(sql) => {
                let sql = lite::statement(spot, sql, part)?;
                let query = sea_orm::Statement::from_string(
                    crate::pool::backend(spot.cx.dialect),
                    sql.clone(),
                );
                let found = transaction.query_one_raw(query).await;
                if found.map_err(|error| failed(error).at(part, Some(&sql)))?.is_some() {
                    let what = "it did not do what it should: its verification found a row";
                    return Err(Failure::none(what).at(part, Some(&sql)));
                }
            }
            Deed::Code(direction) => {
                lost()?;
                let around = Surroundings::within(transaction, spot.tenant.map(Arc::clone));
                code(spot, part, *direction, &around).await?;
            }
            Deed::Heads(changes) => {
                for change in changes {
                    run(&table.change(change)).await?;
                }
            }
        }
    }
    for sql in spot.rights {
        run(sql).await?;
    }
    match spot.entry.filter(|_| last) {
        Some(entry) => run(entry).await,
        None => Ok(()),
    }
}

/// Rust code of a revision that runs without a transaction.
pub(super) async fn bare(spot: &Spot<'_>, part: &Part) -> Result<(), Failure> {
    let Deed::Code(direction) = part.deed else { return Ok(()) };
    if !spot.is_whole() || spot.cx.dialect == Dialect::Sqlite {
        return Err(Failure::none(
            "Rust code without a transaction cannot be told where bare names lead; let it run in one, or \
             keep tenants in databases of their own",
        )
        .at(part, None));
    }
    cut::here().map_err(|error| Failure::sqlx(&error))?;
    let around = Surroundings::beside(spot.conn, spot.tenant.map(Arc::clone));
    code(spot, part, direction, &around).await
}

async fn code(
    spot: &Spot<'_>,
    part: &Part,
    direction: Direction,
    around: &Surroundings<'_>,
) -> Result<(), Failure> {
    let revision = part.revision.as_ref().and_then(|id| {
        spot.cx.migrations.history().revisions().find(|revision| revision.id == *id)
    });
    let Some(code) = revision.and_then(|revision| spot.cx.migrations.code(revision)) else {
        return Err(Failure::none(
            "its Rust code is not in this program; run the program of the application",
        )
        .at(part, None));
    };
    let outcome = match direction {
        Direction::Downgrade => code.down(around).await,
        _ => code.up(around).await,
    };
    outcome.map_err(|error: Error| Failure::none(error.to_string()).at(part, None))
}
