//! PostgreSQL: what the role that serves tenants may do with what revisions make.

use sea_orm::{ConnectionTrait as _, Database};
use tenancy::{NewTenant, Schema, Tenancy, migrate::Target};
use tenancy_tests::Engine;

use crate::world::{due, migrations, of, tasks};

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_tenants_uses_their_places_and_sees_nothing_of_the_control_plane() {
    let scratch = Engine::Postgres.scratch().await;
    let (role, prefix) = (scratch.role().await, scratch.prefix());
    let plans = of(
        Target::Shared,
        "-- revision: bbbb01\n-- +upgrade\nCREATE TABLE plans (id INTEGER);\n-- +downgrade\nDROP TABLE plans;\n",
    );
    let program = async |revisions| {
        let builder = Tenancy::builder().database(&role).operator(&scratch.url);
        let builder = builder.isolation(Schema::new().prefix(&prefix));
        builder.migrations(migrations(revisions)).connect().await.unwrap()
    };
    let first = program(vec![tasks()]).await;
    for slug in ["acme", "globex"] {
        first.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
    }
    let more = of(
        Target::Tenant,
        "-- revision: aaaa03\n-- down_revision: aaaa02\n-- +upgrade\nCREATE TABLE more (id INTEGER);\n\
         -- +downgrade\nDROP TABLE more;\n",
    );
    let second = program(vec![tasks(), due(), more, plans]).await;
    assert_eq!(second.migrate().upgrade("heads").await.unwrap().into_result().unwrap().moved, 2);

    let served = Database::connect(&role).await.unwrap();
    let may = async |sql: String| served.execute_unprepared(&sql).await.is_ok();
    for table in ["tasks", "more"] {
        assert!(may(format!("SELECT * FROM {prefix}t_acme.{table}")).await, "{table}");
    }
    assert!(!may(format!("DROP TABLE {prefix}t_acme.more")).await);
    for table in ["plans", "tenancy_tenants", "tenancy_ledger", "tenancy_version"] {
        assert!(!may(format!("SELECT * FROM {table}")).await, "{table}");
        let there = second.unscoped("a test looks").await.unwrap();
        assert!(
            there.execute_unprepared(&format!("SELECT * FROM {table}")).await.is_ok(),
            "{table}"
        );
    }
    served.close().await.unwrap();

    // Who may do what in a place is part of what revisions make of it.
    let drift = second.migrate().drift().await.unwrap();
    assert!(drift.is_clean(), "{drift}");
    let admin = Database::connect(&scratch.url).await.unwrap();
    let name = role.split("//").nth(1).unwrap().split(':').next().unwrap();
    for done in ["GRANT SELECT ON {} TO PUBLIC", "REVOKE UPDATE ON {} FROM {role}"] {
        let sql = |text: &str| {
            text.replace("{role}", name).replace("{}", &format!("{prefix}t_acme.tasks"))
        };
        admin.execute_unprepared(&sql(done)).await.unwrap();
        let drift = second.migrate().drift().await.unwrap();
        let [drifted] = drift.tenants.as_slice() else { panic!("{done}: {drift}") };
        assert_eq!(drifted.slug.as_str(), "acme", "{done}");
        assert!(drift.to_string().contains("rights"), "{drift}");
        for statement in drifted.mends.iter().flat_map(|mend| &mend.statements) {
            let there = statement.replace("\"tasks\"", &format!("{prefix}t_acme.tasks"));
            admin.execute_unprepared(&there).await.unwrap();
        }
        let drift = second.migrate().drift().await.unwrap();
        assert!(drift.is_clean(), "{done}: {drift}");
    }
    admin.close().await.unwrap();
    first.close().await.unwrap();
    second.close().await.unwrap();
    scratch.remove().await;
}
