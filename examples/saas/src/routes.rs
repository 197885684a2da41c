//! What customers can do.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use futures_util::{Stream, stream};
use http::StatusCode;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};
use serde::Deserialize;
use serde_json::json;
use tenancy::{CurrentTenant, Repo, Tenancy, TenantDb, limit::Permit};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    entity::{order, report},
    feed::Feed,
};

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) tenancy: Tenancy,
    pub(crate) feed: Feed,
}

pub(crate) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/orders", get(list).post(create))
        .route("/orders/{id}", get(one))
        .route("/reports", axum::routing::post(begin_report))
        .route("/reports/{id}", get(read_report))
        .route("/live", get(live))
        .route("/events", get(events))
        .with_state(shop)
}

async fn list(orders: Repo<order::Entity>) -> tenancy::Result<Json<Vec<order::Model>>> {
    Ok(Json(orders.find().order_by_asc(order::Column::Id).all().await?))
}

async fn one(
    orders: Repo<order::Entity>,
    Path(id): Path<i64>,
) -> tenancy::Result<Json<order::Model>> {
    let order = orders.find_by_id(id).one().await?;
    Ok(Json(order.ok_or_else(|| absent("order"))?))
}

/// There is none, for this customer at least.
fn absent(what: &str) -> tenancy::Error {
    sea_orm::DbErr::RecordNotFound(what.to_owned()).into()
}

#[derive(Deserialize)]
struct New {
    id: i64,
    item: String,
    cents: i64,
}

async fn create(
    State(shop): State<Shop>,
    CurrentTenant(tenant): CurrentTenant,
    orders: Repo<order::Entity>,
    Json(new): Json<New>,
) -> tenancy::Result<Response> {
    let New { id, item, cents } = new;
    let row = order::ActiveModel {
        id: Set(id),
        item: Set(item),
        cents: Set(cents),
        ..Default::default()
    };
    let made = orders.insert(row).await?;
    shop.feed.tell(&tenant.id, json!({ "id": made.id, "item": made.item }).to_string());
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Begins a job that goes on after the response.
async fn begin_report(
    State(shop): State<Shop>,
    CurrentTenant(tenant): CurrentTenant,
    db: TenantDb,
) -> tenancy::Result<Response> {
    let id = chrono::Utc::now().timestamp_micros();
    // Its log lines name the customer, as a task of `tokio::spawn` would not; and its connection sees
    // that customer's rows alone.
    shop.tenancy.spawn(&tenant, async move {
        if let Err(error) = make_report(&db, id).await {
            tracing::error!(%error, "a report could not be made");
        }
    });
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response())
}

async fn make_report(db: &TenantDb, id: i64) -> tenancy::Result<()> {
    let orders = order::Entity::find().all(db).await?;
    let cents = orders.iter().map(|order| order.cents).sum();
    let count = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    let row = report::ActiveModel {
        id: Set(id),
        orders: Set(count),
        cents: Set(cents),
        ..Default::default()
    };
    Repo::<report::Entity>::new(db.clone()).insert(row).await?;
    tracing::info!(id, "a report was made");
    Ok(())
}

async fn read_report(
    reports: Repo<report::Entity>,
    Path(id): Path<i64>,
) -> tenancy::Result<Json<report::Model>> {
    let report = reports.find_by_id(id).one().await?;
    Ok(Json(report.ok_or_else(|| absent("report"))?))
}

/// Orders as they come, on a WebSocket; it counts as one of those that run at the same time.
async fn live(
    State(shop): State<Shop>,
    CurrentTenant(tenant): CurrentTenant,
    permit: Permit,
    upgrade: WebSocketUpgrade,
) -> Response {
    let news = shop.feed.listen(&tenant.id);
    let id = tenant.id.clone();
    upgrade.on_upgrade(move |socket| {
        let told = tell(socket, news, id.to_string(), permit);
        // The task of an upgrade is the server's, and knows no customer.
        shop.tenancy.scope(&tenant, told)
    })
}

async fn tell(mut socket: WebSocket, mut news: Receiver<String>, tenant: String, _permit: Permit) {
    let hello = json!({ "tenant": tenant }).to_string();
    if socket.send(Message::text(hello)).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            told = news.recv() => match told {
                Ok(told) => {
                    if socket.send(Message::text(told)).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            // What is sent here is read, and says nothing.
            heard = socket.recv() => if !matches!(heard, Some(Ok(_))) {
                return;
            },
        }
    }
}

/// The same as server-sent events.
async fn events(
    State(shop): State<Shop>,
    CurrentTenant(tenant): CurrentTenant,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = shop.feed.listen(&tenant.id);
    let hello = Event::default().event("hello").data(tenant.id.as_str());
    let told = stream::unfold(news, |mut news| async move {
        loop {
            match news.recv().await {
                Ok(told) => return Some((Ok(Event::default().event("order").data(told)), news)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let all = futures_util::StreamExt::chain(stream::iter([Ok(hello)]), told);
    Sse::new(all).keep_alive(KeepAlive::default())
}
