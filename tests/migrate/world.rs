//! Tenants with places of their own, and revisions for them.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tenancy::{
    Database, NewTenant, Schema, Slug, Tenancy,
    migrate::{History, Migrations, Revision, RevisionGate, RevisionId, Target},
};
use tenancy_tests::{Engine, Fill, Strategy, engine::Scratch};

/// A database with tenants, in which revisions are run.
pub(crate) struct World {
    pub(crate) scratch: Scratch,
    pub(crate) engine: Engine,
    pub(crate) strategy: Strategy,
    /// Sees what all tenants share.
    pub(crate) eye: DatabaseConnection,
}

/// A revision of tenants' places, as a file.
pub(crate) fn file(id: &str, down: &str, up: &str, back: &str) -> Revision {
    of(
        Target::Tenant,
        &format!(
            "-- revision: {id}\n-- down_revision: {down}\n-- message: {id}\n-- +upgrade\n{up}\n-- +downgrade\n{back}\n"
        ),
    )
}

/// A file of a target.
pub(crate) fn of(target: Target, text: &str) -> Revision {
    let name = text.lines().next().unwrap().rsplit(' ').next().unwrap();
    Revision::parse(&format!("{target}/{name}.sql"), text, Some(target)).unwrap()
}

pub(crate) fn migrations(revisions: Vec<Revision>) -> Migrations {
    Fill::within(Migrations::of(History::new(revisions).unwrap()))
}

/// Makes the table of tasks.
pub(crate) fn tasks() -> Revision {
    file(
        "aaaa01",
        "",
        "CREATE TABLE tasks (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(100) NOT NULL);",
        "DROP TABLE tasks;",
    )
}

/// Gives it a column and an index.
pub(crate) fn due() -> Revision {
    file(
        "aaaa02",
        "aaaa01",
        "ALTER TABLE tasks ADD COLUMN due VARCHAR(10);\nCREATE INDEX tasks_due ON tasks (due);",
        "-- MySQL drops an index of a table.\nDROP INDEX tasks_due;\nALTER TABLE tasks DROP COLUMN due;\n\
         -- +downgrade mysql\nDROP INDEX tasks_due ON tasks;\nALTER TABLE tasks DROP COLUMN due;",
    )
}

impl World {
    pub(crate) async fn new(engine: Engine, strategy: Strategy) -> Self {
        let scratch = engine.scratch().await;
        let eye = scratch.eye().await;
        Self { scratch, engine, strategy, eye }
    }

    /// A program with these revisions.
    pub(crate) async fn program(&self, revisions: Vec<Revision>) -> Tenancy {
        self.of(migrations(revisions)).await
    }

    /// A program with these migrations.
    pub(crate) async fn of(&self, migrations: Migrations) -> Tenancy {
        self.connect(&self.scratch.url, migrations, None).await
    }

    /// One that reaches the database under another address.
    pub(crate) async fn at(&self, url: &str, revisions: Vec<Revision>) -> Tenancy {
        self.connect(url, migrations(revisions), None).await
    }

    /// One that cannot serve every place.
    pub(crate) async fn gated(&self, revisions: Vec<Revision>, gate: RevisionGate) -> Tenancy {
        self.connect(&self.scratch.url, migrations(revisions), Some(gate)).await
    }

    async fn connect(
        &self,
        url: &str,
        migrations: Migrations,
        gate: Option<RevisionGate>,
    ) -> Tenancy {
        let mut builder = Tenancy::builder().database(url).migrations(migrations);
        if let Some(gate) = gate {
            builder = builder.revision_gate(gate);
        }
        let prefix = self.scratch.prefix();
        match self.strategy {
            Strategy::Database => builder.isolation(Database::new().prefix(prefix)),
            _ => builder.isolation(Schema::new().prefix(prefix)),
        }
        .connect()
        .await
        .unwrap()
    }

    pub(crate) async fn tenants(&self, tenancy: &Tenancy, slugs: &[&str]) {
        for slug in slugs {
            let new = NewTenant::new(slug).unwrap().id(*slug).unwrap();
            tenancy.create_tenant(new).await.unwrap();
        }
    }

    /// Does something where a tenant's place is.
    pub(crate) async fn beside<T>(
        &self,
        tenant: &str,
        work: impl AsyncFnOnce(&DatabaseConnection) -> T,
    ) -> T {
        if self.strategy != Strategy::Database {
            return work(&self.eye).await;
        }
        let eye = self.scratch.eye_of(tenant).await;
        let outcome = work(&eye).await;
        eye.close().await.unwrap();
        outcome
    }

    /// What a table of a tenant's is called from there.
    pub(crate) fn table(&self, tenant: &str, table: &str) -> String {
        let prefix = self.scratch.prefix();
        match (self.strategy, self.engine) {
            (Strategy::Database, _) => table.to_owned(),
            (_, Engine::Sqlite) => format!("\"{prefix}t_{tenant}${table}\""),
            _ => format!("{prefix}t_{tenant}.{table}"),
        }
    }

    /// Does something in a tenant's place, beside the program.
    pub(crate) async fn run(&self, tenant: &str, sql: &str, table: &str) {
        let sql = sql.replace("{}", &self.table(tenant, table));
        self.beside(tenant, async |eye| eye.execute_unprepared(&sql).await.map(drop))
            .await
            .unwrap();
    }

    /// The rows of a table of a tenant's, as text; none if there is no table.
    pub(crate) async fn rows(&self, tenant: &str, sql: &str, table: &str) -> Option<Vec<String>> {
        let sql = sql.replace("{}", &self.table(tenant, table));
        let read = async |eye: &DatabaseConnection| {
            eye.query_all_raw(Statement::from_string(eye.get_database_backend(), sql)).await
        };
        let rows = self.beside(tenant, read).await.ok()?;
        Some(rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect())
    }

    /// The first column of what a query finds in what all tenants share.
    pub(crate) async fn shared(&self, sql: &str) -> Vec<String> {
        self.shared_rows(sql).await.unwrap()
    }

    /// The same; none if what it asks for is not there.
    pub(crate) async fn shared_rows(&self, sql: &str) -> Option<Vec<String>> {
        let statement = Statement::from_string(self.eye.get_database_backend(), sql);
        let rows = self.eye.query_all_raw(statement).await.ok()?;
        Some(rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect())
    }

    /// The heads of a tenant's place, read beside the program.
    pub(crate) async fn heads(&self, tenant: &str) -> Vec<String> {
        let rows = self.rows(tenant, "SELECT version_num FROM {}", "tenancy_version").await;
        let mut rows = rows.unwrap_or_default();
        rows.sort();
        rows
    }

    pub(crate) async fn end(self, programs: Vec<Tenancy>) {
        for program in programs {
            program.close().await.unwrap();
        }
        self.eye.close().await.unwrap();
        self.scratch.remove().await;
    }
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(crate) fn ids(heads: Option<Vec<RevisionId>>) -> Vec<String> {
    heads.unwrap().iter().map(ToString::to_string).collect()
}

/// Writes one test for each engine and each way to have a place of one's own.
macro_rules! each_place {
    ($($(#[$attr:meta])* async fn $name:ident($world:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            mod $name {
                use super::*;

                async fn body($world: $crate::world::World) $body

                $crate::world::each_place!(@ sqlite_schema, Sqlite, Schema);
                $crate::world::each_place!(@ sqlite_database, Sqlite, Database);
                $crate::world::each_place!(@ postgres_schema, Postgres, Schema);
                $crate::world::each_place!(@ postgres_database, Postgres, Database);
                $crate::world::each_place!(@ mysql_schema, MySql, Schema);
                $crate::world::each_place!(@ mysql_database, MySql, Database);
            }
        )+
    };
    (@ $test:ident, $engine:ident, $strategy:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let world = $crate::world::World::new(
                tenancy_tests::Engine::$engine,
                tenancy_tests::Strategy::$strategy,
            )
            .await;
            body(world).await;
        }
    };
}
pub(crate) use each_place;

/// Shared by tests that count.
pub(crate) type Counter = Arc<std::sync::Mutex<Vec<String>>>;
