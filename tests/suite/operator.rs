//! Work that goes beyond one tenant: on purpose, on record, and for each tenant apart.

mod each;
mod transaction;

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait, Statement, TransactionTrait,
};
use tenancy::Error;
use tenancy_tests::{
    Engine, Shop, each_engine,
    entity::{ledger, order, rows},
};

fn entry(text: &str) -> ledger::ActiveModel {
    ledger::ActiveModel { entry: Set(text.into()), amount: Set(1), ..Default::default() }
}

/// Whom the server takes the operator for, as it says itself.
async fn user(shop: &Shop) -> Option<String> {
    let sql = match shop.scratch.engine() {
        Engine::Sqlite => return None,
        Engine::Postgres => "SELECT CAST(session_user AS TEXT)",
        Engine::MySql => "SELECT CURRENT_USER()",
    };
    let statement = Statement::from_string(shop.eye.get_database_backend(), sql);
    let row = shop.eye.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

each_engine! {
    async fn an_unscoped_connection_leaves_a_record_that_survives_a_rollback(shop) {
        let before = shop.tenancy.unscoped_accesses(10).await.unwrap();
        assert_eq!(before.iter().map(|it| &*it.reason).collect::<Vec<_>>(), ["filling the shelves"]);
        let (line, db) = (line!(), shop.tenancy.unscoped("counting words").await.unwrap());
        let transaction = db.begin().await.unwrap();
        transaction.execute_unprepared("DELETE FROM tenancy_unscoped").await.unwrap();
        transaction.rollback().await.unwrap();
        let after = shop.tenancy.unscoped_accesses(10).await.unwrap();
        assert_eq!(after.len(), 2);
        assert_eq!(after[1], before[0]);
        assert_eq!((&*after[0].reason, after[0].place.clone()), ("counting words", format!("{}:{line}", file!())));
        assert!(after[0].process.starts_with(&std::process::id().to_string()));
        assert_eq!(after[0].role, user(&shop).await);
        assert_eq!(shop.tenancy.unscoped_accesses(1).await.unwrap(), after[..1]);
        assert!(shop.tenancy.unscoped("  ").await.unwrap_err().is_config());
        // It is the operator's to read, and no tenant's.
        let error = shop.acme.execute_unprepared("SELECT reason FROM tenancy_unscoped").await.unwrap_err();
        assert!(Error::refusal_in(&error).is_some(), "{error}");
    }

    async fn what_is_left_on_an_unscoped_connection_meets_nobody_else(shop) {
        let db = shop.tenancy.unscoped("a careless script").await.unwrap();
        let scripts = ["tenancy_tenants", "orders"].map(|table| format!("CREATE TEMPORARY TABLE {table} (id INTEGER)"));
        // On as many connections as there may be.
        let mut sessions = Vec::new();
        for _ in 0..4 {
            let session = db.begin().await.unwrap();
            for script in &scripts {
                session.execute_unprepared(script).await.unwrap();
            }
            sessions.push(session);
        }
        for session in sessions {
            session.commit().await.unwrap();
        }
        let requests = (0..8).map(|_| async {
            let acme = shop.tenancy.db("acme").await.unwrap();
            order::Entity::find().count(&acme).await.unwrap()
        });
        assert_eq!(futures_util::future::join_all(requests).await, [6; 8]);
    }

    async fn where_it_cannot_be_recorded_nothing_is_handed_out(shop) {
        shop.eye.execute_unprepared("ALTER TABLE tenancy_unscoped RENAME TO gone").await.unwrap();
        assert!(shop.tenancy.unscoped("a test").await.is_err());
        assert_eq!(rows(&shop.eye, "SELECT * FROM gone").await.len(), 1);
    }
}
