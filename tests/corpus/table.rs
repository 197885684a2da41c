//! The corpus's tables in a database: the shared one, or a private one of a single tenant.

use std::fmt::Write as _;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement, TransactionTrait, sqlx,
};

pub(crate) const TENANTS: [&str; 3] = ["acme", "globex", "initech"];

/// The tables, in the order in which they are filled.
const NAMES: [&str; 6] = ["orders", "items", "ledger", "invoices", "products", "tags"];

/// Makes the tables. A private database has the same columns, so that `SELECT *` shows the same,
/// but its keys do not contain the tenant, whose name is only a default.
pub(crate) async fn create(db: &DatabaseConnection, private: bool) {
    let backend = db.get_database_backend();
    let (time, json, counter) = match backend {
        DbBackend::Postgres => ("TIMESTAMP", "JSONB", "BIGSERIAL PRIMARY KEY"),
        DbBackend::MySql => ("DATETIME", "JSON", "BIGINT AUTO_INCREMENT PRIMARY KEY"),
        _ => ("TEXT", "TEXT", "INTEGER PRIMARY KEY"),
    };
    let (tenant, key) = if private {
        ("tenant_id VARCHAR(40) NOT NULL DEFAULT 'acme'", "")
    } else {
        ("tenant_id VARCHAR(40) NOT NULL", "tenant_id, ")
    };
    let invoices = if backend == DbBackend::Postgres { "billing.invoices" } else { "invoices" };
    let mut statements = vec![
        format!(
            "CREATE TABLE orders ({tenant}, id BIGINT NOT NULL, customer VARCHAR(40), status VARCHAR(20) DEFAULT 'open', \
             total BIGINT, placed {time}, meta {json}, PRIMARY KEY ({key}id), UNIQUE ({key}customer))"
        ),
        format!(
            "CREATE TABLE items ({tenant}, id BIGINT NOT NULL, order_id BIGINT, sku VARCHAR(20), qty BIGINT, \
             PRIMARY KEY ({key}id))"
        ),
        format!(
            "CREATE TABLE ledger ({tenant}, id {counter}, entry VARCHAR(40) DEFAULT 'none', total BIGINT)"
        ),
        format!(
            "CREATE TABLE {invoices} ({tenant}, id BIGINT NOT NULL, order_id BIGINT, amount BIGINT, PRIMARY KEY ({key}id))"
        ),
        "CREATE TABLE products (id BIGINT PRIMARY KEY, title VARCHAR(40), price BIGINT)".to_owned(),
        "CREATE TABLE tags (id BIGINT PRIMARY KEY, name VARCHAR(40))".to_owned(),
    ];
    if backend == DbBackend::Postgres {
        statements.insert(0, "CREATE SCHEMA billing".to_owned());
        statements.push("CREATE TYPE mood AS ENUM ('open', 'paid')".to_owned());
    }
    for statement in statements {
        db.execute_unprepared(&statement).await.expect("the corpus's tables can be made");
    }
    fill(db, private).await;
}

/// Puts the rows there that belong there, and no others.
pub(crate) async fn fill(db: &DatabaseConnection, private: bool) {
    let backend = db.get_database_backend();
    let tenants = if private { &TENANTS[..1] } else { &TENANTS[..] };
    let mut script = String::new();
    for table in NAMES {
        let _ = write!(script, "DELETE FROM {};", name(table, backend));
    }
    for (number, tenant) in tenants.iter().enumerate() {
        script.push_str(&rows(number, tenant, name("invoices", backend)));
    }
    script.push_str(
        "INSERT INTO products VALUES (1, 'Anvil', 500), (2, 'bob', 10), (7, 'Gear', 5);\
         INSERT INTO tags VALUES (1, 'red'), (2, 'blue');",
    );
    if backend == DbBackend::Postgres {
        script.push_str("ALTER SEQUENCE ledger_id_seq RESTART WITH 1000;");
    }
    let transaction = db.begin().await.expect("a transaction begins");
    for statement in script.split(';').filter(|statement| !statement.is_empty()) {
        transaction.execute_unprepared(statement).await.expect("the corpus's rows can be written");
    }
    transaction.commit().await.expect("a transaction ends");
}

/// The first tenant's rows, and more of them with the same keys and other values for the others.
fn rows(number: usize, tenant: &str, invoices: &str) -> String {
    let mut script = String::new();
    let (more, far) = (1_000 * number, 10 * number);
    let _ = write!(
        script,
        "INSERT INTO orders VALUES \
         ('{tenant}', 1, 'ada', 'open', {}, '2024-01-10 10:00:00', '{{\"a\": 1, \"b\": \"x\", \"tags\": [\"p\", \"q\"]}}'), \
         ('{tenant}', 2, 'bob', 'paid', {}, '2024-02-01 00:00:00', '{{\"a\": 2}}'), \
         ('{tenant}', 3, 'cyd', 'open', {}, '2024-03-05 12:30:00', NULL), \
         ('{tenant}', 4, 'dan', 'paid', NULL, '2024-01-20 08:00:00', '{{}}');\
         INSERT INTO items VALUES ('{tenant}', 1, 1, 'bolt', {}), ('{tenant}', 2, 1, 'nut', {}), \
         ('{tenant}', 3, 2, 'bolt', {}), ('{tenant}', 4, 3, 'cog', {}), ('{tenant}', 5, 9, 'gear', {});\
         INSERT INTO ledger VALUES ('{tenant}', {}, 'ada paid', {}), ('{tenant}', {}, 'bob paid', {}), ('{tenant}', {}, 'cash', 77);\
         INSERT INTO {invoices} VALUES ('{tenant}', 1, 1, {}), ('{tenant}', 2, 3, {}), ('{tenant}', 3, 9, {});",
        10 + more,
        20 + more,
        120 + more,
        1 + more,
        2 + more,
        3 + more,
        2 + more,
        5 + more,
        1 + far,
        10 + more,
        2 + far,
        20 + more,
        3 + far,
        100 + more,
        250 + more,
        5 + more,
    );
    if number > 0 {
        let _ = write!(
            script,
            "INSERT INTO orders VALUES ('{tenant}', 5, '{tenant} eve', 'void', {more}, '2024-05-01 00:00:00', '{{\"a\": 9, \"z\": 1}}'), \
             ('{tenant}', 11, '{tenant} fay', 'open', 15, '2024-06-01 00:00:00', NULL);\
             INSERT INTO items VALUES ('{tenant}', 6, 4, 'axle', {more}), ('{tenant}', 7, 5, 'bolt', 4), ('{tenant}', 8, 9, 'nut', 1);\
             INSERT INTO {invoices} VALUES ('{tenant}', 4, 2, {more});"
        );
    }
    script
}

fn name(table: &'static str, backend: DbBackend) -> &'static str {
    if table == "invoices" && backend == DbBackend::Postgres { "billing.invoices" } else { table }
}

/// Every row, under its table, of one tenant and of nobody in particular, or of all the others.
pub(crate) async fn dump(db: &DatabaseConnection, others: bool) -> Vec<String> {
    let backend = db.get_database_backend();
    let mut all = Vec::new();
    for table in NAMES {
        let shared = table == "products" || table == "tags";
        if shared && others {
            continue;
        }
        // Numbers a database gives out by itself depend on how many rows others have.
        let columns = if table == "ledger" { "tenant_id, entry, total" } else { "*" };
        let condition = match (shared, others) {
            (true, _) => "1 = 1",
            (false, false) => "tenant_id = 'acme'",
            (false, true) => "tenant_id <> 'acme'",
        };
        let sql = format!("SELECT {columns} FROM {} WHERE {condition}", name(table, backend));
        let found = db.query_all_raw(Statement::from_string(backend, sql)).await;
        let found = found.expect("the corpus's tables can be read");
        all.extend(texts(&found).into_iter().map(|row| format!("{table}: {row}")));
    }
    all.sort();
    all
}

/// Rows as the bytes the engine sent, in a certain order. No type is lost on the way.
pub(crate) fn texts(rows: &[QueryResult]) -> Vec<String> {
    let mut texts: Vec<String> = rows.iter().map(text).collect();
    texts.sort();
    texts
}

fn text(row: &QueryResult) -> String {
    if let Some(row) = row.try_as_pg_row() {
        columns(row)
    } else if let Some(row) = row.try_as_mysql_row() {
        columns(row)
    } else if let Some(row) = row.try_as_sqlite_row() {
        columns(row)
    } else {
        unreachable!("a row of one of the engines")
    }
}

fn columns<R>(row: &R) -> String
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    Vec<u8>: for<'r> sqlx::Decode<'r, R::Database>,
{
    use sqlx::Column as _;
    let mut text = String::new();
    for column in row.columns() {
        let value = row.try_get_raw(column.ordinal()).expect("a row has its columns");
        let bytes = if sqlx::ValueRef::is_null(&value) {
            None
        } else {
            Some(<Vec<u8> as sqlx::Decode<'_, R::Database>>::decode(value).expect("bytes"))
        };
        let bytes = bytes.map(|bytes| bytes.escape_ascii().to_string());
        let _ = write!(text, "{}={bytes:?} ", column.name());
    }
    text
}
