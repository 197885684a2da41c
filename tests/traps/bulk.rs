//! Rows in bulk: COPY, dumps, and maintenance.

use futures_util::TryStreamExt;
use sea_orm::sqlx::{Executor, postgres::PgPoolCopyExt};

use crate::{
    stage::{exec, texts},
    traps,
};

const OFF: &str = "SET LOCAL row_security = off; SELECT * FROM orders";

traps! {
    async fn copy_in_is_an_error_and_unnest_is_not(stage) {
        let pool = stage.app.get_postgres_connection_pool();
        let copied = pool.copy_in_raw("COPY ledger (tenant_id, entry, amount) FROM STDIN").await;
        let error = copied.err().unwrap().to_string();
        assert!(error.contains("COPY FROM not supported with row-level security"), "{error}");
        let bulk = "INSERT INTO ledger (entry, amount) \
            SELECT * FROM unnest(ARRAY['one', 'two'], ARRAY[1, 2]::bigint[])";
        assert_eq!(stage.does("acme", bulk).await, 2);
        assert_eq!(stage.sees("globex", "SELECT entry FROM ledger").await, ["globex entry"]);
    }

    async fn copy_out_is_filtered(stage) {
        let mut connection = stage.app.get_postgres_connection_pool().acquire().await.unwrap();
        for (tenant, expected) in [("acme", "1\tacme customer 1\n"), ("globex", "1\tglobex customer 1\n"), ("", "")] {
            let sql = format!("BEGIN; SELECT set_config('tenancy.tenant_id', '{tenant}', true)");
            connection.execute(sea_orm::sqlx::AssertSqlSafe(sql)).await.unwrap();
            let copy = "COPY (SELECT id, name FROM customers WHERE id = 1) TO STDOUT";
            let parts: Vec<_> = connection.copy_out_raw(copy).await.unwrap().try_collect().await.unwrap();
            assert_eq!(String::from_utf8(parts.concat()).unwrap(), expected);
            connection.execute("ROLLBACK").await.unwrap();
        }
    }

    async fn a_dump_needs_a_role_that_policies_do_not_bind(stage) {
        // `pg_dump` switches row security off, so that a dump is never silently partial.
        for bound in [&stage.app, &stage.owner] {
            let transaction = sea_orm::TransactionTrait::begin(bound).await.unwrap();
            let error = exec(&transaction, OFF).await.unwrap_err().to_string();
            assert!(error.contains("would be affected by row-level security"), "{error}");
            transaction.rollback().await.unwrap();
        }
        // With `--enable-row-security` the owner dumps nothing.
        assert_eq!(texts(&stage.owner, "SELECT count(*) FROM orders").await.unwrap(), ["0"], "the trap");
        let backup = stage.another("backup", "LOGIN BYPASSRLS").await;
        stage.as_admin(&format!("GRANT SELECT ON orders TO {backup}")).await;
        let connection = stage.connect(&backup).await;
        let transaction = sea_orm::TransactionTrait::begin(&connection).await.unwrap();
        exec(&transaction, "SET LOCAL row_security = off").await.unwrap();
        assert_eq!(texts(&transaction, "SELECT count(*) FROM orders").await.unwrap(), ["6"]);
        transaction.rollback().await.unwrap();
        connection.close().await.unwrap();
        stage.as_admin(&format!("DROP OWNED BY {backup}")).await;
    }

    async fn switched_off_row_security_is_an_error_and_no_leak(stage) {
        let transaction = sea_orm::TransactionTrait::begin(&stage.app).await.unwrap();
        assert!(exec(&transaction, OFF).await.is_err());
        transaction.rollback().await.unwrap();
    }
}
