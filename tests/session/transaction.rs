//! What SeaORM's transactions do, ours do too.

use futures_util::{StreamExt, TryStreamExt};
use sea_orm::{
    AccessMode, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, IsolationLevel,
    PaginatorTrait, SqlErr, TransactionError, TransactionTrait,
};
use tenancy_tests::{
    cut::cut,
    entity::{customer, ledger, order},
};

use crate::world::{self, entry, read, totals};

async fn count(db: &impl ConnectionTrait) -> u64 {
    ledger::Entity::find().count(db).await.unwrap()
}

#[test]
fn errors_are_the_databases_own() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        let taken = |id| customer::ActiveModel {
            id: Set(id),
            name: Set("again".into()),
            email: Set("c1@example.org".into()),
            ..Default::default()
        };
        let error = customer::Entity::insert(taken(1)).exec(&app.acme).await.unwrap_err();
        assert!(matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{error}");
        let error = app.acme.execute_unprepared("SELECT 1/0 FROM orders").await.unwrap_err();
        assert!(matches!(error, DbErr::Exec(_)), "{error:?}");
        let rows = order::Entity::find().stream(&app.acme).await.unwrap();
        assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap().len(), 6);

        // In a transaction only going back helps, as far as a savepoint.
        let outer = app.acme.begin().await.unwrap();
        let inner = outer.begin().await.unwrap();
        assert!(customer::Entity::insert(taken(2)).exec(&inner).await.is_err());
        assert!(customer::Entity::find().all(&inner).await.is_err());
        inner.rollback().await.unwrap();
        assert_eq!(read(&outer).await, totals("acme"));
        outer.commit().await.unwrap();
        app.nothing_is_left().await;

        app.tenancy.close().await.unwrap();
        let closed = app.acme.execute_unprepared("SELECT id FROM orders").await.unwrap_err();
        assert!(matches!(closed, DbErr::ConnectionAcquire(_)), "{closed:?}");
    });
}

#[test]
fn isolation_levels_and_access_modes_hold() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 3).await;
        let write = async |db: &tenancy::TenantDb| {
            ledger::Entity::insert(entry("meanwhile")).exec(db).await.unwrap();
        };
        let levels = [(IsolationLevel::ReadCommitted, 1), (IsolationLevel::RepeatableRead, 0)];
        for (level, seen) in levels {
            let txn = app.acme.begin_with_config(Some(level), None).await.unwrap();
            let before = count(&txn).await;
            write(&app.acme).await;
            assert_eq!(count(&txn).await, before + seen, "{level}");
            txn.commit().await.unwrap();
            // The snapshot is the first statement's, not that of `BEGIN`.
            let txn = app.acme.begin_with_config(Some(level), None).await.unwrap();
            write(&app.acme).await;
            assert_eq!(count(&txn).await, before + 2, "{level}");
            txn.rollback().await.unwrap();
        }

        let read_only = Some(AccessMode::ReadOnly);
        let txn = app.acme.begin_with_config(None, read_only).await.unwrap();
        assert_eq!(read(&txn).await, totals("acme"));
        assert!(ledger::Entity::insert(entry("never")).exec(&txn).await.is_err());
        txn.rollback().await.unwrap();
        let level = Some(IsolationLevel::Serializable);
        let txn = app.globex.begin_with_config(level, read_only).await.unwrap();
        assert_eq!(read(&txn).await, totals("globex"));
        txn.commit().await.unwrap();

        // What a savepoint cannot be, the server says; then only rolling back is left.
        let txn = app.acme.begin().await.unwrap();
        read(&txn).await;
        assert!(txn.begin_with_config(level, None).await.is_err());
        assert!(txn.execute_unprepared("DELETE FROM orders").await.is_err());
        txn.rollback().await.unwrap();
        app.nothing_is_left().await;
        world.all_told_right().await;
        app.close().await;
    });
}

#[test]
fn closures_commit_and_roll_back() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        let kept = app.acme.transaction::<_, _, DbErr>(|txn| {
            Box::pin(async move {
                ledger::Entity::insert(entry("kept")).exec(txn).await?;
                Ok(count(txn).await)
            })
        });
        assert_eq!(kept.await.unwrap(), 1);
        let undone = app.acme.transaction::<_, (), DbErr>(|txn| {
            Box::pin(async move {
                ledger::Entity::insert(entry("undone")).exec(txn).await?;
                Err(DbErr::Custom("enough".to_owned()))
            })
        });
        assert!(matches!(undone.await, Err(TransactionError::Transaction(_))));
        assert_eq!((count(&app.acme).await, count(&app.globex).await), (1, 0));
        app.close().await;
    });
}

#[test]
fn a_panic_rolls_back() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        for depth in 0..3 {
            let db = app.acme.clone();
            let task = tokio::spawn(async move {
                let outer = db.begin().await.unwrap();
                ledger::Entity::insert(entry("never")).exec(&outer).await.unwrap();
                let inner = outer.begin().await.unwrap();
                ledger::Entity::insert(entry("never")).exec(&inner).await.unwrap();
                let mut rows = ledger::Entity::find().stream(&inner).await.unwrap();
                rows.next().await.unwrap().unwrap();
                match depth {
                    0 => panic!("with a stream open"),
                    1 => drop(rows),
                    _ => {
                        drop(rows);
                        inner.commit().await.unwrap();
                    }
                }
                panic!("with a transaction open");
            });
            assert!(task.await.unwrap_err().is_panic());
            app.nothing_is_left().await;
            assert_eq!(read(&app.globex).await, totals("globex"));
            assert_eq!(count(&app.acme).await, 0);
        }
        world.shop.no_transaction(0).await;
        app.close().await;
    });
}

#[test]
fn half_read_streams_do_no_harm() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        for db in [&app.acme, &app.globex] {
            let many = (0..2_000).map(|_| entry("x".repeat(100)));
            ledger::Entity::insert_many(many).exec_without_returning(db).await.unwrap();
        }
        for rows in [0, 1, 2, 33, 500] {
            for db in [&app.acme, &app.globex] {
                let read = async |from: &tenancy::TenantTransaction| {
                    let mut stream = ledger::Entity::find().stream(from).await.unwrap();
                    for _ in 0..rows {
                        assert_eq!(
                            stream.next().await.unwrap().unwrap().tenant_id,
                            db.tenant().id.as_str()
                        );
                    }
                };
                let mut stream = ledger::Entity::find().stream(db).await.unwrap();
                for _ in 0..rows {
                    stream.next().await.unwrap().unwrap();
                }
                drop(stream);
                app.nothing_is_left().await;
                let outer = db.begin().await.unwrap();
                read(&outer).await;
                let inner = outer.begin().await.unwrap();
                read(&inner).await;
                drop(inner);
                assert_eq!(count(&outer).await, 2_000);
                read(&outer).await;
                outer.commit().await.unwrap();
                app.nothing_is_left().await;
            }
        }
        app.close().await;
    });
}

/// A savepoint nobody has any more is waited for, though somebody reads for it still.
#[test]
fn a_savepoint_that_is_ending_does_not_keep_the_transaction_from_it() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        let many = (0..2_000).map(|_| entry("x".repeat(100)));
        ledger::Entity::insert_many(many).exec_without_returning(&app.acme).await.unwrap();
        for number in 0..10 {
            let outer = app.acme.begin().await.unwrap();
            ledger::Entity::insert(entry("kept")).exec_without_returning(&outer).await.unwrap();
            let inner = outer.begin().await.unwrap();
            ledger::Entity::insert(entry("lost")).exec_without_returning(&inner).await.unwrap();
            let mut stream = ledger::Entity::find().stream(&inner).await.unwrap();
            stream.next().await.unwrap().unwrap();
            drop(stream);
            if number % 2 == 0 {
                drop(inner);
            } else {
                // Rolls back in the background.
                assert!(cut(inner.rollback(), 1).await.is_none());
            }
            outer.commit().await.unwrap();
            assert_eq!(count(&app.acme).await, 2_001 + number);
        }
        app.nothing_is_left().await;
        app.close().await;
    });
}
