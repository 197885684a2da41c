//! What a statement did on the shared tables, beside what it does on the tenant's own.

use sea_orm::{
    ConnectionTrait, DbErr, SqlErr, Statement, TransactionSession, TransactionTrait, Value,
};
use tenancy::{
    Error,
    scope::{Bind, Plan, plan},
};
use tenancy_core::Dialect;
use tenancy_tests::Engine;

use crate::{
    generator,
    world::{TENANTS, World, text},
};

/// What came of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Rows(Vec<String>),
    Affected(u64),
    Failed(Failure),
    /// The scoper did not let it through.
    Refused(String),
}

/// A failure. Two of them are equal if they are of one kind: messages quote the statement.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    kind: &'static str,
    pub(crate) message: String,
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Failure {}

/// How the two sides compare.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// They agree: on this.
    Same(Outcome),
    /// The scoper refused a construct it may refuse.
    Refused(&'static str),
    /// They do not: everything about it.
    Different(String),
}

/// What may be refused, and why it is.
pub(crate) const REFUSED: [(&str, &str); 5] = [
    ("the recursive expression `orders`", "engines disagree about its name in its own first arm"),
    ("the common table expression `", "SQLite lets the expressions before it read it"),
    (
        "the engine would call a function of that name with the row",
        "where a table and a sub-query have one name, PostgreSQL's `name.column` may be a call",
    ),
    ("UPDATE of a RIGHT, NATURAL or nested join", "the sub-query it becomes cannot be written to"),
    ("DELETE of a RIGHT, NATURAL or nested join", "the sub-query it becomes cannot be written to"),
];

/// Statements the server itself never came to an end with.
const ENDLESS: &str = "nothing: the server did not come to an end";

fn interrupted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(failure) if failure.message.contains("execution was interrupted"))
}

/// Statements for which MariaDB gives another answer, on one and the same database, when parts of
/// its optimizer are switched off: nothing can be learnt from it. A predicate that is missing is
/// missing either way.
pub(crate) const CONTRADICTION: &str = "nothing: the server contradicts itself";

/// What MariaDB can do without.
const PLAIN: &str = "SET SESSION optimizer_switch = 'derived_merge=off,derived_with_keys=off,\
    materialization=off,semijoin=off,subquery_cache=off,condition_pushdown_for_derived=off,\
    condition_pushdown_for_subquery=off,condition_pushdown_from_having=off,split_materialized=off,\
    outer_join_with_cache=off,join_cache_incremental=off,join_cache_hashed=off,\
    table_elimination=off,exists_to_in=off,rowid_filter=off,index_merge=off'";

/// Whether the scoped statement gives on the tenant's own database what it gives on the shared one:
/// then no neighbour's row has made the difference, but a predicate that holds of every row.
/// MariaDB lets a constant of an outer join's ON, `o.tenant_id = 'acme'`, stand for the column in a
/// CASE in WHERE, also where the join found no row. That our predicates stand at the right place in
/// a join is seen on the other engines.
async fn misreads<C>(
    world: &World,
    own: &C,
    sql: &str,
    values: &[Value],
    shape: &generator::Statement,
    shared: &Outcome,
) -> bool
where
    C: TransactionTrait,
    C::Transaction: ConnectionTrait,
{
    if world.engine != Engine::MySql {
        return false;
    }
    let transaction = own.begin().await.expect("a transaction begins");
    let alone = run(&transaction, sql, values, shape).await;
    transaction.rollback().await.expect("what was tried is undone");
    alone == *shared
}

/// Whether the server answers a statement otherwise than it did when it is to run it plainly.
async fn contradicts<C>(
    world: &World,
    db: &C,
    sql: &str,
    values: &[Value],
    shape: &generator::Statement,
    seen: &Outcome,
) -> bool
where
    C: TransactionTrait,
    C::Transaction: ConnectionTrait,
{
    if world.engine != Engine::MySql {
        return false;
    }
    let transaction = db.begin().await.expect("a transaction begins");
    if transaction.execute_unprepared(PLAIN).await.is_err() {
        return false;
    }
    let plainly = run(&transaction, sql, values, shape).await;
    let usual = "SET SESSION optimizer_switch = DEFAULT";
    transaction.execute_unprepared(usual).await.expect("the switches are turned back");
    transaction.rollback().await.expect("what was tried is undone");
    plainly != *seen
}

/// Runs one statement for one tenant on both sides.
///
/// - The rows, in their order where it is certain, or the number of rows written, or the kind of
///   failure, are the same.
/// - After a write the tenant has the same rows on both sides, and its neighbours have theirs.
/// - *Scoping twice equals scoping once*: the scoper takes its own output, finds the same tables
///   in it under the same names, and the statement that was scoped twice gives the same outcome
///   and leaves the same rows. Every predicate is then there twice, so the texts differ.
pub(crate) async fn judge(
    world: &World,
    tenant: usize,
    statement: &generator::Statement,
) -> Verdict {
    let private = run(&world.private[tenant], &statement.sql, &statement.values, statement).await;
    let expected = after(world, tenant, statement, &private).await;
    let shared = run(&world.shared[tenant], &statement.sql, &statement.values, statement).await;
    let left = if statement.writes { world.all_rows().await } else { Vec::new() };
    let scoped = plan(&statement.sql, dialect(world.engine), &world.catalog);
    let different = |what: &str, shown: &str| {
        let scoped = scoped.as_ref().map_or_else(ToString::to_string, |plan| plan.text(""));
        Verdict::Different(format!(
            "{what}\n  tenant   {}\n  sql      {}\n  values   {:?}\n  scoped   {scoped}\n  private  {private:?}\n  shared   {shared:?}\n{shown}",
            TENANTS[tenant], statement.sql, statement.values,
        ))
    };
    let mut verdict = None;
    if [&private, &shared].into_iter().any(interrupted) {
        verdict = Some(Verdict::Refused(ENDLESS));
    } else if let Some(shown) = foreign_change(world, tenant, &left) {
        verdict = Some(different("a neighbour's rows changed", &shown));
    } else if let Outcome::Refused(why) = &shared {
        verdict = Some(match (REFUSED.iter().find(|(part, _)| why.contains(part)), &private) {
            (Some((construct, _)), _) => Verdict::Refused(construct),
            (None, Outcome::Failed(_)) => Verdict::Same(private.clone()),
            (None, _) => different("refused, and not for a reason on the list", ""),
        });
    } else if !statement.collides && shared != private {
        verdict = Some(different("the outcomes differ", ""));
    } else if !statement.collides && statement.writes && left[tenant] != expected {
        let shown = format!("  private  {expected:?}\n  shared   {:?}", left[tenant]);
        verdict = Some(different("the tables differ", &shown));
    }
    if changed(world, &left) {
        world.restock_shared().await;
    }
    let foreign = foreign_change(world, tenant, &left).is_some();
    if let (Some(Verdict::Different(_)), Ok(plan), false) = (&verdict, &scoped, foreign) {
        let values = bound(plan, &statement.values, TENANTS[tenant]);
        let (own, all) = (&world.private[tenant], &world.eye);
        if contradicts(world, own, &statement.sql, &statement.values, statement, &private).await
            || contradicts(world, all, &plan.text(""), &values, statement, &shared).await
            || misreads(world, own, &plan.text(""), &values, statement, &shared).await
        {
            return Verdict::Refused(CONTRADICTION);
        }
    }
    if let Some(verdict) = verdict {
        return verdict;
    }
    let Ok(once) = &scoped else { return different("the catalogs differ", "") };
    let twice = match plan(&once.text(""), dialect(world.engine), &world.catalog) {
        Ok(twice) => twice,
        Err(refusal) => return different("what was scoped is refused", &refusal.to_string()),
    };
    if named(once) != named(&twice) {
        let shown = format!("  once     {:?}\n  twice    {:?}", named(once), named(&twice));
        return different("scoped twice, other tables are found", &shown);
    }
    let first = bound(once, &statement.values, TENANTS[tenant]);
    let values = bound(&twice, &first, TENANTS[tenant]);
    let again = run(&world.eye, &twice.text(""), &values, statement).await;
    let left_again = if statement.writes { world.all_rows().await } else { Vec::new() };
    if changed(world, &left_again) {
        world.restock_shared().await;
    }
    if interrupted(&again) {
        return Verdict::Refused(ENDLESS);
    }
    if again != shared || left_again != left {
        let (once, twice) = (once.text(""), twice.text(""));
        if contradicts(world, &world.eye, &once, &first, statement, &shared).await
            || contradicts(world, &world.eye, &twice, &values, statement, &again).await
        {
            return Verdict::Refused(CONTRADICTION);
        }
        let shown = format!("  twice    {twice}\n  outcome  {again:?}\n  rows     {left_again:?}");
        return different("scoped twice, the outcome differs", &shown);
    }
    Verdict::Same(shared)
}

/// The rows of the private database after a write, which is then undone.
async fn after(
    world: &World,
    tenant: usize,
    statement: &generator::Statement,
    outcome: &Outcome,
) -> Vec<String> {
    if !statement.writes {
        return Vec::new();
    }
    if let Outcome::Failed(_) = outcome {
        return world.stock(tenant).to_vec();
    }
    let rows = world.own_rows(tenant).await;
    if rows != world.stock(tenant) {
        world.restock(tenant).await;
    }
    rows
}

/// What a write did to the rows of other tenants. The words all tenants share do not count.
fn foreign_change(world: &World, tenant: usize, left: &[Vec<String>]) -> Option<String> {
    let private = |rows: &[String]| -> Vec<String> {
        rows.iter().filter(|row| !row.starts_with("all|")).cloned().collect()
    };
    left.iter().enumerate().find_map(|(other, rows)| {
        let (stock, rows) = (private(world.stock(other)), private(rows));
        let changed = other != tenant && stock != rows;
        changed.then(|| {
            format!("  {} had   {stock:?}\n  {} has   {rows:?}", TENANTS[other], TENANTS[other])
        })
    })
}

fn changed(world: &World, left: &[Vec<String>]) -> bool {
    left.iter().enumerate().any(|(tenant, rows)| rows != world.stock(tenant))
}

async fn run<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: &[Value],
    shape: &generator::Statement,
) -> Outcome {
    let backend = db.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values.to_vec());
    if !shape.returns {
        return match db.execute_raw(statement).await {
            Ok(done) => Outcome::Affected(done.rows_affected()),
            Err(error) => failure(&error),
        };
    }
    match db.query_all_raw(statement).await {
        Ok(rows) => {
            let mut rows: Vec<String> = rows.iter().map(text).collect();
            if !shape.ordered {
                rows.sort();
            }
            Outcome::Rows(rows)
        }
        Err(error) => failure(&error),
    }
}

/// Why a statement failed, without the names of keys, which differ by the tenant column.
fn failure(error: &DbErr) -> Outcome {
    if let Some(refusal) = Error::refusal_in(error) {
        return Outcome::Refused(refusal.to_string());
    }
    let kind = match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => "unique",
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => "foreign key",
        _ => "other",
    };
    Outcome::Failed(Failure { kind, message: error.to_string() })
}

fn dialect(engine: Engine) -> Dialect {
    match engine {
        Engine::Sqlite => Dialect::Sqlite,
        Engine::Postgres => Dialect::Postgres,
        Engine::MySql => Dialect::MySql,
    }
}

/// The tables a plan found, and what the statement calls them.
fn named(plan: &Plan) -> Vec<(&str, &str)> {
    plan.uses().iter().map(|table| (&*table.table, &*table.alias)).collect()
}

/// The values of a plan's placeholders.
fn bound(plan: &Plan, given: &[Value], tenant: &str) -> Vec<Value> {
    let value = |bind: &Bind| match *bind {
        Bind::Given(number) => given[number].clone(),
        Bind::Tenant(_) => tenant.into(),
    };
    let ready = plan.ready(None, &[]).expect("a plan without lists and places");
    ready.binds.iter().map(value).collect()
}
