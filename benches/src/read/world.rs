//! Databases to read from, each with the same rows.

use std::sync::Arc;

use sea_orm::{
    ActiveValue::Set,
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait,
    sqlx::{PgPool, postgres::PgPoolOptions},
};
use tenancy::{__private::__Lane, IsolationProvider, NewTenant, Tenancy, Tenant, TenantDb};

use super::POOL;
use crate::tour::order;

/// Orders of each tenant.
pub(super) const ROWS: i64 = 1_000;

/// A role that policies bind.
const ROLE: &str = "tenancy_bench_app";

/// The server, and what was made on it.
pub(super) struct Server {
    url: String,
    admin: DatabaseConnection,
    made: Vec<String>,
}

/// Two tenants with the same orders.
pub(super) struct World {
    tenancy: Tenancy,
    acme: TenantDb,
    tenant: Arc<Tenant>,
    url: String,
}

fn row(tenant: &str, id: i64) -> order::ActiveModel {
    let (status, tenant_id) = (Set("open".to_owned()), Set(tenant.to_owned()));
    order::ActiveModel { id: Set(id), status, total: Set(id), tenant_id }
}

async fn fill(conn: &impl ConnectionTrait, tenant: &str) {
    let rows = (1..=ROWS).map(|id| row(tenant, id));
    order::Entity::insert_many(rows).exec_without_returning(conn).await.expect("rows");
}

async fn open(url: &str, connections: u32) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(connections);
    options.sqlx_logging(false).test_before_acquire(false);
    Database::connect(options).await.expect("the server answers")
}

impl Server {
    pub(super) async fn new() -> Self {
        let usual = "postgres://postgres@127.0.0.1:5432/postgres";
        let url = std::env::var("TENANCY_TEST_POSTGRES_URL").unwrap_or_else(|_| usual.to_owned());
        let admin = open(&url, 1).await;
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD 'app'; \
             EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        );
        admin.execute_unprepared(&role).await.expect("a role can be made");
        Self { url, admin, made: Vec::new() }
    }

    /// What the names of places begin with.
    pub(super) fn prefix(&self) -> String {
        format!("bench_{}_", std::process::id())
    }

    /// A new database; its address.
    async fn make(&mut self, name: &str) -> String {
        let name = format!("{}{name}", self.prefix());
        let create = format!("CREATE DATABASE {name}");
        self.admin.execute_unprepared(&create).await.expect("a database can be made");
        let (base, _) = self.url.rsplit_once('/').expect("a URL");
        let url = format!("{base}/{name}");
        self.made.push(name);
        url
    }

    /// Plain tables, without tenancy.
    pub(super) async fn plain(&mut self) -> DatabaseConnection {
        let url = self.make("plain").await;
        let conn = open(&url, POOL).await;
        for statement in tenancy::schema::create_all(DbBackend::Postgres).expect("tables") {
            conn.execute_raw(statement).await.expect("a table");
        }
        for tenant in ["acme", "globex"] {
            fill(&conn, tenant).await;
        }
        conn.execute_unprepared("VACUUM ANALYZE orders").await.expect("statistics");
        conn
    }

    pub(super) async fn tenancy(
        &mut self,
        name: &str,
        isolation: impl IsolationProvider,
        bound: bool,
    ) -> World {
        let url = self.make(name).await;
        let served = match (bound, url.split_once('@')) {
            (true, Some((_, place))) => format!("postgres://{ROLE}:app@{place}"),
            _ => url.clone(),
        };
        let builder = Tenancy::builder()
            .database(&served)
            .operator(&url)
            .isolation(isolation)
            .max_connections(POOL)
            .connection_budget(2 * POOL as usize)
            .connections_per_tenant(POOL as usize);
        let tenancy = builder.connect().await.expect("the server answers");
        tenancy.create_tables().await.expect("tables");
        for slug in ["acme", "globex"] {
            let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a tenant");
            tenancy.create_tenant(new).await.expect("a new tenant");
            fill(&tenancy.db(slug).await.expect("a connection"), slug).await;
            if name == "database" {
                self.made.push(format!("{}t_{slug}", self.prefix()));
            }
        }
        let tenant = tenancy.tenant("acme").await.expect("a tenant");
        let acme = tenancy.db_for(&tenant).expect("a connection");
        World { tenancy, acme, tenant, url: served }
    }

    /// Drops what was made.
    pub(super) async fn drop(self) {
        for name in self.made {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            self.admin.execute_unprepared(&drop).await.expect("it can be dropped");
        }
        self.admin.close().await.expect("a connection closes");
    }
}

impl World {
    pub(super) fn acme(&self) -> &TenantDb {
        &self.acme
    }

    pub(super) async fn lane(&self) -> __Lane {
        self.tenancy.__open_lane(&self.tenant, POOL).await.expect("a lane opens")
    }

    /// A pool of the driver's, for the role that serves tenants.
    pub(super) async fn pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(POOL).test_before_acquire(false);
        options.connect(&self.url).await.expect("the server answers")
    }

    pub(super) async fn close(self) {
        self.tenancy.close().await.expect("a tenancy closes");
    }
}
