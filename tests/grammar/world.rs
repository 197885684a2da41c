//! Three tenants with look-alike rows on one shared database, and each of them alone on a database
//! of its own.
//!
//! The private databases have the same tables, so that every statement means the same there,
//! `SELECT *` and NATURAL JOIN included. Only the tenant column fills itself, and keys are unique
//! without it, as they would be in a program that knows no tenants.

use std::fmt::Write as _;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, QueryResult,
    Statement,
};
use tenancy::{
    NewTenant, Tenancy, TenantDb, UnscopedDb,
    catalog::Catalog,
    entity::{shared_definition, tenant_definition},
    schema,
};
use tenancy_tests::{
    Engine,
    engine::Scratch,
    entity::{customer, item, ledger, order, product, word},
};

pub(crate) const TENANTS: [&str; 3] = ["acme", "globex", "initech"];

/// The tables whose rows are compared, those that depend on others first.
const WRITTEN: [&str; 5] = ["items", "orders", "customers", "ledger", "words"];

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) catalog: Catalog,
    pub(crate) shared: Vec<TenantDb>,
    pub(crate) private: Vec<DatabaseConnection>,
    /// Sees all rows of the shared database.
    pub(crate) eye: UnscopedDb,
    tenancy: Tenancy,
    scratches: Vec<Scratch>,
    watchdog: Option<tokio::task::JoinHandle<()>>,
    /// The rows of each tenant before any statement.
    stock: Vec<Vec<String>>,
}

/// Interrupts statements of this program that run for longer than any of a few rows takes: now and
/// then MariaDB never comes to an end.
async fn watch(eye: DatabaseConnection) {
    let late = format!(
        "SELECT CAST(id AS CHAR) FROM information_schema.processlist \
         WHERE db LIKE 'tenancy\\_test\\_{}\\_%' AND command <> 'Sleep' AND time > 5",
        std::process::id()
    );
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let late = Statement::from_string(DbBackend::MySql, &late);
        for row in eye.query_all_raw(late).await.unwrap_or_default() {
            let id: String = row.try_get_by_index(0).expect("a number");
            // It may be over by now.
            let _ = eye.execute_unprepared(&format!("KILL QUERY {id}")).await;
        }
    }
}

/// The keys of a tenant's rows in the table whose keys count over all tenants.
pub(crate) fn ledger_keys(tenant: &str) -> [i64; 2] {
    let place = TENANTS.iter().position(|one| *one == tenant).unwrap_or_default();
    let first = 10 * i64::try_from(place).expect("few tenants") + 1;
    [first, first + 1]
}

impl World {
    pub(crate) async fn open(engine: Engine) -> Self {
        let mut scratches = Vec::new();
        let mut url = async || match engine {
            Engine::Sqlite => "sqlite::memory:".to_owned(),
            Engine::Postgres | Engine::MySql => {
                let scratch = engine.scratch().await;
                if engine == Engine::Postgres {
                    // Compiling a query of a few rows takes a hundred times as long as running it.
                    let eye = scratch.eye().await;
                    let off = format!("ALTER DATABASE {} SET jit = off", scratch.name());
                    eye.execute_unprepared(&off).await.expect("a setting of an own database");
                    eye.close().await.expect("a connection closes");
                }
                let mut url = scratch.url.clone();
                if engine == Engine::MySql {
                    // A statement forgotten costs the next one a delay of the network's.
                    let sign = if url.contains('?') { '&' } else { '?' };
                    url = format!("{url}{sign}statement-cache-capacity=3000");
                }
                scratches.push(scratch);
                url
            }
        };
        let tenancy = Tenancy::builder().database(url().await).max_connections(2);
        let tenancy = tenancy.connect().await.expect("a tenancy connects");
        tenancy.create_tables().await.expect("tables are made");
        let eye =
            tenancy.unscoped("comparing all tenants' rows").await.expect("a reason was given");
        eye.execute_unprepared(PRODUCTS).await.expect("products");
        let (mut shared, mut private) = (Vec::new(), Vec::new());
        for slug in TENANTS {
            let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a valid tenant");
            tenancy.create_tenant(new).await.expect("a new tenant");
            shared.push(tenancy.db(slug).await.expect("a connection"));
            private.push(alone(&url().await, slug).await);
        }
        let catalog = Catalog::new([
            tenant_definition::<customer::Entity>("customer"),
            tenant_definition::<order::Entity>("order"),
            tenant_definition::<item::Entity>("item"),
            tenant_definition::<ledger::Entity>("ledger"),
            shared_definition::<product::Entity>("product"),
            shared_definition::<word::Entity>("word"),
        ]);
        let catalog = catalog.expect("the shop's tables agree");
        let stock = Vec::new();
        let watchdog = match scratches.first() {
            Some(scratch) if engine == Engine::MySql => {
                Some(tokio::spawn(watch(scratch.eye().await)))
            }
            _ => None,
        };
        let mut world =
            Self { engine, catalog, shared, private, eye, tenancy, scratches, watchdog, stock };
        world.restock(0).await;
        for tenant in 0..TENANTS.len() {
            world.private[tenant]
                .execute_unprepared(&stocking(&TENANTS[tenant..=tenant]))
                .await
                .expect("a private database is stocked");
            world.stock.push(world.own_rows(tenant).await);
        }
        let (all, expected) = (world.all_rows().await, world.stock.clone());
        assert_eq!(all, expected, "the databases begin in step");
        world
    }

    pub(crate) async fn close(self) {
        let Self { shared, private, eye, tenancy, scratches, watchdog, .. } = self;
        if let Some(watchdog) = watchdog {
            watchdog.abort();
        }
        drop((shared, eye));
        tenancy.close().await.expect("a tenancy closes");
        for connection in private {
            connection.close().await.expect("a connection closes");
        }
        for scratch in scratches {
            scratch.remove().await;
        }
    }

    /// The rows every tenant has on the shared database. The words all tenants share are with each.
    pub(crate) async fn all_rows(&self) -> Vec<Vec<String>> {
        let rows = self.eye.query_all_raw(self.dump()).await.expect("all rows can be read");
        let rows: Vec<String> = rows.iter().map(text).collect();
        let of = |tenant: &str| {
            let own =
                |row: &&String| row.starts_with(&format!("{tenant}|")) || row.starts_with("all|");
            let mut rows: Vec<String> = rows.iter().filter(own).cloned().collect();
            rows.sort();
            rows
        };
        TENANTS.iter().map(|tenant| of(tenant)).collect()
    }

    /// The rows of a tenant's private database.
    pub(crate) async fn own_rows(&self, tenant: usize) -> Vec<String> {
        let rows = self.private[tenant].query_all_raw(self.dump()).await;
        let mut rows: Vec<String> = rows.expect("own rows can be read").iter().map(text).collect();
        rows.sort();
        rows
    }

    pub(crate) fn stock(&self, tenant: usize) -> &[String] {
        &self.stock[tenant]
    }

    /// Brings the shared database back to where it began.
    pub(crate) async fn restock_shared(&self) {
        self.eye.execute_unprepared(&stocking(&TENANTS)).await.expect("the shared tables");
    }

    /// Brings the shared database and one private one back to where they began.
    pub(crate) async fn restock(&self, tenant: usize) {
        self.restock_shared().await;
        let sql = stocking(&TENANTS[tenant..=tenant]);
        self.private[tenant].execute_unprepared(&sql).await.expect("the private tables");
    }

    fn dump(&self) -> Statement {
        let text = match self.engine {
            Engine::MySql => "CONCAT(name, ' ', email)",
            _ => "name || ' ' || email",
        };
        let sql = format!(
            "SELECT tenant_id, 'customer', id, 0, {text}, 0 FROM customers \
             UNION ALL SELECT tenant_id, 'order', id, customer_id, status, total FROM orders \
             UNION ALL SELECT tenant_id, 'item', id, order_id, 'x', product_id * 1000000 + quantity FROM items \
             UNION ALL SELECT tenant_id, 'ledger', id, 0, entry, amount FROM ledger \
             UNION ALL SELECT 'all', 'word', id, 0, word, 0 FROM words"
        );
        Statement::from_string(self.eye.get_database_backend(), sql)
    }
}

const PRODUCTS: &str = "INSERT INTO products (id, title, price) VALUES \
    (1, 'Anvil', 5), (2, 'Bolt', 20), (3, 'paid', 3)";

/// What empties the tables and fills them for some tenants: the same keys, other values.
fn stocking(tenants: &[&str]) -> String {
    let mut sql = String::new();
    for table in WRITTEN {
        let _ = write!(sql, "DELETE FROM {table}; ");
    }
    let _ = write!(sql, "INSERT INTO words (id, word) VALUES (1, 'new'), (2, 'paid'), (3, 'c1'); ");
    let mut tables = [
        ("customers (tenant_id, id, name, email)", Vec::new()),
        ("orders (tenant_id, id, customer_id, status, total)", Vec::new()),
        ("items (tenant_id, id, order_id, product_id, quantity)", Vec::new()),
        ("ledger (tenant_id, id, entry, amount)", Vec::new()),
    ];
    for tenant in tenants {
        let place = TENANTS.iter().position(|one| one == tenant).unwrap_or_default();
        let [customers, orders, items, ledger] = &mut tables;
        let shift = |id: usize, range: usize| (id * (place + 2) + place) % range;
        for id in 1..=4 {
            let name = ["ann", "bob", "paid", "c2", "it's"][shift(id, 5)];
            let name = name.replace('\'', "''");
            customers.1.push(format!("('{tenant}', {id}, '{name}', 'c{id}@example.org')"));
        }
        for id in 1..=6 {
            let (customer, total) = (1 + shift(id, 3), 5 * shift(id, 5) + place);
            let status = ["new", "paid", "sent"][shift(id, 3)];
            orders.1.push(format!("('{tenant}', {id}, {customer}, '{status}', {total})"));
        }
        for id in 1..=7 {
            let (order, product, quantity) = (1 + shift(id, 5), 1 + shift(id, 3), shift(id, 7));
            items.1.push(format!("('{tenant}', {id}, {order}, {product}, {quantity})"));
        }
        for (index, id) in ledger_keys(tenant).into_iter().enumerate() {
            ledger.1.push(format!("('{tenant}', {id}, 'new', {})", shift(index, 9)));
        }
    }
    for (table, rows) in tables {
        let _ = write!(sql, "INSERT INTO {table} VALUES {}; ", rows.join(", "));
    }
    sql
}

/// A database that knows one tenant only.
async fn alone(url: &str, tenant: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).min_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.expect("a private database connects");
    let statements = schema::create_all(db.get_database_backend()).expect("the tables' DDL");
    for Statement { sql, .. } in statements {
        let key = if db.get_database_backend() == DbBackend::MySql {
            "COLLATE ascii_bin NOT NULL"
        } else {
            "\"tenant_id\" varchar(64) NOT NULL"
        };
        let sql = sql.replacen(key, &format!("{key} DEFAULT '{tenant}'"), 1);
        db.execute_unprepared(&sql).await.expect("a private table");
    }
    for (table, column) in
        [("customers", "id"), ("customers", "email"), ("orders", "id"), ("items", "id")]
    {
        let sql = format!("CREATE UNIQUE INDEX alone_{table}_{column} ON {table} ({column})");
        db.execute_unprepared(&sql).await.expect("a private key");
    }
    db.execute_unprepared(PRODUCTS).await.expect("products");
    db
}

/// A row as text, whatever is in it.
pub(crate) fn text(row: &QueryResult) -> String {
    let cells: Vec<String> = (0..row.column_names().len()).map(|index| cell(row, index)).collect();
    cells.join("|")
}

fn cell(row: &QueryResult, index: usize) -> String {
    fn shown<T: ToString>(value: Result<Option<T>, DbErr>) -> Option<String> {
        let value = value.ok()?;
        Some(value.map_or_else(|| "NULL".to_owned(), |value| value.to_string()))
    }
    let value = shown(row.try_get_by_index::<Option<i64>>(index))
        .or_else(|| shown(row.try_get_by_index::<Option<String>>(index)))
        .or_else(|| shown(row.try_get_by_index::<Option<i32>>(index)))
        .or_else(|| shown(row.try_get_by_index::<Option<f64>>(index)))
        .or_else(|| shown(row.try_get_by_index::<Option<bool>>(index)));
    if let Some(value) = value {
        return value;
    }
    match row.try_get_by_index::<Option<Vec<u8>>>(index) {
        Ok(bytes) => format!("{bytes:?}"),
        Err(error) => panic!("a column of a type nobody expects: {error}"),
    }
}
