//! Point reads on PostgreSQL through sixteen connections, for each strategy, against plain SeaORM
//! with the filter written by hand on plain tables through a pool of the same size; and row-level
//! security also against its own three round trips written by hand.
//!
//! It uses the server of the tests, `TENANCY_TEST_POSTGRES_URL`, in databases that it drops.

mod world;

use std::{future::Future, sync::Arc};

use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter,
    sqlx::{Executor as _, PgPool, Row as _},
};
use tenancy::{Database, Rls, Row as RowScoping, Schema, TenantDb};
use tokio::runtime::Runtime;

use self::world::{ROWS, Server};
use crate::{
    frame::{Row, compare},
    tour::order,
};

/// Connections of every pool, and readers at a time.
const POOL: u32 = 16;

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

async fn plain(db: DatabaseConnection, id: i64) -> Option<i64> {
    let by_hand = order::Entity::find_by_id(id).filter(order::Column::TenantId.eq("acme"));
    by_hand.one(&db).await.expect("a read").map(|row| row.total)
}

/// The transaction that tells the database its tenant, as one would write it.
async fn three_round_trips(pool: PgPool, id: i64) -> Option<i64> {
    let mut conn = pool.acquire().await.expect("a connection");
    conn.execute("BEGIN; SET LOCAL tenancy.tenant_id = 'acme'").await.expect("it begins");
    let sql = "SELECT id, status, total, tenant_id FROM orders WHERE tenant_id = $1 AND id = $2";
    let row = sea_orm::sqlx::query(sql).bind("acme").bind(id).fetch_optional(&mut *conn).await;
    conn.execute("COMMIT").await.expect("it commits");
    row.expect("a read").map(|row| row.get("total"))
}

pub(crate) fn run() -> Vec<Row> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut server = runtime.block_on(Server::new());
    let other = runtime.block_on(server.plain());
    let prefix = server.prefix();
    let mut rows = Vec::new();
    // One after the other: a server has room for so many connections.
    for (case, name) in [
        ("row", "row"),
        ("schema", "schema"),
        ("database", "database"),
        ("row-level security, lane", "lane"),
        ("row-level security, three round trips", "rls"),
    ] {
        let bound = matches!(name, "lane" | "rls");
        let world = runtime.block_on(async {
            match name {
                "row" => server.tenancy(name, RowScoping::new(), bound).await,
                "schema" => server.tenancy(name, Schema::new().prefix(&prefix), bound).await,
                "database" => server.tenancy(name, Database::new().prefix(&prefix), bound).await,
                _ => server.tenancy(name, Rls::new(), bound).await,
            }
        });
        let lane = (name == "lane").then(|| runtime.block_on(world.lane()));
        let db = lane.as_ref().map_or(world.acme(), |lane| lane.db());
        rows.push(compare(
            case,
            "ops/s",
            &mut |n| read(&runtime, n, db, ours),
            "plain SeaORM, filter by hand",
            &mut |n| read(&runtime, n, &other, plain),
        ));
        if name == "rls" {
            let by_hand = runtime.block_on(world.pool());
            rows.push(compare(
                case,
                "ops/s",
                &mut |n| read(&runtime, n, world.acme(), ours),
                "the same three by hand on sqlx",
                &mut |n| read(&runtime, n, &by_hand, three_round_trips),
            ));
            runtime.block_on(by_hand.close());
        }
        runtime.block_on(async {
            if let Some(lane) = lane {
                lane.close().await;
            }
            world.close().await;
        });
    }
    runtime.block_on(async {
        other.close().await.expect("a pool closes");
        server.drop().await;
    });
    rows
}
