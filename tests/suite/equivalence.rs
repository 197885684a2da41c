//! Random programs of several tenants on one shared database give, statement by statement, what
//! the same programs give on private databases that hold one tenant each.
//!
//! The private databases know no tenancy: plain SeaORM on tables whose keys do not contain the
//! tenant.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    EntityTrait, FromQueryResult, JoinType, JsonValue, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, SqlErr, Statement, TransactionSession,
    TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict, Query, UnionType},
};
use tenancy::{NewTenant, Tenancy, TenantDb};
use tenancy_tests::{
    Engine, Strategy as Isolation,
    engine::Scratch,
    entity::{customer, item, order},
};

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];
const LENGTH: usize = 20;

/// One statement somebody might write. Numbers are small, so that they meet.
#[derive(Debug, Clone)]
enum Op {
    InsertCustomer(i64, u8),
    InsertOrder(i64, i64, i64),
    InsertOrders(Vec<(i64, i64, i64)>),
    InsertItem(i64, i64, i64),
    UpsertById(i64, u8),
    UpsertByEmail(i64, u8),
    IgnoreConflict(i64, u8),
    UpdateOrder(i64, i64),
    SaveOrder(i64, i64),
    UpdateMany(i64, i64),
    UpdateFromItems(i64),
    DeleteOrder(i64),
    DeleteMany(i64),
    DeleteCustomer(i64),
    Find(i64, u64),
    WithRelated,
    AlsoRelated,
    RightJoin,
    Count(i64),
    Highest,
    In(i64),
    NotExists,
    Union(i64),
    Raw(u8, i64),
}

#[derive(Debug, Clone)]
enum Step {
    One(Op),
    Transaction(Vec<Op>, bool),
}

fn op() -> impl Strategy<Value = Op> {
    let id = || 1..6_i64;
    let mail = || 0..5_u8;
    prop_oneof![
        4 => (id(), mail()).prop_map(|(a, b)| Op::InsertCustomer(a, b)),
        4 => (id(), id(), 0..50_i64).prop_map(|(a, b, c)| Op::InsertOrder(a, b, c)),
        2 => proptest::collection::vec((id(), id(), 0..50_i64), 1..4).prop_map(Op::InsertOrders),
        3 => (1..9_i64, id(), 0..50_i64).prop_map(|(a, b, c)| Op::InsertItem(a, b, c)),
        2 => (id(), mail()).prop_map(|(a, b)| Op::UpsertById(a, b)),
        2 => (id(), mail()).prop_map(|(a, b)| Op::UpsertByEmail(a, b)),
        1 => (id(), mail()).prop_map(|(a, b)| Op::IgnoreConflict(a, b)),
        2 => (id(), 0..50_i64).prop_map(|(a, b)| Op::UpdateOrder(a, b)),
        1 => (id(), 0..50_i64).prop_map(|(a, b)| Op::SaveOrder(a, b)),
        2 => (0..50_i64, 0..50_i64).prop_map(|(a, b)| Op::UpdateMany(a, b)),
        1 => (0..50_i64).prop_map(Op::UpdateFromItems),
        1 => id().prop_map(Op::DeleteOrder),
        1 => (0..50_i64).prop_map(Op::DeleteMany),
        1 => id().prop_map(Op::DeleteCustomer),
        2 => (0..50_i64, 1..5_u64).prop_map(|(a, b)| Op::Find(a, b)),
        1 => Just(Op::WithRelated),
        1 => Just(Op::AlsoRelated),
        1 => Just(Op::RightJoin),
        1 => (0..50_i64).prop_map(Op::Count),
        1 => Just(Op::Highest),
        1 => (0..50_i64).prop_map(Op::In),
        1 => Just(Op::NotExists),
        1 => (0..50_i64).prop_map(Op::Union),
        3 => (0..8_u8, 0..50_i64).prop_map(|(a, b)| Op::Raw(a, b)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => op().prop_map(Step::One),
        1 => (proptest::collection::vec(op(), 1..4), any::<bool>())
            .prop_map(|(ops, commit)| Step::Transaction(ops, commit)),
    ]
}

fn new_customer(id: i64, mail: u8) -> customer::ActiveModel {
    customer::ActiveModel {
        id: Set(id),
        name: Set(format!("customer {id}/{mail}")),
        email: Set(format!("{mail}@example.org")),
        ..Default::default()
    }
}

fn new_order(id: i64, customer: i64, total: i64) -> order::ActiveModel {
    order::ActiveModel {
        id: Set(id),
        customer_id: Set(customer),
        status: Set(if total % 2 == 0 { "even" } else { "odd" }.into()),
        total: Set(total),
        ..Default::default()
    }
}

fn new_item(id: i64, order: i64, quantity: i64) -> item::ActiveModel {
    item::ActiveModel {
        id: Set(id),
        order_id: Set(order),
        product_id: Set(1),
        quantity: Set(quantity),
        ..Default::default()
    }
}

/// Raw SQL, with the places of the query builder that it cannot reach.
const RAW: [&str; 8] = [
    "SELECT o.id, c.name, i.quantity FROM orders o JOIN customers c ON c.id = o.customer_id OR o.total > ? LEFT JOIN items i ON i.order_id = o.id ORDER BY o.id, c.id, i.id",
    "SELECT c.id, (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.id AND o.total >= ?) AS n FROM customers c ORDER BY c.id",
    "WITH big AS (SELECT * FROM orders WHERE total > ?) SELECT b.id, c.email FROM big b NATURAL LEFT JOIN (SELECT id AS customer_id, email FROM customers) c ORDER BY b.id",
    "SELECT o.id, i.id AS item FROM orders o FULL JOIN items i ON i.order_id = o.id AND o.total > ? ORDER BY o.id, i.id",
    "SELECT status, SUM(total) AS s, COUNT(DISTINCT customer_id) AS n FROM orders GROUP BY status HAVING SUM(total) > (SELECT AVG(quantity) FROM items) - ? ORDER BY status",
    "SELECT id, SUM(total) OVER (PARTITION BY customer_id ORDER BY id) AS s FROM orders WHERE total NOT IN (SELECT quantity FROM items WHERE quantity > ?) ORDER BY id",
    "SELECT o.id, x.id AS other FROM orders o LEFT JOIN (items x JOIN orders y ON y.id = x.order_id) ON y.total = o.total AND x.quantity <> ? ORDER BY o.id, x.id",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT COUNT(*) FROM orders)) SELECT COUNT(*) + ? AS c FROM n",
];

/// A statement with one value, as the engine writes its place.
fn numbered(backend: DbBackend, sql: &str, value: i64) -> Statement {
    let sql = match backend {
        DbBackend::Postgres => sql.replace('?', "$1"),
        _ => sql.to_owned(),
    };
    Statement::from_sql_and_values(backend, sql, [value.into()])
}

async fn apply<C: ConnectionTrait + TransactionTrait>(db: &C, op: &Op) -> Result<String, DbErr> {
    Ok(match *op {
        Op::InsertCustomer(id, mail) => {
            format!("{:?}", new_customer(id, mail).insert(db).await?.name)
        }
        Op::InsertOrder(id, customer, total) => {
            format!("{:?}", new_order(id, customer, total).insert(db).await?.total)
        }
        Op::InsertOrders(ref rows) => {
            let rows = rows.iter().map(|(id, customer, total)| new_order(*id, *customer, *total));
            format!("{}", order::Entity::insert_many(rows).exec_without_returning(db).await?)
        }
        Op::InsertItem(id, order_id, quantity) => {
            format!("{:?}", new_item(id, order_id, quantity).insert(db).await?.quantity)
        }
        Op::UpsertById(id, mail) => {
            let on = OnConflict::column(customer::Column::Id)
                .update_columns([customer::Column::Name, customer::Column::Email])
                .to_owned();
            format!(
                "{}",
                customer::Entity::insert(new_customer(id, mail))
                    .on_conflict(on)
                    .exec_without_returning(db)
                    .await?
            )
        }
        Op::UpsertByEmail(id, mail) => {
            let on = OnConflict::column(customer::Column::Email)
                .update_column(customer::Column::Name)
                .to_owned();
            format!(
                "{}",
                customer::Entity::insert(new_customer(id, mail))
                    .on_conflict(on)
                    .exec_without_returning(db)
                    .await?
            )
        }
        Op::IgnoreConflict(id, mail) => {
            let on = OnConflict::new().do_nothing().to_owned();
            format!(
                "{}",
                customer::Entity::insert(new_customer(id, mail))
                    .on_conflict(on)
                    .exec_without_returning(db)
                    .await?
            )
        }
        Op::UpdateOrder(id, total) => {
            let change =
                order::ActiveModel { id: Set(id), total: Set(total), ..Default::default() };
            format!("{:?}", change.update(db).await?.status)
        }
        Op::SaveOrder(id, total) => match order::Entity::find_by_id(id).one(db).await? {
            Some(row) => {
                let mut row: order::ActiveModel = row.into();
                row.total = Set(total);
                format!("{:?}", row.save(db).await?.total)
            }
            None => "none".to_owned(),
        },
        Op::UpdateMany(limit, total) => {
            let change = order::Entity::update_many()
                .col_expr(order::Column::Total, Expr::col(order::Column::Total).add(total))
                .filter(order::Column::Total.lt(limit).or(order::Column::Id.eq(1)));
            format!("{}", change.exec(db).await?.rows_affected)
        }
        Op::UpdateFromItems(limit) => {
            let highest = "i.quantity = (SELECT MAX(quantity) FROM items) AND orders.total < ?";
            let sql = match db.get_database_backend() {
                DbBackend::MySql => format!(
                    "UPDATE orders JOIN items i ON i.order_id = orders.id SET orders.total = i.quantity WHERE {highest}"
                ),
                _ => format!(
                    "UPDATE orders SET total = i.quantity FROM items i WHERE i.order_id = orders.id AND {highest}"
                ),
            };
            let statement = numbered(db.get_database_backend(), &sql, limit);
            format!("{}", db.execute_raw(statement).await?.rows_affected())
        }
        Op::DeleteOrder(id) => {
            format!("{}", order::Entity::delete_by_id(id).exec(db).await?.rows_affected)
        }
        Op::DeleteMany(limit) => {
            let gone = item::Entity::delete_many()
                .filter(item::Column::Quantity.gt(limit).or(item::Column::Id.eq(2)));
            format!("{}", gone.exec(db).await?.rows_affected)
        }
        Op::DeleteCustomer(id) => {
            format!("{}", customer::Entity::delete_by_id(id).exec(db).await?.rows_affected)
        }
        Op::Find(total, limit) => {
            let rows = order::Entity::find()
                .filter(order::Column::Total.gte(total))
                .order_by_desc(order::Column::Id)
                .limit(limit);
            format!("{:?}", rows.all(db).await?)
        }
        Op::WithRelated => {
            format!(
                "{:?}",
                customer::Entity::find()
                    .order_by_asc(customer::Column::Id)
                    .find_with_related(order::Entity)
                    .order_by_asc(order::Column::Id)
                    .all(db)
                    .await?
            )
        }
        Op::AlsoRelated => {
            format!(
                "{:?}",
                item::Entity::find()
                    .order_by_asc(item::Column::Id)
                    .find_also_related(order::Entity)
                    .all(db)
                    .await?
            )
        }
        Op::RightJoin => {
            let rows = order::Entity::find()
                .select_only()
                .column(order::Column::Id)
                .column_as(customer::Column::Id, "customer")
                .join(JoinType::RightJoin, order::Relation::Customer.def())
                .order_by_asc(customer::Column::Id)
                .order_by_asc(order::Column::Id);
            format!("{:?}", rows.into_json().all(db).await?)
        }
        Op::Count(total) => format!(
            "{}",
            order::Entity::find().filter(order::Column::Total.lte(total)).count(db).await?
        ),
        Op::Highest => {
            let highest = order::Entity::find()
                .select_only()
                .column_as(order::Column::Total.max(), "m")
                .into_tuple::<Option<i64>>();
            format!("{:?}", highest.one(db).await?)
        }
        Op::In(limit) => {
            let inner = Query::select()
                .column(item::Column::OrderId)
                .from(item::Entity)
                .and_where(item::Column::Quantity.lt(limit))
                .to_owned();
            let rows = order::Entity::find()
                .filter(order::Column::Id.in_subquery(inner))
                .order_by_asc(order::Column::Id);
            format!("{:?}", rows.all(db).await?)
        }
        Op::NotExists => {
            let rows = customer::Entity::find()
                .filter(Expr::cust(
                    "NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id)",
                ))
                .order_by_asc(customer::Column::Id);
            format!("{:?}", rows.all(db).await?)
        }
        Op::Union(limit) => {
            let mut rows = order::Entity::find().filter(order::Column::Total.lt(limit));
            QueryTrait::query(&mut rows).union(UnionType::All, order::Entity::find().into_query());
            let mut rows: Vec<String> =
                rows.all(db).await?.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            format!("{rows:?}")
        }
        Op::Raw(which, value) => {
            let statement = numbered(db.get_database_backend(), RAW[which as usize], value);
            format!("{:?}", JsonValue::find_by_statement(statement).all(db).await?)
        }
    })
}

/// What happened, without the names of keys, which differ by the tenant column.
fn outcome(result: Result<String, DbErr>, cell: Cell) -> String {
    match result {
        Ok(text) => text,
        Err(error) => match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => "unique".to_owned(),
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => "foreign key".to_owned(),
            // What servers say of a statement repeats it, and names what is theirs.
            _ if cell.engine == Engine::Sqlite && cell.strategy == Isolation::Row => {
                format!("error {error}")
            }
            _ => "error".to_owned(),
        },
    }
}

async fn walk<C: ConnectionTrait + TransactionTrait>(db: &C, step: &Step, cell: Cell) -> String {
    match step {
        Step::One(op) => outcome(apply(db, op).await, cell),
        Step::Transaction(ops, commit) => {
            let transaction = db.begin().await.expect("a transaction begins");
            let mut outcomes = Vec::new();
            for op in ops {
                outcomes.push(outcome(apply(&transaction, op).await, cell));
            }
            let end =
                if *commit { transaction.commit().await } else { transaction.rollback().await };
            format!("{outcomes:?} {}", if end.is_ok() { "ended" } else { "failed to end" })
        }
    }
}

struct World {
    cell: Cell,
    tenancy: Tenancy,
    shared: Vec<TenantDb>,
    private: Vec<DatabaseConnection>,
    scratches: Vec<Scratch>,
}

/// An engine, and how tenants are kept apart there.
#[derive(Clone, Copy)]
struct Cell {
    engine: Engine,
    strategy: Isolation,
}

async fn private(engine: Engine, url: &str, tenant: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).min_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.expect("the engine answers");
    // To SQLite, only INTEGER is a number of the table's own.
    let (text, number) = match engine {
        Engine::Sqlite => ("TEXT", "INTEGER"),
        _ => ("VARCHAR(100)", "BIGINT"),
    };
    let tenant = format!("tenant_id {text} NOT NULL DEFAULT '{tenant}'");
    for table in [
        format!(
            "CREATE TABLE customers ({tenant}, id {number} NOT NULL, name {text} NOT NULL, email {text} NOT NULL UNIQUE, PRIMARY KEY (id))"
        ),
        format!(
            "CREATE TABLE orders ({tenant}, id {number} NOT NULL, customer_id {number} NOT NULL REFERENCES customers (id), status {text} NOT NULL, total {number} NOT NULL, PRIMARY KEY (id))"
        ),
        format!(
            "CREATE TABLE items ({tenant}, id {number} NOT NULL, order_id {number} NOT NULL REFERENCES orders (id) ON DELETE CASCADE, product_id {number} NOT NULL, quantity {number} NOT NULL, PRIMARY KEY (id))"
        ),
    ] {
        db.execute_unprepared(&table).await.expect("a table is made");
    }
    db
}

impl World {
    async fn open(cell: Cell) -> Self {
        let Cell { engine, strategy } = cell;
        let scratch = engine.scratch().await;
        let prefix = scratch.prefix();
        let builder = Tenancy::builder().max_connections(4);
        let in_memory = engine == Engine::Sqlite && strategy != Isolation::Database;
        let builder = builder.database(if in_memory { "sqlite::memory:" } else { &scratch.url });
        let builder = match strategy {
            Isolation::Row => builder,
            Isolation::Schema => builder.isolation(tenancy::Schema::new().prefix(&prefix)),
            Isolation::Database => builder.isolation(tenancy::Database::new().prefix(&prefix)),
            policies => builder
                .database(scratch.role().await)
                .operator(&scratch.url)
                .isolation(policies.policies().expect("a strategy with policies")),
        };
        let tenancy = builder.connect().await.expect("the engine answers");
        tenancy.create_tables().await.expect("tables are made");
        let operator =
            tenancy.unscoped("a product for every item").await.expect("there is a reason");
        operator
            .execute_unprepared("INSERT INTO products (id, title, price) VALUES (1, 'Anvil', 5)")
            .await
            .expect("a product");
        let mut scratches = vec![scratch];
        let (mut shared, mut plain) = (Vec::new(), Vec::new());
        for slug in TENANTS {
            let new = NewTenant::new(slug).and_then(|new| new.id(slug)).expect("a valid tenant");
            tenancy.create_tenant(new).await.expect("a new tenant");
            let db = tenancy.db(slug).await.expect("a connection");
            strategy.warm_up(&tenancy, &db, "SELECT id FROM customers").await;
            shared.push(db);
            let url = match engine {
                Engine::Sqlite => "sqlite::memory:".to_owned(),
                _ => {
                    let own = engine.scratch().await;
                    let url = own.url.clone();
                    scratches.push(own);
                    url
                }
            };
            plain.push(private(engine, &url, slug).await);
        }
        World { cell, tenancy, shared, private: plain, scratches }
    }

    async fn close(self) {
        drop(self.shared);
        self.tenancy.close().await.expect("a tenancy closes");
        for db in self.private {
            db.close().await.expect("a connection closes");
        }
        for scratch in self.scratches {
            scratch.remove().await;
        }
    }
}

async fn everything<C: ConnectionTrait>(db: &C) -> String {
    let customers = customer::Entity::find().order_by_asc(customer::Column::Id).all(db).await;
    let orders = order::Entity::find().order_by_asc(order::Column::Id).all(db).await;
    let items = item::Entity::find().order_by_asc(item::Column::Id).all(db).await;
    format!("{customers:?} {orders:?} {items:?}")
}

/// Something to begin with, so that statements meet rows: many more than the check at the end asks for.
async fn stock<C: ConnectionTrait>(db: &C) {
    let customers = (1..4).map(|id| new_customer(id, id as u8));
    customer::Entity::insert_many(customers).exec_without_returning(db).await.expect("customers");
    let orders = (1..4).map(|id| new_order(id, id, 12 * id));
    order::Entity::insert_many(orders).exec_without_returning(db).await.expect("orders");
    let items = (1..4).map(|id| new_item(2 * id, id, 14 * id));
    item::Entity::insert_many(items).exec_without_returning(db).await.expect("items");
}

async fn clear<C: ConnectionTrait>(db: &C) {
    for table in ["items", "orders", "customers"] {
        db.execute_unprepared(&format!("DELETE FROM {table}")).await.expect("rows can be deleted");
    }
}

/// Runs that many random programs.
fn shared_equals_private(cell: Cell, programs: u32) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = runtime.block_on(World::open(cell));
    let rows_seen = AtomicUsize::new(0);
    let config = ProptestConfig {
        cases: programs,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "suite/equivalence.seeds",
        ))),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    };
    let program = proptest::collection::vec((0..TENANTS.len(), step()), LENGTH);
    proptest!(config, |(program in program)| {
        runtime.block_on(async {
            for (shared, private) in world.shared.iter().zip(&world.private) {
                clear(shared).await;
                clear(private).await;
                stock(shared).await;
                stock(private).await;
            }
            for (tenant, step) in &program {
                let shared = walk(&world.shared[*tenant], step, world.cell).await;
                let private = walk(&world.private[*tenant], step, world.cell).await;
                rows_seen.fetch_add(shared.matches("Model {").count(), Ordering::Relaxed);
                prop_assert_eq!(shared, private, "{} runs {:?}", TENANTS[*tenant], step);
            }
            for (shared, private) in world.shared.iter().zip(&world.private) {
                prop_assert_eq!(everything(shared).await, everything(private).await);
            }
            Ok(())
        })?;
    });
    runtime.block_on(world.close());
    // A property that never met a row would prove nothing.
    let seen = rows_seen.load(Ordering::Relaxed);
    assert!(seen > 5 * programs as usize, "{seen} rows in {programs} programs");
}

/// Writes a test for each cell.
macro_rules! cells {
    ($($name:ident: $engine:ident, $strategy:ident, $programs:expr;)+) => {
        $(
            #[test]
            fn $name() {
                let cell = Cell { engine: Engine::$engine, strategy: Isolation::$strategy };
                shared_equals_private(cell, $programs);
            }
        )+
    };
}

cells! {
    sqlite: Sqlite, Row, 2_000;
    sqlite_schema: Sqlite, Schema, 200;
    sqlite_database: Sqlite, Database, 100;
    postgres: Postgres, Row, 50;
    postgres_schema: Postgres, Schema, 50;
    postgres_database: Postgres, Database, 50;
    postgres_rls: Postgres, Rls, 50;
    postgres_rls_signed: Postgres, Signed, 50;
    postgres_rls_lanes: Postgres, Lanes, 50;
    mysql: MySql, Row, 50;
    mysql_schema: MySql, Schema, 50;
    mysql_database: MySql, Database, 50;
}
