//! Sequences, schemas, temporary tables, and what belongs to the whole database.

use tenancy::{SchemaName, TenantId, audit::Severity::Warning};

use crate::{
    stage::{enter, exec, texts},
    traps,
};

traps! {
    async fn a_sequence_counts_for_all(stage) {
        let last = "SELECT last_value FROM ledger_id_seq";
        assert!(stage.refuses("acme", last).await.contains("permission denied"));
        let set = "SELECT setval('ledger_id_seq', 1)";
        assert!(stage.refuses("acme", set).await.contains("permission denied"));
        assert_eq!(stage.does("acme", "INSERT INTO ledger (entry, amount) VALUES ('x', 1)").await, 1);
        let sql = "GRANT SELECT ON SEQUENCE ledger_id_seq TO PUBLIC";
        stage.defect(sql, "right_on_sequence", Warning).await;
        stage.as_admin(sql).await;
        assert_eq!(stage.sees("acme", last).await, ["3"], "the trap");
    }

    async fn an_identity_column_needs_no_right(stage) {
        let rights = "SELECT has_sequence_privilege('APP', 'ledger_id_seq', 'SELECT, USAGE, UPDATE')";
        let rights = rights.replace("APP", &stage.role("app"));
        assert_eq!(stage.truth(&rights).await, ["false"]);
        let seen = "SELECT last_value FROM pg_sequences WHERE sequencename = 'ledger_id_seq'";
        assert_eq!(stage.sees("acme", seen).await, ["∅"]);
    }

    async fn a_number_drawn_from_a_sequence_tells_where_it_stands(stage) {
        let serial = "ALTER TABLE ledger ALTER COLUMN id DROP IDENTITY; \
            CREATE SEQUENCE numbers START 100 OWNED BY ledger.id; \
            ALTER TABLE ledger ALTER COLUMN id SET DEFAULT nextval('numbers')";
        stage.as_owner(serial).await;
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
        stage.does("globex", "INSERT INTO ledger (entry, amount) VALUES ('x', 1)").await;
        assert!(stage.refuses("acme", "SELECT last_value FROM numbers").await.contains("permission denied"));
        // The right to draw is enough for this view. Let keys be identity columns or UUIDs where
        // it must not be known how many rows there are.
        let seen = "SELECT last_value FROM pg_sequences WHERE sequencename = 'numbers'";
        assert_eq!(stage.sees("acme", seen).await, ["100"], "the trap");
    }

    async fn a_missing_schema_is_passed_over(stage) {
        let transaction = enter(&stage.app, "acme").await;
        exec(&transaction, "SET LOCAL search_path = no_such_tenant, public").await.unwrap();
        assert_eq!(texts(&transaction, "SELECT count(*) FROM orders").await.unwrap(), ["3"], "the trap");
        assert_eq!(texts(&transaction, "SELECT to_regnamespace('no_such_tenant') AS n").await.unwrap(), ["∅"]);
        // A name in full is an error instead.
        assert!(texts(&transaction, "SELECT count(*) FROM no_such_tenant.orders").await.is_err());
        transaction.rollback().await.unwrap();
    }

    async fn a_temporary_table_hides_another(stage) {
        let hide = "CREATE TEMPORARY TABLE orders (id bigint)";
        assert!(stage.refuses("acme", hide).await.contains("permission denied"));
        let name = stage.truth("SELECT current_database()").await.remove(0);
        let grant = format!("GRANT TEMPORARY ON DATABASE {name} TO PUBLIC");
        stage.defect(&grant, "temporary_tables", Warning).await;
        stage.as_admin(&grant).await;
        let transaction = enter(&stage.app, "acme").await;
        exec(&transaction, hide).await.unwrap();
        let count = "SELECT count(*) FROM orders";
        assert_eq!(texts(&transaction, count).await.unwrap(), ["0"], "the trap");
        exec(&transaction, "SET LOCAL search_path = public, pg_temp").await.unwrap();
        assert_eq!(texts(&transaction, count).await.unwrap(), ["3"]);
        transaction.rollback().await.unwrap();
    }

    async fn the_application_makes_nothing_in_the_schema(stage) {
        assert!(stage.refuses("acme", "CREATE TABLE mine (id bigint)").await.contains("permission denied"));
        stage.defect("GRANT CREATE ON SCHEMA public TO PUBLIC", "create_in_schema", Warning).await;
    }

    async fn names_of_schemas_are_no_secret(stage) {
        let name = SchemaName::for_tenant(&TenantId::generate());
        stage.as_admin(&format!("CREATE SCHEMA {name}; CREATE SCHEMA acme_secret_project")).await;
        let seen = stage.sees("acme", "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information|public)'").await;
        assert!(seen.contains(&"acme_secret_project".to_owned()), "the trap");
        // Ours is made of the tenant's id, which says nothing.
        assert!(seen.contains(&name.to_string()));
        assert!(name.as_str().starts_with("t_0"), "{name}");
    }

    async fn channels_and_locks_belong_to_the_database(stage) {
        // No policy covers them, so a tenant's connection refuses them: see `plan`.
        let one = enter(&stage.app, "acme").await;
        assert_eq!(texts(&one, "SELECT pg_try_advisory_xact_lock(7)").await.unwrap(), ["true"]);
        let other = enter(&stage.owner, "globex").await;
        assert_eq!(texts(&other, "SELECT pg_try_advisory_xact_lock(7)").await.unwrap(), ["false"], "the trap");
        other.rollback().await.unwrap();
        one.rollback().await.unwrap();
    }
}
