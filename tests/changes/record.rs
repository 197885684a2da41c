//! What is recorded, and who sees it.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, TransactionTrait, sea_query::OnConflict,
};
use tenancy::{Repo, change};
use uuid::Uuid;

use crate::{
    badge, draft, seat, ticket,
    world::{World, each_place, new, seen},
};

each_place! {
    changes_of_every_kind
    what_is_rolled_back_leaves_nothing
    keys_of_every_kind
    a_tenant_that_is_purged_takes_its_records_along
}

async fn changes_of_every_kind(world: World) {
    let (acme, globex) = (&world.acme, &world.globex);
    let before = chrono::Utc::now() - chrono::Duration::minutes(5);
    let tickets = Repo::<ticket::Entity>::new(acme.clone());
    let first = tickets.insert(new("first")).await.unwrap();
    // A neighbour's, which looks alike.
    let theirs = new("first").insert(globex).await.unwrap();
    tickets.insert_many([new("second"), new("third")]).await.unwrap();

    // An upsert is what it turns out to be, and an update that finds nothing is none.
    let upsert = ticket::Entity::insert(new("first"))
        .on_conflict(
            OnConflict::column(ticket::Column::Title)
                .update_column(ticket::Column::Title)
                .to_owned(),
        )
        .exec_without_returning(acme);
    upsert.await.unwrap();
    let mut change = first.clone().into_active_model();
    change.title = Set("changed".to_owned());
    change.update(acme).await.unwrap();
    acme.execute_unprepared("UPDATE tickets SET title = 'x' WHERE title = 'nobody'").await.unwrap();
    // SQL by hand, for which no library could speak.
    acme.execute_unprepared("UPDATE tickets SET title = 'by hand' WHERE title = 'second'")
        .await
        .unwrap();
    assert_eq!(tickets.delete_by_id(first.id).await.unwrap(), 1);
    assert_eq!(tickets.delete_by_id(theirs.id).await.unwrap(), 0);
    draft::ActiveModel { ..Default::default() }.insert(acme).await.unwrap();

    let mut ids: Vec<i64> = tickets.find().all().await.unwrap().iter().map(|it| it.id).collect();
    ids.sort_unstable();
    let [second, third] = ids[..] else { panic!("{ids:?}") };
    let first = first.id;
    let expected = [
        format!("insert tickets {first}"),
        format!("insert tickets {second}"),
        format!("insert tickets {third}"),
        format!("update tickets {first}"),
        format!("update tickets {first}"),
        format!("update tickets {second}"),
        format!("delete tickets {first}"),
    ];
    assert_eq!(seen(acme).await, expected);
    assert_eq!(seen(globex).await, [format!("insert tickets {}", theirs.id)]);

    let of_first = change::Column::RowKey.eq(change::key([first]));
    let records = Repo::<change::Entity>::new(acme.clone()).find().filter(of_first).all();
    let records = records.await.unwrap();
    assert_eq!(records.len(), 4);
    let after = chrono::Utc::now() + chrono::Duration::minutes(5);
    for record in records {
        assert!(before < record.at && record.at < after, "{before} {record:?} {after}");
        let named = acme.get_database_backend() != sea_orm::DbBackend::Sqlite;
        assert_eq!(record.db_user.is_some_and(|user| !user.is_empty()), named);
    }
    world.end().await;
}

async fn what_is_rolled_back_leaves_nothing(world: World) {
    let (acme, globex) = (&world.acme, &world.globex);
    let transaction = acme.begin().await.unwrap();
    new("gone").insert(&transaction).await.unwrap();
    assert_eq!(change::Entity::find().count(&transaction).await.unwrap(), 1);
    transaction.rollback().await.unwrap();
    assert!(seen(acme).await.is_empty());

    let transaction = acme.begin().await.unwrap();
    let kept = new("kept").insert(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    new("kept").insert(acme).await.unwrap_err();
    assert_eq!(seen(acme).await, [format!("insert tickets {}", kept.id)]);
    assert!(seen(globex).await.is_empty());
    world.end().await;
}

async fn keys_of_every_kind(world: World) {
    let (acme, globex) = (&world.acme, &world.globex);
    for db in [acme, globex] {
        let row = seat::ActiveModel {
            hall: Set(1),
            place: Set("\"A\" 1".to_owned()),
            taken: Set(false),
            ..Default::default()
        };
        seat::Entity::insert(row).exec_without_returning(db).await.unwrap();
    }
    // A key that changes is there twice: as what it was and as what it is.
    acme.execute_unprepared("UPDATE seats SET hall = 2 WHERE hall = 1").await.unwrap();
    acme.execute_unprepared("UPDATE seats SET taken = (1 = 1)").await.unwrap();
    let id = Uuid::parse_str("018f0000-0000-7000-8000-00000000000a").unwrap();
    let badge = badge::ActiveModel { id: Set(id), ..Default::default() };
    badge::Entity::insert(badge).exec_without_returning(acme).await.unwrap();

    let (old, new) = (change::key(["1", "\"A\" 1"]), change::key(["2", "\"A\" 1"]));
    let expected = [
        format!("insert seats {old}"),
        format!("update seats {old}"),
        format!("update seats {new}"),
        format!("update seats {new}"),
        format!("insert badges {id}"),
    ];
    assert_eq!(seen(acme).await, expected);
    assert_eq!(seen(globex).await, [format!("insert seats {old}")]);
    world.end().await;
}

async fn a_tenant_that_is_purged_takes_its_records_along(world: World) {
    let (acme, globex) = (&world.acme, &world.globex);
    for db in [acme, globex] {
        new("first").insert(db).await.unwrap();
    }
    let (id, slug) = (acme.tenant().id.clone(), acme.tenant().slug.clone());
    world.tenancy.delete(&id).await.unwrap();
    world.tenancy.purge(&id, &slug).await.unwrap();
    assert_eq!(seen(globex).await.len(), 1);
    let eye = world.scratch.eye().await;
    let sql = "SELECT COUNT(*) FROM tenancy_changes WHERE tenant_id = 'acme'";
    let statement = sea_orm::Statement::from_string(eye.get_database_backend(), sql);
    // Where tenants share no table, there is none.
    if let Ok(row) = eye.query_one_raw(statement).await {
        assert_eq!(row.unwrap().try_get_by_index::<i64>(0).unwrap(), 0);
    }
    eye.close().await.unwrap();
    world.end().await;
}
