//! A shop with two tenants whose rows look alike, in a database of its own.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait};
use tenancy::{NewTenant, Tenancy, TenantDb};

use crate::{
    engine::{Engine, Scratch, Strategy},
    entity::{customer, item, order, product},
};

/// How long a test that failed may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A shop two tenants use: `acme` and `globex` hold rows with the same keys.
#[derive(Debug)]
pub struct Shop {
    /// The thing under test.
    pub tenancy: Tenancy,
    /// A connection beside it, which sees everything in the shared database.
    pub eye: DatabaseConnection,
    /// Connections to the databases of tenants that have their own.
    eyes: BTreeMap<&'static str, DatabaseConnection>,
    /// Where it is.
    pub scratch: Scratch,
    /// How its tenants are kept apart.
    pub strategy: Strategy,
    /// The tenant that does things.
    pub acme: TenantDb,
    /// The tenant that must not notice.
    pub globex: TenantDb,
}

impl Shop {
    /// All rows of the tenant that must not notice, as text, to be compared before and after: where
    /// it has tables of its own, whatever is in them.
    ///
    /// # Panics
    ///
    /// If a table cannot be read, or if there is nothing: its rows were kept elsewhere.
    pub async fn neighbour(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let own = if self.has_own("globex") { "" } else { " WHERE tenant_id = 'globex'" };
        for table in ["customers", "orders", "items", "ledger"] {
            let table = self.table("globex", table);
            let sql = format!("SELECT * FROM {table}{own} ORDER BY id");
            rows.extend(crate::entity::rows(self.beside("globex"), &sql).await);
        }
        assert!(!rows.is_empty(), "the neighbour's rows are not where they should be");
        rows
    }

    /// A connection beside the one under test, which sees a tenant's tables.
    #[must_use]
    pub fn beside(&self, tenant: &str) -> &DatabaseConnection {
        self.eyes.get(tenant).unwrap_or(&self.eye)
    }

    /// Whether no two tenants share tables.
    #[must_use]
    pub fn apart(&self) -> bool {
        matches!(self.strategy, Strategy::Schema | Strategy::Database | Strategy::Hybrid)
    }

    /// Whether a tenant has tables of its own.
    #[must_use]
    pub fn has_own(&self, tenant: &str) -> bool {
        match self.strategy {
            Strategy::Hybrid => tenant == "acme",
            _ => self.apart(),
        }
    }

    /// What a tenant's table is called, as seen from beside.
    #[must_use]
    pub fn table(&self, tenant: &str, table: &str) -> String {
        let prefix = self.scratch.prefix();
        let schema = self.has_own(tenant) && self.strategy != Strategy::Database;
        match (schema, self.scratch.engine()) {
            (true, Engine::Sqlite) => format!("\"{prefix}t_{tenant}${table}\""),
            (true, _) => format!("{prefix}t_{tenant}.{table}"),
            _ => table.to_owned(),
        }
    }
}

/// Runs a test on a fresh shop with row scoping.
///
/// # Panics
///
/// If the test does.
pub fn run<F: Future<Output = ()> + Send + 'static>(
    engine: Engine,
    body: impl FnOnce(Arc<Shop>) -> F,
) {
    run_in(engine, Strategy::Row, body);
}

/// Runs a test on a fresh shop and removes it afterwards, also if the test fails.
///
/// # Panics
///
/// If the test does.
pub fn run_in<F: Future<Output = ()> + Send + 'static>(
    engine: Engine,
    strategy: Strategy,
    body: impl FnOnce(Arc<Shop>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let shop = Arc::new(open(engine, strategy).await);
        let outcome = tokio::spawn(body(Arc::clone(&shop))).await;
        let shop = Arc::into_inner(shop);
        if let Err(panic) = outcome {
            if let Some(shop) = shop {
                drop((shop.acme, shop.globex));
                // What it left open would be in the way of what follows.
                let _ = tokio::time::timeout(PATIENCE, shop.tenancy.close()).await;
                shop.scratch.remove().await;
            }
            std::panic::resume_unwind(panic.into_panic());
        }
        let shop = shop.expect("a test lets go of its shop");
        shop.tenancy.close().await.expect("a tenancy closes");
        for eye in shop.eyes.into_values().chain([shop.eye]) {
            eye.close().await.expect("a connection closes");
        }
        shop.scratch.remove().await;
    });
}

async fn open(engine: Engine, strategy: Strategy) -> Shop {
    let scratch = engine.scratch().await;
    let builder = Tenancy::builder().database(&scratch.url).max_connections(4);
    let builder = strategy.isolate(builder, &scratch).await;
    let tenancy = builder.connect().await.expect("a tenancy connects");
    tenancy.create_tables().await.expect("the shop's tables can be made");
    let products = [(1, "Anvil", 500), (2, "Bolt", 10)];
    let operator = tenancy.unscoped("filling the shelves").await.expect("a reason was given");
    for (id, title, price) in products {
        let row = product::ActiveModel { id: Set(id), title: Set(title.into()), price: Set(price) };
        product::Entity::insert(row).exec_without_returning(&operator).await.expect("a product");
    }
    for slug in ["acme", "globex"] {
        let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a valid tenant");
        // Only a hybrid strategy asks.
        let new = if slug == "acme" { new.tier("enterprise") } else { new };
        tenancy.create_tenant(new).await.expect("a new tenant");
        let db = tenancy.db(slug).await.expect("the tenant's connection");
        stock(&db).await;
        strategy.warm_up(&tenancy, &db, "SELECT id FROM orders").await;
    }
    let acme = tenancy.db("acme").await.expect("the tenant's connection");
    let globex = tenancy.db("globex").await.expect("the tenant's connection");
    let eye = scratch.eye().await;
    let mut eyes = BTreeMap::new();
    if strategy == Strategy::Database {
        for tenant in ["acme", "globex"] {
            eyes.insert(tenant, scratch.eye_of(tenant).await);
        }
    }
    Shop { tenancy, eye, eyes, scratch, strategy, acme, globex }
}

/// The same rows with the same keys for everyone; only a name and the totals tell them apart.
async fn stock(db: &TenantDb) {
    let slug = db.tenant().slug.as_str().to_owned();
    let factor = if slug == "acme" { 1 } else { 1_000 };
    for id in 1..=3 {
        let row = customer::ActiveModel {
            id: Set(id),
            name: Set(format!("{slug} customer {id}")),
            email: Set(format!("c{id}@example.org")),
            ..Default::default()
        };
        customer::Entity::insert(row).exec_without_returning(db).await.expect("a customer");
    }
    for id in 1..=6 {
        let row = order::ActiveModel {
            id: Set(id),
            customer_id: Set((id - 1) % 3 + 1),
            status: Set(if id % 2 == 0 { "paid" } else { "open" }.into()),
            total: Set(id * factor),
            ..Default::default()
        };
        order::Entity::insert(row).exec_without_returning(db).await.expect("an order");
        let row = item::ActiveModel {
            id: Set(id),
            order_id: Set(id),
            product_id: Set(id % 2 + 1),
            quantity: Set(id * factor),
            ..Default::default()
        };
        item::Entity::insert(row).exec_without_returning(db).await.expect("an item");
    }
}
