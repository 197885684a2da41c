//! One entity in each of SeaORM's formats, as `sea-orm-cli` writes them: the same things done to each
//! have the same outcome, on every engine.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod entity;
mod native;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder,
};
use tenancy::{NewTenant, Repo, Tenancy, TenantDb, TenantEntity};
use tenancy_tests::Engine;

use entity::{Kind, compact, dense, derived, expanded, person};

/// What a format's module is put through.
macro_rules! behaves {
    ($module:ident, $acme:expr, $globex:expr) => {{
        let (acme, globex): (&TenantDb, &TenantDb) = ($acme, $globex);
        let mut seen = Vec::<String>::new();
        let mut note = |what: &dyn std::fmt::Debug| seen.push(format!("{what:?}"));
        let new = |title: &str, owner: Option<i64>| $module::ActiveModel {
            title: Set(title.to_owned()),
            kind: Set(Kind::Fair),
            extra: Set(Some(serde_json::json!({ "pages": [1, 2] }))),
            owner_id: Set(owner),
            ..Default::default()
        };
        let owner = |db: &TenantDb| {
            let db = db.clone();
            async move { person::Entity::find().one(&db).await.unwrap().unwrap() }
        };
        let (ours, theirs) = (owner(acme).await, owner(globex).await);

        // A repository adds what becomes the tenant's.
        let rows = Repo::<$module::Entity>::new(acme.clone());
        let first = rows.insert(new("first", Some(ours.id))).await.unwrap();
        new("first", Some(theirs.id)).insert(globex).await.unwrap();
        note(&(&first.title, &first.kind, &first.extra, &first.tenant_id));
        note(&rows.insert_many([new("second", None), new("third", None)]).await.unwrap());

        // Another's owner, and another's row, are not there.
        note(&rows.insert(new("stolen", Some(theirs.id))).await.is_err());
        let planted = $module::ActiveModel {
            tenant_id: Set(globex.tenant().id.to_string()),
            ..new("planted", None)
        };
        note(&rows.insert(planted).await.unwrap_err().to_string().replace(stringify!($module), ""));
        note(&$module::Entity::find().count(globex).await.unwrap());

        // Reads: filters, order, relations from both ends.
        let query = $module::Entity::find().filter($module::Column::Title.ne("second"));
        let found = query.order_by_desc($module::Column::Id).all(acme).await.unwrap();
        note(&found.iter().map(|row| row.title.as_str()).collect::<Vec<_>>());
        let with = $module::Entity::find()
            .find_also_related(person::Entity)
            .order_by_asc($module::Column::Id)
            .all(acme)
            .await
            .unwrap();
        note(&with.iter().map(|(_, owner)| owner.as_ref().map(|it| &it.name)).collect::<Vec<_>>());
        note(&first.find_related(person::Entity).one(globex).await.unwrap().map(|it| it.name));
        note(&$module::Entity::scoped(acme).count().await.unwrap());
        let owned = person::Entity::find().find_with_related($module::Entity);
        note(&titles(owned.clone().all(acme).await.unwrap(), |row| row.title));
        note(&titles(owned.all(globex).await.unwrap(), |row| row.title));

        // Writes.
        let mut change = first.clone().into_active_model();
        change.kind = Set(Kind::Good);
        note(&change.update(acme).await.unwrap().kind);
        note(&first.clone().into_active_model().delete(globex).await.unwrap().rows_affected);
        let set = rows.update_many().set($module::Column::Title, "same").exec().await.unwrap();
        note(&set);
        note(&rows.delete_by_id(first.id).await.unwrap());
        note(&rows.delete_many().exec().await.unwrap());
        let left = $module::Entity::find().all(globex).await.unwrap();
        note(&left.iter().map(|row| row.title.as_str()).collect::<Vec<_>>());
        note(&format!("{:?}", <$module::Entity as TenantEntity>::tenant_column()));
        seen
    }};
}

/// Whose rows there are, and what they are called.
fn titles<M>(
    owners: Vec<(person::Model, Vec<M>)>,
    title: impl Fn(M) -> String,
) -> Vec<(String, Vec<String>)> {
    owners.into_iter().map(|(it, rows)| (it.name, rows.into_iter().map(&title).collect())).collect()
}

/// The dense format's own way to load what hangs together, from either end.
async fn loads(acme: &TenantDb, globex: &TenantDb) {
    let add = |db: &TenantDb, owner: i64| {
        let row = dense::ActiveModel {
            title: Set("loaded".to_owned()),
            kind: Set(Kind::Fair),
            owner_id: Set(Some(owner)),
            ..Default::default()
        };
        let db = db.clone();
        async move { row.insert(&db).await.unwrap() }
    };
    for db in [acme, globex] {
        let owner = person::Entity::find().one(db).await.unwrap().unwrap();
        add(db, owner.id).await;
        add(db, owner.id).await;
    }
    let owner = person::Entity::load().with(dense::Entity).one(acme).await.unwrap().unwrap();
    assert_eq!((owner.name.as_str(), owner.dense.len()), ("acme's Ada", 2));
    let note = dense::Entity::load().with(person::Entity).one(globex).await.unwrap();
    let note = note.filter(|it| it.title == "loaded").unwrap();
    assert_eq!(note.owner.into_option().unwrap().name, "globex's Ada");
    let note = dense::Entity::load()
        .filter(dense::Column::OwnerId.eq(owner.id))
        .with(person::Entity)
        .one(globex)
        .await
        .unwrap();
    assert!(note.is_none(), "{note:?}");
}

async fn formats_behave_the_same(engine: Engine) {
    let scratch = engine.scratch().await;
    let tenancy = Tenancy::builder().database(&scratch.url).connect().await.unwrap();
    tenancy.create_tables().await.unwrap();
    for slug in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(slug).unwrap()).await.unwrap();
        let db = tenancy.db(slug).await.unwrap();
        person::ActiveModel { name: Set(format!("{slug}'s Ada")), ..Default::default() }
            .insert(&db)
            .await
            .unwrap();
    }
    let (acme, globex) = (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());
    let expected = behaves!(compact, &acme, &globex);
    assert_eq!(expected[1], "2");
    assert!(expected[3].contains("refused"), "{expected:?}");
    assert_eq!(expected[2], "true", "a reference to another tenant's row: {expected:?}");
    assert_eq!(expected[4], "1");
    assert_eq!(expected[6], "[Some(\"acme's Ada\"), None, None]");
    assert_eq!(expected[7], "None");
    assert_eq!(expected[8], "3");
    assert_eq!(expected[9], "[(\"acme's Ada\", [\"first\"])]");
    assert_eq!(expected[10], "[(\"globex's Ada\", [\"first\"])]");
    assert_eq!(expected[12], "0");
    assert_eq!(expected[16], "[\"first\"]", "a neighbour's row");
    assert_eq!(behaves!(dense, &acme, &globex), expected, "dense");
    assert_eq!(behaves!(derived, &acme, &globex), expected, "dense, derived");
    assert_eq!(behaves!(expanded, &acme, &globex), expected, "expanded");
    dense::Entity::delete_many().exec(&globex).await.unwrap();
    loads(&acme, &globex).await;
    tenancy.close().await.unwrap();
    scratch.remove().await;
}

#[tokio::test]
async fn sqlite() {
    formats_behave_the_same(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    formats_behave_the_same(Engine::Postgres).await;
}

#[tokio::test]
async fn mysql() {
    formats_behave_the_same(Engine::MySql).await;
}

/// A table is the same whatever its entity is written in, but for its name.
#[test]
fn tables_are_the_same() {
    use sea_orm::DatabaseBackend::{MySql, Postgres, Sqlite};

    for backend in [Sqlite, Postgres, MySql] {
        let statements = tenancy::schema::create_all(backend).unwrap();
        let table = |name: &str| {
            let of_table = statements.iter().filter(|it| it.sql.contains(name));
            of_table.map(|it| it.sql.replace(name, "notes_in")).collect::<Vec<_>>()
        };
        let expected = table("notes_compact");
        assert!(expected[0].contains("FOREIGN KEY"), "{expected:?}");
        assert_eq!(table("notes_dense"), expected);
        assert_eq!(table("notes_derived"), expected);
        assert_eq!(table("notes_expanded"), expected);
    }
}
