//! Where the tenants are: a server, how they are kept apart on it, and the way to look at it from
//! beside.

use sea_orm::{
    ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbBackend, FromQueryResult, Statement,
};
use tenancy::{Database, NewTenant, Row as Rows, Schema, Tenancy};
use tenancy_tests::{Engine, Strategy, engine::Scratch};

use crate::{history::Row, server::Server, settings::Settings};

/// Connections of the pool all tenants share, and of the operator's.
pub(crate) const CONNECTIONS: u32 = 12;
/// Connections to databases of tenants' own, and how many of them one tenant may have.
const BUDGET: (usize, usize) = (24, 3);
/// Serves tenants where policies bind it.
const ROLE: &str = "soak_served";

/// A server, and how tenants are kept apart on it.
pub(crate) struct Ground {
    pub(crate) engine: Engine,
    pub(crate) strategy: Strategy,
    place: Place,
}

enum Place {
    /// Ours alone, to be restarted.
    Own(Server),
    Scratch(Scratch),
}

impl Ground {
    pub(crate) async fn new(engine: Engine, strategy: Strategy) -> Self {
        let place = match engine {
            Engine::Postgres => Place::Own(Server::start().await),
            _ => Place::Scratch(engine.scratch().await),
        };
        Self { engine, strategy, place }
    }

    pub(crate) async fn restart(&mut self) {
        match &mut self.place {
            Place::Own(server) => server.restart().await,
            Place::Scratch(_) => panic!("this server is not ours to restart"),
        }
    }

    pub(crate) async fn remove(self) {
        if let Place::Scratch(scratch) = self.place {
            scratch.remove().await;
        }
    }

    fn url(&self) -> String {
        match &self.place {
            Place::Own(server) => format!("{}/postgres", server.base()),
            Place::Scratch(scratch) => scratch.url.clone(),
        }
    }

    fn prefix(&self) -> String {
        match &self.place {
            Place::Own(_) => "soak_".to_owned(),
            Place::Scratch(scratch) => scratch.prefix(),
        }
    }

    /// At most that many connections can be broken when the server is back.
    pub(crate) fn connections(&self) -> u64 {
        2 * u64::from(CONNECTIONS) + BUDGET.0 as u64
    }

    /// An application on it, with its tables and its tenants.
    pub(crate) async fn open(&self, settings: &Settings) -> Tenancy {
        let url = self.url();
        let builder = Tenancy::builder()
            .database(&url)
            .max_connections(CONNECTIONS)
            .connection_budget(BUDGET.0)
            .connections_per_tenant(BUDGET.1);
        let builder = match self.strategy {
            Strategy::Row => builder.isolation(Rows::new()),
            Strategy::Schema => builder.isolation(Schema::new().prefix(self.prefix())),
            Strategy::Database => builder.isolation(Database::new().prefix(self.prefix())),
            policies => {
                let eye = eye(&url).await;
                let role = format!("CREATE ROLE {ROLE} LOGIN");
                eye.execute_unprepared(&role).await.expect("a role can be made");
                eye.close().await.expect("a connection closes");
                let served = url.replace("postgres://postgres@", &format!("postgres://{ROLE}@"));
                let rls = policies.policies().expect("a strategy with policies");
                builder.database(served).operator(&url).isolation(rls)
            }
        };
        let tenancy = builder.connect().await.expect("a tenancy connects");
        tenancy.create_tables().await.expect("the tables can be made");
        for slug in settings.tenants() {
            let new = NewTenant::new(&slug).and_then(|new| new.id(&slug)).expect("a valid tenant");
            tenancy.create_tenant(new).await.expect("a new tenant");
        }
        tenancy
    }

    /// How many transactions are open and idle, as the server says itself.
    pub(crate) async fn left_open(&self) -> i64 {
        if self.engine != Engine::Postgres {
            return 0;
        }
        let eye = eye(&self.url()).await;
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = eye.query_one_raw(statement).await.expect("the server answers");
        eye.close().await.expect("a connection closes");
        row.and_then(|row| row.try_get_by_index(0).ok()).expect("a count is a number")
    }

    /// What is in the table a tenant uses, whoever it belongs to.
    pub(crate) async fn entries(&self, tenant: &str) -> Vec<Row> {
        let sql = "SELECT id, version, tenant_id AS tenant, tag FROM {} ORDER BY id";
        let rows = self.look(tenant, "soak_entries", sql).await;
        rows.into_iter()
            .map(|(id, version, tenant, tag)| Row { id, version, tenant, tag })
            .collect()
    }

    /// What is in the table of counters a tenant uses: keys, totals, tenants, tags.
    pub(crate) async fn counters(&self, tenant: &str) -> Vec<(i64, i64, String, String)> {
        let sql = "SELECT id, total AS version, tenant_id AS tenant, tag FROM {} ORDER BY id";
        self.look(tenant, "soak_counters", sql).await
    }

    async fn look(&self, tenant: &str, table: &str, sql: &str) -> Vec<(i64, i64, String, String)> {
        #[derive(Debug, FromQueryResult)]
        struct Seen {
            id: i64,
            version: i64,
            tenant: String,
            tag: String,
        }
        let (url, table) = self.whereabouts(tenant, table);
        let eye = eye(&url).await;
        let sql = sql.replace("{}", &table);
        let statement = Statement::from_string(eye.get_database_backend(), sql);
        let seen = Seen::find_by_statement(statement).all(&eye).await.expect("a table can be read");
        eye.close().await.expect("a connection closes");
        seen.into_iter().map(|row| (row.id, row.version, row.tenant, row.tag)).collect()
    }

    fn whereabouts(&self, tenant: &str, table: &str) -> (String, String) {
        let own = format!("{}t_{tenant}", self.prefix());
        match (self.strategy, &self.place, self.engine) {
            (Strategy::Schema, _, Engine::Sqlite) => (self.url(), format!("\"{own}${table}\"")),
            (Strategy::Schema, ..) => (self.url(), format!("{own}.{table}")),
            (Strategy::Database, Place::Own(server), _) => {
                (format!("{}/{own}", server.base()), table.to_owned())
            }
            (Strategy::Database, Place::Scratch(scratch), _) => {
                (scratch.url_of(tenant), table.to_owned())
            }
            _ => (self.url(), table.to_owned()),
        }
    }
}

async fn eye(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    SeaOrm::connect(options).await.expect("the database can be reached")
}
