//! A request over HTTP that ends at any await, also within its streamed body.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode},
    routing::post,
};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait, QueryOrder, TransactionTrait};
use tenancy::{Repo, TenantDb, current_tenant};
use tenancy_tests::{
    Engine, Shop,
    cut::cut,
    each_engine,
    entity::{ledger, order},
};
use tower::ServiceExt;

fn app(shop: &Shop) -> Router {
    Router::new().route("/bill", post(bill)).layer(shop.tenancy.layer())
}

/// Reads through a repository and a connection, writes in a transaction with a savepoint in it,
/// and answers with a stream.
async fn bill(orders: Repo<order::Entity>, db: TenantDb) -> tenancy::Result<Body> {
    let mine = current_tenant().map(|tenant| tenant.to_string());
    assert_eq!(mine.as_deref(), Some(db.tenant().id.as_str()));
    let count = orders.find().count().await?;
    assert_eq!(order::Entity::find().count(&db).await?, count);

    let transaction = db.begin().await?;
    let row = |entry: &str| ledger::ActiveModel {
        entry: Set(entry.into()),
        amount: Set(1),
        ..Default::default()
    };
    ledger::Entity::insert(row("one")).exec_without_returning(&transaction).await?;
    let savepoint = transaction.begin().await?;
    ledger::Entity::insert(row("two")).exec_without_returning(&savepoint).await?;
    savepoint.commit().await?;
    transaction.commit().await?;

    let totals = orders.find().order_by_asc(order::Column::Id).stream().await?;
    Ok(Body::from_stream(totals.map(|row| {
        let tenant = current_tenant().map(|tenant| tenant.to_string());
        row.map(|row| Bytes::from(format!("{} {};", tenant.unwrap_or_default(), row.total)))
    })))
}

/// Sends a request and reads the whole of its answer.
async fn ask(app: &Router, tenant: &str) -> (StatusCode, String) {
    let request = Request::post("/bill").header("x-tenant-id", tenant).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn totals(tenant: &str, factor: i64) -> String {
    (1..=6).map(|n| format!("{tenant} {};", n * factor)).collect()
}

each_engine! {
    async fn dropped_at_every_await(shop) {
        let app = app(&shop);
        let neighbour = shop.neighbour().await;
        let mut entries = 0;
        // SQLite is often done before it is asked. On a busy machine the others are too, now and
        // then: the answer is there already, and the await cannot be cut. So it is tried again.
        let least = if shop.scratch.engine() == Engine::Sqlite { 1 } else { 8 };
        let mut most = 0;
        for _ in 0..20 {
            let mut cuts = 0;
            loop {
                let answer = cut(ask(&app, "acme"), cuts).await;
                assert_eq!(current_tenant(), None, "the task keeps a tenant after {cuts} polls");
                shop.no_transaction(cuts).await;

                let after = ledger::Entity::find().count(&shop.acme).await.unwrap();
                assert!(after == entries || after == entries + 2, "half a request after {cuts} polls");
                entries = after;
                assert_eq!(shop.neighbour().await, neighbour, "after {cuts} polls");

                // The other tenant's requests are whole, on every connection of the pool.
                let others = (0..6).map(|_| ask(&app, "globex"));
                for other in futures_util::future::join_all(others).await {
                    assert_eq!(other, (StatusCode::OK, totals("globex", 1_000)), "after {cuts} polls");
                }
                let globex = ledger::Entity::delete_many().exec(&shop.globex).await.unwrap();
                assert_eq!(globex.rows_affected, 12);
                assert_eq!(ledger::Entity::find().count(&shop.acme).await.unwrap(), entries);

                if let Some(answer) = answer {
                    assert_eq!(answer, (StatusCode::OK, totals("acme", 1)));
                    break;
                }
                cuts += 1;
            }
            most = most.max(cuts);
            if most >= least {
                break;
            }
        }
        assert!(most >= least, "the request awaited something {most} times only");
        assert!(entries > 0);
    }
}
