//! Two tenants whose rows look alike.

use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};
use tenancy::{NewTenant, Tenancy, TenantDb, change};
use tenancy_tests::{
    Engine,
    engine::{Scratch, Strategy},
};

use crate::ticket;

pub(crate) struct World {
    pub(crate) scratch: Scratch,
    pub(crate) tenancy: Tenancy,
    pub(crate) acme: TenantDb,
    pub(crate) globex: TenantDb,
}

impl World {
    pub(crate) async fn new(engine: Engine, strategy: Strategy) -> Self {
        let scratch = engine.scratch().await;
        let builder = Tenancy::builder().database(&scratch.url).max_connections(4);
        let builder = strategy.isolate(builder, &scratch).await;
        let tenancy = builder.connect().await.unwrap();
        tenancy.create_tables().await.unwrap();
        // It may be run again.
        tenancy.create_tables().await.unwrap();
        for slug in ["acme", "globex"] {
            tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
        }
        let acme = tenancy.db("acme").await.unwrap();
        let globex = tenancy.db("globex").await.unwrap();
        for db in [&acme, &globex] {
            strategy.warm_up(&tenancy, db, "SELECT id FROM tickets").await;
        }
        Self { scratch, tenancy, acme, globex }
    }

    pub(crate) async fn end(self) {
        drop((self.acme, self.globex));
        self.tenancy.close().await.unwrap();
        self.scratch.remove().await;
    }
}

pub(crate) fn new(title: &str) -> ticket::ActiveModel {
    ticket::ActiveModel { title: Set(title.to_owned()), ..Default::default() }
}

/// What a tenant sees of its records, in their order: `insert tickets 1`.
pub(crate) async fn seen(db: &TenantDb) -> Vec<String> {
    let records = change::Entity::find().order_by_asc(change::Column::Id).all(db).await.unwrap();
    let text = |it: change::Model| {
        assert_eq!(it.tenant_id, db.tenant().id.as_str(), "another tenant's record");
        let operation = format!("{:?}", it.operation).to_lowercase();
        format!("{operation} {} {}", it.table_name, it.row_key)
    };
    records.into_iter().map(text).collect()
}

/// Runs a test on each engine, with each strategy it has.
macro_rules! each_place {
    ($($test:ident)*) => {$(
        mod $test {
            use tenancy_tests::{Engine::*, engine::Strategy::*};

            #[tokio::test]
            async fn sqlite() {
                for strategy in [Row, Schema, Database] {
                    super::$test(crate::world::World::new(Sqlite, strategy).await).await;
                }
            }

            #[tokio::test]
            async fn postgres() {
                for strategy in [Row, Schema, Database] {
                    super::$test(crate::world::World::new(Postgres, strategy).await).await;
                }
            }

            #[tokio::test]
            async fn mysql() {
                for strategy in [Row, Schema, Database] {
                    super::$test(crate::world::World::new(MySql, strategy).await).await;
                }
            }
        }
    )*};
}
pub(crate) use each_place;
