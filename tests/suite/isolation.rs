//! How tenants come to a place of their own, and how they leave it.

use std::sync::Arc;

use futures_util::StreamExt;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, EntityTrait, Statement,
    StreamTrait, TransactionTrait,
};
use tenancy::{Hybrid, IsolationKind, NewTenant, Row, Schema, Slug, Status, Tenancy, TenantStore};
use tenancy_tests::{
    Engine, Shop, Strategy, each_engine, each_schema,
    entity::{item, order, rows},
    shop,
};

/// Another tenancy over the same database, with both strategies.
async fn hybrid(shop: &Shop) -> Tenancy {
    let isolation = Hybrid::new(IsolationKind::Row, Row::new())
        .strategy(IsolationKind::Schema, Schema::new().prefix(shop.scratch.prefix()))
        .strategy(IsolationKind::Database, tenancy::Database::new().prefix(shop.scratch.prefix()))
        .tier("enterprise", IsolationKind::Schema)
        .tier("large", IsolationKind::Schema)
        .tier("huge", IsolationKind::Database);
    let builder = Tenancy::builder().database(&shop.scratch.url).isolation(isolation);
    let tenancy = builder.max_connections(4).connect().await.unwrap();
    tenancy.create_tables().await.unwrap();
    tenancy
}

/// The places of tenants that are there, as the database tells it.
async fn places(shop: &Shop) -> Vec<String> {
    let prefix = shop.scratch.prefix();
    if (shop.strategy, shop.scratch.engine()) == (Strategy::Database, Engine::Sqlite) {
        let url = shop.scratch.url_of("x");
        let folder = url.trim_start_matches("sqlite://").rsplit_once('/').unwrap().0;
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap().replace(&prefix, ""));
        let mut names: Vec<String> =
            names.filter_map(|name| name.strip_suffix(".db").map(str::to_owned)).collect();
        names.sort();
        return names;
    }
    let sql = match shop.scratch.engine() {
        Engine::Sqlite => format!(
            "SELECT DISTINCT substr(name, 1, instr(name, '$') - 1) AS n FROM sqlite_master \
             WHERE type = 'table' AND name LIKE '{prefix}%' ORDER BY 1"
        ),
        Engine::Postgres if shop.strategy == Strategy::Database => format!(
            "SELECT datname::text AS n FROM pg_database WHERE datname LIKE '{prefix}%' ORDER BY 1"
        ),
        Engine::Postgres => {
            format!(
                "SELECT nspname::text AS n FROM pg_namespace WHERE nspname LIKE '{prefix}%' ORDER BY 1"
            )
        }
        Engine::MySql => format!(
            "SELECT schema_name AS n FROM information_schema.schemata \
             WHERE schema_name LIKE '{prefix}%' ORDER BY 1"
        ),
    };
    let statement = Statement::from_string(shop.eye.get_database_backend(), sql);
    let rows = shop.eye.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get::<String>("", "n").unwrap().replace(&prefix, "")).collect()
}

fn new(slug: &str) -> NewTenant {
    NewTenant::new(slug).unwrap().id(slug).unwrap()
}

async fn order(tenancy: &Tenancy, slug: &str, id: i64) {
    let db = tenancy.db(slug).await.unwrap();
    let sql = format!(
        "INSERT INTO orders (id, customer_id, status, total) VALUES ({id}, 1, 'new', {id})"
    );
    db.execute_unprepared(
        "INSERT INTO customers (id, name, email) VALUES (1, 'c', 'c@example.org')",
    )
    .await
    .ok();
    db.execute_unprepared(&sql).await.unwrap();
}

async fn totals(tenancy: &Tenancy, slug: &str) -> Vec<i64> {
    let db = tenancy.db(slug).await.unwrap();
    let rows = order::Entity::find().all(&db).await.unwrap();
    rows.into_iter().map(|row| row.total).collect()
}

/// Those are all the orders in a table.
async fn kept(eye: &DatabaseConnection, table: &str, tenant: &str, total: i64) {
    let sql = format!("SELECT tenant_id, total FROM {table}");
    let expected = format!("{{\"tenant_id\":\"{tenant}\",\"total\":{total}}}");
    assert_eq!(rows(eye, &sql).await, [expected], "{table}");
}

each_engine! {
    async fn a_purge_drops_one_tenant_and_no_other(shop) {
        let before = shop.neighbour().await;
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        let slug = Slug::new("acme").unwrap();
        let error = shop.tenancy.purge(&acme.id, &slug).await.unwrap_err();
        assert!(error.is_wrong_step() && error.to_string().contains("delete it first"), "{error}");
        shop.tenancy.delete(&acme.id).await.unwrap();
        let other = Slug::new("globex").unwrap();
        assert!(shop.tenancy.purge(&acme.id, &other).await.unwrap_err().is_wrong_step());
        shop.tenancy.purge(&acme.id, &slug).await.unwrap();
        assert!(shop.tenancy.tenant("acme").await.unwrap_err().is_tenant_not_found());
        assert_eq!(shop.neighbour().await, before);
        if shop.apart() {
            let left = if shop.has_own("globex") { vec!["t_globex"] } else { Vec::new() };
            assert_eq!(places(&shop).await, left);
        }
        // Whoever gets the slug and the id next begins with nothing.
        shop.tenancy.create_tenant(new("acme")).await.unwrap();
        assert_eq!(totals(&shop.tenancy, "acme").await, [0_i64; 0]);
        assert_eq!(shop.neighbour().await, before);
    }

    async fn tiers_choose_the_strategy(shop) {
        let tenancy = hybrid(&shop).await;
        tenancy.create_tenant(new("small")).await.unwrap();
        let big = tenancy.create_tenant(new("big").tier("enterprise")).await.unwrap();
        let own = tenancy.create_tenant(new("own").isolation(IsolationKind::Schema)).await.unwrap();
        assert_eq!(own.location.as_ref().unwrap().isolation(), IsolationKind::Schema);
        tenancy.create_tenant(new("giant").tier("huge")).await.unwrap();
        for (slug, id) in [("small", 7), ("big", 8), ("own", 9), ("giant", 10)] {
            order(&tenancy, slug, id).await;
        }
        for (slug, id) in [("small", 7), ("big", 8), ("own", 9), ("giant", 10)] {
            assert_eq!(totals(&tenancy, slug).await, [id]);
        }
        kept(&shop.eye, "orders WHERE tenant_id NOT IN ('acme', 'globex')", "small", 7).await;
        for (slug, id) in [("big", 8), ("own", 9)] {
            let place = format!("{}t_{slug}", shop.scratch.prefix());
            let sqlite = shop.scratch.engine() == Engine::Sqlite;
            let table = if sqlite { format!("\"{place}$orders\"") } else { format!("{place}.orders") };
            kept(&shop.eye, &table, slug, id).await;
        }
        let giant = shop.scratch.eye_of("giant").await;
        kept(&giant, "orders", "giant", 10).await;
        giant.close().await.unwrap();
        let places = places(&shop).await;
        match (shop.strategy, shop.scratch.engine()) {
            (Strategy::Hybrid, Engine::MySql) => assert_eq!(places, ["t_acme", "t_big", "t_giant", "t_own"]),
            (Strategy::Hybrid, _) => assert_eq!(places, ["t_acme", "t_big", "t_own"]),
            (_, Engine::MySql) => assert!(places.ends_with(&["t_giant".into(), "t_globex".into(), "t_own".into()]) || places == ["t_big", "t_giant", "t_own"], "{places:?}"),
            (Strategy::Database, _) => assert_eq!(places, ["t_acme", "t_giant", "t_globex"]),
            (Strategy::Schema, _) => assert_eq!(places, ["t_acme", "t_big", "t_globex", "t_own"]),
            _ => assert_eq!(places, ["t_big", "t_own"]),
        }
        // Rows would stay behind.
        let error = tenancy.set_tier(&big.id, None).await.unwrap_err();
        assert!(error.is_wrong_step() && error.to_string().contains("unseen"), "{error}");
        assert_eq!(tenancy.set_tier(&big.id, Some("large")).await.unwrap().tier.as_deref(), Some("large"));
        assert_eq!(totals(&tenancy, "big").await, [8]);
        // One strategy does not guess where another keeps rows.
        let kept_otherwise = match shop.strategy {
            Strategy::Schema => "small",
            Strategy::Hybrid => "giant",
            _ => "big",
        };
        let error = shop.tenancy.db(kept_otherwise).await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains("use `Hybrid`"), "{error}");
        let other = if shop.strategy == Strategy::Database { IsolationKind::Row } else { IsolationKind::Database };
        let error = shop.tenancy.create_tenant(new("odd").isolation(other)).await.unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(shop.tenancy.tenant("odd").await.unwrap_err().is_tenant_not_found());
        tenancy.close().await.unwrap();
    }

    async fn a_table_is_called_what_it_is_in_the_place(shop) {
        for (db, factor) in [(&shop.acme, 1), (&shop.globex, 1_000)] {
            let tenant = db.tenant().slug.as_str();
            let table = order::Entity::qualified_table(db);
            assert_eq!(table, db.qualified_table::<order::Entity>());
            let plain = |name: &str| name.replace(['"', '`'], "");
            assert_eq!(plain(&table), plain(&shop.table(tenant, "orders")));
            let sql = format!("SELECT total FROM {table} WHERE tenant_id = '{tenant}' ORDER BY id");
            let totals = (1..=6).map(|n| format!("{{\"total\":{}}}", n * factor));
            assert_eq!(rows(shop.beside(tenant), &sql).await, totals.collect::<Vec<_>>());
            if shop.strategy != Strategy::Database {
                let unscoped = shop.tenancy.unscoped("counting by hand").await.unwrap();
                unscoped.execute_unprepared(&sql).await.unwrap();
            }
            // On the tenant's own connection a name has no place, whoever's it is.
            if table.contains(['.', '$']) {
                let error = tenancy::Error::from(db.execute_unprepared(&sql).await.unwrap_err());
                assert!(error.is_refused(), "{error}");
            }
        }
    }

    async fn calls_at_the_same_time_make_one_tenant(shop) {
        let calls: Vec<_> = (0..6).map(|_| {
            let tenancy = shop.tenancy.clone();
            tokio::spawn(async move { tenancy.create_tenant(NewTenant::new("initech").unwrap()).await })
        }).collect();
        let mut ids = Vec::new();
        for call in calls {
            match call.await.unwrap() {
                Ok(tenant) => ids.push(tenant.id.clone()),
                Err(error) => assert!(error.is_conflict(), "{error}"),
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(shop.tenancy.tenants().await.unwrap().len(), 3);
        assert_eq!(totals(&shop.tenancy, "initech").await, [0_i64; 0]);
    }

    async fn a_creation_that_was_cut_off_is_completed(shop) {
        // As a process leaves it that ends after it has kept the tenant.
        let store = tenancy::SqlStore::connect(&shop.scratch.url).await.unwrap();
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        let mut begun = tenancy::Tenant::create(new("initech"), chrono::Utc::now());
        begun.status = Status::Provisioning;
        begun.location = match &acme.location {
            Some(tenancy::Location::Schema(name)) => {
                let name = name.as_str().replace("acme", "initech");
                Some(tenancy::Location::Schema(tenancy::SchemaName::new(name).unwrap()))
            }
            Some(tenancy::Location::Database(name)) => {
                let name = name.as_str().replace("acme", "initech");
                Some(tenancy::Location::Database(tenancy::DatabaseName::new(name).unwrap()))
            }
            other => other.clone(),
        };
        store.insert(&begun).await.unwrap();
        assert!(shop.tenancy.db("initech").await.unwrap_err().is_inactive());
        let made = shop.tenancy.create_tenant(NewTenant::new("initech").unwrap()).await.unwrap();
        assert_eq!((made.id.as_str(), made.status), ("initech", Status::Active));
        order(&shop.tenancy, "initech", 9).await;
        assert_eq!(totals(&shop.tenancy, "initech").await, [9]);
    }

}

each_schema! {
    async fn a_place_that_is_somebody_elses_is_never_shared(shop) {
        let prefix = shop.scratch.prefix();
        let squat = match shop.scratch.engine() {
            Engine::Sqlite => vec![format!("CREATE TABLE \"{prefix}t_squat$orders\" (id INTEGER)")],
            Engine::Postgres => vec![format!("CREATE SCHEMA {prefix}t_squat")],
            Engine::MySql => vec![
                format!("CREATE DATABASE {prefix}t_squat"),
                format!("CREATE TABLE {prefix}t_squat.orders (id INTEGER)"),
            ],
        };
        for sql in squat {
            shop.eye.execute_unprepared(&sql).await.unwrap();
        }
        let error = shop.tenancy.create_tenant(new("squat")).await.unwrap_err();
        assert!(error.is_conflict() && error.to_string().contains("does not say whose it is"), "{error}");
        assert!(shop.tenancy.db("squat").await.unwrap_err().is_inactive());
        // Nor is it dropped with the tenant that wanted it.
        let squat = shop.tenancy.tenant("squat").await.unwrap();
        shop.tenancy.delete(&squat.id).await.unwrap();
        assert!(shop.tenancy.purge(&squat.id, &squat.slug).await.is_err());
        assert!(places(&shop).await.contains(&"t_squat".to_owned()));
    }

    async fn a_missing_place_is_an_error(shop) {
        let before = shop.neighbour().await;
        let drop = match shop.scratch.engine() {
            Engine::Sqlite => format!("ALTER TABLE {} RENAME TO gone", shop.table("acme", "items")),
            Engine::Postgres => format!("DROP SCHEMA {}t_acme CASCADE", shop.scratch.prefix()),
            Engine::MySql => format!("DROP DATABASE {}t_acme", shop.scratch.prefix()),
        };
        // A shared table of that name must not be read instead.
        shop.eye.execute_unprepared("CREATE TABLE items (tenant_id VARCHAR(64), id INTEGER)").await.unwrap();
        shop.eye.execute_unprepared("INSERT INTO items VALUES ('acme', 1)").await.unwrap();
        shop.eye.execute_unprepared(&drop).await.unwrap();
        let named = shop.table("acme", "items").replace('"', "");
        let told = |error: DbErr| {
            let error = tenancy::Error::from(error);
            let text = error.to_string();
            assert!(error.is_place_missing(), "{text}");
            for part in ["the tenant `acme` has no schema `", &named, "`Tenancy::create_tenant`"] {
                assert!(text.contains(part), "{part} is not in: {text}");
            }
        };
        let backend = ConnectionTrait::get_database_backend(&shop.eye);
        let read = || Statement::from_string(backend, "SELECT id FROM items");
        told(shop.acme.execute_unprepared("SELECT id FROM items").await.unwrap_err());
        told(shop.acme.query_one_raw(read()).await.unwrap_err());
        told(shop.acme.query_all_raw(read()).await.unwrap_err());
        told(item::Entity::delete_by_id(1).exec(&shop.acme).await.unwrap_err());
        match shop.acme.stream_raw(read()).await {
            Ok(mut rows) => told(rows.next().await.unwrap().unwrap_err()),
            Err(error) => told(error),
        }
        let transaction = shop.acme.begin().await.unwrap();
        told(item::Entity::find().one(&transaction).await.unwrap_err());
        transaction.rollback().await.unwrap();
        // What else goes wrong is told as it is.
        let again = "INSERT INTO orders (id, customer_id, status, total) VALUES (1, 1, 'new', 1)";
        let error = tenancy::Error::from(shop.globex.execute_unprepared(again).await.unwrap_err());
        assert!(error.is_conflict() && !error.is_place_missing(), "{error}");
        assert_eq!(shop.neighbour().await, before);
    }
}

/// Whoever gets around the scoper meets the policies: the role that serves tenants sees no row of
/// anybody's until a transaction names one, and the audit finds nothing that is not in force.
#[test]
fn policies_hold_without_the_scoper() {
    shop::run_in(Engine::Postgres, Strategy::Rls, |shop: Arc<Shop>| async move {
        let report = shop.tenancy.audit().await.unwrap();
        assert!(!report.is_fatal(), "{report}");
        let role = Database::connect(shop.scratch.role().await).await.unwrap();
        let count = async |db: &DatabaseConnection| {
            let sql = "SELECT COUNT(*) AS n FROM orders";
            let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
            row.unwrap().unwrap().try_get::<i64>("", "n").unwrap()
        };
        assert_eq!(count(&role).await, 0);
        assert_eq!(count(&shop.eye).await, 12);
        let stolen = "UPDATE orders SET total = 0";
        assert_eq!(role.execute_unprepared(stolen).await.unwrap().rows_affected(), 0);
        let forged = "INSERT INTO orders (tenant_id, id, customer_id, status, total) VALUES ('globex', 99, 1, 'x', 1)";
        assert!(role.execute_unprepared(forged).await.is_err());
        assert_eq!(order::Entity::find().all(&shop.acme).await.unwrap().len(), 6);
        role.close().await.unwrap();
    });
}
