//! A shop whose tables have policies, and an application that they bind.

use std::{future::Future, panic::resume_unwind, sync::Arc};

use futures_util::{StreamExt, TryStreamExt};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    JsonValue, QueryFilter, QueryOrder, Statement, StreamTrait, TransactionTrait,
};
use tenancy::{
    Builder, Lanes, Rls, Signing, Tenancy, TenantConnections, TenantDb, UnscopedDb,
    policy::{Context, INSTALL_KEY, RoleName, RowSecurity, token::Key},
};
use tenancy_tests::{
    Engine, Shop, Strategy,
    entity::{ledger, order, rows},
    shop,
    wait::until,
};
use tokio::{runtime::Handle, task::spawn_blocking};

/// The role of the application: it owns nothing, and no policy spares it.
const ROLE: &str = "tenancy_test_app";

/// The shop, its application, and where its server is.
pub(crate) struct World {
    pub(crate) shop: Arc<Shop>,
    /// Host and port of the server.
    pub(crate) server: String,
}

/// An application.
pub(crate) struct App {
    pub(crate) tenancy: Tenancy,
    pub(crate) acme: TenantDb,
    pub(crate) globex: TenantDb,
    /// On the same connections, without any tenant.
    pub(crate) nobody: UnscopedDb,
}

/// Runs a test in a world of its own.
pub(crate) fn run<F: Future<Output = ()>>(body: impl FnOnce(World) -> F + Send + 'static) {
    run_in(Strategy::Row, async |shop| {
        let server = place(&shop.scratch.url).to_owned();
        protect(&shop).await;
        body(World { shop, server }).await;
    });
}

/// Runs a test in a shop, where it need not be able to move to another thread.
pub(crate) fn run_in(strategy: Strategy, body: impl AsyncFnOnce(Arc<Shop>) + Send + 'static) {
    shop::run_in(Engine::Postgres, strategy, |shop: Arc<Shop>| async move {
        let runtime = Handle::current();
        let test = spawn_blocking(move || runtime.block_on(async { body(shop).await }));
        if let Err(error) = test.await {
            resume_unwind(error.into_panic());
        }
    });
}

/// Host and port in a URL.
pub(crate) fn place(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap();
    rest.rsplit_once('@').map_or(rest, |(_, place)| place)
}

/// Puts a policy on every table with tenants' rows. Each entry of the ledger keeps what the
/// database was told when it was written, and on which connection.
async fn protect(shop: &Shop) {
    let sql = format!(
        "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD 'app';
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
         ALTER TABLE ledger ADD COLUMN told TEXT DEFAULT current_setting('tenancy.tenant_id', true);
         ALTER TABLE ledger ADD COLUMN pid INTEGER DEFAULT pg_backend_pid();"
    );
    shop.eye.execute_unprepared(&sql).await.unwrap();
    put_up(shop, Context::Setting).await;
}

/// The policies, which learn the tenant from there.
async fn put_up(shop: &Shop, context: Context) {
    let catalog = tenancy::entity::catalog().unwrap();
    let security = RowSecurity::new(&catalog, RoleName::new(ROLE).unwrap()).context(context);
    for statement in security.up().statements() {
        shop.eye.execute_unprepared(statement).await.unwrap();
    }
}

impl World {
    /// The address of the shop's database for its application, at a server or what is before it.
    pub(crate) fn url(&self, place: &str) -> String {
        let name = self.shop.scratch.name();
        format!("postgres://{ROLE}:app@{place}/{name}")
    }

    /// An application whose transactions say who asks.
    pub(crate) async fn app(&self, url: &str, connections: u32) -> App {
        let builder = Self::builder(url, connections, Rls::new());
        App::of(builder.__unscoped_beside_others().connect().await.unwrap()).await
    }

    fn builder(url: &str, connections: u32, rls: Rls) -> Builder {
        Tenancy::builder().database(url).max_connections(connections).isolation(rls)
    }

    /// The same, which asks each time whether the tenant is still served.
    pub(crate) async fn asking(&self, url: &str, connections: u32) -> App {
        let builder = Self::builder(url, connections, Rls::new().check_status());
        let builder = builder.operator(self.shop.scratch.url.as_str());
        App::of(builder.connect().await.unwrap()).await
    }

    /// An application with lanes; a tenant is asked for often enough to have one.
    pub(crate) async fn with_lanes(&self, url: &str, connections: u32, lanes: Lanes) -> App {
        let builder = Self::builder(url, connections, Rls::new().lanes(lanes));
        App::of(builder.connect().await.unwrap()).await
    }

    /// From now on policies believe tokens only, and these keys.
    pub(crate) async fn verify_tokens(&self, keys: &[&Key]) {
        put_up(&self.shop, Context::Signed).await;
        let told = "ALTER TABLE ledger ALTER COLUMN told SET DEFAULT tenancy.tenant()";
        self.shop.eye.execute_unprepared(told).await.unwrap();
        for key in keys {
            let values = [key.id().into(), key.inner_block().into(), key.outer_block().into()];
            let install = Statement::from_sql_and_values(DbBackend::Postgres, INSTALL_KEY, values);
            self.shop.eye.execute_raw(install).await.unwrap();
        }
    }

    /// An application whose transactions sign who asks.
    pub(crate) async fn signing(&self, url: &str, connections: u32, signing: Signing) -> App {
        let builder = Self::builder(url, connections, Rls::new().signed(signing));
        App::of(builder.__unscoped_beside_others().connect().await.unwrap()).await
    }

    /// An application that says nothing to the database.
    pub(crate) async fn silent(&self, url: &str, connections: u32) -> App {
        let tenancy = Tenancy::builder().database(url).max_connections(connections);
        let tenancy = tenancy.__unscoped_beside_others();
        App::of(tenancy.connect().await.unwrap()).await
    }

    /// All entries were written in the name of the tenant they belong to.
    pub(crate) async fn all_told_right(&self) {
        let wrong = "SELECT * FROM ledger WHERE told IS DISTINCT FROM tenant_id";
        assert_eq!(rows(&self.shop.eye, wrong).await, [""; 0]);
    }

    pub(crate) async fn entries(&self, tenant: &str) -> Vec<String> {
        let sql = format!("SELECT entry FROM ledger WHERE tenant_id = '{tenant}' ORDER BY entry");
        rows(&self.shop.eye, &sql).await
    }
}

impl App {
    pub(crate) async fn of(tenancy: Tenancy) -> Self {
        let acme = tenancy.db("acme").await.unwrap();
        let globex = tenancy.db("globex").await.unwrap();
        let nobody = tenancy.unscoped("seeing what is left on a connection").await.unwrap();
        Self { tenancy, acme, globex, nobody }
    }

    /// Whoever takes one of the connections next is nobody, and sees nothing.
    pub(crate) async fn nothing_is_left(&self) {
        let backend = ConnectionTrait::get_database_backend(&self.nobody);
        let sql = "SELECT COALESCE(current_setting('tenancy.tenant_id', true), '') AS who, \
                   (SELECT COUNT(*) FROM orders) AS n";
        let row = JsonValue::find_by_statement(Statement::from_string(backend, sql));
        let row = row.one(&self.nobody).await.unwrap().unwrap();
        assert_eq!(row.to_string(), r#"{"n":0,"who":""}"#);
    }

    /// A tenant's lane.
    pub(crate) fn lane(&self, tenant: &str) -> Option<TenantConnections> {
        lane(&self.tenancy, tenant)
    }

    /// Waits until all of a lane's connections are back, and there are that many.
    pub(crate) async fn lane_is_free(&self, tenant: &str, connections: usize) {
        until(&format!("{tenant} has {connections} free"), async || {
            let lane = self.lane(tenant);
            lane.is_some_and(|it| it.idle == connections && it.held + it.opening + it.closing == 0)
        })
        .await;
    }

    /// Asks for a tenant until it has a lane of one connection, and counts how often that was.
    pub(crate) async fn warm_up(&self, db: &TenantDb) -> usize {
        let tenant = db.tenant().id.to_string();
        let mut asked = 0;
        until("it has a lane", async || {
            read(db).await;
            asked += 1;
            self.lane(&tenant).is_some_and(|lane| lane.idle > 0)
        })
        .await;
        asked
    }

    pub(crate) async fn close(self) {
        self.tenancy.close().await.unwrap();
    }
}

pub(crate) fn lane(tenancy: &Tenancy, tenant: &str) -> Option<TenantConnections> {
    let all = tenancy.connections().tenants;
    all.into_iter().find(|it| it.lane && &*it.tenant == tenant)
}

/// The totals of a tenant's orders.
pub(crate) fn totals(tenant: &str) -> Vec<i64> {
    let factor = if tenant == "acme" { 1 } else { 1_000 };
    (1..=6).map(|n| n * factor).collect()
}

pub(crate) fn entry(text: impl Into<String>) -> ledger::ActiveModel {
    ledger::ActiveModel { entry: Set(text.into()), amount: Set(1), ..Default::default() }
}

pub(crate) async fn read(db: &impl ConnectionTrait) -> Vec<i64> {
    let orders = order::Entity::find().order_by_asc(order::Column::Id).all(db).await.unwrap();
    orders.into_iter().map(|order| order.total).collect()
}

async fn raw(db: &impl ConnectionTrait) -> Vec<i64> {
    let sql = "SELECT o.total FROM orders o JOIN items i ON i.order_id = o.id ORDER BY o.id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    rows.unwrap().iter().map(|row| row.try_get("", "total").unwrap()).collect()
}

async fn stream(db: &(impl ConnectionTrait + StreamTrait)) -> Vec<i64> {
    let rows = order::Entity::find().order_by_asc(order::Column::Id).stream(db).await.unwrap();
    rows.map_ok(|order| order.total).try_collect().await.unwrap()
}

/// Everything a tenant does, each with what must come of it. Writes two entries.
pub(crate) async fn work(db: &TenantDb, mark: &str) {
    let tenant = db.tenant().id.to_string();
    let own = totals(&tenant);
    assert_eq!(read(db).await, own);
    assert_eq!(raw(db).await, own);
    assert_eq!(stream(db).await, own);
    drop(order::Entity::find().stream(db).await.unwrap().next().await);
    assert!(db.execute_unprepared("SELECT 1/0 FROM orders").await.is_err());

    ledger::Entity::insert(entry(format!("{mark} one"))).exec(db).await.unwrap();
    let outer = db.begin().await.unwrap();
    assert_eq!(read(&outer).await, own);
    ledger::Entity::insert(entry(format!("{mark} two"))).exec(&outer).await.unwrap();
    for end in 0..3 {
        let inner = outer.begin().await.unwrap();
        ledger::Entity::insert(entry(format!("{mark} never"))).exec(&inner).await.unwrap();
        assert_eq!(stream(&inner).await, own);
        match end {
            0 => inner.rollback().await.unwrap(),
            1 => drop(inner),
            // A failed statement, after which only going back helps.
            _ => {
                assert!(inner.execute_unprepared("SELECT 1/0 FROM orders").await.is_err());
                inner.rollback().await.unwrap();
            }
        }
    }
    assert_eq!(stream(&outer).await, own);
    drop(order::Entity::find().stream(&outer).await.unwrap().next().await);
    outer.commit().await.unwrap();

    let mine = ledger::Column::Entry.starts_with(mark);
    let entries = ledger::Entity::find().filter(mine).order_by_asc(ledger::Column::Id);
    let entries: Vec<_> = entries.all(db).await.unwrap().into_iter().map(|row| row.entry).collect();
    assert_eq!(entries, [format!("{mark} one"), format!("{mark} two")]);
}
