//! The setting that names the tenant.

use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::{
    stage::{enter, exec, texts},
    traps,
};

const WHO: &str = "SELECT current_setting('tenancy.tenant_id', true) AS who";
const WHOSE: &str = "SELECT DISTINCT tenant_id FROM orders";

async fn set(db: &impl ConnectionTrait, tenant: &str, local: bool) {
    let sql = format!("SELECT set_config('tenancy.tenant_id', '{tenant}', {local})");
    exec(db, &sql).await.unwrap();
}

traps! {
    async fn a_setting_is_context_and_no_secret(stage) {
        // SQL of the session can change it, so no SQL of a tenant's may run there; with a signed
        // context it may not matter: see `signed`.
        let transaction = enter(&stage.app, "acme").await;
        set(&transaction, "globex", true).await;
        assert_eq!(texts(&transaction, WHOSE).await.unwrap(), ["globex"], "the trap");
        transaction.rollback().await.unwrap();
        // No value of it opens everything.
        for value in ["root", "*", "%", "' OR true --", "acme,globex", "NULL", "public"] {
            let transaction = enter(&stage.app, value).await;
            assert_eq!(texts(&transaction, WHOSE).await.unwrap(), [""; 0], "{value}");
            transaction.rollback().await.unwrap();
        }
    }

    async fn the_setting_is_empty_and_not_null_afterwards(stage) {
        assert_eq!(texts(&stage.app, WHO).await.unwrap(), ["∅"]);
        enter(&stage.app, "acme").await.commit().await.unwrap();
        assert_eq!(texts(&stage.app, WHO).await.unwrap(), [""], "the trap");
        let cast = "SELECT current_setting('tenancy.tenant_id', true)::uuid";
        assert!(texts(&stage.app, cast).await.is_err(), "the trap");
        let ours = "SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid AS who";
        assert_eq!(texts(&stage.app, ours).await.unwrap(), ["∅"]);
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), [""; 0], "no rows, and no error");
    }

    async fn a_local_setting_outside_a_transaction_does_nothing(stage) {
        set(&stage.app, "acme", true).await;
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), [""; 0], "lost at the next statement");
        exec(&stage.app, "SET LOCAL tenancy.tenant_id = 'acme'").await.unwrap();
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), [""; 0], "a warning, and no effect");
        assert_eq!(stage.sees("acme", WHOSE).await, ["acme"]);
    }

    async fn a_savepoint_brings_the_older_tenant_back(stage) {
        let outer = enter(&stage.app, "acme").await;
        let inner = outer.begin().await.unwrap();
        set(&inner, "globex", true).await;
        assert_eq!(texts(&inner, WHOSE).await.unwrap(), ["globex"]);
        inner.rollback().await.unwrap();
        assert_eq!(texts(&outer, WHOSE).await.unwrap(), ["acme"]);
        let inner = outer.begin().await.unwrap();
        set(&inner, "globex", true).await;
        inner.commit().await.unwrap();
        assert_eq!(texts(&outer, WHOSE).await.unwrap(), ["globex"], "a released one does not");
        outer.rollback().await.unwrap();
    }

    async fn a_setting_of_the_session_stays_in_the_pool(stage) {
        set(&stage.app, "globex", false).await;
        // The pool has one connection: this is the next borrower.
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), ["globex"], "the trap");
        exec(&stage.app, "RESET tenancy.tenant_id").await.unwrap();
        let transaction = enter(&stage.app, "acme").await;
        assert_eq!(texts(&transaction, WHOSE).await.unwrap(), ["acme"]);
        transaction.commit().await.unwrap();
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), [""; 0], "one of the transaction does not");
    }

    async fn policies_do_not_depend_on_the_search_path(stage) {
        // What a pooler loses or mixes up of it changes no policy.
        let transaction = enter(&stage.app, "acme").await;
        exec(&transaction, "SET LOCAL search_path = pg_temp, pg_catalog").await.unwrap();
        let sql = "SELECT DISTINCT tenant_id FROM public.orders";
        assert_eq!(texts(&transaction, sql).await.unwrap(), ["acme"]);
        transaction.rollback().await.unwrap();
    }
}
