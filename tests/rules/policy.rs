//! Policies of PostgreSQL, asked by a role that they bind.

use sea_orm::{ConnectionTrait, Database, DbErr, Statement, TransactionTrait};
use tenancy::{
    catalog::Entity,
    entity, policy,
    policy::{Command, Context, Rule},
    schema,
};
use tenancy_tests::{Engine, engine::Scratch};

use crate::{post, rate};

/// The tables with their row security, as the entities themselves say it.
async fn stage() -> (Scratch, String) {
    let scratch = Engine::Postgres.scratch().await;
    let url = scratch.role().await;
    let owner = Database::connect(&scratch.url).await.unwrap();
    for statement in schema::create_all(sea_orm::DbBackend::Postgres).unwrap() {
        owner.execute_raw(statement).await.unwrap();
    }
    for script in [post::Entity::rls(), rate::Entity::rls()] {
        // It may be run again, and in a transaction that is open.
        for _ in 0..2 {
            let transaction = owner.begin().await.unwrap();
            transaction.execute_unprepared(script.up).await.unwrap();
            transaction.commit().await.unwrap();
        }
    }
    let stock = "
        INSERT INTO posts (tenant_id, title, state) SELECT t, s, s FROM unnest(ARRAY['acme', 'globex']) AS t,
            unnest(ARRAY['open', 'closed', 'secret']) AS s;
        INSERT INTO rates (tenant_id, percent) VALUES ('acme', 1), ('globex', 1);
        GRANT SELECT, INSERT, UPDATE, DELETE ON posts, rates TO PUBLIC;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO PUBLIC";
    owner.execute_unprepared(stock).await.unwrap();
    owner.close().await.unwrap();
    (scratch, url)
}

/// How many rows a statement touches for acme; nothing of it stays.
async fn touches(url: &str, sql: &str) -> Result<u64, DbErr> {
    let app = Database::connect(url).await.unwrap();
    let transaction = app.begin().await?;
    transaction.execute_unprepared("SELECT set_config('tenancy.tenant_id', 'acme', true)").await?;
    let statement = Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let outcome = transaction.execute_raw(statement).await.map(|done| done.rows_affected());
    transaction.rollback().await?;
    app.close().await?;
    outcome
}

#[tokio::test]
async fn further_policies_take_rows_away() {
    let (scratch, url) = stage().await;
    let refused = |outcome: Result<u64, DbErr>| {
        outcome.unwrap_err().to_string().contains("violates row-level security policy")
    };
    assert_eq!(touches(&url, "SELECT * FROM posts").await.unwrap(), 2, "not the secret one");
    // Of the two that are seen, the closed one cannot be changed; the open one can be closed.
    let update = "UPDATE posts SET state = 'closed'";
    assert_eq!(touches(&url, &format!("{update} WHERE id > 0")).await.unwrap(), 1);
    // One that reads no column does not ask what may be read. The scoper's always read one.
    assert_eq!(touches(&url, update).await.unwrap(), 2);
    assert!(refused(
        touches(&url, "INSERT INTO posts (title, state) VALUES ('x', 'closed')").await
    ));
    let insert = "INSERT INTO posts (title, state) VALUES ('x', 'open')";
    assert_eq!(touches(&url, insert).await.unwrap(), 1);
    // A row is removed only when it was marked before.
    assert_eq!(touches(&url, "DELETE FROM posts").await.unwrap(), 0);
    let marked = "UPDATE posts SET deleted_at = now() WHERE state = 'open'";
    assert_eq!(touches(&url, marked).await.unwrap(), 1);

    assert_eq!(touches(&url, "SELECT * FROM rates").await.unwrap(), 1);
    assert!(refused(touches(&url, "INSERT INTO rates (percent) VALUES (2)").await));
    assert_eq!(touches(&url, "UPDATE rates SET percent = 2").await.unwrap(), 0);
    assert_eq!(touches(&url, "DELETE FROM rates").await.unwrap(), 0);
    scratch.remove().await;
}

#[tokio::test]
async fn a_marked_row_can_be_removed() {
    let (scratch, url) = stage().await;
    let owner = Database::connect(&scratch.url).await.unwrap();
    owner
        .execute_unprepared("UPDATE posts SET deleted_at = now() WHERE state = 'open'")
        .await
        .unwrap();
    assert_eq!(touches(&url, "DELETE FROM posts").await.unwrap(), 1);
    // A rule that is given up goes with the next run, and all of them with the way down.
    let without = entity::catalog().unwrap();
    let posts: &Entity = without.iter().find(|entity| entity.table == "posts").unwrap();
    let script = policy::table(posts, &[], Context::Setting).body();
    owner.execute_unprepared(&script).await.unwrap();
    assert_eq!(touches(&url, "DELETE FROM posts").await.unwrap(), 3);
    owner.execute_unprepared(post::Entity::rls().up).await.unwrap();
    owner.execute_unprepared(post::Entity::rls().down).await.unwrap();
    assert_eq!(touches(&url, "SELECT * FROM posts").await.unwrap(), 6, "nothing keeps them apart");
    owner.close().await.unwrap();
    scratch.remove().await;
}

/// The macro, which sees text, and the catalog of the running program say one thing.
#[test]
fn constants_are_what_the_catalog_says() {
    let catalog = entity::catalog().unwrap();
    for (table, constants) in [("posts", post::Entity::rls()), ("rates", rate::Entity::rls())] {
        let entity = catalog.iter().find(|entity| entity.table == table).unwrap();
        let up = policy::table(entity, catalog.rules(entity), Context::Setting);
        assert_eq!(constants.up, up.body());
        assert_eq!(constants.down, policy::table_down(entity).body());
    }
    let posts = catalog.iter().find(|entity| entity.table == "posts").unwrap();
    let commands: Vec<Command> = catalog.rules(posts).iter().map(Rule::command).collect();
    assert_eq!(commands, Command::ALL);
}
