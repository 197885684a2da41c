//! SQLite.

use std::str::FromStr as _;

use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, SqliteConnection, raw_sql,
    sqlite::SqliteConnectOptions,
};
use tenancy::migrate::structure::{Reading, Shadow, sqlite};
use tenancy_core::{
    Dialect,
    structure::{Destructive, Renames, Structure, diff},
};

use crate::{
    generator::{Dice, World},
    pairs,
};

async fn run(conn: &mut SqliteConnection, statement: &str) {
    if let Err(error) = conn.execute(raw_sql(AssertSqlSafe(statement.to_owned()))).await {
        panic!("{error}\n{statement}");
    }
}

async fn shadow(statements: &[String]) -> Structure {
    let shadow = Shadow { statements, ..Shadow::default() };
    sqlite::shadow(&shadow, &Reading::default()).await.expect("a shadow").structure
}

#[tokio::test]
async fn any_structure_becomes_any_other_and_back() {
    for seed in pairs() {
        let mut dice = Dice::new(seed);
        let from = World::any(&mut dice);
        let to = if seed % 3 == 0 { World::any(&mut dice) } else { from.neighbour(&mut dice) };
        let (from, to) = (from.statements(Dialect::Sqlite), to.statements(Dialect::Sqlite));
        let (a, b) = (shadow(&from).await, shadow(&to).await);
        let changes = diff(Dialect::Sqlite, &a, &b, &Renames::default());
        assert_eq!(changes.is_empty(), a == b, "seed {seed}");
        let options = SqliteConnectOptions::from_str("sqlite::memory:").expect("options");
        let mut conn = options.foreign_keys(false).connect().await.expect("a connection");
        for statement in &from {
            run(&mut conn, statement).await;
        }
        for (text, wanted) in
            [(changes.up(Destructive::Written), &b), (changes.down(Destructive::Written), &a)]
        {
            run(&mut conn, &format!("BEGIN;\n{text}COMMIT")).await;
            let there = sqlite::read(&mut conn, "", &Reading::default()).await.expect("read");
            assert_eq!(there, *wanted, "seed {seed}\n{text}");
        }
        conn.close().await.expect("closed");
    }
}
