//! Tenant columns of the type `Uuid`, on every engine.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};
use tenancy::{Error, NewTenant, Tenancy};
use tenancy_tests::Engine;

mod note {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(type = Uuid)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const OWN: &str = "018f0000-0000-7000-8000-000000000001";
const OTHER: &str = "018f0000-0000-7000-8000-000000000002";

fn new(text: &str) -> note::ActiveModel {
    note::ActiveModel { id: Set(1), text: Set(text.into()), ..Default::default() }
}

async fn stay_apart(engine: Engine) -> Result<(), Box<dyn std::error::Error>> {
    let scratch = engine.scratch().await;
    let tenancy = Tenancy::builder().database(&scratch.url).connect().await?;
    tenancy.create_tables().await?;
    tenancy.create_tenant(NewTenant::new("acme")?.id(OWN)?).await?;
    tenancy.create_tenant(NewTenant::new("globex")?.id(OTHER)?).await?;
    let unfit = tenancy.create_tenant(NewTenant::new("initech")?.id("no-such-type")?).await;
    assert!(unfit.is_err(), "an id that no row could hold");
    let (acme, globex) = (tenancy.db("acme").await?, tenancy.db("globex").await?);
    let mine = new("mine").insert(&acme).await?;
    let theirs = new("theirs").insert(&globex).await?;
    assert_eq!(
        (mine.tenant_id.to_string(), theirs.tenant_id.to_string()),
        (OWN.into(), OTHER.into())
    );
    assert_eq!(note::Entity::find_by_id(1).one(&acme).await?, Some(mine.clone()));
    let own = note::ActiveModel { tenant_id: Set(mine.tenant_id), id: Set(2), ..new("named") };
    own.insert(&acme).await?;
    let foreign =
        note::ActiveModel { tenant_id: Set(theirs.tenant_id), id: Set(3), ..new("planted") };
    let error = foreign.insert(&acme).await.err().ok_or("planted")?;
    assert!(Error::refusal_in(&error).is_some(), "{error}");
    let mut change = mine.into_active_model();
    change.text = Set("changed".into());
    assert_eq!(change.update(&acme).await?.text, "changed");
    assert_eq!(note::Entity::delete_many().exec(&acme).await?.rows_affected, 2);
    assert_eq!(note::Entity::find().count(&acme).await?, 0);
    assert_eq!(note::Entity::find().all(&globex).await?, [theirs]);
    tenancy.close().await?;
    scratch.remove().await;
    Ok(())
}

#[tokio::test]
async fn sqlite() -> Result<(), Box<dyn std::error::Error>> {
    stay_apart(Engine::Sqlite).await
}

#[tokio::test]
async fn postgres() -> Result<(), Box<dyn std::error::Error>> {
    stay_apart(Engine::Postgres).await
}

#[tokio::test]
async fn mysql() -> Result<(), Box<dyn std::error::Error>> {
    stay_apart(Engine::MySql).await
}
