#![cfg(feature = "sqlite")]

use std::time::Duration;

use futures_util::{FutureExt, TryStreamExt};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectOptions, Database, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, Set, TransactionError, TransactionSession, TransactionTrait, sea_query::OnConflict,
};
use tenancy_core::{
    Dialect, NewTenant,
    catalog::Catalog,
    scope::{Refusal, Scoper},
};

use super::*;
use crate::{
    Error, Repo,
    entity::{TenantEntity, tenant_definition},
    pool::Connection,
};

mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) tenant_id: String,
        pub(super) number: i64,
        pub(super) total: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for order::Entity {
    type Key = String;
    const KEY_PER_TENANT: bool = false;

    fn tenant_column() -> order::Column {
        order::Column::TenantId
    }
}

struct Shop {
    conn: Connection,
    acme: TenantDb,
    globex: TenantDb,
}

/// One connection, so that whatever is left on it is felt by the next statement.
async fn shop() -> Shop {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).acquire_timeout(Duration::from_secs(2)).sqlx_logging(false);
    let conn = Database::connect(options).await.unwrap();
    conn.execute_unprepared(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, \
         number INTEGER NOT NULL, total INTEGER NOT NULL, UNIQUE (tenant_id, number))",
    )
    .await
    .unwrap();
    let mut entity = tenant_definition::<order::Entity>("tests::order");
    entity.keys.push(vec!["tenant_id".into(), "number".into()]);
    let scoper = Scoper::new(Dialect::Sqlite, Catalog::new([entity]).unwrap(), 1 << 20);
    let (conn, scoper) = (Connection::new(conn), Arc::new(scoper));
    let tenant = |id: &str| {
        let new = NewTenant::new(id).unwrap().id(id).unwrap();
        let tenant = Tenant::create(new, chrono::DateTime::UNIX_EPOCH);
        let session = Session::new(Link::new(&conn, &super::Context::None).unwrap(), &scoper, None);
        TenantDb::new(session, Arc::new(tenant))
    };
    let (acme, globex) = (tenant("acme"), tenant("globex"));
    Shop { conn, acme, globex }
}

fn row(number: i64, total: i64) -> order::ActiveModel {
    order::ActiveModel { number: Set(number), total: Set(total), ..Default::default() }
}

async fn totals(db: &impl ConnectionTrait) -> Vec<i64> {
    let rows = order::Entity::find().order_by_asc(order::Column::Total).all(db).await.unwrap();
    rows.into_iter().map(|row| row.total).collect()
}

#[tokio::test]
async fn tenants_do_not_meet() {
    let Shop { conn, acme, globex } = shop().await;
    let first = row(1, 10).insert(&acme).await.unwrap();
    assert_eq!(first.tenant_id, "acme");
    row(1, 20).insert(&globex).await.unwrap();
    assert_eq!(totals(&acme).await, [10]);
    assert_eq!(totals(&globex).await, [20]);

    assert!(order::Entity::find_by_id(first.id).one(&globex).await.unwrap().is_none());
    let stolen = order::ActiveModel { id: Set(first.id), total: Set(0), ..Default::default() };
    assert!(Error::from(stolen.update(&globex).await.unwrap_err()).is_not_found());
    let gone = order::Entity::delete_by_id(first.id).exec(&globex).await.unwrap();
    assert_eq!(gone.rows_affected, 0);
    let foreign = order::ActiveModel { tenant_id: Set("acme".into()), ..row(2, 0) };
    let error = foreign.insert(&globex).await.unwrap_err();
    assert_eq!(*Error::refusal_in(&error).unwrap(), Refusal::foreign_value("orders", "tenant_id"));

    let raw = globex.execute_unprepared("UPDATE orders SET total = total + 1").await.unwrap();
    assert_eq!(raw.rows_affected(), 1);
    assert!(globex.execute_unprepared("DELETE FROM orders; DELETE FROM orders").await.is_err());
    let streamed: Vec<_> =
        order::Entity::find().stream(&globex).await.unwrap().try_collect().await.unwrap();
    assert_eq!(streamed.len(), 1);
    drop(streamed);
    assert_eq!(order::Entity::find().all(&conn).await.unwrap().len(), 2);
}

#[tokio::test]
async fn repositories_stay_with_their_tenant() {
    let Shop { acme, globex, .. } = shop().await;
    let (ours, theirs) = (Repo::<order::Entity>::new(acme), Repo::<order::Entity>::new(globex));
    assert_eq!(ours.insert_many([row(1, 10), row(2, 20), row(3, 30)]).await.unwrap(), 3);
    assert_eq!(ours.insert_many(Vec::<order::ActiveModel>::new()).await.unwrap(), 0);
    let theirs_first = theirs.insert(row(1, 99)).await.unwrap();

    assert_eq!(ours.find().filter(order::Column::Total.gt(10)).count().await.unwrap(), 2);
    assert!(ours.find().exists().await.unwrap());
    assert!(ours.find_by_id(theirs_first.id).one().await.unwrap().is_none());
    assert_eq!(ours.delete_by_id(theirs_first.id).await.unwrap(), 0);

    let conflict =
        OnConflict::columns([order::Column::Number]).update_column(order::Column::Total).to_owned();
    let changed = ours.upsert(row(1, 11), conflict).await.unwrap();
    assert_eq!(changed, 1);
    assert_eq!(totals(theirs.db()).await, [99]);
    assert_eq!(totals(ours.db()).await, [11, 20, 30]);

    let doubled = ours
        .update_many()
        .set(order::Column::Total, ExprTrait::mul(order::Column::Total.into_expr(), 2))
        .filter(order::Column::Number.eq(1))
        .exec()
        .await
        .unwrap();
    assert_eq!(doubled, 1);
    assert_eq!(ours.delete_many().exec().await.unwrap(), 3);
    assert_eq!(totals(theirs.db()).await, [99]);
}

#[tokio::test]
async fn transactions_commit_roll_back_and_nest() {
    let Shop { acme, globex, .. } = shop().await;
    let txn = acme.begin().await.unwrap();
    row(1, 1).insert(&txn).await.unwrap();
    {
        let inner = txn.begin().await.unwrap();
        row(2, 2).insert(&inner).await.unwrap();
        assert!(row(3, 3).insert(&txn).await.unwrap_err().to_string().contains("nested"));
        assert!(txn.begin().await.is_err());
    }
    let inner = txn.begin().await.unwrap();
    row(4, 4).insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    let streamed: Vec<_> =
        order::Entity::find().stream(&txn).await.unwrap().try_collect().await.unwrap();
    assert_eq!(streamed.len(), 2);
    txn.commit().await.unwrap();
    assert_eq!(totals(&acme).await, [1, 4]);

    let txn = globex.begin().await.unwrap();
    assert_eq!(totals(&txn).await, [0_i64; 0]);
    row(1, 5).insert(&txn).await.unwrap();
    drop(txn);
    assert_eq!(totals(&globex).await, [0_i64; 0]);

    let failed = acme
        .transaction::<_, (), DbErr>(|txn| {
            Box::pin(async move {
                row(9, 9).insert(txn).await?;
                Err(DbErr::Custom("changed my mind".to_owned()))
            })
        })
        .await;
    assert!(matches!(failed, Err(TransactionError::Transaction(_))));
    assert_eq!(totals(&acme).await, [1, 4]);
}

#[tokio::test]
async fn an_outer_transaction_waits_for_its_nested_ones() {
    let Shop { acme, .. } = shop().await;
    let txn = acme.begin().await.unwrap();
    let inner = txn.begin().await.unwrap();
    row(1, 1).insert(&inner).await.unwrap();
    assert!(TransactionSession::commit(txn).await.is_err());
    inner.commit().await.unwrap();
    assert_eq!(totals(&acme).await, [0_i64; 0]);
    acme.begin().await.unwrap().commit().await.unwrap();
}

/// Polls a future a few times and drops it, wherever it is then.
/// Tells whether it was done before that.
async fn abandon<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if (&mut future).now_or_never().is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_dropped_begin_leaves_no_transaction_behind() {
    let Shop { acme, globex, .. } = shop().await;
    for polls in 1..20 {
        abandon(polls, acme.begin()).await;
        // On a connection with a transaction left open, this fails.
        globex.begin().await.unwrap().commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_commit_happens() {
    let Shop { acme, .. } = shop().await;
    for polls in 1..20 {
        let txn = acme.begin().await.unwrap();
        row(polls as i64, polls as i64).insert(&txn).await.unwrap();
        abandon(polls, txn.commit()).await;
        assert_eq!(totals(&acme).await.len(), polls);
    }
}

#[tokio::test]
async fn a_dropped_statement_leaves_only_rolling_back() {
    let Shop { acme, .. } = shop().await;
    // A quick database can be done at the first look; then there was nothing to drop.
    let txn = loop {
        let txn = acme.begin().await.unwrap();
        if !abandon(1, row(1, 1).insert(&txn)).await {
            break txn;
        }
        txn.rollback().await.unwrap();
    };
    assert!(row(2, 2).insert(&txn).await.is_err());
    assert!(txn.begin().await.is_err());
    assert!(txn.commit().await.is_err());
    assert_eq!(totals(&acme).await, [0_i64; 0]);
    let txn = acme.begin().await.unwrap();
    abandon(1, row(1, 1).insert(&txn)).await;
    txn.rollback().await.unwrap();
    assert_eq!(totals(&acme).await, [0_i64; 0]);
}

#[tokio::test]
async fn a_dropped_nested_begin_leaves_the_outer_one_whole() {
    let Shop { acme, .. } = shop().await;
    for polls in 1..20 {
        let txn = acme.begin().await.unwrap();
        abandon(polls, txn.begin()).await;
        // Whoever comes next waits until it is rolled back.
        txn.begin().await.unwrap().rollback().await.unwrap();
        abandon(polls, txn.begin()).await;
        row(polls as i64, 1).insert(&txn).await.unwrap();
        txn.commit().await.unwrap();
        assert_eq!(totals(&acme).await.len(), polls);
    }
}

#[test]
fn handles_print_no_more_than_the_tenant() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Shop { acme, .. } = shop().await;
        assert_eq!(format!("{acme:?}"), "TenantDb { tenant: TenantId(acme), .. }");
    });
}
