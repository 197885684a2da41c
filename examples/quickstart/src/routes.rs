//! The shop's handlers. None of them mentions a tenant.

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Statement, TransactionTrait,
};
use serde::{Deserialize, Serialize};
use tenancy::{CurrentTenant, Repo, Result, Tenancy, TenantDb};

use crate::entity::{customer, item, order, product};

pub(crate) fn router(tenancy: &Tenancy) -> Router {
    Router::new()
        .route("/customers", get(customers))
        .route("/orders", get(list).post(create))
        .route("/orders/{id}", get(show).patch(update).delete(delete))
        .route("/products", get(products))
        .route("/report", get(report))
        .route("/whoami", get(whoami))
        .route("/health", get(|| async { "fine" }))
        .layer(tenancy.layer().exclude("/health"))
}

async fn whoami(CurrentTenant(tenant): CurrentTenant) -> String {
    tenant.name.clone()
}

async fn customers(customers: Repo<customer::Entity>) -> Result<Json<Vec<customer::Model>>> {
    Ok(Json(customers.find().order_by_asc(customer::Column::Id).all().await?))
}

async fn products(db: TenantDb) -> Result<Json<Vec<product::Model>>> {
    Ok(Json(product::Entity::find().order_by_asc(product::Column::Id).all(&db).await?))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    status: Option<String>,
    min_total: Option<i64>,
}

async fn list(
    orders: Repo<order::Entity>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<order::Model>>> {
    let mut query = orders.find();
    if let Some(status) = wanted.status {
        query = query.filter(order::Column::Status.eq(status));
    }
    if let Some(total) = wanted.min_total {
        query = query.filter(order::Column::TotalCents.gte(total));
    }
    Ok(Json(query.order_by_asc(order::Column::Id).all().await?))
}

/// An order with what belongs to it, loaded in three statements.
async fn show(db: TenantDb, Path(id): Path<i64>) -> Result<Json<order::ModelEx>, StatusCode> {
    let loader = order::Entity::load().filter(order::Column::Id.eq(id));
    let order = loader.with(customer::Entity).with(item::Entity).one(&db).await;
    match order {
        Ok(Some(order)) => Ok(Json(order)),
        Ok(None) => Err(StatusCode::NOT_FOUND),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

#[derive(Debug, Deserialize)]
struct NewOrder {
    customer_id: i64,
    items: Vec<NewItem>,
}

#[derive(Debug, Deserialize)]
struct NewItem {
    product_id: i64,
    quantity: i64,
}

/// The number after the tenant's highest.
async fn next<E: EntityTrait>(db: &impl ConnectionTrait, id: E::Column) -> Result<i64> {
    let highest = E::find().select_only().column_as(id.max(), "highest");
    let highest: Option<Option<i64>> = highest.into_tuple().one(db).await?;
    Ok(highest.flatten().unwrap_or(0) + 1)
}

/// Adds an order and its items in one transaction. Numbers count per tenant.
async fn create(
    db: TenantDb,
    Json(new): Json<NewOrder>,
) -> Result<(StatusCode, Json<order::Model>)> {
    let transaction = db.begin().await?;
    let order_id = next::<order::Entity>(&transaction, order::Column::Id).await?;
    let item_id = next::<item::Entity>(&transaction, item::Column::Id).await?;
    let prices = product::Entity::find().all(&transaction).await?;
    let price = |id| prices.iter().find(|row| row.id == id).map_or(0, |row| row.price_cents);
    let order = order::ActiveModel {
        id: Set(order_id),
        customer_id: Set(new.customer_id),
        status: Set("open".into()),
        total_cents: Set(new.items.iter().map(|item| price(item.product_id) * item.quantity).sum()),
        ..Default::default()
    };
    let order = order::Entity::insert(order).exec_with_returning(&transaction).await?;
    let items = new.items.iter().zip(item_id..).map(|(item, id)| item::ActiveModel {
        id: Set(id),
        order_id: Set(order_id),
        product_id: Set(item.product_id),
        quantity: Set(item.quantity),
        ..Default::default()
    });
    item::Entity::insert_many(items).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(order)))
}

#[derive(Debug, Deserialize)]
struct Change {
    status: String,
}

async fn update(
    orders: Repo<order::Entity>,
    Path(id): Path<i64>,
    Json(change): Json<Change>,
) -> Result<Json<order::Model>> {
    let change =
        order::ActiveModel { id: Set(id), status: Set(change.status), ..Default::default() };
    Ok(Json(orders.update(change).await?))
}

async fn delete(orders: Repo<order::Entity>, Path(id): Path<i64>) -> Result<StatusCode> {
    let deleted = orders.delete_by_id(id).await?;
    Ok(if deleted == 0 { StatusCode::NOT_FOUND } else { StatusCode::NO_CONTENT })
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Line {
    status: String,
    orders: i64,
    largest: i64,
}

/// Raw SQL is as safe as the query builder: it is scoped like everything else.
async fn report(db: TenantDb) -> Result<Json<Vec<Line>>> {
    let sql = "SELECT status, COUNT(*) AS orders, MAX(total_cents) AS largest \
               FROM orders WHERE id IN (SELECT order_id FROM items) OR total_cents > 0 \
               GROUP BY status ORDER BY status";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    Ok(Json(Line::find_by_statement(statement).all(&db).await?))
}
