//! MySQL and MariaDB.

use sea_orm::sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, raw_sql};
use tenancy::migrate::structure::{Reading, Shadow, mysql};
use tenancy_core::{
    Dialect,
    structure::{Renames, Structure, diff},
};
use tenancy_tests::Engine;

use crate::{
    generator::{Dice, World},
    pairs,
};

async fn run<'a>(conn: &mut MySqlConnection, statements: impl IntoIterator<Item = &'a str>) {
    for statement in statements {
        if let Err(error) = conn.execute(raw_sql(AssertSqlSafe(statement.to_owned()))).await {
            panic!("{error}\n{statement}");
        }
    }
}

async fn shadow(conn: &mut MySqlConnection, statements: &[String]) -> Structure {
    let shadow = Shadow { statements, ..Shadow::default() };
    mysql::shadow(conn, &shadow, &Reading::default()).await.expect("a shadow").structure
}

#[tokio::test]
async fn any_structure_becomes_any_other_and_back() {
    let scratch = Engine::MySql.scratch().await;
    let mut conn = MySqlConnection::connect(&scratch.url).await.expect("a connection");
    let place = scratch.name().to_owned();
    for seed in pairs() {
        let mut dice = Dice::new(seed);
        let from = World::any(&mut dice);
        let to = if seed % 3 == 0 { World::any(&mut dice) } else { from.neighbour(&mut dice) };
        let (from, to) = (from.statements(Dialect::MySql), to.statements(Dialect::MySql));
        let (a, b) = (shadow(&mut conn, &from).await, shadow(&mut conn, &to).await);
        let changes = diff(Dialect::MySql, &a, &b, &Renames::default());
        assert_eq!(changes.is_empty(), a == b, "seed {seed}");
        let fresh = [
            format!("DROP DATABASE {place}"),
            format!("CREATE DATABASE {place}"),
            format!("USE {place}"),
        ];
        run(&mut conn, fresh.iter().map(String::as_str)).await;
        run(&mut conn, from.iter().map(String::as_str)).await;
        run(&mut conn, changes.up_statements()).await;
        let there = mysql::read(&mut conn, &place, &Reading::default()).await.expect("read");
        assert_eq!(there, b, "seed {seed}\n{:#?}", changes);
        run(&mut conn, changes.down_statements()).await;
        let back = mysql::read(&mut conn, &place, &Reading::default()).await.expect("read");
        assert_eq!(back, a, "seed {seed}\n{:#?}", changes);
    }
    conn.close().await.expect("closed");
    scratch.remove().await;
}
