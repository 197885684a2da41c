//! The audit of tables, on every engine.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tenancy::{
    Tenancy,
    audit::{Audit, Report},
    catalog::Catalog,
    entity,
    policy::Context,
};
use tenancy_tests::{Engine, Shop, Strategy, each_engine, each_row, shop};

fn catalog() -> Catalog {
    entity::catalog().unwrap()
}

async fn audit(eye: &DatabaseConnection) -> Report {
    Audit::rows(&catalog()).run(eye).await.unwrap()
}

/// Makes a table again as `columns` say, and tells what is found there.
async fn found(eye: &DatabaseConnection, table: &str, columns: &str) -> Vec<String> {
    eye.execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
    eye.execute_unprepared(&format!("CREATE TABLE {table} ({columns})")).await.unwrap();
    let report = audit(eye).await;
    for finding in report.findings() {
        if !finding.evidence_sql.is_empty() {
            eye.execute_unprepared(&finding.evidence_sql).await.unwrap();
        }
    }
    report
        .findings()
        .iter()
        .map(|f| format!("{} {}", f.code, f.object.trim_matches(['"', '`'])))
        .collect()
}

const TEXT: &str = "tenant_id VARCHAR(64) NOT NULL";

/// As the shop's own tables have it.
fn exact(engine: Engine) -> String {
    match engine {
        Engine::MySql => format!("{TEXT} COLLATE utf8mb4_bin")
            .replace("NOT NULL COLLATE utf8mb4_bin", "COLLATE utf8mb4_bin NOT NULL"),
        _ => TEXT.to_owned(),
    }
}

each_row! {
    async fn tables_as_they_should_be(shop) {
        assert_eq!(audit(&shop.eye).await.to_string(), "nothing found\n");
        assert!(!audit(&shop.eye).await.is_fatal());
    }

    async fn a_table_or_column_that_is_missing(shop) {
        let text = exact(shop.scratch.engine());
        let columns = format!("{text}, id BIGINT NOT NULL, entry VARCHAR(9), PRIMARY KEY (tenant_id, id)");
        assert_eq!(found(&shop.eye, "ledger", &columns).await, ["column_missing ledger"]);
        shop.eye.execute_unprepared("DROP TABLE ledger").await.unwrap();
        let report = audit(&shop.eye).await;
        assert_eq!(report.findings().len(), 1, "{report}");
        assert_eq!(report.findings()[0].code, "table_missing");
        assert!(report.is_fatal());
    }

    async fn a_tenant_column_that_may_be_null_or_is_no_text(shop) {
        let rest = "id BIGINT NOT NULL, entry VARCHAR(9), amount BIGINT, UNIQUE (tenant_id, id)";
        let null = exact(shop.scratch.engine()).replace("NOT NULL", "NULL");
        let nullable = found(&shop.eye, "ledger", &format!("{null}, {rest}")).await;
        assert_eq!(nullable, ["column_nullable ledger"]);
        let number = found(&shop.eye, "ledger", &format!("tenant_id BIGINT NOT NULL, {rest}")).await;
        assert_eq!(number, ["column_type ledger"]);
        let none = found(&shop.eye, "ledger", "id BIGINT NOT NULL, entry VARCHAR(9), amount BIGINT").await;
        assert_eq!(none, ["column_missing ledger"]);
    }

    async fn keys_without_the_tenant(shop) {
        let text = exact(shop.scratch.engine());
        let columns = "id BIGINT NOT NULL, entry VARCHAR(9), amount BIGINT, other BIGINT, PRIMARY KEY (id)";
        let declared = found(&shop.eye, "ledger", &format!("{text}, {columns}")).await;
        assert_eq!(declared, [""; 0], "the entity says that its key is one of the whole table");
        let unique = found(&shop.eye, "ledger", &format!("{text}, {columns}, UNIQUE (entry)")).await;
        assert_eq!(unique, ["unique_key ledger"]);
        let index = "CREATE UNIQUE INDEX narrow ON ledger (amount)";
        found(&shop.eye, "ledger", &format!("{text}, {columns}")).await;
        shop.eye.execute_unprepared(index).await.unwrap();
        let report = audit(&shop.eye).await;
        assert_eq!(report.findings()[0].code, "unique_key", "{report}");
        shop.eye.execute_unprepared(&report.findings()[0].remedy_sql).await.unwrap();
        assert_eq!(audit(&shop.eye).await.to_string(), "nothing found\n");
        let foreign = "FOREIGN KEY (other) REFERENCES ledger (id) ON DELETE CASCADE";
        let foreign = found(&shop.eye, "ledger", &format!("{text}, {columns}, {foreign}")).await;
        assert_eq!(foreign, ["foreign_key ledger"]);
    }
}

#[tokio::test]
async fn row_security_is_postgresqls() {
    let scratch = Engine::Sqlite.scratch().await;
    let eye = scratch.eye().await;
    let audit = Audit::row_security(&catalog(), Context::Setting).run(&eye).await;
    assert!(audit.unwrap_err().is_config());
    eye.close().await.unwrap();
    scratch.remove().await;
}

#[tokio::test]
async fn a_loose_collation_is_found_on_mysql() {
    let shop = Engine::MySql.scratch().await;
    let eye = shop.eye().await;
    for statement in tenancy::schema::create_all(sea_orm::DbBackend::MySql).unwrap() {
        eye.execute_raw(statement).await.unwrap();
    }
    let rest = "id BIGINT NOT NULL, entry VARCHAR(9), amount BIGINT, PRIMARY KEY (id)";
    let columns = format!("tenant_id VARCHAR(64) COLLATE utf8mb4_unicode_ci NOT NULL, {rest}");
    assert_eq!(found(&eye, "ledger", &columns).await, ["column_collation ledger"]);
    let report = audit(&eye).await;
    eye.execute_unprepared(&report.findings()[0].remedy_sql).await.unwrap();
    assert_eq!(audit(&eye).await.to_string(), "nothing found\n");
    eye.close().await.unwrap();
    shop.remove().await;
}

/// A tenancy over the shop's database, in the same strategy, as another process would start.
async fn another(shop: &Shop) -> tenancy::Builder {
    let builder = Tenancy::builder().database(&shop.scratch.url).max_connections(2);
    shop.strategy.isolate(builder, &shop.scratch).await
}

each_engine! {
    async fn a_tenants_place_is_looked_at(shop) {
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        let globex = shop.tenancy.tenant("globex").await.unwrap();
        for tenant in [&acme, &globex] {
            assert_eq!(shop.tenancy.audit_tenant(tenant).await.unwrap().to_string(), "nothing found\n");
        }
        if !shop.apart() {
            return;
        }
        let table = shop.table("acme", "ledger");
        let without = "id BIGINT NOT NULL PRIMARY KEY, entry VARCHAR(9), amount BIGINT";
        for sql in [format!("DROP TABLE {table}"), format!("CREATE TABLE {table} ({without})")] {
            shop.beside("acme").execute_unprepared(&sql).await.unwrap();
        }
        let report = shop.tenancy.audit_tenant(&acme).await.unwrap();
        let codes: Vec<&str> = report.findings().iter().map(|finding| finding.code).collect();
        assert!(report.is_fatal() && codes.contains(&"column_missing"), "{report}");
        assert!(!shop.tenancy.audit_tenant(&globex).await.unwrap().is_fatal());
    }
}

each_row! {
    async fn a_tenancy_does_not_start_on_tables_that_let_tenants_meet(shop) {
        another(&shop).await.connect().await.unwrap().close().await.unwrap();
        let columns = format!("{}, id BIGINT NOT NULL PRIMARY KEY, entry VARCHAR(9), amount BIGINT, UNIQUE (entry)", exact(shop.scratch.engine()));
        found(&shop.eye, "ledger", &columns).await;
        let error = another(&shop).await.connect().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains("does not keep tenants apart"), "{error}");
        // The text says how to allow it.
        let error = error.to_string();
        let mut words = error.rsplit_once("Builder::allow(\"").unwrap().1.split('"').step_by(2);
        let (code, object) = (words.next().unwrap(), words.next().unwrap());
        let allowed = another(&shop).await.allow(code, object, "a table of a test");
        allowed.connect().await.unwrap().close().await.unwrap();
        assert!(another(&shop).await.allow(code, object, " ").connect().await.unwrap_err().is_config());
        assert!(shop.tenancy.create_tables().await.unwrap_err().is_config());
    }
}

#[test]
fn a_tenancy_does_not_start_with_a_role_that_no_policy_binds() {
    shop::run_in(Engine::Postgres, Strategy::Rls, |shop: Arc<Shop>| async move {
        another(&shop).await.connect().await.unwrap().close().await.unwrap();
        let root = Tenancy::builder().database(&shop.scratch.url).isolation(tenancy::Rls::new());
        let error = root.connect().await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_config() && text.contains("superuser"), "{text}");
        assert!(text.contains("Builder::allow(\""), "{text}");
    });
}
