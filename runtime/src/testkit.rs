//! For the tests of an application: a proof that its tenants do not meet.
//!
//! [`prove`] takes every entity of tenants that is linked into the program and does to its table what
//! a program can do, for one tenant: selects, joins, sub-queries, aggregates, updates, deletes,
//! inserts, upserts, references, and what no tenant may do. Nobody lists entities: one that is added is
//! proven from then on. Each statement has a control, which must reach exactly the tenant's own rows;
//! so what is shown is not that nothing works. Partitions on PostgreSQL are named as well; where policies
//! are in force, also by SQL that no scoper saw.
//!
//! Statements are sent as they are, through transactions that are rolled back.

mod attempt;
mod partition;
mod proof;
mod read;
mod row;
mod shape;
pub mod store;
mod table;
mod write;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult as _, JsonValue};

pub use self::proof::Proof;
use self::{
    attempt::statement,
    proof::{Case, Verdict},
    row::Row,
    table::Table,
    write::{Plan, Rows},
};
use crate::{Error, Result, Tenancy, TenantDb};

/// A table, and both tenants' rows in it.
struct Stocked {
    table: Table,
    own: Vec<Row>,
    theirs: Vec<Row>,
}

/// Shows for every table of tenants that one of them does not reach what another has.
///
/// The rows are the test's own: both tenants must have some in every table. Most is shown where the
/// keys of some are alike, and others not. Nothing of them changes, and nobody else should write
/// meanwhile. Reads of both tenants' rows are held in memory.
///
/// # Errors
///
/// An error that is one of [configuration](Error::is_config) if a table has no rows of one of the
/// tenants, since nothing could be shown then; those of [`Tenancy::db`]; and the database's own, if a
/// transaction does not begin or end.
///
/// # Example
///
/// ```no_run
/// use tenancy::{Tenancy, testkit};
///
/// # async fn test(tenancy: &Tenancy) -> tenancy::Result<()> {
/// let proof = testkit::prove(tenancy, "acme", "globex").await?;
/// println!("{proof}");
/// proof.assert();
/// // An archive is not written through the application: a trigger refuses it.
/// let proof = testkit::prove(tenancy, "globex", "acme").await?;
/// proof.excuse("archive", "insert", "a trigger refuses all but the nightly job").assert();
/// # Ok(())
/// # }
/// ```
pub async fn prove(
    tenancy: &Tenancy,
    tenant: impl AsRef<str>,
    other: impl AsRef<str>,
) -> Result<Proof> {
    let db = tenancy.db(tenant).await?;
    let other = tenancy.db(other).await?;
    if db.tenant().id == other.tenant().id {
        return Err(Error::config("a tenant is not apart from itself: name two of them"));
    }
    let backend = db.get_database_backend();
    let mut all = Vec::new();
    for table in Table::all(backend)? {
        let (own, theirs) = (Row::all(&db, &table).await?, Row::all(&other, &table).await?);
        all.push(Stocked { table, own, theirs });
    }
    stocked(&all, [&db, &other])?;
    let before = contents(&other, &all).await?;
    let mut cases = Vec::new();
    for stocked in &all {
        cases.extend(table(&db, &other, backend, stocked, &all).await?);
    }
    for ((name, before), (_, after)) in before.into_iter().zip(contents(&other, &all).await?) {
        let own = before.len() as u64;
        let verdict = if before == after {
            Verdict::Apart { own, how: "are the other's, and are as they were" }
        } else {
            Verdict::Leaked("the other's rows are not what they were".to_owned())
        };
        cases.push(Case { table: name, shape: "afterwards".to_owned(), verdict, excuse: None });
    }
    let name = |db: &TenantDb| db.tenant().slug.to_string();
    Ok(Proof { tenant: name(&db), other: name(&other), cases })
}

/// Both tenants must have rows.
fn stocked(all: &[Stocked], [db, other]: [&TenantDb; 2]) -> Result<()> {
    let mut empty = Vec::new();
    for Stocked { table, own, theirs } in all {
        for (rows, of) in [(own, db), (theirs, other)] {
            if rows.is_empty() {
                empty.push(format!("`{}` of `{}`", table.name, of.tenant().slug));
            }
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    Err(Error::config(format!(
        "nothing can be shown where there are no rows: in {}; put some there for both tenants before \
         the proof",
        empty.join(", ")
    )))
}

/// All a tenant sees of all tables, as text.
async fn contents(db: &TenantDb, all: &[Stocked]) -> Result<Vec<(String, Vec<String>)>> {
    let mut contents = Vec::new();
    for Stocked { table, .. } in all {
        let sql = format!("SELECT * FROM {}", table.sql);
        let rows = JsonValue::find_by_statement(statement(db, &sql, &[])).all(db).await?;
        let mut rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        rows.sort();
        contents.push((table.name.clone(), rows));
    }
    Ok(contents)
}

/// Everything about one table.
async fn table(
    db: &TenantDb,
    other: &TenantDb,
    backend: DbBackend,
    stocked: &Stocked,
    all: &[Stocked],
) -> Result<Vec<Case>> {
    let Stocked { table, own, theirs } = stocked;
    let id = |db: &TenantDb| {
        row::id(db.tenant(), table.kind).ok_or_else(|| {
            Error::config(format!("the id of `{}` does not fit `{}`", db.tenant().id, table.name))
        })
    };
    let (id, neighbour) = (id(db)?, id(other)?);
    // Of what the tenant saw, its own: a read that saw more is found out by the first shapes.
    let count = read::own(db, table, &id).await?;
    let rows = Rows { own, theirs, id: &id, other: &neighbour };
    let mut plans: Vec<Plan> = Vec::new();
    plans.extend(read::shapes(table, &id, &neighbour, count).into_iter().map(Plan::Try));
    if table.writable {
        plans.extend(write::changes(table, backend, &rows).into_iter().map(Plan::Try));
        plans.push(write::insert(table, &rows));
        plans.push(write::upsert(table, backend, &rows));
        let rows_of = |sql: &str| {
            let known = all.iter().find(|it| it.table.sql == sql)?;
            Some((known.own.as_slice(), known.theirs.as_slice()))
        };
        plans.extend(write::references(table, backend, &rows, rows_of));
    }
    plans.extend(write::refused(table, backend, &rows).into_iter().map(Plan::Try));
    if backend == DbBackend::Postgres {
        plans.extend(partition::plans(db, other, table, &rows).await?);
    }
    let mut cases = Vec::new();
    for plan in plans {
        let case =
            |shape, verdict| Case { table: table.name.clone(), shape, verdict, excuse: None };
        cases.push(match plan {
            Plan::Try(shape) => shape.try_on(db, &table.name).await?,
            Plan::Idle(shape, why) => case(shape, Verdict::Idle(why)),
            Plan::Unshown(shape, why) => case(shape, Verdict::Unshown(why)),
        });
    }
    Ok(cases)
}
