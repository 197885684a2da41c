//! Who policies do not bind.

use tenancy::audit::{Audit, Severity::Fatal};
use tenancy::policy::Context;

use crate::{
    stage::{enter, exec, texts},
    traps,
};

const COUNT: &str = "SELECT count(*) FROM orders";

traps! {
    async fn the_owner_is_bound_too(stage) {
        let transaction = enter(&stage.owner, "acme").await;
        assert_eq!(texts(&transaction, COUNT).await.unwrap(), ["3"]);
        transaction.rollback().await.unwrap();
        assert_eq!(texts(&stage.owner, COUNT).await.unwrap(), ["0"]);
        stage.as_owner("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY").await;
        assert_eq!(texts(&stage.owner, COUNT).await.unwrap(), ["6"], "the trap");
        assert_eq!(stage.finds("rls_not_forced").await[0].object, "orders");
    }

    async fn a_superuser_and_bypassrls_see_everything_and_are_refused(stage) {
        for attributes in ["SUPERUSER", "BYPASSRLS"] {
            let role = stage.another(&attributes.to_lowercase(), &format!("LOGIN {attributes}")).await;
            stage.as_admin(&format!("GRANT SELECT ON orders TO {role}")).await;
            let connection = stage.connect(&role).await;
            let transaction = enter(&connection, "acme").await;
            assert_eq!(texts(&transaction, COUNT).await.unwrap(), ["6"], "the trap");
            transaction.rollback().await.unwrap();
            let audit = Audit::row_security(&stage.catalog, Context::Setting);
            let report = audit.run(&connection).await.unwrap();
            assert!(report.is_fatal(), "{report}");
            connection.close().await.unwrap();
            stage.as_admin(&format!("DROP OWNED BY {role}")).await;
        }
    }

    async fn a_script_refuses_a_role_no_policy_binds(stage) {
        let script = stage.security().up().to_string();
        let app = stage.role("app");
        let boss = stage.another("boss", "BYPASSRLS").await;
        for (make, undo, why) in [
            (format!("ALTER ROLE {app} SUPERUSER"), format!("ALTER ROLE {app} NOSUPERUSER"), "a superuser"),
            (format!("GRANT {boss} TO {app}"), format!("REVOKE {boss} FROM {app}"), "BYPASSRLS"),
            (
                format!("GRANT {0} TO {app}", stage.role("owner")),
                format!("REVOKE {0} FROM {app}", stage.role("owner")),
                "the owner of the tables",
            ),
        ] {
            stage.as_admin(&make).await;
            let error = exec(&stage.owner, &script).await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            exec(&stage.owner, "ROLLBACK").await.unwrap();
            stage.as_admin(&undo).await;
        }
        stage.apply(&stage.security().up()).await;
        let script = script.replace(&app, &format!("{app}_nobody"));
        let error = exec(&stage.owner, &script).await.unwrap_err().to_string();
        assert!(error.contains("create it first"), "{error}");
        exec(&stage.owner, "ROLLBACK").await.unwrap();
    }

    async fn truncate_asks_no_policy(stage) {
        assert!(stage.refuses("acme", "TRUNCATE items").await.contains("permission denied"));
        let sql = "GRANT TRUNCATE, REFERENCES, TRIGGER ON items TO PUBLIC";
        let found = stage.defect(sql, "right_past_policies", Fatal).await;
        assert!(found.what.contains("TRUNCATE, REFERENCES, TRIGGER"), "{}", found.what);
        stage.as_admin(sql).await;
        stage.does("acme", "TRUNCATE items").await;
        assert_eq!(stage.truth("SELECT count(*) FROM items").await, ["0"], "the trap");
    }

    async fn rights_on_columns_count_too(stage) {
        let app = stage.role("app");
        let sql = format!("GRANT REFERENCES (id) ON items TO {app}");
        stage.defect(&sql, "right_past_policies", Fatal).await;
    }
}
