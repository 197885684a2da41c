//! What policies do to plans, and what plans and statistics tell.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{MemoryStore, NewTenant, Tenancy, audit::Severity::Warning};

use crate::{
    stage::{Stage, enter, exec, texts},
    traps,
};

/// A tenant with very many rows, one with few, and statistics of both.
const MANY: &str = "
    INSERT INTO ledger (tenant_id, entry, amount) SELECT 'large', 'e' || n, n FROM generate_series(1, 20000) AS n;
    INSERT INTO ledger (tenant_id, entry, amount) SELECT 't' || n % 100, 'e' || n, n FROM generate_series(1, 2000) AS n;
    CREATE INDEX by_entry ON ledger (tenant_id, entry text_pattern_ops);
    ANALYZE ledger;
";

impl Stage {
    async fn plan(&self, tenant: &str, sql: &str) -> String {
        let transaction = enter(&self.app, tenant).await;
        let explain = Statement::from_string(DbBackend::Postgres, format!("EXPLAIN {sql}"));
        let rows = transaction.query_all_raw(explain).await.unwrap();
        transaction.rollback().await.unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        lines.join("\n")
    }

    /// How many rows the first node is expected to give.
    async fn estimate(&self, tenant: &str, sql: &str) -> u64 {
        let plan = self.plan(tenant, sql).await;
        let rows = plan.split("rows=").nth(1).and_then(|rest| rest.split(' ').next());
        rows.and_then(|rows| rows.parse().ok()).unwrap_or_else(|| panic!("{plan}"))
    }
}

traps! {
    async fn the_tenant_is_computed_once_for_a_statement(stage) {
        let plan = stage.plan("acme", "SELECT * FROM ledger").await;
        assert!(plan.contains("InitPlan") && !plan.contains("current_setting("), "{plan}");
        let each = "tenant_id = NULLIF(current_setting('tenancy.tenant_id', true), '')";
        stage.as_owner(&format!("ALTER POLICY tenancy_tenant ON ledger USING ({each}) WITH CHECK ({each})")).await;
        let plan = stage.plan("acme", "SELECT * FROM ledger").await;
        assert!(plan.contains("current_setting("), "the trap: {plan}");
        assert_eq!(stage.finds("policy_per_row").await[0].severity, Warning);
    }

    async fn a_literal_gives_the_planner_its_estimates_back(stage) {
        stage.as_admin(MANY).await;
        let blind = "SELECT * FROM ledger";
        let (large, small) = (stage.estimate("large", blind).await, stage.estimate("t7", blind).await);
        assert_eq!(large, small, "the trap: the policy alone knows no tenant");
        // The scoper puts the tenant there as well.
        let large = stage.estimate("large", "SELECT * FROM ledger WHERE tenant_id = 'large'").await;
        let small = stage.estimate("t7", "SELECT * FROM ledger WHERE tenant_id = 't7'").await;
        assert!((15_000..25_000).contains(&large), "{large}");
        assert!((1..200).contains(&small), "{small}");
    }

    async fn operators_that_might_tell_wait_for_the_policy(stage) {
        let sql = "SELECT p.proname FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode \
            WHERE o.oprname = '=' AND o.oprleft = o.oprright AND NOT p.proleakproof \
            AND o.oprleft IN ('uuid'::regtype, 'text'::regtype, 'bigint'::regtype)";
        assert_eq!(stage.truth(sql).await, [""; 0], "tenant columns are compared before anything else");
        stage.as_admin(MANY).await;
        let like = "SELECT * FROM ledger WHERE tenant_id = 'large' AND entry LIKE 'e777%'";
        let plan = stage.plan("large", like).await;
        assert!(!plan.contains("Index Cond: ((tenant_id)::text = 'large'::text) AND ((entry"), "{plan}");
        assert!(plan.contains("Filter:") && plan.contains("~~ 'e777%'"), "the trap: {plan}");
    }

    async fn a_cheap_function_sees_no_hidden_row(stage) {
        stage.as_admin("CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS \
            $$BEGIN IF $1 LIKE 'globex%' THEN RAISE EXCEPTION 'seen %', $1; END IF; RETURN true; END$$").await;
        let sql = "SELECT name FROM customers WHERE leak(name)";
        assert_eq!(stage.sees("acme", sql).await.len(), 3);
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
        stage.as_admin("ALTER FUNCTION leak(text) LEAKPROOF").await;
        assert!(stage.refuses("acme", sql).await.contains("seen globex"), "the trap");
        assert_eq!(stage.finds("function_leakproof").await[0].object, "leak(text)");
        stage.as_admin("ALTER FUNCTION leak(text) NOT LEAKPROOF").await;
        stage.defect("ALTER FUNCTION leak(text) LEAKPROOF", "function_leakproof", Warning).await;
    }

    async fn explain_tells_how_much_others_have_and_is_refused(stage) {
        stage.as_admin(MANY).await;
        let sql = "SELECT * FROM ledger WHERE tenant_id = 'large'";
        assert!(stage.estimate("t7", sql).await > 10_000, "the trap");
        let tenancy = Tenancy::builder().database(stage.url("app")).store(MemoryStore::new()).connect();
        let tenancy = tenancy.await.unwrap();
        tenancy.create_tenant(NewTenant::new("acme").unwrap().id("acme").unwrap()).await.unwrap();
        let db = tenancy.db("acme").await.unwrap();
        // Beside it, all that belongs to the database and no policy covers.
        for sql in [
            "EXPLAIN SELECT * FROM ledger",
            "SELECT * FROM pg_stats",
            "SELECT * FROM pg_catalog.pg_namespace",
            "LISTEN channel",
            "NOTIFY channel, 'text'",
            "SELECT pg_notify('channel', 'text')",
            "SELECT pg_advisory_lock(1)",
            "SELECT lo_get(1)",
            "SELECT set_config('tenancy.tenant_id', 'globex', true)",
            "SET row_security = off",
            "COPY orders TO STDOUT",
            "TRUNCATE orders",
            "SELECT last_value FROM ledger_id_seq",
            "CREATE TEMPORARY TABLE orders (id bigint)",
        ] {
            let error = db.execute_unprepared(sql).await.unwrap_err();
            assert!(tenancy::Error::refusal_in(&error).is_some(), "{sql}: {error}");
        }
        drop(db);
        tenancy.close().await.unwrap();
    }

    async fn statistics_of_a_table_with_policies_are_hidden(stage) {
        stage.as_admin(MANY).await;
        let sql = "SELECT tablename FROM pg_stats WHERE tablename IN ('ledger', 'products') GROUP BY 1";
        assert_eq!(stage.sees("acme", sql).await, ["products"]);
        // Old servers let them out by other ways: the audit knows the releases, and this one is not
        // among them.
        assert!(!stage.audit().await.findings().iter().any(|f| f.code.starts_with("version_")));
    }

    async fn a_kept_plan_follows_the_tenant(stage) {
        exec(&stage.app, "SET plan_cache_mode = force_generic_plan; \
            PREPARE kept AS SELECT DISTINCT tenant_id FROM orders").await.unwrap();
        for tenant in ["acme", "globex", "acme"] {
            let transaction = enter(&stage.app, tenant).await;
            let statement = Statement::from_string(DbBackend::Postgres, "EXECUTE kept");
            let rows = transaction.query_all_raw(statement).await.unwrap();
            let whose: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            assert_eq!(whose, [tenant]);
            transaction.commit().await.unwrap();
        }
        assert_eq!(texts(&stage.app, "SELECT DISTINCT tenant_id FROM orders").await.unwrap(), [""; 0]);
        exec(&stage.app, "RESET plan_cache_mode").await.unwrap();
    }

    async fn a_kept_plan_forgets_who_was_bound(stage) {
        // As CVE-2024-10976 would have it, a plan made for a role that is not bound runs for one
        // that is.
        let app = stage.role("app");
        let transaction = sea_orm::TransactionTrait::begin(&stage.admin).await.unwrap();
        exec(&transaction, "SET LOCAL plan_cache_mode = force_generic_plan; \
            PREPARE kept AS WITH o AS (SELECT tenant_id FROM orders) SELECT count(*) FROM o").await.unwrap();
        let count = || Statement::from_string(DbBackend::Postgres, "EXECUTE kept");
        let mut found = Vec::new();
        for role in ["NONE", &app, "NONE"] {
            exec(&transaction, &format!("SET LOCAL ROLE {role}")).await.unwrap();
            let row = transaction.query_one_raw(count()).await.unwrap().unwrap();
            found.push(row.try_get_by_index::<i64>(0).unwrap());
        }
        transaction.rollback().await.unwrap();
        assert_eq!(found, [6, 0, 6]);
    }
}
