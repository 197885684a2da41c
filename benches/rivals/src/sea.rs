//! SeaORM's migrator, with a connection of its own for each tenant's schema, as its search path asks.

use std::sync::OnceLock;

use sea_orm_migration::{
    async_trait::async_trait,
    prelude::{
        ConnectionTrait as _, DbErr, MigrationName, MigrationTrait, MigratorTrait, SchemaManager,
    },
    sea_orm::{ConnectOptions, Database},
};

use crate::{Rival, Task, at_a_time};

/// The migrators are types, which know nothing of a task.
static SQL: OnceLock<(&'static str, &'static str)> = OnceLock::new();

fn sql() -> (&'static str, &'static str) {
    *SQL.get().expect("a task")
}

struct Sql(&'static str, &'static str);

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.1).await.map(drop)
    }
}

struct First;

impl MigratorTrait for First {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Sql("m1_create", sql().0))]
    }
}

struct Both;

impl MigratorTrait for Both {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Sql("m1_create", sql().0)), Box::new(Sql("m2_alter", sql().1))]
    }
}

pub(crate) async fn orm(task: &Task) -> Rival {
    SQL.get_or_init(|| (task.create, task.alter));
    task.schemas("sea", task.tenants).await;
    let made = run::<First>(task).await;
    let altered = run::<Both>(task).await;
    let nothing = run::<Both>(task).await;
    Rival { name: "sea-orm-migration, 8 at a time", made, altered, nothing }
}

async fn run<M: MigratorTrait>(task: &Task) -> f64 {
    let url = task.url.clone();
    at_a_time(task.tenants, move |tenant| {
        let mut options = ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        options.set_schema_search_path(format!("sea_{tenant}"));
        async move {
            let conn = Database::connect(options).await.expect("a connection");
            M::up(&conn, None).await.expect("migrations");
            conn.close().await.expect("it closes");
        }
    })
    .await
}
