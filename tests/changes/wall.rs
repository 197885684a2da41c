//! Nobody changes what happened.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, Database, DbErr, EntityTrait,
    IntoActiveModel,
};
use tenancy::{Error, change};
use tenancy_tests::{Engine, engine::Strategy};

use crate::world::{World, each_place, new, seen};

each_place! { tenants_cannot_write_records }

async fn tenants_cannot_write_records(world: World) {
    let (acme, globex) = (&world.acme, &world.globex);
    for db in [acme, globex] {
        new("first").insert(db).await.unwrap();
    }
    let before = (seen(acme).await, seen(globex).await);
    let refused = |error: DbErr| {
        let refusal = Error::refusal_in(&error).unwrap_or_else(|| panic!("{error}"));
        assert!(refusal.to_string().contains("a write to `tenancy_changes`"), "{refusal}");
    };
    let record = change::Entity::find().one(acme).await.unwrap().unwrap();
    let mut forged = record.clone().into_active_model();
    forged.row_key = Set("0".to_owned());
    refused(forged.update(acme).await.unwrap_err());
    let mut forged = record.into_active_model().reset_all();
    forged.id = Set(99);
    refused(forged.insert(acme).await.unwrap_err());
    refused(change::Entity::delete_many().exec(acme).await.unwrap_err());
    for sql in [
        "DELETE FROM tenancy_changes",
        "UPDATE tenancy_changes SET row_key = '0'",
        "INSERT INTO tenancy_changes (table_name, row_key, operation, at) VALUES ('a', 'b', 'c', 'd')",
    ] {
        refused(acme.execute_unprepared(sql).await.unwrap_err());
    }
    assert_eq!((seen(acme).await, seen(globex).await), before);
    world.end().await;
}

/// Behind policies, SQL that got past the scoper finds no right to write.
#[tokio::test]
async fn the_role_that_serves_tenants_cannot_either() {
    let world = World::new(Engine::Postgres, Strategy::Rls).await;
    new("first").insert(&world.acme).await.unwrap();
    let app = Database::connect(world.scratch.role().await).await.unwrap();
    app.execute_unprepared("SELECT set_config('tenancy.tenant_id', 'acme', false)").await.unwrap();
    for sql in [
        "DELETE FROM tenancy_changes",
        "UPDATE tenancy_changes SET row_key = '0'",
        "INSERT INTO tenancy_changes (table_name, row_key, operation, at) VALUES ('a', 'b', 'c', now())",
        "TRUNCATE tenancy_changes",
        "DROP TRIGGER tenancy_changes ON tickets",
        "ALTER TABLE tickets DISABLE TRIGGER ALL",
        "SELECT nextval(pg_get_serial_sequence('tenancy_changes', 'id'))",
    ] {
        let error = app.execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{error}");
    }
    app.close().await.unwrap();
    assert_eq!(world.tenancy.audit().await.unwrap().to_string(), "nothing found\n");
    world.end().await;
}
