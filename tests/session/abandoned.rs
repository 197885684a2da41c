//! EDGE 44: what nobody waits for any more does not go on. The server cancels it, and its connection is
//! there for the next.

use std::time::Duration;

use futures_util::{StreamExt, future::join_all};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Statement, TransactionTrait};
use tenancy_tests::entity::{ledger, order};

use crate::world::{self, App, World, entry, read, totals};

/// Long enough for a statement to get to the server and wait there.
const SOON: Duration = Duration::from_millis(50);

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

impl World {
    /// Statements of the application that the server is at work on.
    async fn running(&self) -> i64 {
        let sql = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name LIKE 'tenancy#%' AND state = 'active'";
        let statement = Statement::from_string(self.shop.eye.get_database_backend(), sql);
        Count::find_by_statement(statement).one(&self.shop.eye).await.unwrap().unwrap().n
    }

    /// Each is dropped while it waits for a lock. On its one connection the application goes on all
    /// the same, although nobody gives the lock back.
    async fn abandon(&self, app: &App) {
        let lock = self.shop.eye.begin().await.unwrap();
        lock.execute_unprepared("LOCK TABLE ledger").await.unwrap();
        let given_up = tokio::time::timeout(SOON, ledger::Entity::find().all(&app.acme)).await;
        assert!(given_up.is_err(), "the table is locked");
        assert_eq!(read(&app.globex).await, totals("globex"));
        assert_eq!(self.running().await, 0);

        let written = ledger::Entity::insert(entry("never"));
        assert!(tokio::time::timeout(SOON, written.exec(&app.acme)).await.is_err());
        assert_eq!(read(&app.globex).await, totals("globex"));

        let mut rows = ledger::Entity::find().stream(&app.acme).await.unwrap();
        assert!(tokio::time::timeout(SOON, rows.next()).await.is_err());
        drop(rows);
        assert_eq!(read(&app.globex).await, totals("globex"));

        let transaction = app.acme.begin().await.unwrap();
        order::Entity::delete_many().exec(&transaction).await.unwrap();
        let given_up = tokio::time::timeout(SOON, ledger::Entity::find().all(&transaction)).await;
        assert!(given_up.is_err(), "the table is locked");
        drop(transaction);
        assert_eq!(read(&app.acme).await, totals("acme"), "nothing was committed");

        let many =
            (0..100).map(|_| tokio::time::timeout(SOON, ledger::Entity::find().all(&app.acme)));
        assert!(join_all(many).await.iter().all(Result::is_err));
        assert_eq!(read(&app.globex).await, totals("globex"));
        assert_eq!(self.running().await, 0);
        lock.rollback().await.unwrap();
        assert_eq!(self.entries("acme").await, [""; 0]);
    }
}

#[test]
fn statements_are_cancelled() {
    world::run(async |world| {
        // Whom no policy binds.
        let app = world.silent(&world.shop.scratch.url, 1).await;
        world.abandon(&app).await;
        app.close().await;
    });
}

#[test]
fn statements_that_say_who_asks_are_cancelled() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        world.abandon(&app).await;
        app.nothing_is_left().await;
        app.close().await;
    });
}
