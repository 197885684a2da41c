//! Point reads on PostgreSQL through sixteen connections, for each strategy, against plain SeaORM
//! with the filter written by hand on plain tables through a pool of the same size; and row-level
//! security also against its own three round trips written by hand. Then the same with more and
//! more tenants.
//!
//! It uses the server of the tests, `TENANCY_TEST_POSTGRES_URL`, in databases that it drops.

pub(crate) mod crowd;
mod signed;
pub(crate) mod world;

use std::{future::Future, sync::Arc};

use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter,
    sqlx::{Executor as _, PgPool, Row as _},
};
use tenancy::{Database, Lanes, Rls, Row as RowScoping, Schema, TenantDb};
use tokio::runtime::Runtime;

use self::world::{ROWS, Server, World};
use crate::{
    frame::{Row, compare},
    tour::order,
};

/// Connections of every pool, and readers at a time.
const POOL: u32 = 16;

/// What plain tables are read by.
const PLAIN: &str = "plain SeaORM, filter by hand";
/// What row-level security costs by itself.
const THREE: &str = "the same three by hand on sqlx";

/// Reads that many rows, by as many readers as there are connections.
fn read<C, F>(
    runtime: &Runtime,
    times: u64,
    conn: &C,
    one: impl Fn(C, i64) -> F + Send + Sync + 'static,
) where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = Option<i64>> + Send,
{
    let one = Arc::new(one);
    runtime.block_on(async {
        let readers: Vec<_> = (0..u64::from(POOL))
            .map(|reader| {
                let (one, conn) = (Arc::clone(&one), conn.clone());
                tokio::spawn(async move {
                    for i in (reader..times).step_by(POOL as usize) {
                        let id = i64::try_from(i).unwrap_or(0) % ROWS + 1;
                        assert_eq!(one(conn.clone(), id).await, Some(id));
                    }
                })
            })
            .collect();
        for reader in readers {
            reader.await.expect("a reader reads");
        }
    });
}

async fn ours(db: TenantDb, id: i64) -> Option<i64> {
    order::Entity::find_by_id(id).one(&db).await.expect("a read").map(|row| row.total)
}

async fn by_hand(db: &DatabaseConnection, tenant: &str, id: i64) -> Option<i64> {
    let by_hand = order::Entity::find_by_id(id).filter(order::Column::TenantId.eq(tenant));
    by_hand.one(db).await.expect("a read").map(|row| row.total)
}

async fn plain(db: DatabaseConnection, id: i64) -> Option<i64> {
    by_hand(&db, "acme", id).await
}

/// The transaction that tells the database its tenant, as one would write it.
async fn three_round_trips(pool: &PgPool, tenant: &str, id: i64) -> Option<i64> {
    let mut conn = pool.acquire().await.expect("a connection");
    let begin = format!("BEGIN; SET LOCAL tenancy.tenant_id = '{tenant}'");
    conn.execute(sea_orm::sqlx::AssertSqlSafe(begin)).await.expect("it begins");
    let sql = "SELECT id, status, total, tenant_id FROM orders WHERE tenant_id = $1 AND id = $2";
    let row = sea_orm::sqlx::query(sql).bind(tenant).bind(id).fetch_optional(&mut *conn).await;
    conn.execute("COMMIT").await.expect("it commits");
    row.expect("a read").map(|row| row.get("total"))
}

/// Lanes for all readers.
fn lanes() -> Lanes {
    Lanes::new().connections(POOL as usize).per_tenant(POOL as usize)
}

pub(crate) fn run() -> Vec<Row> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut server = runtime.block_on(Server::new());
    let prefix = server.prefix();
    let other = runtime.block_on(server.plain(0));
    let mut rows = Vec::new();
    // One after the other, so that the server has no more connections than it can bear.
    let measure = |case, world: World| {
        let db = world.acme();
        let row = compare(case, "ops/s", &mut |n| read(&runtime, n, db, ours), PLAIN, &mut |n| {
            read(&runtime, n, &other, plain);
        });
        runtime.block_on(world.close());
        row
    };
    let world = runtime.block_on(server.tenancy("row", RowScoping::new(), false));
    rows.push(measure("row", world));
    let isolation = Schema::new().prefix(&prefix);
    let world = runtime.block_on(server.tenancy("schema", isolation, false));
    rows.push(measure("schema", world));
    let isolation = Database::new().prefix(&prefix);
    let world = runtime.block_on(server.tenancy("database", isolation, false));
    rows.push(measure("database", world));
    let world = runtime.block_on(server.tenancy("lanes", Rls::new().lanes(lanes()), true));
    runtime.block_on(world.warm_up());
    rows.push(measure("row-level security, lane", world));
    let world = runtime.block_on(server.tenancy("rls", Rls::new(), true));
    let (pool, db) = (runtime.block_on(world.pool()), world.acme());
    rows.push(compare(
        "row-level security, three round trips",
        "ops/s",
        &mut |n| read(&runtime, n, db, ours),
        THREE,
        &mut |n| {
            read(&runtime, n, &pool, |pool, id| async move {
                three_round_trips(&pool, "acme", id).await
            });
        },
    ));
    runtime.block_on(pool.close());
    rows.push(measure("row-level security, three round trips", world));
    runtime.block_on(other.close()).expect("a pool closes");
    rows.extend(signed::run(&runtime, &mut server));
    rows.extend(crowd::run(&runtime, &mut server));
    runtime.block_on(server.drop());
    rows
}
