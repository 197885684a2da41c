//! Sessions that sign who they are for.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Statement, TransactionTrait};
use tenancy::{Lanes, Rls, Signing, Tenancy, TenantDb, TenantId, policy::token::Key};
use tenancy_tests::{
    entity::{ledger, order, rows},
    wait::until,
};

use crate::{
    cancel::cut_all,
    pooler::{pgbouncer, url},
    proxy::Proxy,
    trips::{interleave, measure},
    world::{self, World, entry, place, read, totals},
};

fn key(id: &str) -> Key {
    Key::new(id, format!("the secret of the key that is called {id}").as_bytes()).unwrap()
}

fn signing() -> Signing {
    Signing::new(key("k1"))
}

#[test]
fn a_statement_takes_four_round_trips_and_in_a_transaction_one() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let app = world.signing(&world.url(&proxy.place), 1, signing()).await;
        let [read, insert, update, stream, transaction, savepoint, _] =
            measure(&proxy, &app.acme).await;
        assert_eq!([read, insert, update, stream], [4; 4]);
        assert_eq!((transaction, savepoint), (3 + 2, 3 + 2 + 2));
        app.close().await;
    });
}

#[test]
fn tenants_take_turns() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        let app = world.signing(&world.url(&world.server), 1, signing()).await;
        cut_all(&world, &app).await;
        let before = world.entries("acme").await.len();
        interleave(&app, 4).await;
        assert_eq!(world.entries("acme").await.len() - before, world.entries("globex").await.len());
        world.all_told_right().await;
        app.close().await;
    });
}

#[test]
fn tenants_take_turns_through_pgbouncer() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        let bouncer = pgbouncer();
        let app = world.signing(&url(&world, place(&bouncer)), 8, signing()).await;
        interleave(&app, 4).await;
        assert!(!world.entries("acme").await.is_empty());
        assert_eq!(world.entries("acme").await, world.entries("globex").await);
        world.all_told_right().await;
        app.close().await;
    });
}

#[derive(FromQueryResult)]
struct Text {
    text: Option<String>,
}

/// Runs SQL that has come into a session past the scoper, and what it shows.
async fn smuggle(db: &impl ConnectionTrait, sql: &str) -> Result<String, DbErr> {
    let sql = format!("SELECT run_text('{}') AS text FROM orders LIMIT 1", sql.replace('\'', "''"));
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let found = Text::find_by_statement(statement).one(db).await?;
    Ok(found.and_then(|found| found.text).unwrap_or_default())
}

const WHOSE: &str = "SELECT string_agg(DISTINCT tenant_id, ',') FROM orders";

/// A function that builds SQL of texts, as they are found in grown databases.
const RUN_TEXT: &str = "CREATE FUNCTION run_text(sql text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE found text; BEGIN EXECUTE sql INTO found; RETURN found; END $$";

async fn with_run_text(world: &World, isolation: Rls) -> (Tenancy, TenantDb) {
    let tenancy = Tenancy::builder()
        .database(world.url(&world.server))
        .allow_function("run_text", "for the test")
        .isolation(isolation);
    let tenancy = tenancy.connect().await.unwrap();
    let acme = tenancy.db("acme").await.unwrap();
    (tenancy, acme)
}

/// EDGE 45: a setting can be changed by SQL that gets into a session, a token cannot be made by it.
#[test]
fn smuggled_sql_does_not_become_another_tenant() {
    world::run(async |world| {
        world.shop.eye.execute_unprepared(RUN_TEXT).await.unwrap();
        let switch = "SELECT set_config('tenancy.tenant_id', 'globex', true)";
        // The control: without signatures it works.
        let (tenancy, acme) = with_run_text(&world, Rls::new()).await;
        let txn = acme.begin().await.unwrap();
        assert_eq!(smuggle(&txn, WHOSE).await.unwrap(), "acme");
        assert_eq!(smuggle(&txn, switch).await.unwrap(), "globex");
        // The scoper shows nothing of globex's even so, but what is smuggled in does not pass it.
        let both = format!("SELECT run_text('{}')", WHOSE.replace('\'', "''"));
        assert_eq!(read(&txn).await, [0_i64; 0]);
        let found = Text::find_by_statement(Statement::from_string(
            txn.get_database_backend(),
            format!("{both} AS text"),
        ));
        let found = found.one(&txn).await.unwrap().unwrap().text;
        assert_eq!(found.as_deref(), Some("globex"), "that is why there are signatures");
        txn.rollback().await.unwrap();
        tenancy.close().await.unwrap();

        world.verify_tokens(&[&key("k1")]).await;
        let (tenancy, acme) = with_run_text(&world, Rls::new().signed(signing())).await;
        let txn = acme.begin().await.unwrap();
        smuggle(&txn, switch).await.unwrap();
        assert_eq!(smuggle(&txn, WHOSE).await.unwrap(), "acme");
        let own = smuggle(&txn, "SELECT current_setting('tenancy.token')").await.unwrap();
        assert!(own.starts_with("k1.acme."), "{own}");
        let globex = TenantId::new("globex").unwrap();
        let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(1);
        for token in [
            own.replace("acme", "globex"),
            key("k9").sign(&globex, soon).expose().to_owned(),
            "globex".to_owned(),
        ] {
            let inner = txn.begin().await.unwrap();
            let attack = format!("SELECT set_config('tenancy.token', '{token}', true)");
            smuggle(&inner, &attack).await.unwrap();
            let error = smuggle(&inner, WHOSE).await.unwrap_err().to_string();
            assert!(error.contains("the tenancy token is not valid"), "{error}");
            inner.rollback().await.unwrap();
        }
        for attack in [
            "SELECT string_agg(id, ',') FROM tenancy.key",
            "INSERT INTO tenancy.key VALUES ('k2', '', '')",
            "CREATE OR REPLACE FUNCTION tenancy.tenant() RETURNS text LANGUAGE sql \
             AS $$SELECT 'globex'$$",
        ] {
            let inner = txn.begin().await.unwrap();
            let error = smuggle(&inner, attack).await.unwrap_err().to_string();
            assert!(error.contains("permission denied"), "{error}");
            inner.rollback().await.unwrap();
        }
        assert_eq!(smuggle(&txn, WHOSE).await.unwrap(), "acme", "the savepoints are gone");
        txn.rollback().await.unwrap();
        tenancy.close().await.unwrap();
    });
}

/// EDGE 45: others of the same role are not shown a token.
#[test]
fn a_token_is_bound_and_not_part_of_a_statement() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        let app = world.signing(&world.url(&world.server), 1, signing()).await;
        let txn = app.acme.begin().await.unwrap();
        let shown = "SELECT query FROM pg_stat_activity \
                     WHERE application_name LIKE 'tenancy#%' AND datname = current_database()";
        let shown = rows(&world.shop.eye, shown).await.join("\n");
        assert!(shown.contains("set_config('tenancy.token', $1, true)"), "{shown}");
        assert!(!shown.contains("k1.") && !shown.contains("acme"), "{shown}");
        assert_eq!(read(&txn).await, totals("acme"));
        txn.commit().await.unwrap();
        app.close().await;
    });
}

#[test]
fn keys_are_changed_while_it_runs() {
    world::run(async |world| {
        let (old, new) = (key("old"), key("new"));
        world.verify_tokens(&[&old, &new]).await;
        let place = world.url(&world.server);
        let first = world.signing(&place, 1, Signing::new(old.clone())).await;
        let second = world.signing(&place, 1, Signing::new(new).accepting(old)).await;
        for app in [&first, &second] {
            assert_eq!(read(&app.acme).await, totals("acme"));
            assert_eq!(read(&app.globex).await, totals("globex"));
        }
        let remove = "DELETE FROM tenancy.key WHERE id = 'old'";
        world.shop.eye.execute_unprepared(remove).await.unwrap();
        let error = order::Entity::find().all(&first.acme).await.unwrap_err().to_string();
        assert!(error.contains("the tenancy token is not valid"), "{error}");
        assert_eq!(read(&second.acme).await, totals("acme"));
        first.close().await;
        second.close().await;
    });
}

#[test]
fn a_transaction_that_outlives_its_token_fails() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        let brief = signing().lifetime(Duration::from_secs(1));
        let app = world.signing(&world.url(&world.server), 1, brief).await;
        let txn = app.acme.begin().await.unwrap();
        until("its token has expired", async || {
            let inner = txn.begin().await.unwrap();
            let over = order::Entity::find().one(&inner).await.is_err();
            inner.rollback().await.unwrap();
            over
        })
        .await;
        let late = ledger::Entity::insert(entry("late")).exec(&txn).await;
        let error = late.unwrap_err().to_string();
        assert!(error.contains("the tenancy token is not valid"), "{error}");
        drop(txn);
        // A new transaction has a new one.
        assert!(order::Entity::find().one(&app.acme).await.is_ok_and(|found| found.is_some()));
        assert_eq!(world.entries("acme").await, [""; 0]);
        app.close().await;
    });
}

#[test]
fn what_does_not_go_together_is_refused() {
    world::run(async |world| {
        let start = async |isolation: Rls| {
            let builder = Tenancy::builder().database(world.url(&world.server));
            builder.isolation(isolation).connect().await.unwrap_err().to_string()
        };
        for (isolation, words) in [
            (Rls::new().signed(signing()).lanes(Lanes::new()), "leave one of them out"),
            (Rls::new().signed(signing().accepting(key("k1"))), "both called `k1`"),
            (Rls::new().signed(signing().lifetime(Duration::from_millis(999))), "raise"),
            // The policies are not what the application takes them for.
            (Rls::new().signed(signing()), "does not say what it should"),
        ] {
            let error = start(isolation).await;
            assert!(error.contains(words), "{error}");
        }
        world.verify_tokens(&[&key("k1")]).await;
        let error = start(Rls::new()).await;
        assert!(error.contains("does not say what it should"), "{error}");
        // A key the database does not know is found out by the first statement.
        let app = world.signing(&world.url(&world.server), 1, Signing::new(key("k9"))).await;
        let error = order::Entity::find().all(&app.acme).await.unwrap_err().to_string();
        assert!(error.contains("the tenancy token is not valid"), "{error}");
        app.close().await;
    });
}

/// Somebody who owns the tables and is bound by their policies all the same.
const OWNER: &str = "DO $$ DECLARE name text; BEGIN
    BEGIN CREATE ROLE tenancy_test_owner LOGIN PASSWORD 'owner';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO tenancy_test_owner', name);
    END LOOP;
    GRANT USAGE ON SCHEMA tenancy TO tenancy_test_owner;
    GRANT EXECUTE ON FUNCTION tenancy.tenant() TO tenancy_test_owner;
END $$";

#[test]
fn an_owner_who_is_bound_purges_what_it_can_see() {
    world::run(async |world| {
        world.verify_tokens(&[&key("k1")]).await;
        world.shop.eye.execute_unprepared(OWNER).await.unwrap();
        let owner =
            world.url(&world.server).replace("tenancy_test_app:app", "tenancy_test_owner:owner");
        let count = "SELECT COUNT(*) AS n FROM orders WHERE tenant_id = 'acme'";
        let neighbour = "SELECT COUNT(*) AS n FROM orders WHERE tenant_id = 'globex'";
        let before = rows(&world.shop.eye, neighbour).await;
        let start = Tenancy::builder().database(world.url(&world.server)).operator(&owner);
        let tenancy = start.isolation(tenancy::Row::new()).connect().await.unwrap();
        let acme = tenancy.tenant("acme").await.unwrap();
        tenancy.delete(&acme.id).await.unwrap();
        let error = tenancy.purge(&acme.id, &acme.slug).await.unwrap_err().to_string();
        assert!(error.contains("policies in the database verify tokens"), "{error}");
        assert_ne!(rows(&world.shop.eye, count).await, [r#"{"n":0}"#], "nothing was half done");
        tenancy.close().await.unwrap();

        let start = Tenancy::builder().database(world.url(&world.server)).operator(&owner);
        let tenancy = start.isolation(Rls::new().signed(signing())).connect().await.unwrap();
        tenancy.purge(&acme.id, &acme.slug).await.unwrap();
        assert_eq!(rows(&world.shop.eye, count).await, [r#"{"n":0}"#]);
        assert_eq!(rows(&world.shop.eye, neighbour).await, before);
        tenancy.close().await.unwrap();
    });
}
