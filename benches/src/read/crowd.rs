//! The same reads with more and more tenants: of those that are registered, two hundred are active,
//! and each read is for another one. A connection is asked for as a request does it.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, EntityTrait, Statement, sqlx::PgPool,
};
use tenancy::{Rls, Row as RowScoping, Schema, Tenancy, Tenant};
use tokio::runtime::Runtime;

use super::{
    PLAIN, POOL, THREE, by_hand, lanes, read, three_round_trips,
    world::{Server, World},
};
use crate::{
    frame::{Row, compare},
    tour::order,
};

const REGISTERED: [usize; 3] = [1, 100, 10_000];
const ACTIVE: usize = 200;
/// Orders of each tenant.
pub(super) const ROWS: i64 = 100;

/// Whose turn it is.
#[derive(Clone, Copy)]
enum Turn {
    /// Everybody's, as often.
    Even,
    /// The nth in proportion to 1/n, as it is with customers.
    Skewed,
}

impl Turn {
    /// The tenant a read is for, and the order.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn of(self, read: i64, tenants: usize) -> (usize, i64) {
        // A prime, so that neighbours are not alike.
        let mixed = (read * 7_919).rem_euclid(super::ROWS) as usize;
        let tenant = match self {
            Self::Even => mixed % tenants,
            Self::Skewed => {
                let part = mixed as f64 / super::ROWS as f64;
                ((tenants as f64).powf(part) as usize).saturating_sub(1)
            }
        };
        (tenant, read % ROWS + 1)
    }
}

/// Tenants that take turns.
#[derive(Clone)]
struct Crowd {
    tenancy: Tenancy,
    tenants: Arc<[Arc<Tenant>]>,
    turn: Turn,
}

async fn ours(crowd: Crowd, id: i64) -> Option<i64> {
    let (tenant, order) = crowd.turn.of(id, crowd.tenants.len());
    let db = crowd.tenancy.db_for(&crowd.tenants[tenant]).expect("a connection");
    let row = order::Entity::find_by_id(order).one(&db).await.expect("a read");
    row.filter(|row| row.total == order && row.tenant_id == name(tenant)).map(|_| id)
}

/// A tenant's id.
pub(crate) fn name(tenant: usize) -> String {
    format!("tenant-{tenant}")
}

#[derive(Clone)]
struct Plain(DatabaseConnection, usize, Turn);

async fn plain(Plain(db, tenants, turn): Plain, id: i64) -> Option<i64> {
    let (tenant, order) = turn.of(id, tenants);
    by_hand(&db, &name(tenant), order).await.filter(|total| *total == order).map(|_| id)
}

/// Schemas that are named by hand: what servers take for many tables is the same.
#[derive(Clone)]
struct Named(DatabaseConnection, Arc<[String]>, Turn);

async fn named(Named(db, tables, turn): Named, id: i64) -> Option<i64> {
    let (tenant, order) = turn.of(id, tables.len());
    let sql = format!(
        "SELECT id, status, total, tenant_id FROM {} WHERE tenant_id = $1 AND id = $2",
        tables[tenant]
    );
    let values = [name(tenant).into(), order.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let row = db.query_one_raw(statement).await.expect("a read")?;
    let total: i64 = row.try_get("", "total").expect("a total");
    (total == order).then_some(id)
}

#[derive(Clone)]
struct Three(PgPool, usize, Turn);

async fn three(Three(pool, tenants, turn): Three, id: i64) -> Option<i64> {
    let (tenant, order) = turn.of(id, tenants);
    let total = three_round_trips(&pool, &name(tenant), order).await;
    total.filter(|total| *total == order).map(|_| id)
}

/// Reads until every connection has prepared what it will be asked for, and the server has settled
/// how to do it, which it does after five times.
fn warm_up<C, F>(runtime: &Runtime, conn: &C, one: impl Fn(C, i64) -> F + Send + Sync + 'static)
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = Option<i64>> + Send,
{
    let statements = ACTIVE as u64 * u64::from(POOL);
    read(runtime, 8 * statements, conn, one);
}

pub(super) fn run(runtime: &Runtime, server: &mut Server) -> Vec<Row> {
    let mut rows = Vec::new();
    for registered in REGISTERED {
        let active = registered.min(ACTIVE);
        let other = runtime.block_on(server.plain(active));
        let crowd = |world: &World, turn| Crowd {
            tenancy: world.tenancy().clone(),
            tenants: world.tenants().into(),
            turn,
        };
        let against_plain = |case: &str, world: World, turn| {
            let (crowd, other) = (crowd(&world, turn), Plain(other.clone(), active, turn));
            warm_up(runtime, &crowd, ours);
            warm_up(runtime, &other, plain);
            let row = compare(
                &format!("{case}, {registered} tenants"),
                "ops/s",
                &mut |n| read(runtime, n, &crowd, ours),
                PLAIN,
                &mut |n| read(runtime, n, &other, plain),
            );
            runtime.block_on(world.close());
            row
        };
        let world = runtime.block_on(server.crowd("row", RowScoping::new(), registered, active));
        rows.push(against_plain("row", world, Turn::Even));
        let isolation = Schema::new().prefix(server.prefix());
        let world = runtime.block_on(server.crowd("schema", isolation, registered, active));
        let hand = runtime.block_on(world.named(server.url_of(&format!("schema_{registered}"))));
        let (crowd_of_schemas, hand) =
            (crowd(&world, Turn::Even), Named(hand.0, hand.1.into(), Turn::Even));
        warm_up(runtime, &crowd_of_schemas, ours);
        warm_up(runtime, &hand, named);
        rows.push(compare(
            &format!("schema, {registered} tenants"),
            "ops/s",
            &mut |n| read(runtime, n, &crowd_of_schemas, ours),
            "the same schemas named by hand",
            &mut |n| read(runtime, n, &hand, named),
        ));
        runtime.block_on(hand.0.close()).expect("a pool closes");
        drop(crowd_of_schemas);
        rows.push(against_plain("schema", world, Turn::Even));
        let isolation = Rls::new().lanes(lanes());
        let world = runtime.block_on(server.crowd("lanes", isolation, registered, active));
        rows.push(against_plain("lanes, skewed", world, Turn::Skewed));
        let world = runtime.block_on(server.crowd("rls", Rls::new(), registered, active));
        let pool = runtime.block_on(world.pool());
        let (crowd, other_three) = (crowd(&world, Turn::Even), Three(pool, active, Turn::Even));
        warm_up(runtime, &crowd, ours);
        warm_up(runtime, &other_three, three);
        rows.push(compare(
            &format!("three round trips, {registered} tenants"),
            "ops/s",
            &mut |n| read(runtime, n, &crowd, ours),
            THREE,
            &mut |n| read(runtime, n, &other_three, three),
        ));
        runtime.block_on(async {
            other_three.0.close().await;
            drop(crowd);
            world.close().await;
            other.close().await.expect("a pool closes");
        });
    }
    rows
}
