//! The engines, and a database of its own for each test.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tenancy::{
    Builder, Database as Databases, Hybrid, IsolationKind, Lanes, Rls, Row, Schema, Signing,
    Tenancy, TenantDb, policy::token::Key,
};

/// An engine the suite runs on. `cargo xtask test` names its server in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file, with nothing to install.
    Sqlite,
    /// `TENANCY_TEST_POSTGRES_URL`.
    Postgres,
    /// `TENANCY_TEST_MYSQL_URL`: MySQL or MariaDB.
    MySql,
}

/// How the tenants of a test are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// In shared tables.
    Row,
    /// Each in a schema: on MySQL a database, on SQLite a prefix.
    Schema,
    /// Each in a database of its own: on SQLite a file.
    Database,
    /// In shared tables, under policies of PostgreSQL, served by a role that they bind.
    Rls,
    /// The same, where policies verify who asks.
    Signed,
    /// The same, where each tenant has connections to itself.
    Lanes,
    /// Each as its tier asks: `acme` in a schema, `globex` in the tables that others share.
    Hybrid,
}

impl Strategy {
    /// How sessions say who asks, where there are policies.
    ///
    /// # Panics
    ///
    /// Never: the key is long enough.
    #[must_use]
    pub fn policies(self) -> Option<Rls> {
        match self {
            Strategy::Row | Strategy::Schema | Strategy::Database | Strategy::Hybrid => None,
            Strategy::Rls => Some(Rls::new()),
            Strategy::Signed => {
                let key = Key::new("k1", b"a secret for tests, and no other").expect("a key");
                Some(Rls::new().signed(Signing::new(key)))
            }
            Strategy::Lanes => Some(Rls::new().lanes(Lanes::new().connections(4).per_tenant(2))),
        }
    }

    /// A tenancy over that database whose tenants are kept apart like this.
    pub async fn isolate(self, builder: Builder, scratch: &Scratch) -> Builder {
        let schema = Schema::new().prefix(scratch.prefix());
        match self {
            Strategy::Row => builder.isolation(Row::new()),
            Strategy::Schema => builder.isolation(schema),
            Strategy::Database => builder.isolation(Databases::new().prefix(scratch.prefix())),
            Strategy::Hybrid => builder.isolation(
                Hybrid::new(IsolationKind::Row, Row::new())
                    .strategy(IsolationKind::Schema, schema)
                    .tier("enterprise", IsolationKind::Schema),
            ),
            Strategy::Rls | Strategy::Signed | Strategy::Lanes => {
                let rls = self.policies().expect("a strategy with policies");
                builder.database(scratch.role().await).operator(&scratch.url).isolation(rls)
            }
        }
    }

    /// Asks for a tenant until it has a lane, if it is to have one.
    ///
    /// # Panics
    ///
    /// If it gets none.
    pub async fn warm_up(self, tenancy: &Tenancy, db: &TenantDb, sql: &str) {
        let id = db.tenant().id.as_str();
        let has_lane =
            || tenancy.connections().tenants.iter().any(|it| &*it.tenant == id && it.idle > 0);
        for _ in 0..10_000 {
            if self != Strategy::Lanes || has_lane() {
                return;
            }
            let ask = Statement::from_string(db.get_database_backend(), sql);
            db.query_all_raw(ask).await.expect("a read");
        }
        panic!("{id} has no lane: {:?}", tenancy.connections());
    }
}

/// Serves tenants where policies must hold.
const ROLE: &str = "tenancy_test_served";

/// A database of a test's own.
#[derive(Debug)]
pub struct Scratch {
    engine: Engine,
    name: String,
    /// Where it is.
    pub url: String,
}

impl Engine {
    fn server(self) -> String {
        let (variable, usual) = match self {
            Engine::Sqlite => return String::new(),
            Engine::Postgres => {
                ("TENANCY_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
            }
            Engine::MySql => ("TENANCY_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql"),
        };
        env::var(variable).unwrap_or_else(|_| usual.to_owned())
    }

    async fn admin(self) -> DatabaseConnection {
        let url = self.server();
        let mut options = sea_orm::ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        match Database::connect(options).await {
            Ok(connection) => connection,
            Err(error) => {
                panic!("{self:?} does not answer at {url}: {error}; run `cargo xtask test`")
            }
        }
    }

    /// Makes a database that no other test uses.
    pub async fn scratch(self) -> Scratch {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tenancy_test_{}_{number}", process::id());
        let url = match self {
            Engine::Sqlite => {
                let path = env::temp_dir().join(format!("{name}.db"));
                format!("sqlite://{}?mode=rwc", path.display())
            }
            Engine::Postgres | Engine::MySql => {
                let admin = self.admin().await;
                let create = format!("CREATE DATABASE {name}");
                admin
                    .execute_unprepared(&create)
                    .await
                    .expect("the server lets us make a database");
                admin.close().await.expect("the administrator's connection closes");
                let server = self.server();
                let (address, query) = server.split_once('?').unwrap_or((&server, ""));
                let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                format!("{base}/{name}{query}")
            }
        };
        Scratch { engine: self, name, url }
    }
}

async fn open(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    Database::connect(options).await.expect("the test's own database can be reached")
}

impl Scratch {
    /// Which engine it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address for a role that owns nothing and that policies bind.
    ///
    /// # Panics
    ///
    /// If the role cannot be made.
    pub async fn role(&self) -> String {
        let admin = self.engine.admin().await;
        let make = format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD 'served'; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        admin.execute_unprepared(&make).await.expect("a role can be made");
        admin.close().await.expect("the administrator's connection closes");
        let (_, place) = self.url.split_once("://").expect("a URL");
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        format!("postgres://{ROLE}:served@{place}")
    }

    /// What the names of its tenants' schemas and databases begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        self.name.replace("tenancy_test", "tt") + "_"
    }

    /// A connection beside the one under test, which sees everything.
    ///
    /// # Panics
    ///
    /// If the database cannot be reached.
    pub async fn eye(&self) -> DatabaseConnection {
        open(&self.url).await
    }

    /// The address of a tenant's own database.
    ///
    /// # Panics
    ///
    /// If this one's address is none.
    #[must_use]
    pub fn url_of(&self, tenant: &str) -> String {
        let name = format!("{}t_{tenant}", self.prefix());
        if self.engine == Engine::Sqlite {
            let folder = env::temp_dir().join(format!("{}.tenants", self.name));
            return format!("sqlite://{}/{name}.db", folder.display());
        }
        let (address, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (base, _) = address.rsplit_once('/').expect("a URL");
        format!("{base}/{name}?{query}")
    }

    /// A connection beside the one under test to a tenant's own database.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn eye_of(&self, tenant: &str) -> DatabaseConnection {
        open(&self.url_of(tenant)).await
    }

    /// Removes it.
    ///
    /// # Panics
    ///
    /// If the server does not let it go.
    pub async fn remove(self) {
        let drop = match self.engine {
            Engine::Sqlite => {
                let path = env::temp_dir().join(format!("{}.db", self.name));
                for end in ["", "-wal", "-shm"] {
                    // The side files exist only while somebody writes.
                    let _ = std::fs::remove_file(format!("{}{end}", path.display()));
                }
                // Only there if its tenants had databases.
                let _ = std::fs::remove_dir_all(path.with_extension("tenants"));
                return;
            }
            Engine::Postgres => format!("DROP DATABASE {} WITH (FORCE)", self.name),
            Engine::MySql => format!("DROP DATABASE {}", self.name),
        };
        let admin = self.engine.admin().await;
        // The databases of its tenants, which a prefix tells apart.
        let like = self.prefix().replace('_', "\\_");
        let named = match self.engine {
            Engine::MySql => format!("SHOW DATABASES LIKE '{like}%'"),
            _ => format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{like}%'"),
        };
        let named = sea_orm::Statement::from_string(admin.get_database_backend(), named);
        for row in admin.query_all_raw(named).await.expect("databases can be listed") {
            let name: String = row.try_get_by_index(0).expect("a name");
            // Names are plain.
            let force = if self.engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
            let drop = format!("DROP DATABASE {name}{force}");
            admin.execute_unprepared(&drop).await.expect("a tenant's database can be dropped");
        }
        admin.execute_unprepared(&drop).await.expect("the test's database can be dropped");
        admin.close().await.expect("the administrator's connection closes");
    }
}
