//! Tables, partitions and policies that let too much through.

use tenancy::audit::Severity::{Fatal, Warning};

use crate::{
    stage::{exec, texts},
    traps,
};

const ORDERS: &str = "SELECT count(*) FROM orders";

/// The ledger, divided by the number of its rows.
const PARTED: &str = "
    DROP TABLE ledger;
    CREATE TABLE ledger (id bigint NOT NULL, entry varchar NOT NULL, amount bigint NOT NULL,
        tenant_id varchar(64) NOT NULL, PRIMARY KEY (tenant_id, id)) PARTITION BY RANGE (id);
    CREATE TABLE ledger_low PARTITION OF ledger FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
    CREATE TABLE ledger_lowest PARTITION OF ledger_low FOR VALUES FROM (0) TO (10);
";

const ENTRIES: &str = "INSERT INTO ledger (tenant_id, id, entry, amount) VALUES \
    ('acme', 1, 'acme entry', 1), ('globex', 1, 'globex entry', 1)";

traps! {
    async fn a_new_table_has_no_row_security(stage) {
        let sql = "DROP TABLE ledger; CREATE TABLE ledger (tenant_id varchar(64) NOT NULL, \
            id bigserial PRIMARY KEY, entry varchar NOT NULL, amount bigint NOT NULL, UNIQUE (tenant_id, id)); \
            GRANT SELECT ON ledger TO PUBLIC";
        stage.as_owner(sql).await;
        stage.as_admin("INSERT INTO ledger (tenant_id, entry, amount) VALUES ('globex', 'secret', 1)").await;
        assert_eq!(stage.sees("acme", "SELECT entry FROM ledger").await, ["secret"], "the trap");
        for code in ["rls_disabled", "rls_not_forced", "policy_missing"] {
            assert_eq!(stage.finds(code).await[0].object, "ledger", "{code}");
        }
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
        assert_eq!(stage.sees("acme", "SELECT entry FROM ledger").await, [""; 0]);
    }

    async fn a_partition_does_not_ask_its_parents_policies(stage) {
        stage.as_owner(PARTED).await;
        stage.apply(&stage.security().up()).await;
        stage.as_admin(ENTRIES).await;
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
        assert_eq!(stage.sees("acme", "SELECT entry FROM ledger").await, ["acme entry"]);
        for part in ["ledger_low", "ledger_lowest"] {
            let sql = format!("SELECT entry FROM {part}");
            assert!(stage.refuses("acme", &sql).await.contains("permission denied"));
            stage.as_admin(&format!("GRANT SELECT ON {part} TO PUBLIC")).await;
            assert_eq!(stage.sees("acme", &sql).await, ["acme entry"], "it has policies of its own");
            assert_eq!(stage.finds("right_on_partition").await[0].object, part);
            stage.as_admin(&format!("REVOKE SELECT ON {part} FROM PUBLIC")).await;
        }
        let added = "CREATE TABLE ledger_high PARTITION OF ledger FOR VALUES FROM (100) TO (200); \
            GRANT SELECT ON ledger_high TO PUBLIC";
        stage.as_owner(added).await;
        stage.as_admin("INSERT INTO ledger (tenant_id, id, entry, amount) VALUES ('globex', 150, 'x', 1)").await;
        assert_eq!(stage.sees("acme", "SELECT entry FROM ledger_high").await, ["x"], "the trap");
        for code in ["rls_disabled", "rls_not_forced", "policy_missing"] {
            assert_eq!(stage.finds(code).await[0].object, "ledger_high", "{code}");
        }
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
    }

    async fn a_table_that_inherits_is_a_partition_too(stage) {
        stage.as_owner("CREATE TABLE old_items () INHERITS (items)").await;
        assert_eq!(stage.finds("rls_disabled").await[0].object, "old_items");
        assert_eq!(stage.finds("policy_missing").await[0].object, "old_items");
        stage.apply(&stage.security().up()).await;
        let report = stage.audit().await;
        assert!(!report.is_fatal(), "{report}");
    }

    async fn every_command_has_a_check(stage) {
        let moved = "UPDATE orders SET tenant_id = 'globex' WHERE id = 1";
        let planted = "INSERT INTO customers (tenant_id, id, name, email) VALUES ('globex', 9, 'x', 'x')";
        for sql in [moved, planted] {
            assert!(stage.refuses("acme", sql).await.contains("row-level security"), "{sql}");
        }
        // A policy for one command without a check of its own lets a row be moved.
        let open = "DROP POLICY tenancy_tenant ON orders; DROP POLICY tenancy_access ON orders; \
            CREATE POLICY reading ON orders FOR SELECT USING (true); \
            CREATE POLICY moving ON orders FOR UPDATE USING (tenant_id = current_setting('tenancy.tenant_id')) \
            WITH CHECK (true); ALTER TABLE items DROP CONSTRAINT IF EXISTS \"fk-items-tenant_id-order_id\"";
        stage.as_admin(open).await;
        stage.as_admin("DELETE FROM items; DELETE FROM orders WHERE tenant_id = 'globex'").await;
        stage.does("acme", moved).await;
        let there = "SELECT count(*) FROM orders WHERE tenant_id = 'globex'";
        assert_eq!(stage.truth(there).await, ["1"], "the trap");
        assert!(stage.finds("policy_missing").await.len() == 2);
    }

    async fn permissive_policies_are_joined_by_or(stage) {
        let open = "CREATE POLICY everything ON orders USING (true)";
        let found = stage.defect(open, "policy_extra", Warning).await;
        assert_eq!(found.remedy_sql, "DROP POLICY \"everything\" ON orders");
        stage.as_owner(open).await;
        assert_eq!(stage.sees("acme", ORDERS).await, ["3"], "the restrictive one narrows it");
        stage.as_owner("DROP POLICY tenancy_tenant ON orders").await;
        assert_eq!(stage.sees("acme", ORDERS).await, ["6"], "the trap");
        assert_eq!(stage.finds("policy_extra").await[0].severity, Fatal);
    }

    async fn neither_policy_alone_opens_the_table(stage) {
        stage.as_owner("DROP POLICY tenancy_tenant ON orders").await;
        assert_eq!(stage.sees("acme", ORDERS).await, ["3"]);
        stage.as_owner("DROP POLICY tenancy_access ON orders").await;
        assert_eq!(stage.sees("acme", ORDERS).await, ["0"]);
    }

    async fn policies_read_no_table(stage) {
        // A policy with a query of a table is subject to that table's policies, and may recurse.
        let sql = "SELECT d.refobjid::regclass FROM pg_depend d JOIN pg_policy p ON p.oid = d.objid \
            WHERE d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_class'::regclass \
            AND d.refobjid <> p.polrelid";
        assert_eq!(stage.truth(sql).await, [""; 0]);
        let names = "SELECT DISTINCT a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid \
            AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_policy'::regclass";
        assert_eq!(stage.truth(names).await, ["tenant_id"]);
    }

    async fn the_column_fills_itself_in(stage) {
        stage.does("acme", "INSERT INTO ledger (entry, amount) VALUES ('filled', 1)").await;
        let whose = "SELECT tenant_id FROM ledger WHERE entry = 'filled'";
        assert_eq!(stage.truth(whose).await, ["acme"]);
        let nobody = exec(&stage.app, "INSERT INTO ledger (entry, amount) VALUES ('lost', 1)").await;
        assert!(nobody.unwrap_err().to_string().contains("row-level security"));
        assert_eq!(texts(&stage.admin, "SELECT entry FROM ledger WHERE entry = 'lost'").await.unwrap(), [""; 0]);
    }
}
