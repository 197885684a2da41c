//! PostgreSQL.

use sea_orm::sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, raw_sql};
use tenancy::migrate::structure::{Reading, Shadow, postgres};
use tenancy_core::{
    Dialect,
    structure::{Destructive, Renames, Structure, diff},
};
use tenancy_tests::Engine;

use crate::{
    generator::{Dice, World},
    pairs,
};

async fn run<'a>(conn: &mut PgConnection, statements: impl IntoIterator<Item = &'a str>) {
    for statement in statements {
        if let Err(error) = conn.execute(raw_sql(AssertSqlSafe(statement.to_owned()))).await {
            panic!("{error}\n{statement}");
        }
    }
}

async fn shadow(conn: &mut PgConnection, statements: &[String]) -> Structure {
    let shadow = Shadow { statements, ..Shadow::default() };
    postgres::shadow(conn, &shadow, &Reading::default()).await.expect("a shadow").structure
}

#[tokio::test]
async fn any_structure_becomes_any_other_and_back() {
    let scratch = Engine::Postgres.scratch().await;
    let mut conn = PgConnection::connect(&scratch.url).await.expect("a connection");
    for seed in pairs() {
        let mut dice = Dice::new(seed);
        let from = World::any(&mut dice);
        let to = if seed % 3 == 0 { World::any(&mut dice) } else { from.neighbour(&mut dice) };
        let (from, to) = (from.statements(Dialect::Postgres), to.statements(Dialect::Postgres));
        let (a, b) = (shadow(&mut conn, &from).await, shadow(&mut conn, &to).await);
        let changes = diff(Dialect::Postgres, &a, &b, &Renames::default());
        assert_eq!(changes.is_empty(), a == b, "seed {seed}");
        let schema = format!("t_{seed}");
        run(
            &mut conn,
            [format!("CREATE SCHEMA {schema}").as_str(), &format!("SET search_path = {schema}")],
        )
        .await;
        run(&mut conn, from.iter().map(String::as_str)).await;
        // Something is in the tables, where that is easy.
        let before = postgres::read(&mut conn, &schema, &Reading::default()).await.expect("read");
        assert_eq!(before, a, "seed {seed}");
        let text = changes.up(Destructive::Written);
        run(&mut conn, ["BEGIN", &text, "COMMIT"]).await;
        let there = postgres::read(&mut conn, &schema, &Reading::default()).await.expect("read");
        assert_eq!(there, b, "seed {seed}\n{text}");
        let text = changes.down(Destructive::Written);
        run(&mut conn, ["BEGIN", &text, "COMMIT"]).await;
        let back = postgres::read(&mut conn, &schema, &Reading::default()).await.expect("read");
        assert_eq!(back, a, "seed {seed}\n{text}");
    }
    conn.close().await.expect("closed");
    scratch.remove().await;
}

#[tokio::test]
async fn one_tenant_of_many_is_found_out() {
    let scratch = Engine::Postgres.scratch().await;
    let mut conn = PgConnection::connect(&scratch.url).await.expect("a connection");
    let world = World::any(&mut Dice::new(7)).statements(Dialect::Postgres);
    let names: Vec<String> = (0..20).map(|number| format!("t_{number}")).collect();
    for name in &names {
        run(
            &mut conn,
            [format!("CREATE SCHEMA {name}").as_str(), &format!("SET search_path = {name}")],
        )
        .await;
        run(&mut conn, world.iter().map(String::as_str)).await;
    }
    run(&mut conn, ["SET search_path = public"]).await;
    let shadow = Shadow { statements: &world, ..Shadow::default() };
    let wanted = postgres::shadow(&mut conn, &shadow, &Reading::default())
        .await
        .expect("a shadow")
        .fingerprint;
    let all = || names.iter().map(String::as_str);
    let found =
        postgres::fingerprints(&mut conn, all(), &Reading::default()).await.expect("hashes");
    assert_eq!(found.len(), 20);
    assert!(found.values().all(|it| *it == wanted), "{found:?} and {wanted}");

    run(&mut conn, ["CREATE TABLE t_13.stray (id bigint)"]).await;
    let found =
        postgres::fingerprints(&mut conn, all(), &Reading::default()).await.expect("hashes");
    let differ: Vec<&String> = found.iter().filter(|it| *it.1 != wanted).map(|it| it.0).collect();
    assert_eq!(differ, ["t_13"]);
    let ignoring = Reading { ignored: &["stray"], ..Reading::default() };
    let found = postgres::fingerprints(&mut conn, all(), &ignoring).await.expect("hashes");
    assert!(found.values().all(|it| *it == wanted));
    conn.close().await.expect("closed");
    scratch.remove().await;
}
