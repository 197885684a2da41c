//! EDGE 46: one defect after another. The audit finds it, and finds nothing once its remedy has run.

use sea_orm::{ConnectionTrait, DbBackend};
use tenancy::{
    audit::{Audit, Finding, Report, Severity},
    policy::Context,
    schema,
};

use crate::{
    stage::{Stage, exec, texts},
    traps,
};

impl Stage {
    /// What an audit through the application's connection finds.
    pub(crate) async fn audit(&self) -> Report {
        let audit = Audit::row_security(&self.catalog, Context::Setting);
        audit.run(&self.app).await.expect("the audit's queries run")
    }

    /// What it finds of one kind.
    pub(crate) async fn finds(&self, code: &str) -> Vec<Finding> {
        let report = self.audit().await;
        report.findings().iter().filter(|finding| finding.code == code).cloned().collect()
    }

    /// Breaks something as the administrator, sees it found, mends it as told, and sees nothing
    /// found. Returns what was found.
    pub(crate) async fn defect(&self, sql: &str, code: &str, severity: Severity) -> Finding {
        assert_eq!(self.audit().await.to_string(), "nothing found\n", "before {sql}");
        self.as_admin(sql).await;
        let report = self.audit().await;
        let found: Vec<&Finding> =
            report.findings().iter().filter(|finding| finding.code == code).collect();
        assert!(!found.is_empty(), "{code} after {sql}\n{report}");
        for finding in &found {
            assert_eq!(finding.severity, severity, "{report}");
            texts_or_show(self, &finding.evidence_sql).await;
        }
        assert_eq!(
            report.is_fatal(),
            report.findings().iter().any(|f| f.severity == Severity::Fatal)
        );
        for finding in report.findings() {
            self.as_admin(&finding.remedy_sql).await;
        }
        assert_eq!(
            self.audit().await.to_string(),
            "nothing found\n",
            "after the remedies of {report}"
        );
        found[0].clone()
    }
}

/// `SHOW` is no table.
async fn texts_or_show(stage: &Stage, sql: &str) {
    if sql.starts_with("SHOW") {
        exec(&stage.admin, sql).await.expect("the evidence can be seen");
    } else {
        let rows = texts(&stage.admin, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        drop(rows);
    }
}

use Severity::{Fatal, Warning};

traps! {
    async fn a_fresh_database_has_no_finding(stage) {
        let report = stage.audit().await;
        assert!(report.findings().is_empty() && !report.is_fatal(), "{report}");
        let rows = Audit::rows(&stage.catalog).run(&stage.app).await.unwrap();
        assert!(rows.findings().is_empty(), "{rows}");
    }

    async fn a_superuser_is_found(stage) {
        let role = stage.role("app");
        let finding = stage.defect(&format!("ALTER ROLE {role} SUPERUSER"), "superuser", Fatal).await;
        assert_eq!(finding.remedy_sql, format!("ALTER ROLE {role} NOSUPERUSER"));
    }

    async fn bypassrls_is_found(stage) {
        let role = stage.role("app");
        stage.defect(&format!("ALTER ROLE {role} BYPASSRLS"), "bypass_rls", Fatal).await;
    }

    async fn a_superuser_the_role_can_become_is_found(stage) {
        let (app, middle) = (stage.role("app"), stage.another("middle", "NOLOGIN").await);
        let boss = stage.another("boss", "SUPERUSER NOINHERIT").await;
        let sql = format!("GRANT {boss} TO {middle}; GRANT {middle} TO {app}");
        let finding = stage.defect(&sql, "superuser", Fatal).await;
        assert_eq!(finding.remedy_sql, format!("REVOKE {middle} FROM {app}"));
    }

    async fn a_bypassing_role_the_role_can_become_is_found(stage) {
        let (app, boss) = (stage.role("app"), stage.another("boss", "BYPASSRLS").await);
        stage.as_admin(&format!("ALTER ROLE {app} NOINHERIT")).await;
        stage.defect(&format!("GRANT {boss} TO {app}"), "bypass_rls", Fatal).await;
    }

    async fn an_owner_the_role_can_become_is_found(stage) {
        let (app, owner) = (stage.role("app"), stage.role("owner"));
        stage.defect(&format!("GRANT {owner} TO {app}"), "owner", Fatal).await;
    }

    async fn a_table_the_role_owns_is_found(stage) {
        let role = stage.role("app");
        stage.defect(&format!("ALTER TABLE ledger OWNER TO {role}"), "owner", Fatal).await;
    }

    async fn a_schema_the_role_owns_is_found(stage) {
        let role = stage.role("app");
        stage.defect(&format!("ALTER SCHEMA public OWNER TO {role}"), "schema_owner", Fatal).await;
    }

    async fn roles_that_make_roles_or_copy_or_read_files_are_found(stage) {
        let role = stage.role("app");
        stage.defect(&format!("ALTER ROLE {role} REPLICATION"), "replication", Fatal).await;
        stage.defect(&format!("GRANT pg_read_server_files TO {role}"), "server_files", Fatal).await;
        let version: i32 = stage.truth("SELECT current_setting('server_version_num')").await[0].parse().unwrap();
        let severity = if version < 160_000 { Fatal } else { Warning };
        stage.defect(&format!("ALTER ROLE {role} CREATEROLE"), "create_role", severity).await;
    }

    async fn a_session_that_can_return_to_a_superuser_is_found(stage) {
        let transaction = sea_orm::TransactionTrait::begin(&stage.admin).await.unwrap();
        exec(&transaction, &format!("SET LOCAL ROLE {}", stage.role("app"))).await.unwrap();
        let audit = Audit::row_security(&stage.catalog, Context::Setting);
        let report = audit.run(&transaction).await.unwrap();
        assert!(report.findings().iter().any(|finding| finding.code == "superuser"), "{report}");
        assert!(report.is_fatal());
    }

    async fn disabled_row_security_is_found(stage) {
        let finding =
            stage.defect("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "rls_disabled", Fatal).await;
        assert_eq!(finding.object, "orders");
    }

    async fn row_security_that_spares_the_owner_is_found(stage) {
        stage.defect("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", "rls_not_forced", Fatal).await;
    }

    async fn a_missing_policy_is_found(stage) {
        stage.defect("DROP POLICY tenancy_tenant ON orders", "policy_missing", Fatal).await;
        stage.defect("DROP POLICY tenancy_access ON orders", "policy_missing", Fatal).await;
    }

    async fn a_policy_without_with_check_is_found(stage) {
        let sql = "DROP POLICY tenancy_tenant ON orders; CREATE POLICY tenancy_tenant ON orders \
            AS RESTRICTIVE USING (tenant_id = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')))";
        stage.defect(sql, "policy_without_check", Fatal).await;
    }

    async fn a_policy_that_says_something_else_is_found(stage) {
        for condition in [
            "true",
            "tenant_id = (SELECT NULLIF(current_setting('app.tenant', true), ''))",
            "tenant_id = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')) OR status = 'open'",
            "tenant_id <> (SELECT NULLIF(current_setting('tenancy.tenant_id', true), ''))",
            "status = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), ''))",
        ] {
            let sql = format!(
                "ALTER POLICY tenancy_tenant ON orders USING ({condition}) WITH CHECK ({condition})"
            );
            stage.defect(&sql, "policy_expression", Fatal).await;
        }
    }

    async fn a_policy_with_a_function_of_somebody_elses_is_found(stage) {
        let sql = "CREATE FUNCTION public.current_setting(text, boolean) RETURNS text \
            LANGUAGE sql AS $$SELECT 'globex'$$; SET search_path = public, pg_catalog; \
            ALTER POLICY tenancy_tenant ON orders \
            USING (tenant_id = (SELECT NULLIF(public.current_setting('tenancy.tenant_id', true), ''))) \
            WITH CHECK (tenant_id = (SELECT NULLIF(public.current_setting('tenancy.tenant_id', true), ''))); \
            RESET search_path";
        let app = stage.role("app");
        // Whoever sets the search path so reads the same text.
        stage.as_admin(&format!("ALTER ROLE {app} SET search_path = public, pg_catalog")).await;
        stage.as_admin(sql).await;
        let app = stage.connect(&app).await;
        let report = Audit::row_security(&stage.catalog, Context::Setting).run(&app).await.unwrap();
        app.close().await.unwrap();
        let found: Vec<_> = report.findings().iter().map(|f| (f.code, f.object.as_str())).collect();
        let expected = [("policy_expression", "orders"), ("policy_missing", "orders")];
        assert_eq!(found, expected, "{report}");
    }

    async fn a_policy_for_one_command_is_no_wall(stage) {
        let condition = "tenant_id = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), ''))";
        let sql = format!("DROP POLICY tenancy_tenant ON orders; CREATE POLICY tenancy_tenant ON orders \
            AS RESTRICTIVE FOR UPDATE USING ({condition}) WITH CHECK ({condition})");
        stage.defect(&sql, "policy_missing", Fatal).await;
    }

    async fn a_policy_computed_for_each_row_is_found(stage) {
        let condition = "tenant_id = NULLIF(current_setting('tenancy.tenant_id', true), '')";
        let sql = format!(
            "ALTER POLICY tenancy_access ON orders USING ({condition}) WITH CHECK ({condition})"
        );
        stage.defect(&sql, "policy_per_row", Warning).await;
    }

    async fn a_missing_index_is_found(stage) {
        // The keys and foreign keys that begin with the tenant go first.
        let sql = "ALTER TABLE ledger DROP CONSTRAINT \"ledger_tenant_id_id_key\"";
        stage.defect(sql, "index_missing", Warning).await;
    }

    async fn a_nullable_tenant_column_is_found(stage) {
        stage.defect("ALTER TABLE ledger ALTER COLUMN tenant_id DROP NOT NULL", "column_nullable", Fatal)
            .await;
    }

    async fn a_tenant_column_of_another_type_is_found(stage) {
        let sql = "DROP POLICY tenancy_tenant ON ledger; DROP POLICY tenancy_access ON ledger; \
            ALTER TABLE ledger ALTER COLUMN tenant_id DROP DEFAULT, \
            ALTER COLUMN tenant_id TYPE char(64)";
        stage.defect(sql, "column_type", Fatal).await;
    }

    async fn a_tenant_column_compared_loosely_is_found(stage) {
        let sql = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ka-shifted', deterministic = false); \
            DROP POLICY tenancy_tenant ON ledger; DROP POLICY tenancy_access ON ledger; \
            ALTER TABLE ledger ALTER COLUMN tenant_id TYPE varchar(64) COLLATE loose";
        stage.defect(sql, "column_collation", Fatal).await;
        assert_eq!(stage.truth("SELECT 'a-b' = 'a_b' COLLATE loose").await, ["true"]);
    }

    async fn a_missing_table_is_found(stage) {
        stage.as_admin("DROP TABLE ledger").await;
        let found = stage.finds("table_missing").await;
        assert_eq!(found[0].object, "ledger");
        assert!(found[0].remedy_sql.contains("create_all"));
        for statement in schema::create_all(DbBackend::Postgres).unwrap() {
            stage.owner.execute_raw(statement).await.unwrap();
        }
        assert!(stage.finds("rls_disabled").await.iter().any(|finding| finding.object == "ledger"));
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
    }

    async fn a_missing_column_is_found(stage) {
        stage.as_admin("ALTER TABLE ledger DROP COLUMN amount").await;
        assert!(stage.finds("column_missing").await[0].what.contains("`amount`"));
        stage.as_admin("ALTER TABLE ledger ADD COLUMN amount bigint").await;
        stage.as_admin("DELETE FROM ledger").await;
        let gone = "ALTER TABLE ledger DROP COLUMN tenant_id CASCADE";
        stage.as_admin(gone).await;
        let found = stage.finds("column_missing").await;
        stage.as_admin(&found[0].remedy_sql).await;
        assert!(stage.finds("column_missing").await.is_empty());
    }

    async fn an_entity_that_is_a_view_is_found(stage) {
        let sql = "ALTER TABLE ledger RENAME TO book; CREATE VIEW ledger AS SELECT * FROM book; \
            GRANT SELECT ON ledger TO PUBLIC";
        stage.as_admin(sql).await;
        let found = stage.finds("not_a_table").await;
        stage.as_admin(&found[0].remedy_sql).await;
        assert!(stage.finds("not_a_table").await.is_empty());
        stage.as_admin("DROP VIEW ledger; CREATE MATERIALIZED VIEW ledger AS SELECT * FROM book").await;
        assert!(!stage.finds("not_a_table").await.is_empty());
    }

    async fn a_table_nobody_classified_is_found(stage) {
        stage.defect("CREATE TABLE secrets (id bigint); GRANT SELECT ON secrets TO PUBLIC", "unclassified", Warning)
            .await;
        stage.as_admin("GRANT SELECT (id) ON secrets TO PUBLIC").await;
        let audit = Audit::row_security(&stage.catalog, Context::Setting);
        assert_eq!(audit.clone().run(&stage.app).await.unwrap().findings().len(), 1);
        let allowed = audit.allow_table("secrets").run(&stage.app).await.unwrap();
        assert_eq!(allowed.findings(), []);
    }

    async fn rights_on_a_read_only_table_are_found(stage) {
        stage.defect("GRANT UPDATE (price) ON products TO PUBLIC", "right_on_shared", Warning).await;
    }

    async fn row_security_switched_off_is_found(stage) {
        let transaction = sea_orm::TransactionTrait::begin(&stage.app).await.unwrap();
        exec(&transaction, "SET LOCAL row_security = off").await.unwrap();
        let audit = Audit::row_security(&stage.catalog, Context::Setting);
        let report = audit.run(&transaction).await.unwrap();
        assert_eq!(report.findings().len(), 1, "{report}");
        assert_eq!(report.findings()[0].code, "row_security_off");
        exec(&transaction, &report.findings()[0].remedy_sql).await.unwrap_err();
        transaction.rollback().await.unwrap();
        assert_eq!(stage.audit().await.to_string(), "nothing found\n");
    }

    async fn a_foreign_key_of_a_shared_table_is_found(stage) {
        let sql = "ALTER TABLE words ADD FOREIGN KEY (id) REFERENCES ledger (id)";
        stage.as_admin("DELETE FROM words").await;
        stage.defect(sql, "foreign_key_of_shared", Fatal).await;
    }

    async fn a_rule_that_acts_for_a_superuser_is_found(stage) {
        let sql = "ALTER TABLE words OWNER TO postgres; CREATE RULE peek AS ON INSERT TO words \
            DO ALSO UPDATE orders SET total = 0";
        stage.as_admin(sql).await;
        let found = stage.finds("rule_past_policies").await;
        assert_eq!(found[0].object, "words");
    }

    async fn a_report_reads_like_a_table(stage) {
        stage.as_admin("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY; GRANT TRUNCATE ON items TO PUBLIC").await;
        let report = stage.audit().await.to_string();
        let expected = "\
         code                 object  what
fatal    right_past_policies  items   the application has TRUNCATE, for which no policy is asked
         shown by   SELECT relacl FROM pg_catalog.pg_class WHERE oid = 'items'::pg_catalog.regclass
         mended by  REVOKE TRUNCATE ON TABLE items FROM PUBLIC, ROLE
fatal    rls_not_forced       orders  the owner of the table is not bound by its policies
         shown by   SELECT relrowsecurity, relforcerowsecurity FROM pg_catalog.pg_class
                    WHERE oid = 'orders'::pg_catalog.regclass
         mended by  ALTER TABLE orders FORCE ROW LEVEL SECURITY
";
        assert_eq!(report.trim_start().replace(&stage.role("app"), "ROLE"), expected.trim_start());
    }
}
