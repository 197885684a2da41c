//! A database with three parties: an administrator, the owner of the tables, and the application.

use std::{future::Future, sync::Arc};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, Statement, TransactionTrait,
};
use tenancy::{
    catalog::Catalog,
    entity, policy,
    policy::{RoleName, RowSecurity},
    schema,
};
use tenancy_tests::{Engine, engine::Scratch};

const PASSWORD: &str = "trap";

/// The parties and their connections, one each.
#[derive(Debug)]
pub(crate) struct Stage {
    scratch: Scratch,
    /// A superuser, who sees everything.
    pub(crate) admin: DatabaseConnection,
    /// Who made the tables; neither a superuser nor the application.
    pub(crate) owner: DatabaseConnection,
    /// The application.
    pub(crate) app: DatabaseConnection,
    /// The shop's tables.
    pub(crate) catalog: Catalog,
}

/// Runs a test on the shop's tables with row security, and removes all of it afterwards.
pub(crate) fn run<F>(body: impl FnOnce(Arc<Stage>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let stage = Arc::new(Stage::open().await);
        let outcome = tokio::spawn(body(Arc::clone(&stage))).await;
        let stage = Arc::into_inner(stage).expect("a test lets go of its stage");
        stage.close().await;
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic.into_panic());
        }
    });
}

impl Stage {
    async fn open() -> Self {
        let scratch = Engine::Postgres.scratch().await;
        let name = scratch.name().to_owned();
        let admin = scratch.eye().await;
        for role in ["owner", "app"] {
            let sql = format!("CREATE ROLE {name}_{role} LOGIN PASSWORD '{PASSWORD}'");
            exec(&admin, &sql).await.expect("a role can be made");
        }
        exec(&admin, &format!("ALTER DATABASE {name} OWNER TO {name}_owner")).await.unwrap();
        exec(&admin, &format!("ALTER SCHEMA public OWNER TO {name}_owner")).await.unwrap();
        let owner = connect(&scratch.url, &format!("{name}_owner")).await;
        for statement in schema::create_all(DbBackend::Postgres).expect("the shop's tables") {
            owner.execute_raw(statement).await.expect("a table can be made");
        }
        let app = connect(&scratch.url, &format!("{name}_app")).await;
        let catalog = entity::catalog().expect("a catalog");
        let stage = Self { scratch, admin, owner, app, catalog };
        stage.apply(&stage.security().up()).await;
        exec(&stage.admin, STOCK).await.expect("two tenants' rows");
        stage
    }

    async fn close(self) {
        let name = self.scratch.name().to_owned();
        let Self { scratch, admin, owner, app, .. } = self;
        for connection in [app, owner] {
            connection.close().await.expect("a connection closes");
        }
        let roles = format!("SELECT rolname FROM pg_roles WHERE starts_with(rolname, '{name}_')");
        for role in texts(&admin, &roles).await.expect("the roles can be listed") {
            let drop = format!(
                "REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}"
            );
            exec(&admin, &drop).await.expect("a role can be dropped");
        }
        admin.close().await.expect("a connection closes");
        scratch.remove().await;
    }

    /// The row security the shop begins with.
    pub(crate) fn security(&self) -> RowSecurity<'_> {
        RowSecurity::new(&self.catalog, RoleName::new(self.role("app")).expect("a role"))
    }

    /// A role of this stage; any that begins so is dropped at the end.
    pub(crate) fn role(&self, role: &str) -> String {
        format!("{}_{role}", self.scratch.name())
    }

    /// Makes another role.
    pub(crate) async fn another(&self, role: &str, attributes: &str) -> String {
        let role = self.role(role);
        let sql = format!("CREATE ROLE {role} {attributes} PASSWORD '{PASSWORD}'");
        exec(&self.admin, &sql).await.expect("a role can be made");
        role
    }

    /// Where a role of this stage logs in.
    pub(crate) fn url(&self, role: &str) -> String {
        url(&self.scratch.url, &self.role(role))
    }

    /// A connection as another role.
    pub(crate) async fn connect(&self, role: &str) -> DatabaseConnection {
        connect(&self.scratch.url, role).await
    }

    /// Runs a script as the owner, all of it at once, as `psql -f` would.
    pub(crate) async fn apply(&self, script: &policy::Script) {
        exec(&self.owner, &script.to_string()).await.expect("the script runs");
    }

    /// Runs statements as the owner.
    pub(crate) async fn as_owner(&self, sql: &str) {
        exec(&self.owner, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs statements as the administrator.
    pub(crate) async fn as_admin(&self, sql: &str) {
        exec(&self.admin, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A transaction of the application for a tenant.
    pub(crate) async fn tenant(&self, tenant: &str) -> DatabaseTransaction {
        enter(&self.app, tenant).await
    }

    /// What a query shows the application as a tenant.
    pub(crate) async fn sees(&self, tenant: &str, sql: &str) -> Vec<String> {
        let transaction = self.tenant(tenant).await;
        let rows = texts(&transaction, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        transaction.rollback().await.expect("a transaction ends");
        rows
    }

    /// Why the application may not do something as a tenant.
    pub(crate) async fn refuses(&self, tenant: &str, sql: &str) -> String {
        let transaction = self.tenant(tenant).await;
        let outcome = exec(&transaction, sql).await;
        transaction.rollback().await.expect("a transaction ends");
        match outcome {
            Ok(()) => panic!("{sql} was not refused"),
            Err(error) => error.to_string(),
        }
    }

    /// Does something as a tenant, for good.
    pub(crate) async fn does(&self, tenant: &str, sql: &str) -> u64 {
        let transaction = self.tenant(tenant).await;
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let outcome = transaction.execute_raw(statement).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
        transaction.commit().await.expect("a transaction ends");
        outcome.rows_affected()
    }

    /// What a query shows the administrator.
    pub(crate) async fn truth(&self, sql: &str) -> Vec<String> {
        texts(&self.admin, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// A transaction for a tenant on any connection.
pub(crate) async fn enter(connection: &DatabaseConnection, tenant: &str) -> DatabaseTransaction {
    let transaction = connection.begin().await.expect("a transaction begins");
    let set = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT set_config('tenancy.tenant_id', $1, true)",
        [tenant.into()],
    );
    transaction.execute_raw(set).await.expect("the context can be set");
    transaction
}

fn url(url: &str, role: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, place) = rest.split_once('@').unwrap_or(("", rest));
    format!("{scheme}://{role}:{PASSWORD}@{place}")
}

async fn connect(at: &str, role: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url(at, role));
    options.max_connections(1).sqlx_logging(false).test_before_acquire(false);
    Database::connect(options).await.expect("the role can log in")
}

/// Runs any number of statements.
pub(crate) async fn exec(db: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(|_| ())
}

/// The rows of a query whose columns are text, joined by blanks.
pub(crate) async fn texts(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let sql = format!(
        "SELECT array_to_string(ARRAY(SELECT value FROM json_each_text(to_json(q))), ' ', '∅') FROM ({sql}) AS q"
    );
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// The same rows for both; only a name and the totals tell them apart.
const STOCK: &str = "
    INSERT INTO products VALUES (1, 'Anvil', 500), (2, 'Bolt', 10);
    INSERT INTO words VALUES (1, 'word');
    INSERT INTO customers (tenant_id, id, name, email)
        SELECT t, n, t || ' customer ' || n, 'c' || n || '@example.org'
        FROM unnest(ARRAY['acme', 'globex']) AS t, generate_series(1, 3) AS n;
    INSERT INTO orders (tenant_id, id, customer_id, status, total)
        SELECT t, n, n, 'open', n * CASE t WHEN 'acme' THEN 1 ELSE 1000 END
        FROM unnest(ARRAY['acme', 'globex']) AS t, generate_series(1, 3) AS n;
    INSERT INTO items (tenant_id, id, order_id, product_id, quantity)
        SELECT t, n, n, 1, 1 FROM unnest(ARRAY['acme', 'globex']) AS t, generate_series(1, 3) AS n;
    INSERT INTO ledger (tenant_id, entry, amount)
        SELECT t, t || ' entry', 1 FROM unnest(ARRAY['acme', 'globex']) AS t;
    ANALYZE;
";
