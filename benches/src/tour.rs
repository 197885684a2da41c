//! Point read, list and insert through a tenant's connection, against plain SeaORM with the filter
//! written by hand, on the same SQLite file with pools of the same size.

use std::path::PathBuf;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectOptions, Database, DatabaseConnection, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use tenancy::{NewTenant, Tenancy, TenantDb};

use crate::frame::{Row, compare};

/// One table, with the tenant column filled in by hand on the other side.
pub(crate) mod order {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(key = "per_tenant")]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub status: String,
        pub total: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Connections of either pool.
const POOL: u32 = 4;
const ROWS: i64 = 1_000;

fn row(id: i64) -> order::ActiveModel {
    order::ActiveModel {
        id: Set(id),
        status: Set("open".into()),
        total: Set(id),
        ..Default::default()
    }
}

/// Two tenants' orders on an SQLite file, and both ways to them.
pub(crate) struct World {
    pub(crate) runtime: tokio::runtime::Runtime,
    ours: TenantDb,
    plain: DatabaseConnection,
    tenancy: Tenancy,
    path: PathBuf,
}

impl World {
    pub(crate) fn open() -> Self {
        let path = std::env::temp_dir().join(format!("tenancy-bench-{}.db", std::process::id()));
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (ours, plain, tenancy) = runtime.block_on(connect(&url));
        Self { runtime, ours, plain, tenancy, path }
    }

    /// Both ways to the first tenant's orders.
    pub(crate) fn both(&self) -> (&Tenancy, &DatabaseConnection) {
        (&self.tenancy, &self.plain)
    }

    /// Reads orders one by one through the tenant's connection.
    pub(crate) fn read(&self, times: u64) {
        self.runtime.block_on(async {
            for i in 0..times {
                let id = i64::try_from(i).unwrap_or(0) % ROWS + 1;
                let found = order::Entity::find_by_id(id).one(&self.ours).await.expect("a read");
                assert_eq!(found.map(|order| order.total), Some(id));
            }
        });
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            // The side files are there only while somebody has the database open.
            let _ = std::fs::remove_file(format!("{}{end}", self.path.display()));
        }
    }
}

async fn connect(url: &str) -> (TenantDb, DatabaseConnection, Tenancy) {
    let tenancy =
        Tenancy::builder().database(url).max_connections(POOL).connect().await.expect("connects");
    tenancy.create_tables().await.expect("tables");
    for slug in ["acme", "globex"] {
        let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a tenant");
        tenancy.create_tenant(new).await.expect("a new tenant");
        let db = tenancy.db(slug).await.expect("a connection");
        order::Entity::insert_many((1..=ROWS).map(row))
            .exec_without_returning(&db)
            .await
            .expect("rows");
    }
    let mut options = ConnectOptions::new(url);
    options.max_connections(POOL).sqlx_logging(false).test_before_acquire(false);
    let plain = Database::connect(options).await.expect("connects");
    (tenancy.db("acme").await.expect("a connection"), plain, tenancy)
}

pub(crate) fn run() -> Vec<Row> {
    let world = World::open();
    let (runtime, ours, plain) = (&world.runtime, &world.ours, &world.plain);
    let by_hand = || order::Entity::find().filter(order::Column::TenantId.eq("acme"));
    let mut rows = Vec::new();
    rows.push(compare(
        "point read",
        "ops/s",
        &mut |n| world.read(n),
        "plain SeaORM, filter by hand",
        &mut |n| {
            runtime.block_on(async {
                for i in 0..n {
                    let id = i64::try_from(i).unwrap_or(0) % ROWS + 1;
                    let found = by_hand()
                        .filter(order::Column::Id.eq(id))
                        .one(plain)
                        .await
                        .expect("a read");
                    assert_eq!(found.map(|order| order.total), Some(id));
                }
            });
        },
    ));
    rows.push(compare(
        "list of 50",
        "ops/s",
        &mut |n| {
            runtime.block_on(async {
                for _ in 0..n {
                    let list = order::Entity::find()
                        .filter(order::Column::Total.gt(100))
                        .order_by_asc(order::Column::Id)
                        .limit(50);
                    assert_eq!(list.all(ours).await.expect("a read").len(), 50);
                }
            });
        },
        "plain SeaORM, filter by hand",
        &mut |n| {
            runtime.block_on(async {
                for _ in 0..n {
                    let list = by_hand()
                        .filter(order::Column::Total.gt(100))
                        .order_by_asc(order::Column::Id)
                        .limit(50);
                    assert_eq!(list.all(plain).await.expect("a read").len(), 50);
                }
            });
        },
    ));
    let (mut next, mut other) = (10_000_000, 20_000_000);
    rows.push(compare(
        "insert",
        "ops/s",
        &mut |n| {
            runtime.block_on(async {
                for _ in 0..n {
                    next += 1;
                    let added = order::Entity::insert(row(next)).exec_without_returning(ours).await;
                    assert_eq!(added.expect("an insert"), 1);
                }
            });
        },
        "plain SeaORM, tenant by hand",
        &mut |n| {
            runtime.block_on(async {
                for _ in 0..n {
                    other += 1;
                    let row = order::ActiveModel { tenant_id: Set("acme".into()), ..row(other) };
                    let added = order::Entity::insert(row).exec_without_returning(plain).await;
                    assert_eq!(added.expect("an insert"), 1);
                }
            });
        },
    ));
    rows
}
