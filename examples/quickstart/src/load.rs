//! Fills the database from the CSV files.

use sea_orm::{ActiveValue::Set, EntityTrait};
use tenancy::{NewTenant, Tenancy};

use crate::{
    data::Data,
    entity::{customer, item, order, product},
};

/// Creates the tenants and their rows, unless they are there already.
pub(crate) async fn load(tenancy: &Tenancy, data: &Data) -> Result<(), Box<dyn std::error::Error>> {
    tenancy.create_tables().await?;
    if !tenancy.tenants().await?.is_empty() {
        return Ok(());
    }
    // Products belong to nobody, and tenants may not write them.
    let operator = tenancy.unscoped("loading the shop's products").await?;
    let products = data.products.iter().map(|row| product::ActiveModel {
        id: Set(row.id),
        title: Set(row.title.clone()),
        price_cents: Set(row.price_cents),
    });
    product::Entity::insert_many(products).exec_without_returning(&operator).await?;
    for tenant in &data.tenants {
        let new = NewTenant::new(&tenant.slug)?.id(&tenant.slug)?.name(&tenant.name);
        tenancy.create_tenant(new).await?;
        load_tenant(tenancy, data, &tenant.slug).await?;
    }
    Ok(())
}

/// Nothing here names the tenant's column: the connection fills it in.
async fn load_tenant(
    tenancy: &Tenancy,
    data: &Data,
    slug: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let db = tenancy.db(slug).await?;
    let customers = data.customers.iter().filter(|row| row.tenant == slug);
    let customers = customers.map(|row| customer::ActiveModel {
        id: Set(row.id),
        name: Set(row.name.clone()),
        city: Set(row.city.clone()),
        ..Default::default()
    });
    customer::Entity::insert_many(customers).exec_without_returning(&db).await?;
    let orders = data.orders.iter().filter(|row| row.tenant == slug);
    let orders = orders.map(|row| order::ActiveModel {
        id: Set(row.id),
        customer_id: Set(row.customer_id),
        status: Set(row.status.clone()),
        total_cents: Set(row.total_cents),
        ..Default::default()
    });
    order::Entity::insert_many(orders).exec_without_returning(&db).await?;
    let items = data.items.iter().filter(|row| row.tenant == slug);
    let items = items.map(|row| item::ActiveModel {
        id: Set(row.id),
        order_id: Set(row.order_id),
        product_id: Set(row.product_id),
        quantity: Set(row.quantity),
        ..Default::default()
    });
    item::Entity::insert_many(items).exec_without_returning(&db).await?;
    Ok(())
}
