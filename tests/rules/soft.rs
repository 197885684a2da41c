//! Rows that are only marked as deleted.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter,
};
use tenancy::{NewTenant, Repo, Tenancy};
use tenancy_tests::Engine;

use crate::post;

fn new(title: &str) -> post::ActiveModel {
    post::ActiveModel {
        title: Set(title.to_owned()),
        state: Set("open".to_owned()),
        ..Default::default()
    }
}

async fn rows_are_marked(engine: Engine) {
    let scratch = engine.scratch().await;
    let tenancy = Tenancy::builder().database(&scratch.url).connect().await.unwrap();
    tenancy.create_tables().await.unwrap();
    let mut repos = Vec::new();
    for slug in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(slug).unwrap()).await.unwrap();
        let posts = Repo::<post::Entity>::new(tenancy.db(slug).await.unwrap());
        for title in ["a", "b", "c", "d"] {
            posts.insert(new(title)).await.unwrap();
        }
        repos.push(posts);
    }
    let (acme, globex) = (&repos[0], &repos[1]);
    let rows = acme.find().all().await.unwrap();
    let before = chrono::Utc::now() - chrono::Duration::minutes(5);

    // A neighbour's row cannot be marked, by its model or by its key.
    assert_eq!(globex.delete(rows[0].clone()).await.unwrap(), 0);
    assert_eq!(globex.delete_by_id(rows[0].id).await.unwrap(), 0);
    assert_eq!(acme.find().count().await.unwrap(), 4);

    assert_eq!(acme.delete(rows[0].clone()).await.unwrap(), 1);
    assert_eq!(acme.delete(rows[0].clone()).await.unwrap(), 0, "it is gone already");
    assert_eq!(acme.delete_by_id(rows[1].id).await.unwrap(), 1);
    let many = acme.delete_many().filter(post::Column::Title.eq("c"));
    assert_eq!(many.exec().await.unwrap(), 1);

    let titles = |rows: Vec<post::Model>| rows.into_iter().map(|it| it.title).collect::<Vec<_>>();
    assert_eq!(titles(acme.find().all().await.unwrap()), ["d"]);
    assert_eq!(acme.find().count().await.unwrap(), 1);
    assert_eq!(acme.find_by_id(rows[0].id).one().await.unwrap(), None);
    assert!(!acme.find().filter(post::Column::Title.eq("a")).exists().await.unwrap());
    assert_eq!(acme.find().paginate(0, 10).await.unwrap().1.number_of_items, 1);
    assert_eq!(acme.find().cursor(post::Column::Id, None::<i64>, 10).await.unwrap().len(), 1);
    assert_eq!(post::Entity::scoped(acme.db()).count().await.unwrap(), 1);
    let set = acme.update_many().set(post::Column::Title, "e").exec().await.unwrap();
    assert_eq!(set, 1, "what is marked is not changed");

    // What is marked is there, for who asks, with the time at which it was marked.
    let all = acme.find().with_deleted().all().await.unwrap();
    assert_eq!(all.len(), 4);
    let marked = all.iter().find(|row| row.id == rows[0].id).unwrap();
    let after = chrono::Utc::now() + chrono::Duration::minutes(5);
    let at = marked.deleted_at.unwrap();
    assert!(before < at && at < after, "{before} {at} {after}");

    // SeaORM's own ways know nothing of it: they see and remove what is marked.
    assert_eq!(post::Entity::find().count(acme.db()).await.unwrap(), 4);
    assert_eq!(marked.clone().delete(acme.db()).await.unwrap().rows_affected, 1);
    assert_eq!(acme.find().with_deleted().count().await.unwrap(), 3);
    assert_eq!(titles(globex.find().all().await.unwrap()), ["a", "b", "c", "d"]);
    tenancy.close().await.unwrap();
    scratch.remove().await;
}

#[tokio::test]
async fn sqlite() {
    rows_are_marked(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    rows_are_marked(Engine::Postgres).await;
}

#[tokio::test]
async fn mysql() {
    rows_are_marked(Engine::MySql).await;
}
