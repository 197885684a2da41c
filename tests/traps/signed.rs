//! The signed context: what an attacker with SQL in the application's session can and cannot do.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait};
use tenancy::{
    TenantId,
    audit::Audit,
    policy::{Context, INSTALL_KEY, token::Key},
};

use crate::{
    stage::{Stage, exec, texts},
    traps,
};

const SECRET: &[u8; 32] = b"a secret for tests, and no other";
const WHOSE: &str = "SELECT DISTINCT tenant_id FROM orders";

fn key(id: &str) -> Key {
    let mut secret = SECRET.to_vec();
    secret.extend(id.bytes());
    Key::new(id, &secret).unwrap()
}

fn soon() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(5)
}

fn sign(key: &Key, tenant: &str, until: DateTime<Utc>) -> String {
    key.sign(&TenantId::new(tenant).unwrap(), until).expose().to_owned()
}

impl Stage {
    async fn signed(&self) {
        self.apply(&self.security().context(Context::Signed).up()).await;
        self.install(&key("k1")).await;
    }

    async fn install(&self, key: &Key) {
        let values = [key.id().into(), key.inner_block().into(), key.outer_block().into()];
        let install = Statement::from_sql_and_values(DbBackend::Postgres, INSTALL_KEY, values);
        self.owner.execute_raw(install).await.unwrap();
    }

    /// A transaction with a token, whatever it says.
    async fn with(&self, token: &str) -> DatabaseTransaction {
        let transaction = self.app.begin().await.unwrap();
        let sql = "SELECT set_config('tenancy.token', $1, true)";
        let set = Statement::from_sql_and_values(DbBackend::Postgres, sql, [token.into()]);
        transaction.execute_raw(set).await.unwrap();
        transaction
    }

    /// The tenants whose rows a token shows; an error shows none.
    async fn shown(&self, token: &str) -> Result<Vec<String>, String> {
        let transaction = self.with(token).await;
        let found = texts(&transaction, WHOSE).await;
        transaction.rollback().await.unwrap();
        found.map_err(|error| error.to_string())
    }

    /// Runs an attack in a session of acme's, and looks for rows of globex's, each in a savepoint.
    async fn attack(&self, attack: &str) {
        let transaction = self.with(&sign(&key("k1"), "acme", soon())).await;
        assert_eq!(texts(&transaction, WHOSE).await.unwrap(), ["acme"], "before {attack}");
        let inner = transaction.begin().await.unwrap();
        let outcome = exec(&inner, attack).await;
        if outcome.is_ok() {
            inner.commit().await.unwrap();
        } else {
            inner.rollback().await.unwrap();
        }
        for sql in [
            "SELECT tenant_id FROM public.orders WHERE tenant_id <> 'acme'",
            "SELECT tenant_id FROM public.orders WHERE tenant_id OPERATOR(pg_catalog.=) 'globex'",
            "UPDATE public.orders SET total = 0 WHERE tenant_id <> 'acme' RETURNING tenant_id",
            "DELETE FROM public.items WHERE tenant_id <> 'acme' RETURNING tenant_id",
            "INSERT INTO public.ledger (tenant_id, entry, amount) VALUES ('globex', 'planted', 1) RETURNING tenant_id",
        ] {
            let inner = transaction.begin().await.unwrap();
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            if let Ok(rows) = inner.query_all_raw(statement).await {
                assert_eq!(rows.len(), 0, "{sql} after {attack} ({outcome:?})");
            }
            inner.rollback().await.unwrap();
        }
        transaction.rollback().await.unwrap();
    }
}

traps! {
    async fn a_token_shows_its_tenants_rows(stage) {
        stage.signed().await;
        for tenant in ["acme", "globex"] {
            let token = sign(&key("k1"), tenant, soon());
            assert_eq!(stage.shown(&token).await, Ok(vec![tenant.to_owned()]));
        }
        assert_eq!(stage.shown("").await, Ok(vec![]), "without a token there is no tenant");
        assert_eq!(texts(&stage.app, WHOSE).await.unwrap(), [""; 0]);
        let transaction = stage.with(&sign(&key("k1"), "acme", soon())).await;
        exec(&transaction, "INSERT INTO ledger (entry, amount) VALUES ('filled', 1)").await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(stage.truth("SELECT tenant_id FROM ledger WHERE entry = 'filled'").await, ["acme"]);
        let report = Audit::row_security(&stage.catalog, Context::Signed).run(&stage.app).await.unwrap();
        assert_eq!(report.to_string(), "nothing found\n");
    }

    async fn no_other_token_shows_anything(stage) {
        stage.signed().await;
        let good = sign(&key("k1"), "globex", soon());
        let part: Vec<&str> = good.split('.').collect();
        let [id, tenant, expiry, signature] = part[..] else { panic!("{good}") };
        let acme = sign(&key("k1"), "acme", soon());
        let acme_signature = acme.rsplit('.').next().unwrap();
        let past = sign(&key("k1"), "globex", Utc::now() - TimeDelta::seconds(1));
        let unknown = sign(&key("k9"), "globex", soon());
        let same_id = sign(&Key::new("k1", &[7; 32]).unwrap(), "globex", soon());
        let later: i64 = expiry.parse::<i64>().unwrap() + 1;
        let attempts = [
            ("another tenant's signature", format!("{id}.{tenant}.{expiry}.{acme_signature}")),
            ("another tenant's token, renamed", acme.replace("acme", "globex")),
            ("expired", past),
            ("a later expiry", format!("{id}.{tenant}.{later}.{signature}")),
            ("an unknown key", unknown),
            ("another secret of the same id", same_id),
            ("another key id", format!("k2.{tenant}.{expiry}.{signature}")),
            ("no signature", format!("{id}.{tenant}.{expiry}.")),
            ("no dot", format!("{id}.{tenant}.{expiry}")),
            ("cut off", good[..good.len() - 1].to_owned()),
            ("in upper case", format!("{id}.{tenant}.{expiry}.{}", signature.to_uppercase())),
            ("with more behind it", format!("{good}.x")),
            ("with a blank", format!(" {good}")),
            ("with a line break", format!("{good}\n")),
            ("an expiry with a sign", format!("{id}.{tenant}.+{expiry}.{signature}")),
            ("an expiry too long", format!("{id}.{tenant}.{}.{signature}", "9".repeat(40))),
            ("an expiry that is no number", format!("{id}.{tenant}.infinity.{signature}")),
            ("only dots", "...".to_owned()),
            ("the tenant alone", "globex".to_owned()),
            ("SQL", "' OR true --".to_owned()),
        ];
        for (name, token) in attempts {
            let error = stage.shown(&token).await.expect_err(name);
            assert!(error.contains("the tenancy token is not valid"), "{name}: {error}");
        }
        assert_eq!(stage.shown(&good).await, Ok(vec!["globex".to_owned()]), "the control");
    }

    async fn sql_in_a_session_reaches_no_other_tenant(stage) {
        stage.signed().await;
        // The attacker may make temporary things and schemas of its own, which it usually may not.
        let database = stage.truth("SELECT current_database()").await.remove(0);
        stage.as_admin(&format!("GRANT TEMPORARY, CREATE ON DATABASE {database} TO PUBLIC")).await;
        let before = stage.truth("SELECT * FROM orders ORDER BY tenant_id, id").await;
        for attack in [
            "SELECT set_config('tenancy.tenant_id', 'globex', true)",
            "SELECT set_config('tenancy.token', replace(current_setting('tenancy.token'), 'acme', 'globex'), true)",
            "SELECT set_config('row_security', 'off', true)",
            "SELECT * FROM tenancy.key",
            "SELECT inner_block FROM tenancy.key",
            "INSERT INTO tenancy.key VALUES ('k0', repeat('6', 64)::bytea, repeat('x', 64)::bytea)",
            "GRANT SELECT ON tenancy.key TO PUBLIC",
            "CREATE OR REPLACE FUNCTION tenancy.tenant() RETURNS text LANGUAGE sql AS $$SELECT 'globex'$$",
            "ALTER FUNCTION tenancy.tenant() RESET search_path",
            "ALTER FUNCTION tenancy.tenant() SECURITY INVOKER",
            "DROP FUNCTION tenancy.tenant() CASCADE",
            "DROP SCHEMA tenancy CASCADE",
            "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenancy_tenant ON orders",
            "CREATE POLICY open ON orders USING (true)",
            "SET LOCAL search_path = pg_temp; CREATE FUNCTION pg_temp.tenant() RETURNS text LANGUAGE sql AS $$SELECT 'globex'$$",
            "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT ''::bytea$$; \
                CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$SELECT 'globex'$$; \
                SET LOCAL search_path = pg_temp, pg_catalog",
            "CREATE TEMPORARY TABLE key (id text, inner_block bytea, outer_block bytea); \
                INSERT INTO key VALUES ('k1', '', ''); SET LOCAL search_path = pg_temp, tenancy",
            "CREATE DOMAIN pg_temp.text AS pg_catalog.text; CREATE DOMAIN pg_temp.bytea AS pg_catalog.bytea; \
                SET LOCAL search_path = pg_temp, pg_catalog",
            "CREATE SCHEMA evil; CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT ''::pg_catalog.bytea$$; \
                CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE sql AS $$SELECT true$$; \
                CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq); \
                CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$SELECT 'globex'$$; \
                SET LOCAL search_path = evil, pg_catalog",
            "SET LOCAL ROLE NONE",
            "SET LOCAL SESSION AUTHORIZATION DEFAULT",
            "SET LOCAL session_replication_role = replica",
            "CREATE TEMPORARY VIEW peek AS SELECT * FROM orders",
            "COPY orders TO '/tmp/orders'",
            "SELECT tenancy.tenant()",
        ] {
            stage.attack(attack).await;
        }
        let app = stage.role("app");
        for attack in [
            format!("ALTER ROLE {app} BYPASSRLS"),
            format!("GRANT {} TO {app}", stage.role("owner")),
            format!("SET LOCAL ROLE {}", stage.role("owner")),
            format!("ALTER TABLE orders OWNER TO {app}"),
        ] {
            stage.attack(&attack).await;
        }
        assert_eq!(stage.truth("SELECT * FROM orders ORDER BY tenant_id, id").await, before);
    }

    async fn keys_are_their_owners_alone(stage) {
        stage.signed().await;
        for grant in ["SELECT 1", "GRANT USAGE ON SCHEMA tenancy TO PUBLIC"] {
            stage.as_admin(grant).await;
            for sql in [
                "SELECT * FROM tenancy.key",
                "SELECT id FROM tenancy.key",
                "INSERT INTO tenancy.key VALUES ('k0', repeat('6', 64)::bytea, repeat('x', 64)::bytea)",
                "UPDATE tenancy.key SET outer_block = inner_block",
                "DELETE FROM tenancy.key",
                "TRUNCATE tenancy.key",
                "CREATE TABLE tenancy.other (id bigint)",
                "CREATE FUNCTION tenancy.other() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
            ] {
                let error = stage.refuses("acme", sql).await;
                assert!(error.contains("permission denied"), "{sql}: {error}");
            }
        }
    }

    async fn keys_are_changed_without_a_pause(stage) {
        stage.signed().await;
        let old = sign(&key("k1"), "acme", soon());
        stage.install(&key("k2")).await;
        let new = sign(&key("k2"), "acme", soon());
        for token in [&old, &new] {
            assert_eq!(stage.shown(token).await, Ok(vec!["acme".to_owned()]));
        }
        stage.as_owner("DELETE FROM tenancy.key WHERE id = 'k1'").await;
        assert!(stage.shown(&old).await.is_err());
        assert_eq!(stage.shown(&new).await, Ok(vec!["acme".to_owned()]));
    }

    async fn a_token_that_runs_out_ends_a_transaction(stage) {
        stage.signed().await;
        let until = Utc::now() + TimeDelta::seconds(2);
        let transaction = stage.with(&sign(&key("k1"), "acme", until)).await;
        // Each statement asks again, until one is refused.
        let error = loop {
            match texts(&transaction, WHOSE).await {
                Ok(whose) => assert_eq!(whose, ["acme"]),
                Err(error) => break error.to_string(),
            }
            assert!(Utc::now() < until + TimeDelta::minutes(1), "it never runs out");
        };
        assert!(error.contains("the tenancy token is not valid"), "{error}");
        assert!(Utc::now() >= until - TimeDelta::seconds(1));
        transaction.rollback().await.unwrap();
    }

    async fn a_bound_token_is_not_shown_to_other_sessions(stage) {
        stage.signed().await;
        let token = sign(&key("k1"), "acme", soon());
        let transaction = stage.with(&token).await;
        let sql = format!("SELECT query FROM pg_stat_activity WHERE usename = '{}'", stage.role("app"));
        let shown = stage.truth(&sql).await;
        assert!(shown.iter().any(|query| query.contains("tenancy.token")), "{shown:?}");
        assert!(!shown.iter().any(|query| query.contains(&token)), "{shown:?}");
        transaction.rollback().await.unwrap();
    }

    async fn a_setting_where_a_token_is_expected_is_found(stage) {
        let audit = Audit::row_security(&stage.catalog, Context::Signed);
        let report = audit.run(&stage.app).await.unwrap();
        assert!(report.findings().iter().any(|finding| finding.code == "policy_expression"), "{report}");
        stage.signed().await;
        assert_eq!(audit.run(&stage.app).await.unwrap().to_string(), "nothing found\n");
        // And the other way round: that function was not asked for.
        assert!(stage.audit().await.is_fatal());
    }

    async fn a_place_the_application_made_before_is_refused(stage) {
        let app = stage.role("app");
        stage.as_admin(&format!("CREATE SCHEMA tenancy; CREATE TABLE tenancy.key (id text PRIMARY KEY, \
            inner_block bytea, outer_block bytea); ALTER TABLE tenancy.key OWNER TO {app}")).await;
        let boss = stage.another("boss", "LOGIN SUPERUSER").await;
        let boss = stage.connect(&boss).await;
        let script = stage.security().context(Context::Signed).up().to_string();
        let error = exec(&boss, &script).await.unwrap_err().to_string();
        assert!(error.contains("owns something in the schema tenancy"), "{error}");
        boss.close().await.unwrap();
    }

    async fn the_signed_context_can_be_taken_back(stage) {
        stage.signed().await;
        stage.apply(&stage.security().context(Context::Signed).down()).await;
        assert_eq!(stage.truth("SELECT nspname FROM pg_namespace WHERE nspname = 'tenancy'").await, [""; 0]);
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.sees("acme", WHOSE).await, ["acme"]);
    }
}
