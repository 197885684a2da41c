//! Databases to read from, each with the same rows.

use std::sync::Arc;

use sea_orm::{
    ActiveValue::Set,
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait,
    sqlx::{PgPool, postgres::PgPoolOptions},
};
use tenancy::{Builder, IsolationProvider, NewTenant, Tenancy, Tenant, TenantDb};

use super::{POOL, crowd};
use crate::tour::order;

/// Orders of each tenant.
pub(crate) const ROWS: i64 = 1_000;

/// A role that policies bind.
const ROLE: &str = "tenancy_bench_app";

/// The server, and what was made on it.
pub(crate) struct Server {
    url: String,
    admin: DatabaseConnection,
    made: Vec<String>,
}

/// Tenants with the same orders.
pub(crate) struct World {
    tenancy: Tenancy,
    tenants: Vec<Arc<Tenant>>,
    acme: TenantDb,
    url: String,
}

fn row(tenant: &str, id: i64) -> order::ActiveModel {
    let (status, tenant_id) = (Set("open".to_owned()), Set(tenant.to_owned()));
    order::ActiveModel { id: Set(id), status, total: Set(id), tenant_id }
}

async fn fill(conn: &impl ConnectionTrait, tenant: &str, rows: i64) {
    let rows = (1..=rows).map(|id| row(tenant, id));
    order::Entity::insert_many(rows).exec_without_returning(conn).await.expect("rows");
}

async fn open(url: &str, connections: u32) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(connections);
    options.sqlx_logging(false).test_before_acquire(false);
    Database::connect(options).await.expect("the server answers")
}

impl Server {
    pub(crate) async fn new() -> Self {
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

    /// The address of a database.
    pub(super) fn url_of(&self, name: &str) -> String {
        let (base, _) = self.url.rsplit_once('/').expect("a URL");
        format!("{base}/{}{name}", self.prefix())
    }

    /// A new database; its address.
    pub(crate) async fn make(&mut self, name: &str) -> String {
        let (url, database) = (self.url_of(name), format!("{}{name}", self.prefix()));
        let create = format!("CREATE DATABASE {database}");
        self.admin.execute_unprepared(&create).await.expect("a database can be made");
        self.made.push(database);
        url
    }

    /// Plain tables, without tenancy: those of two tenants, or of a crowd of that many.
    pub(crate) async fn plain(&mut self, crowd: usize) -> DatabaseConnection {
        let url = self.make(&format!("plain_{crowd}")).await;
        let conn = open(&url, POOL).await;
        for statement in tenancy::schema::create_all(DbBackend::Postgres).expect("tables") {
            conn.execute_raw(statement).await.expect("a table");
        }
        // The same rows as in the table it is compared with, and no others.
        let two: &[&str] = if crowd == 0 { &["acme", "globex"] } else { &[] };
        for tenant in two {
            fill(&conn, tenant, ROWS).await;
        }
        for tenant in 0..crowd {
            fill(&conn, &crowd::name(tenant), crowd::ROWS).await;
        }
        conn.execute_unprepared("VACUUM ANALYZE orders").await.expect("statistics");
        conn
    }

    /// Two tenants.
    pub(crate) async fn tenancy(
        &mut self,
        name: &str,
        isolation: impl IsolationProvider,
        bound: bool,
    ) -> World {
        let empty = self.empty(name, isolation, bound).await;
        let tenants = ["acme", "globex"].map(str::to_owned);
        if name == "database" {
            let prefix = self.prefix();
            self.made.extend(tenants.iter().map(|tenant| format!("{prefix}t_{tenant}")));
        }
        let world = World::populated(empty, &tenants, ROWS).await;
        self.analyze(if name == "database" { "t_acme" } else { name }).await;
        world
    }

    /// That many tenants, of which the active have orders.
    pub(super) async fn crowd(
        &mut self,
        name: &str,
        isolation: impl IsolationProvider,
        registered: usize,
        active: usize,
    ) -> World {
        let bound = isolation.tells_database();
        let empty = self.empty(&format!("{name}_{registered}"), isolation, bound).await;
        let tenants: Vec<_> = (0..active).map(crowd::name).collect();
        let world = World::populated(empty, &tenants, crowd::ROWS).await;
        let register = format!(
            "INSERT INTO tenancy_tenants SELECT (json_populate_record(t, json_build_object(\
             'id', 'other-' || n, 'slug', 'other-' || n, 'placed_in', t.placed_in || '_' || n))).* \
             FROM tenancy_tenants t, generate_series({active} + 1, {registered}) n \
             WHERE t.id = 'tenant-0'"
        );
        let operator = world.tenancy.unscoped("tenants that are not active").await;
        operator.expect("a connection").execute_unprepared(&register).await.expect("tenants");
        self.analyze(&format!("{name}_{registered}")).await;
        world
    }

    /// That many tenants with orders, in a pool as it is unless told otherwise.
    pub(crate) async fn shared(
        &mut self,
        name: &str,
        isolation: impl IsolationProvider,
        tenants: usize,
        told: impl FnOnce(Builder) -> Builder,
    ) -> World {
        let bound = isolation.tells_database();
        let told = |builder: Builder| told(builder.max_connections(POOL).isolation(isolation));
        let empty = self.open(name, bound, told).await;
        let tenants: Vec<_> = (0..tenants).map(crowd::name).collect();
        let world = World::populated(empty, &tenants, crowd::ROWS).await;
        self.analyze(name).await;
        world
    }

    async fn empty(
        &mut self,
        name: &str,
        isolation: impl IsolationProvider,
        bound: bool,
    ) -> (Tenancy, String) {
        let told = |builder: Builder| {
            builder
                .isolation(isolation)
                .max_connections(POOL)
                // One tenant is all there is in some of the measurements.
                .pool_share(POOL)
                .connection_budget(2 * POOL as usize)
                .connections_per_tenant(POOL as usize)
        };
        self.open(name, bound, told).await
    }

    /// Tables and no tenants, with a builder that is told more, and the URL for those it serves.
    pub(crate) async fn open(
        &mut self,
        name: &str,
        bound: bool,
        told: impl FnOnce(Builder) -> Builder,
    ) -> (Tenancy, String) {
        let url = self.make(name).await;
        let served = match (bound, url.split_once('@')) {
            (true, Some((_, place))) => format!("postgres://{ROLE}:app@{place}"),
            _ => url.clone(),
        };
        let builder = told(Tenancy::builder().database(&served).operator(&url));
        let tenancy = builder.connect().await.expect("the server answers");
        tenancy.create_tables().await.expect("tables");
        (tenancy, served)
    }

    /// Statistics, as the plain tables have them.
    async fn analyze(&self, name: &str) {
        let conn = open(&self.url_of(name), 1).await;
        conn.execute_unprepared("VACUUM ANALYZE").await.expect("statistics");
        conn.close().await.expect("a connection closes");
    }

    /// Drops what was made.
    pub(crate) async fn drop(self) {
        for name in self.made {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            self.admin.execute_unprepared(&drop).await.expect("it can be dropped");
        }
        self.admin.close().await.expect("a connection closes");
    }
}

impl World {
    /// Makes tenants, each with that many orders.
    async fn populated((tenancy, url): (Tenancy, String), slugs: &[String], rows: i64) -> Self {
        let mut tenants = Vec::new();
        for slug in slugs {
            let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a tenant");
            let tenant = tenancy.create_tenant(new).await.expect("a new tenant");
            fill(&tenancy.db_for(&tenant).expect("a connection"), slug, rows).await;
            tenants.push(tenant);
        }
        let acme = tenancy.db_for(&tenants[0]).expect("a connection");
        Self { tenancy, tenants, acme, url }
    }

    pub(crate) fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    pub(crate) fn tenants(&self) -> &[Arc<Tenant>] {
        &self.tenants
    }

    /// The first tenant's connection.
    pub(super) fn acme(&self) -> &TenantDb {
        &self.acme
    }

    /// Asks for the first tenant until it has all connections a lane can have.
    pub(crate) async fn warm_up(&self) {
        let own = || self.tenancy.connections().tenants.iter().map(|it| it.idle).sum::<usize>();
        while own() < POOL as usize {
            let readers = (0..4 * POOL).map(|_| {
                let db = self.acme.clone();
                tokio::spawn(async move { order::Entity::find_by_id(1).one(&db).await })
            });
            for reader in readers.collect::<Vec<_>>() {
                reader.await.expect("a reader reads").expect("a read");
            }
        }
    }

    /// Plain SeaORM with as many prepared statements, and the table of each tenant's orders.
    pub(super) async fn named(&self, url: String) -> (DatabaseConnection, Vec<String>) {
        let tables = self.tenants.iter().map(|tenant| {
            let db = self.tenancy.db_for(tenant).expect("a connection");
            db.qualified_table::<order::Entity>()
        });
        let conn = open(&format!("{url}?statement-cache-capacity=500"), POOL).await;
        (conn, tables.collect())
    }

    /// A pool of the driver's, for the role that serves tenants.
    pub(super) async fn pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(POOL).test_before_acquire(false);
        options.connect(&self.url).await.expect("the server answers")
    }

    pub(crate) async fn close(self) {
        self.tenancy.close().await.expect("a tenancy closes");
    }
}
