//! PostgreSQL's trigger where policies bind the owner of the tables too.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tenancy::{change, entity, policy, schema};
use tenancy_tests::Engine;

use crate::{badge, seat, ticket};

async fn count(conn: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = conn.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// An administrator who sees all tenants changes the rows of both at once; the owner, as whom the
/// trigger writes, is bound to one.
#[tokio::test]
async fn work_on_all_tenants_is_recorded() {
    let scratch = Engine::Postgres.scratch().await;
    let admin = Database::connect(&scratch.url).await.unwrap();
    let owner = format!("{}_owner", scratch.name());
    let make = format!(
        "CREATE ROLE {owner}; GRANT CREATE ON SCHEMA public TO {owner}; \
         GRANT {owner} TO CURRENT_USER"
    );
    admin.execute_unprepared(&make).await.unwrap();
    let mut script = format!("SET LOCAL ROLE {owner};\n");
    for statement in schema::create_all(DbBackend::Postgres).unwrap() {
        script.push_str(&format!("{};\n", statement.sql));
    }
    let catalog = entity::catalog().unwrap();
    script.push_str(&policy::tables(&catalog, policy::Context::Setting).to_string());
    admin.execute_unprepared(&format!("BEGIN;\n{script}")).await.unwrap();
    let owned = format!("SELECT count(*) FROM pg_tables WHERE tableowner = '{owner}'");
    assert!(count(&admin, &owned).await >= 5);

    let write = "INSERT INTO tickets (tenant_id, title) VALUES ('acme', 'a'), ('globex', 'a');
        UPDATE tickets SET title = 'b';
        UPDATE tickets SET tenant_id = 'globex', title = 'moved' WHERE tenant_id = 'acme'";
    admin.execute_unprepared(write).await.unwrap();
    let of = |tenant: &str| {
        format!(
            "SELECT count(*) FROM tenancy_changes WHERE tenant_id = '{tenant}' AND db_user = session_user"
        )
    };
    // A row that changes hands is recorded with either tenant.
    assert_eq!(count(&admin, &of("acme")).await, 3);
    assert_eq!(count(&admin, &of("globex")).await, 3);
    // What the trigger told the policies is forgotten.
    let setting =
        "SELECT count(*) WHERE COALESCE(current_setting('tenancy.tenant_id', true), '') = ''";
    assert_eq!(count(&admin, setting).await, 1);
    admin.execute_unprepared(&format!("DROP OWNED BY {owner}; DROP ROLE {owner}")).await.unwrap();
    admin.close().await.unwrap();
    scratch.remove().await;
}

/// The macro, which sees text, and the catalog of the running program say one thing.
#[test]
fn constants_are_what_the_catalog_says() {
    let catalog = entity::catalog().unwrap();
    let constants = [
        ("tickets", ticket::Entity::audit()),
        ("seats", seat::Entity::audit()),
        ("badges", badge::Entity::audit()),
    ];
    for (table, constants) in constants {
        let entity = catalog.iter().find(|entity| entity.table == table).unwrap();
        assert!(catalog.is_audited(entity));
        assert_eq!(constants.up, policy::changes(entity).body());
        assert_eq!(constants.down, policy::changes_down(entity).body());
        // So do the statements that make the tables.
        let trigger = constants.up.split_once('\n').unwrap().1.trim_end().trim_end_matches(';');
        let made = schema::create_all(DbBackend::Postgres).unwrap();
        assert!(made.iter().any(|statement| statement.sql == trigger), "{trigger}");
    }
    assert!(catalog.iter().any(|entity| *entity == change_entity()));
}

fn change_entity() -> tenancy::catalog::Entity {
    entity::tenant_definition::<change::Entity>("tenancy::change")
}

#[tokio::test]
async fn the_constants_come_and_go() {
    let scratch = Engine::Postgres.scratch().await;
    let admin = Database::connect(&scratch.url).await.unwrap();
    for statement in schema::create_all(DbBackend::Postgres).unwrap() {
        admin.execute_unprepared(&statement.sql).await.unwrap();
    }
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname = 'tenancy_changes'";
    let functions = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'tenancy-changes-%'";
    assert_eq!((count(&admin, triggers).await, count(&admin, functions).await), (3, 3));
    for _ in 0..2 {
        admin.execute_unprepared(ticket::Entity::audit().down).await.unwrap();
        assert_eq!((count(&admin, triggers).await, count(&admin, functions).await), (2, 2));
    }
    for _ in 0..2 {
        admin.execute_unprepared(ticket::Entity::audit().up).await.unwrap();
        assert_eq!((count(&admin, triggers).await, count(&admin, functions).await), (3, 3));
    }
    admin.close().await.unwrap();
    scratch.remove().await;
}
