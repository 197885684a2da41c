//! Poolers between the application and the server.

use std::env;

use futures_util::StreamExt as _;
use sea_orm::{ConnectionTrait, DbBackend, Statement, StreamTrait as _, TransactionTrait};
use tenancy::Tenancy;
use tenancy_tests::{Strategy, entity::rows};

use crate::{
    cancel::cut_all,
    proxy::Proxy,
    trips::{interleave, measure},
    world::{self, App, World, place, work},
};

/// Where PgBouncer lends connections for one transaction at a time.
pub(crate) fn pgbouncer() -> String {
    let usual = "postgres://postgres@127.0.0.1:6432/postgres";
    env::var("TENANCY_TEST_PGBOUNCER_URL").unwrap_or_else(|_| usual.to_owned())
}

/// The shop's database through a pooler that does not know prepared statements.
pub(crate) fn url(world: &World, place: &str) -> String {
    format!("{}?statement-cache-capacity=0", world.url(place))
}

/// Many connections of ours share few of the server's.
#[test]
fn tenants_take_turns_through_pgbouncer() {
    world::run(async |world| {
        let bouncer = pgbouncer();
        let app = world.app(&url(&world, place(&bouncer)), 8).await;
        interleave(&app, 4).await;
        assert_eq!(world.entries("acme").await.len(), 2 * (4 + 8));
        assert_eq!(world.entries("acme").await, world.entries("globex").await);
        world.all_told_right().await;
        world.shop.no_transaction(0).await;
        app.close().await;
    });
}

/// Rows told apart by the statements alone: what is prepared for one is not run for another.
#[test]
fn tenants_without_policies_take_turns_through_pgbouncer() {
    world::run(async |world| {
        let bouncer = pgbouncer();
        // Whom no policy binds.
        let (base, _) = bouncer.rsplit_once('/').unwrap();
        let owner = format!("{base}/{}?statement-cache-capacity=0", world.shop.scratch.name());
        let apps = [world.silent(&owner, 4).await, world.silent(&owner, 4).await];
        for round in 0..3 {
            let marks = ["a", "b"].map(|mark| format!("{round} {mark}"));
            let works = apps.iter().zip(&marks);
            let works =
                works.flat_map(|(app, mark)| [work(&app.acme, mark), work(&app.globex, mark)]);
            futures_util::future::join_all(works).await;
        }
        assert_eq!(world.entries("acme").await, world.entries("globex").await);
        assert_eq!(world.entries("acme").await.len(), 3 * 2 * 2);
        world.shop.no_transaction(0).await;
        for app in apps {
            app.close().await;
        }
    });
}

/// Tables with the schema in their names: whose connection it was before does not matter, nor what
/// somebody left on it.
#[test]
fn tenants_with_schemas_take_turns_through_pgbouncer() {
    world::run_in(Strategy::Schema, async |shop| {
        let bouncer = pgbouncer();
        let (base, _) = bouncer.rsplit_once('/').unwrap();
        let url = format!("{base}/{}?statement-cache-capacity=0", shop.scratch.name());
        // What a lost name would lead to.
        let public = "CREATE TABLE orders AS SELECT 'acme' AS tenant_id, 7 AS id, 7 AS total";
        shop.eye.execute_unprepared(public).await.unwrap();
        let mut apps = Vec::new();
        for _ in 0..2 {
            let builder = Tenancy::builder().database(&url).max_connections(4);
            let builder = Strategy::Schema.isolate(builder, &shop.scratch).await;
            apps.push(App::of(builder.__unscoped_beside_others().connect().await.unwrap()).await);
        }
        for round in 0..3 {
            for (app, tenant) in apps.iter().zip(["acme", "globex"]) {
                let left = format!("SET search_path = {}t_{tenant}", shop.scratch.prefix());
                app.nobody.execute_unprepared(&left).await.unwrap();
            }
            let marks = ["a", "b"].map(|mark| format!("{round} {mark}"));
            let works = apps.iter().zip(&marks);
            let works =
                works.flat_map(|(app, mark)| [work(&app.acme, mark), work(&app.globex, mark)]);
            futures_util::future::join_all(works).await;
        }
        let mut entries = Vec::new();
        for tenant in ["acme", "globex"] {
            let table = shop.table(tenant, "ledger");
            let sql = format!("SELECT tenant_id, entry FROM {table} ORDER BY entry");
            let found = rows(&shop.eye, &sql).await.join(" ");
            entries.push(found.replace(tenant, "whoever"));
        }
        assert_eq!(entries[0], entries[1]);
        assert_eq!(entries[0].matches("whoever").count(), 3 * 2 * 2);
        shop.no_transaction(0).await;
        for app in apps {
            app.close().await;
        }
    });
}

#[test]
fn unscoped_transactions_through_pgbouncer() {
    world::run(async |world| {
        let bouncer = pgbouncer();
        let (base, _) = bouncer.rsplit_once('/').unwrap();
        let owner = format!("{base}/{}?statement-cache-capacity=0", world.shop.scratch.name());
        let app = world.silent(&owner, 2).await;
        let outer = app.nobody.begin().await.unwrap();
        let make = "CREATE TEMPORARY TABLE heap (n INTEGER) ON COMMIT DROP; \
                    INSERT INTO heap VALUES (1), (2)";
        assert_eq!(outer.execute_unprepared(make).await.unwrap().rows_affected(), 2);
        for text in ["INSERT INTO heap VALUES (3)", "SELECT 1/0"] {
            let inner = outer.begin().await.unwrap();
            assert_eq!(inner.execute_unprepared(text).await.is_ok(), text.starts_with("INSERT"));
            drop(inner);
        }
        let select = Statement::from_string(DbBackend::Postgres, "SELECT n FROM heap");
        assert_eq!(outer.query_all_raw(select.clone()).await.unwrap().len(), 2);
        assert_eq!(outer.stream_raw(select).await.unwrap().count().await, 2);
        outer.commit().await.unwrap();
        world.shop.no_transaction(0).await;
        app.close().await;
    });
}

/// EDGE 43: the same behind a pooler.
#[test]
fn dropped_at_every_await_through_pgbouncer() {
    world::run(async |world| {
        let bouncer = pgbouncer();
        let app = world.app(&url(&world, place(&bouncer)), 2).await;
        cut_all(&world, &app).await;
        app.close().await;
    });
}

/// A statement that is not kept prepared is parsed each time, in a round trip of its own.
#[test]
fn a_statement_that_is_not_prepared_takes_four_round_trips() {
    world::run(async |world| {
        let proxy = Proxy::before(place(&pgbouncer()).to_owned(), |_| {}).await;
        let app = world.app(&url(&world, &proxy.place), 1).await;
        let [read, insert, update, ..] = measure(&proxy, &app.acme).await;
        assert_eq!([read, insert, update], [4; 3]);
        app.close().await;
    });
}

async fn refused_with_lanes(url: &str) -> String {
    let rls = tenancy::Rls::new().lanes(tenancy::Lanes::new());
    let error = Tenancy::builder().database(url).isolation(rls).connect().await.unwrap_err();
    assert!(error.is_config(), "{error}");
    error.to_string()
}

#[test]
fn lanes_through_pgbouncer_are_refused() {
    world::run(async |world| {
        let bouncer = pgbouncer();
        let error = refused_with_lanes(&url(&world, place(&bouncer))).await;
        assert!(
            error.contains("direct connection") && error.contains("leave out `Rls::lanes`"),
            "{error}"
        );
        // Without them it is served.
        world.app(&url(&world, place(&bouncer)), 1).await.close().await;
    });
}

/// Leaves out what a connection says when it starts.
fn lose_options(bytes: &mut [u8]) {
    let told = b"tenancy.tenant_id=";
    for start in 0..bytes.len() {
        if bytes[start..].starts_with(told) {
            bytes[start + told.len() - 2] = b'x';
        }
    }
}

#[test]
fn a_pooler_that_drops_startup_options_is_found_out() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), lose_options).await;
        let error = refused_with_lanes(&world.url(&proxy.place)).await;
        assert!(error.contains("does not know the tenant of a new connection"), "{error}");
    });
}

/// Another setting than was asked for, as if the statement ran on another connection.
fn lose_setting(bytes: &mut [u8]) {
    let told = b"SET LOCAL tenancy.tenant_id";
    for start in 0..bytes.len() {
        if bytes[start..].starts_with(told) {
            bytes[start + told.len() - 1] = b'x';
        }
    }
}

#[test]
fn a_pooler_that_loses_the_setting_is_found_out() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), lose_setting).await;
        let url = world.url(&proxy.place);
        let error = Tenancy::builder()
            .database(&url)
            .isolation(tenancy::Rls::new())
            .connect()
            .await
            .unwrap_err();
        assert!(error.is_config(), "{error}");
        let text = error.to_string();
        assert!(text.contains("does not reach its statements"), "{text}");
        assert!(text.contains("lends its connections for whole transactions"), "{text}");
        // Whoever needs no setting is served.
        let silent = world.silent(&url, 1).await;
        silent.close().await;
    });
}
