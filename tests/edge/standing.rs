//! Where the database itself is asked whether a tenant is served, nothing that is remembered serves one
//! that is not.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sea_orm::{ConnectionTrait as _, DbErr, EntityTrait as _, TransactionTrait as _};
use tenancy::{
    Error, NewTenant, Rls, Slug, SqlStore, Status, Tenancy, TenantCache, TenantDb, TenantId,
    TenantStore as _,
};
use tenancy_tests::{
    engine::{Engine, Scratch, Strategy},
    entity::order,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// One of several processes, which tell each other nothing.
async fn process(scratch: &Scratch, rls: Rls) -> Tenancy {
    let cache = TenantCache::new().life(HOUR).unknown_life(HOUR);
    let builder = Tenancy::builder().database(scratch.role().await).operator(scratch.url.as_str());
    builder.isolation(rls).tenant_cache(cache).connect().await.unwrap()
}

/// What becomes of a statement, of rows one by one, and of a transaction: of all the same.
async fn read(db: &TenantDb) -> Result<usize, Error> {
    let statement = order::Entity::find().all(db).await.map(|rows| rows.len());
    let stream: Result<Vec<_>, DbErr> = async {
        let rows = order::Entity::find().stream(db).await?;
        rows.try_collect().await
    }
    .await;
    let begun = db.begin().await.map(drop);
    for other in [stream.map(drop), begun] {
        let (one, other) = (statement.as_ref().err(), other.err());
        assert_eq!(one.map(DbErr::to_string), other.map(|error| error.to_string()));
    }
    Ok(statement?)
}

async fn tenants(process: &Tenancy) -> [TenantId; 2] {
    let mut ids = Vec::new();
    for name in ["acme", "globex"] {
        let new = NewTenant::new(name).unwrap().id(name).unwrap();
        ids.push(process.create_tenant(new).await.unwrap().id.clone());
    }
    ids.try_into().unwrap()
}

async fn refused_where_it_begins(strategy: Strategy) {
    let scratch = Engine::Postgres.scratch().await;
    let rls = strategy.policies().unwrap().check_status();
    let one = process(&scratch, rls.clone()).await;
    one.create_tables().await.unwrap();
    // Nothing more is to be granted.
    let other = process(&scratch, rls).await;
    let [acme, globex] = tenants(&one).await;
    assert_eq!(read(&other.db("acme").await.unwrap()).await.unwrap(), 0);
    assert_eq!(read(&other.db("globex").await.unwrap()).await.unwrap(), 0);

    let before = other.db("acme").await.unwrap();
    let begun = before.begin().await.unwrap();
    for status in [Status::Suspended, Status::Maintenance, Status::Deleted] {
        one.set_status(&acme, status).await.unwrap();
        let stale = other.db("acme").await.unwrap();
        assert!(stale.tenant().is_active(), "the other process has heard of it");
        for db in [&before, &stale] {
            assert_eq!(read(db).await.unwrap_err().status(), Some(status));
        }
        assert_eq!(read(&other.db("globex").await.unwrap()).await.unwrap(), 0, "a neighbour");
        // What began before goes on, and what begins within it.
        let savepoint = begun.begin().await.unwrap();
        assert!(order::Entity::find().all(&savepoint).await.is_ok());
        savepoint.commit().await.unwrap();
        if status != Status::Deleted {
            one.activate(&acme).await.unwrap();
            assert!(read(&before).await.is_ok());
        }
    }
    begun.commit().await.unwrap();
    // Whoever is given a tenant that is not served may go on with it.
    let work = |db: TenantDb| async move { read(&db).await };
    let all = one.for_each_tenant().statuses([Status::Deleted]).run(work).await.unwrap();
    assert_eq!(all.into_result().unwrap().len(), 1);

    one.purge(&acme, &Slug::new("acme").unwrap()).await.unwrap();
    assert!(read(&before).await.unwrap_err().is_tenant_not_found());
    let eye = scratch.eye().await;
    let moved = "UPDATE tenancy_tenants SET placed_as = 'schema', placed_in = 't_globex'";
    eye.execute_unprepared(moved).await.unwrap();
    assert!(read(&other.db("globex").await.unwrap()).await.unwrap_err().is_outdated());
    assert_eq!(globex.as_str(), "globex");
    for process in [one, other] {
        process.close().await.unwrap();
    }
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// EDGE 27: from the moment a suspension is committed nobody begins anything, however old what he
/// remembers is.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_process_is_refused_where_a_transaction_begins() {
    refused_where_it_begins(Strategy::Rls).await;
}

/// EDGE 27, with tokens.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_process_that_signs_is_refused_as_well() {
    refused_where_it_begins(Strategy::Signed).await;
}

/// Many refusals leave nothing behind: the same connection serves the neighbour.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_cost_no_connections() {
    let scratch = Engine::Postgres.scratch().await;
    let cache = TenantCache::new().life(HOUR);
    let builder = Tenancy::builder().database(scratch.role().await).operator(scratch.url.as_str());
    let builder = builder.max_connections(1).isolation(Rls::new().check_status());
    let other = builder.tenant_cache(cache).connect().await.unwrap();
    other.create_tables().await.unwrap();
    tenants(&other).await;
    let stale = other.db("acme").await.unwrap();
    let eye = scratch.eye().await;
    let pids = async || {
        let sql = "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND usename = 'tenancy_test_served'";
        let row =
            eye.query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql));
        row.await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap()
    };
    assert!(read(&stale).await.is_ok());
    let suspend = "UPDATE tenancy_tenants SET status = 'suspended' WHERE id = 'acme'";
    eye.execute_unprepared(suspend).await.unwrap();
    let before = pids().await;
    for _ in 0..50 {
        assert!(read(&stale).await.unwrap_err().is_inactive());
        assert!(read(&other.db("globex").await.unwrap()).await.is_ok());
    }
    assert_eq!(pids().await, before);
    other.close().await.unwrap();
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// What cannot be asked, and what cannot be had together, is said when it connects.
#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let scratch = Engine::Postgres.scratch().await;
    let (role, owner) = (scratch.role().await, scratch.url.as_str());
    let builder = || Tenancy::builder().database(role.as_str()).operator(owner);
    let asks = Rls::new().check_status();
    let store = SqlStore::connect(owner).await.unwrap();
    for (builder, why) in [
        (builder().isolation(Rls::new().lanes(tenancy::Lanes::new()).check_status()), "lanes"),
        (builder().isolation(asks.clone()).store(store), "kept elsewhere"),
        (builder().isolation(asks.clone()).control_plane(owner), "kept elsewhere"),
    ] {
        let error = builder.connect().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains(why), "{error}");
    }
    // The control plane is there, and whoever serves tenants may use its tables.
    SqlStore::connect(owner).await.unwrap().prepare().await.unwrap();
    let eye = scratch.eye().await;
    let all = "GRANT ALL ON ALL TABLES IN SCHEMA public TO tenancy_test_served";
    eye.execute_unprepared(all).await.unwrap();
    // Nobody may ask who was not let; and who owns nothing lets nobody.
    let error = Tenancy::builder().database(role.as_str()).isolation(asks.clone()).connect();
    let error = error.await.unwrap_err().to_string();
    let remedy = "GRANT EXECUTE ON FUNCTION tenancy_standing(text) TO tenancy_test_served";
    assert!(error.ends_with(remedy), "{error}");
    eye.execute_unprepared(remedy).await.unwrap();
    let granted = Tenancy::builder().database(role.as_str()).isolation(asks).connect().await;
    granted.unwrap().close().await.unwrap();
    eye.close().await.unwrap();
    scratch.remove().await;
}
