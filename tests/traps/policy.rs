//! What the policies and rights themselves prevent.

use sea_orm::{ActiveValue::Set, EntityTrait as _, sea_query::OnConflict};
use tenancy::{
    MemoryStore, NewTenant, Tenancy,
    audit::Audit,
    catalog::{Catalog, Class, Entity, KeyKind},
    policy::{Context, RoleName, RowSecurity},
};
use tenancy_tests::entity::customer;

use crate::{
    stage::{enter, exec, texts},
    traps,
};

const ORDERS: &str = "SELECT tenant_id, id, total FROM orders ORDER BY tenant_id, id";

traps! {
    async fn a_tenant_sees_its_rows_and_no_others(stage) {
        let own = ["acme 1 1", "acme 2 2", "acme 3 3"];
        assert_eq!(stage.sees("acme", ORDERS).await, own);
        assert_eq!(stage.sees("globex", ORDERS).await.len(), 3);
        assert_eq!(texts(&stage.app, ORDERS).await.unwrap(), [""; 0], "nobody sees nothing");
        assert_eq!(stage.truth(ORDERS).await.len(), 6);
    }

    async fn an_engine_that_skips_checks_of_rows_it_does_nothing_with_still_finds_ours(stage) {
        // CockroachDB does not hold the row of an `ON CONFLICT DO NOTHING` against the policies. Here
        // nothing at all is held against them.
        let tenancy = Tenancy::builder().database(stage.url("app")).store(MemoryStore::new()).connect();
        let tenancy = tenancy.await.unwrap();
        tenancy.create_tenant(NewTenant::new("acme").unwrap().id("acme").unwrap()).await.unwrap();
        let acme = tenancy.db("acme").await.unwrap();
        stage.as_admin("ALTER TABLE customers DISABLE ROW LEVEL SECURITY").await;
        let truth = "SELECT tenant_id, id, name, email FROM customers ORDER BY tenant_id, id";
        let before = stage.truth(truth).await;
        let row = |tenant: &str| customer::ActiveModel {
            id: Set(1),
            tenant_id: Set(tenant.to_owned()),
            name: Set("stray".to_owned()),
            email: Set("stray@example.org".to_owned()),
        };
        let nothing = || OnConflict::new().do_nothing().to_owned();
        let insert = |tenant: &str| customer::Entity::insert(row(tenant)).on_conflict(nothing());
        let refused = insert("globex").exec_without_returning(&acme).await.unwrap_err();
        assert!(refused.to_string().contains("is not this connection's tenant"), "{refused}");
        // Its own row is there already, so nothing is done, and the neighbour's is not touched.
        assert_eq!(insert("acme").exec_without_returning(&acme).await.unwrap_or(0), 0);
        assert_eq!(stage.truth(truth).await, before);
        let by_hand = "INSERT INTO customers (tenant_id, id, name, email) VALUES ('globex', 9, 'stray', 's') \
            ON CONFLICT DO NOTHING";
        assert_eq!(stage.does("acme", by_hand).await, 1, "the trap");
        tenancy.close().await.unwrap();
    }

    async fn a_script_can_be_run_again_and_taken_back(stage) {
        let state = "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl, p.polname, \
            p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), \
            pg_get_expr(d.adbin, d.adrelid) FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid \
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace \
            ORDER BY c.relname, p.polname, d.adnum";
        let once = stage.truth(state).await;
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.truth(state).await, once);
        stage.apply(&stage.security().down()).await;
        stage.apply(&stage.security().down()).await;
        let gone = "SELECT polname FROM pg_policy UNION ALL SELECT relname FROM pg_class \
            WHERE relrowsecurity OR relforcerowsecurity UNION ALL SELECT pg_get_expr(adbin, adrelid) \
            FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) LIKE '%tenancy%'";
        assert_eq!(stage.truth(gone).await, [""; 0]);
        assert!(stage.refuses("acme", ORDERS).await.contains("permission denied"));
        stage.apply(&stage.security().up()).await;
        assert_eq!(stage.truth(state).await, once);
    }

    async fn a_statement_at_a_time_is_the_same_script(stage) {
        for statement in stage.security().down().statements().chain(stage.security().up().statements()) {
            stage.as_owner(statement).await;
        }
        assert_eq!(stage.sees("acme", ORDERS).await.len(), 3);
    }

    async fn tenants_may_be_uuids_and_numbers(stage) {
        let kinds = [
            (KeyKind::Uuid, "uuid", "018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002"),
            (KeyKind::Integer, "bigint", "1", "2"),
            (KeyKind::Text, "text", "one", "two"),
        ];
        for (kind, kind_sql, one, other) in kinds {
            let odd = Entity {
                table: "Odd \"notes\"".into(),
                schema: Some("o'dd".into()),
                class: Class::Tenant { column: "of 100%s".into(), kind },
                columns: vec!["of 100%s".into(), "text".into()],
                keys: Vec::new(),
                module: "odd",
            };
            let catalog = Catalog::new([odd]).unwrap();
            let table = "\"o'dd\".\"Odd \"\"notes\"\"\"";
            stage.as_owner(&format!("CREATE SCHEMA \"o'dd\"; CREATE TABLE {table} (\"of 100%s\" {kind_sql} NOT NULL, \
                text text) PARTITION BY LIST (text); CREATE TABLE \"o'dd\".\"%part\" PARTITION OF {table} DEFAULT")).await;
            let role = RoleName::new(stage.role("app")).unwrap();
            let security = RowSecurity::new(&catalog, role);
            stage.apply(&security.up()).await;
            stage.apply(&security.up()).await;
            let report = Audit::row_security(&catalog, Context::Setting).allow_table("words");
            let report = report.run(&stage.app).await.unwrap();
            assert!(!report.findings().iter().any(|f| f.object.contains("dd")), "{report}");
            for tenant in [one, other] {
                let transaction = enter(&stage.app, tenant).await;
                let insert = format!("INSERT INTO {table} (text) VALUES ('of {tenant}')");
                exec(&transaction, &insert).await.unwrap();
                transaction.commit().await.unwrap();
            }
            let read = format!("SELECT text FROM {table}");
            assert_eq!(stage.sees(one, &read).await, [format!("of {one}")]);
            assert_eq!(texts(&stage.app, &read).await.unwrap(), [""; 0], "'' is no tenant, and no error");
            assert_eq!(stage.truth(&read).await.len(), 2);
            stage.apply(&security.down()).await;
            stage.as_owner("DROP SCHEMA \"o'dd\" CASCADE").await;
        }
    }
}
