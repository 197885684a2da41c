//! Keys that tell about rows policies hide, and reach them. The shop's tables come from
//! `tenancy::schema`, whose keys contain the tenant.

use tenancy::audit::Severity::Fatal;

use crate::traps;

/// A table as it would be without the tenant in its keys.
const NARROW: &str = "
    CREATE TABLE parents (tenant_id varchar(64) NOT NULL, id bigint PRIMARY KEY, name text UNIQUE);
    CREATE TABLE children (tenant_id varchar(64) NOT NULL, id bigint PRIMARY KEY,
        parent_id bigint REFERENCES parents ON DELETE CASCADE);
    GRANT SELECT, INSERT, UPDATE, DELETE ON parents, children TO PUBLIC;
    INSERT INTO parents VALUES ('globex', 1, 'secret');
    DO $$ DECLARE t regclass; BEGIN
        FOREACH t IN ARRAY ARRAY['parents', 'children']::regclass[] LOOP
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
            EXECUTE format('CREATE POLICY p ON %s USING (tenant_id = current_setting(''tenancy.tenant_id''))', t);
        END LOOP;
    END $$;
";

traps! {
    async fn a_unique_key_tells_what_others_have(stage) {
        stage.as_admin(NARROW).await;
        let taken = stage.refuses("acme", "INSERT INTO parents VALUES ('acme', 2, 'secret')").await;
        assert!(taken.contains("parents_name_key"), "the trap: {taken}");
        let quiet = stage.does("acme", "INSERT INTO parents VALUES ('acme', 2, 'secret') ON CONFLICT DO NOTHING");
        assert_eq!(quiet.await, 0, "the trap");
        // Ours: the same address, for each tenant.
        let same = "INSERT INTO customers (id, name, email) VALUES (7, 'x', 'only@globex.example')";
        stage.does("globex", same).await;
        stage.does("acme", same).await;
        stage.as_admin("DROP TABLE children, parents").await;
        stage.as_admin("DELETE FROM customers WHERE id = 7 AND tenant_id = 'acme'").await;
        let narrow = "CREATE UNIQUE INDEX by_name ON customers (name)";
        let found = stage.defect(narrow, "unique_key", Fatal).await;
        assert!(found.remedy_sql.contains("(\"tenant_id\", \"name\")"), "{}", found.remedy_sql);
        let narrow = "ALTER TABLE customers ADD CONSTRAINT by_address UNIQUE (email, name)";
        stage.defect(narrow, "unique_key", Fatal).await;
        stage.as_admin("CREATE UNIQUE INDEX odd ON customers (lower(email)) WHERE tenant_id = 'acme'").await;
        assert!(stage.finds("unique_key").await[0].remedy_sql.starts_with("--"));
        stage.as_admin("DROP INDEX odd").await;
        stage.as_admin("ALTER TABLE ledger ADD EXCLUDE (entry WITH =)").await;
        assert!(stage.finds("unique_key").await[0].what.contains("exclusion"));
    }

    async fn a_primary_key_of_the_whole_table_must_be_declared(stage) {
        // That of the ledger is drawn by the database, and so declared by its entity.
        let sql = "ALTER TABLE items DROP CONSTRAINT items_pkey, ADD CONSTRAINT items_pkey PRIMARY KEY (id)";
        stage.as_admin("DELETE FROM items WHERE tenant_id = 'globex'").await;
        let found = stage.defect(sql, "unique_key", Fatal).await;
        assert!(found.remedy_sql.contains("PRIMARY KEY (\"tenant_id\", \"id\")"));
    }

    async fn a_foreign_key_reaches_hidden_rows(stage) {
        stage.as_admin(NARROW).await;
        stage.does("acme", "INSERT INTO children VALUES ('acme', 1, 1)").await;
        let points = "SELECT c.tenant_id, p.tenant_id AS of FROM children c JOIN parents p ON p.id = c.parent_id";
        assert_eq!(stage.truth(points).await, ["acme globex"], "the trap");
        // Ours: only globex has a customer 9.
        stage.does("globex", "INSERT INTO customers (id, name, email) VALUES (9, 'nine', '9')").await;
        let order = "INSERT INTO orders (id, customer_id, status, total) VALUES (9, 9, 'open', 1)";
        assert!(stage.refuses("acme", order).await.contains("foreign key"));
        stage.does("globex", order).await;
    }

    async fn a_cascade_reaches_hidden_rows(stage) {
        stage.as_admin(NARROW).await;
        stage.does("acme", "INSERT INTO children VALUES ('acme', 1, 1)").await;
        stage.does("globex", "DELETE FROM parents").await;
        assert_eq!(stage.truth("SELECT count(*) FROM children").await, ["0"], "the trap");
        // Ours: items go with their order, and stay with that of the same number.
        stage.does("globex", "DELETE FROM orders WHERE id = 1").await;
        let left = "SELECT tenant_id FROM items WHERE order_id = 1";
        assert_eq!(stage.truth(left).await, ["acme"]);
    }

    async fn a_foreign_key_without_the_tenant_is_found(stage) {
        stage.as_admin("ALTER TABLE ledger ADD COLUMN other bigint; ALTER TABLE ledger ADD UNIQUE (tenant_id, id, other)").await;
        let sql = "ALTER TABLE ledger ADD CONSTRAINT narrow FOREIGN KEY (other) REFERENCES ledger (id) \
            ON DELETE CASCADE";
        let found = stage.defect(sql, "foreign_key", Fatal).await;
        assert!(found.what.contains("its cascade reaches it"), "{}", found.what);
        assert!(found.remedy_sql.ends_with("(\"tenant_id\", \"id\") ON DELETE CASCADE"), "{}", found.remedy_sql);
    }

    async fn an_upsert_does_not_touch_a_hidden_row(stage) {
        stage.as_admin(NARROW).await;
        let upsert = "INSERT INTO parents VALUES ('acme', 1, 'mine') ON CONFLICT (id) DO UPDATE SET name = 'mine'";
        assert!(stage.refuses("acme", upsert).await.contains("USING expression"), "the trap");
        // Ours: the conflict is with a row of the same tenant, or there is none.
        let upsert = "INSERT INTO customers (id, name, email) VALUES (1, 'changed', 'c1@example.org') \
            ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name WHERE customers.tenant_id = excluded.tenant_id";
        assert_eq!(stage.does("acme", upsert).await, 1);
        let names = "SELECT tenant_id, name FROM customers WHERE id = 1 ORDER BY 1";
        assert_eq!(stage.truth(names).await, ["acme changed", "globex globex customer 1"]);
    }
}
