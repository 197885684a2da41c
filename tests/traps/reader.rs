//! What reads with somebody else's rights.

use tenancy::{
    audit::{
        Audit,
        Severity::{Fatal, Warning},
    },
    policy::Context,
};

use crate::traps;

const PEEK: &str = "SELECT count(*) FROM peek";

traps! {
    async fn a_superusers_view_shows_everything(stage) {
        let sql = "CREATE VIEW peek AS SELECT * FROM orders; GRANT SELECT ON peek TO PUBLIC";
        let found = stage.defect(sql, "view_past_policies", Fatal).await;
        assert_eq!(found.remedy_sql, "ALTER VIEW peek SET (security_invoker = true)");
        assert_eq!(stage.sees("acme", PEEK).await, ["3"]);
        stage.as_admin("ALTER VIEW peek RESET (security_invoker)").await;
        assert_eq!(stage.sees("acme", PEEK).await, ["6"], "the trap");
        stage.as_admin("ALTER VIEW peek SET (security_invoker = false)").await;
        assert!(!stage.finds("view_past_policies").await.is_empty());
    }

    async fn a_view_of_the_bound_owner_filters(stage) {
        let owner = stage.role("owner");
        let sql = format!("CREATE VIEW peek AS SELECT * FROM orders; ALTER VIEW peek OWNER TO {owner}; \
            GRANT SELECT ON peek TO PUBLIC");
        stage.defect(&sql, "view_not_invoker", Warning).await;
        stage.as_admin("ALTER VIEW peek RESET (security_invoker)").await;
        assert_eq!(stage.sees("acme", PEEK).await, ["3"]);
    }

    async fn a_view_of_a_view_is_a_view(stage) {
        let sql = "CREATE VIEW inside WITH (security_invoker = true) AS SELECT * FROM orders; \
            CREATE VIEW peek AS SELECT * FROM inside; GRANT SELECT ON peek TO PUBLIC";
        let found = stage.defect(sql, "view_past_policies", Fatal).await;
        assert_eq!(found.object, "peek");
        assert!(found.what.contains("orders"));
    }

    async fn a_materialized_view_has_no_policies(stage) {
        let sql = "CREATE MATERIALIZED VIEW peek AS SELECT * FROM orders; GRANT SELECT ON peek TO PUBLIC";
        stage.defect(sql, "materialized_view", Fatal).await;
        assert!(stage.refuses("acme", PEEK).await.contains("permission denied"));
        stage.as_admin("GRANT SELECT ON peek TO PUBLIC").await;
        assert_eq!(stage.sees("acme", PEEK).await, ["6"], "the trap");
    }

    async fn a_definer_function_runs_as_its_owner(stage) {
        let sql = "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER \
            SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM public.orders'";
        stage.defect(sql, "function_definer", Fatal).await;
        assert!(stage.refuses("acme", "SELECT peek()").await.contains("permission denied"));
        stage.as_admin("GRANT EXECUTE ON FUNCTION peek() TO PUBLIC").await;
        assert_eq!(stage.sees("acme", "SELECT peek()").await, ["6"], "the trap");
        for name in ["public.peek", "peek()"] {
            let audit = Audit::row_security(&stage.catalog, Context::Setting).allow_function(name);
            assert_eq!(audit.run(&stage.app).await.unwrap().findings(), [], "{name}");
        }
        stage.as_admin("ALTER FUNCTION peek() RESET search_path").await;
        let audit = Audit::row_security(&stage.catalog, Context::Setting).allow_function("peek()");
        let report = audit.run(&stage.app).await.unwrap();
        assert_eq!(report.findings()[0].code, "function_search_path");
        assert!(report.is_fatal());
    }

    async fn a_definer_function_takes_names_from_its_caller(stage) {
        let sql = "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER \
            AS 'SELECT count(*) FROM words'";
        stage.defect(sql, "function_search_path", Fatal).await;
        // A path through a schema the application may write is no better than none.
        stage.as_admin("GRANT EXECUTE ON FUNCTION peek() TO PUBLIC").await;
        let audit = || Audit::row_security(&stage.catalog, Context::Setting).allow_function("public.peek");
        assert_eq!(audit().run(&stage.app).await.unwrap().findings(), []);
        stage.as_admin("CREATE SCHEMA loose; GRANT CREATE, USAGE ON SCHEMA loose TO PUBLIC").await;
        for (path, hijackable) in
            [("public", false), ("public, loose", true), ("\"$user\", public", true), ("''", false)]
        {
            stage.as_admin(&format!("ALTER FUNCTION peek() SET search_path = {path}")).await;
            let report = audit().run(&stage.app).await.unwrap();
            let found = report.findings().iter().any(|f| f.code == "function_search_path");
            assert_eq!(found, hijackable, "{path}: {report}");
        }
    }

    async fn a_trigger_function_needs_a_pinned_path(stage) {
        let sql = "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
            AS 'BEGIN RETURN NEW; END'; \
            CREATE TRIGGER noted BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noted()";
        let found = stage.defect(sql, "function_search_path", Fatal).await;
        assert_eq!(found.object, "noted()");
    }
}
