//! Enumerations of the database's own. Where tenants have schemas on PostgreSQL, each has those of its
//! tables; what all tenants share is in one place.

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, Statement,
    sea_query::{Expr, OnConflict},
};
use tenancy::{NewTenant, Repo, Tenancy, TenantDb};
use tenancy_tests::{Engine, Strategy, engine::Scratch, entity::rows};

use crate::entity::{Color, Mood, diary, paint};

async fn open(scratch: &Scratch, strategy: Strategy) -> Tenancy {
    let builder = Tenancy::builder().database(&scratch.url).max_connections(4);
    let tenancy = strategy.isolate(builder, scratch).await.connect().await.unwrap();
    tenancy.create_tables().await.unwrap();
    // It may be run again.
    tenancy.create_tables().await.unwrap();
    for (slug, tier) in [("acme", "enterprise"), ("globex", "small")] {
        let new = NewTenant::new(slug).unwrap().id(slug).unwrap().tier(tier);
        tenancy.create_tenant(new).await.unwrap();
    }
    tenancy
}

fn new(mood: Mood, color: Option<Color>) -> diary::ActiveModel {
    diary::ActiveModel {
        mood: Set(mood),
        before: Set(None),
        color: Set(color),
        ..Default::default()
    }
}

/// All that is done with such a column. What is left is one row, which is loud.
async fn keeps(db: &TenantDb) {
    let repo = Repo::<diary::Entity>::new(db.clone());
    let calm = repo.insert(new(Mood::Calm, Some(Color::Red))).await.unwrap();
    assert_eq!((&calm.mood, &calm.before, &calm.color), (&Mood::Calm, &None, &Some(Color::Red)));
    let both = [new(Mood::Loud, None), new(Mood::Calm, Some(Color::Blue))];
    assert_eq!(repo.insert_many(both).await.unwrap(), 2);
    let count = |condition: sea_orm::sea_query::SimpleExpr| {
        diary::Entity::find().filter(condition).count(db)
    };
    assert_eq!(count(diary::Column::Mood.eq(Mood::Calm)).await.unwrap(), 2);
    assert_eq!(count(diary::Column::Mood.ne(Mood::Calm)).await.unwrap(), 1);
    assert_eq!(count(diary::Column::Mood.is_in([Mood::Calm, Mood::Loud])).await.unwrap(), 3);
    assert_eq!(count(diary::Column::Color.eq(Color::Blue)).await.unwrap(), 1);
    assert_eq!(count(diary::Column::Before.is_null()).await.unwrap(), 3);

    let mut change = calm.into_active_model();
    (change.mood, change.before) = (Set(Mood::Loud), Set(Some(Mood::Calm)));
    let changed = change.update(db).await.unwrap();
    assert_eq!((&changed.mood, &changed.before), (&Mood::Loud, &Some(Mood::Calm)));
    let set = repo.update_many().set(diary::Column::Before, Mood::Loud);
    assert_eq!(set.filter(diary::Column::Mood.eq(Mood::Calm)).exec().await.unwrap(), 1);
    assert_eq!(count(diary::Column::Before.eq(Mood::Loud)).await.unwrap(), 1);

    let again = diary::ActiveModel { id: Set(changed.id), ..new(Mood::Calm, None) };
    let replace =
        OnConflict::column(diary::Column::Id).update_columns([diary::Column::Mood]).to_owned();
    repo.upsert(again, replace).await.unwrap();
    let moods = diary::Entity::find().order_by_asc(diary::Column::Id).all(db).await.unwrap();
    let moods: Vec<Mood> = moods.into_iter().map(|row| row.mood).collect();
    assert_eq!(moods, [Mood::Calm, Mood::Loud, Mood::Calm]);
    assert_eq!(
        repo.delete_many().filter(diary::Column::Mood.eq(Mood::Calm)).exec().await.unwrap(),
        2
    );
}

async fn left(db: &TenantDb) -> Vec<Mood> {
    diary::Entity::find().all(db).await.unwrap().into_iter().map(|row| row.mood).collect()
}

async fn native(engine: Engine) {
    for strategy in [Strategy::Row, Strategy::Schema, Strategy::Database, Strategy::Hybrid] {
        let scratch = engine.scratch().await;
        let tenancy = open(&scratch, strategy).await;
        let (acme, globex) =
            (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());
        for db in [&acme, &globex] {
            keeps(db).await;
            assert_eq!(left(db).await, [Mood::Loud], "{engine:?} {strategy:?}");
        }
        let change = diary::Entity::update_many()
            .col_expr(diary::Column::Mood, diary::Column::Mood.save_as(Expr::val("calm")));
        assert_eq!(change.exec(&acme).await.unwrap().rows_affected, 1);
        assert_eq!((left(&acme).await, left(&globex).await), (vec![Mood::Calm], vec![Mood::Loud]));
        let paints = paint::Entity::find().filter(paint::Column::Color.eq(Color::Red));
        assert_eq!(paints.count(&acme).await.unwrap(), 0);
        drop((acme, globex));
        tenancy.close().await.unwrap();
        scratch.remove().await;
    }
}

#[tokio::test]
async fn sqlite() {
    native(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    native(Engine::Postgres).await;
}

#[tokio::test]
async fn mysql() {
    native(Engine::MySql).await;
}

/// A tenant's enumerations come, change and go with its schema.
#[tokio::test]
async fn each_schema_has_its_own() {
    let scratch = Engine::Postgres.scratch().await;
    let tenancy = open(&scratch, Strategy::Schema).await;
    let eye = scratch.eye().await;
    let prefix = scratch.prefix();
    let places = async |name: &str| {
        let sql = format!(
            "SELECT n.nspname::text AS n FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
             WHERE t.typname = '{name}' ORDER BY 1"
        );
        rows(&eye, &sql).await.join(" ").replace(&prefix, "")
    };
    assert_eq!(places("mood").await, r#"{"n":"t_acme"} {"n":"t_globex"}"#);
    assert_eq!(places("color").await, r#"{"n":"public"}"#);
    let (acme, globex) = (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());

    // By hand, with the bare name; also where there is another of that name.
    eye.execute_unprepared("CREATE TYPE mood AS ENUM ('bored')").await.unwrap();
    eye.execute_unprepared(&format!("ALTER TYPE {prefix}t_acme.mood ADD VALUE 'new'"))
        .await
        .unwrap();
    for (db, known) in [(&acme, true), (&globex, false)] {
        let insert = "INSERT INTO diary (mood) VALUES (CAST($1 AS mood))";
        for (mood, known) in [("calm", true), ("new", known), ("bored", false)] {
            let insert =
                Statement::from_sql_and_values(eye.get_database_backend(), insert, [mood.into()]);
            let slug = &db.tenant().slug;
            assert_eq!(db.execute_raw(insert).await.is_ok(), known, "{mood} of {slug}");
        }
        let calm = "SELECT mood::text FROM diary WHERE mood = 'calm'::mood AND mood = ANY (ARRAY['calm']::\"mood\"[])";
        let calm = Statement::from_string(eye.get_database_backend(), calm);
        assert_eq!(db.query_all_raw(calm).await.unwrap().len(), 1);
        let written =
            tenancy::tenant_sql!("SELECT id FROM diary WHERE mood = CAST(? AS mood)", "calm");
        assert_eq!(written.all::<Id>(db).await.unwrap().len(), 1);
    }
    let tenant = tenancy.tenant("acme").await.unwrap();
    tenancy.delete(&tenant.id).await.unwrap();
    tenancy.purge(&tenant.id, &tenant.slug).await.unwrap();
    assert_eq!(places("mood").await, r#"{"n":"public"} {"n":"t_globex"}"#);
    assert_eq!(diary::Entity::find().count(&globex).await.unwrap(), 1);
    drop((acme, globex));
    tenancy.close().await.unwrap();
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// They are found as well where revisions make them, with bare names.
#[tokio::test]
async fn revisions_make_them() {
    const SHARED: &str = "-- revision: aa00\n\n-- +upgrade\n\
        CREATE TYPE color AS ENUM ('red', 'blue');\n\
        CREATE TABLE paints (id BIGINT PRIMARY KEY, color color NOT NULL);\n";
    const TENANT: &str = "-- revision: aa01\n-- depends_on: aa00\n\n-- +upgrade\n\
        CREATE TYPE mood AS ENUM ('calm', 'very loud');\n\
        CREATE TABLE diary (tenant_id VARCHAR(64) NOT NULL, id BIGSERIAL PRIMARY KEY,\n\
            mood mood NOT NULL, before mood, color {{shared}}.color, UNIQUE (tenant_id, id));\n";
    let scratch = Engine::Postgres.scratch().await;
    let dir = std::env::temp_dir().join(scratch.name());
    for (folder, file, text) in [("shared", "aa00.sql", SHARED), ("tenant", "aa01.sql", TENANT)] {
        std::fs::create_dir_all(dir.join(folder)).unwrap();
        std::fs::write(dir.join(folder).join(file), text).unwrap();
    }
    let migrations = tenancy::migrate::Migrations::from_dir(&dir).unwrap();
    let builder = Tenancy::builder().database(&scratch.url).migrations(migrations);
    let tenancy = Strategy::Schema.isolate(builder, &scratch).await.connect().await.unwrap();
    let report = tenancy.migrate().upgrade("heads").await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    for slug in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
        keeps(&tenancy.db(slug).await.unwrap()).await;
    }
    tenancy.close().await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    scratch.remove().await;
}

#[derive(sea_orm::FromQueryResult)]
struct Id {
    #[allow(dead_code)]
    id: i64,
}
