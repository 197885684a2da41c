//! The rows of the CSV files in `data/`, which are compiled in.

use serde::{Deserialize, de::DeserializeOwned};

/// Everything the shop starts with.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) products: Vec<Product>,
    pub(crate) customers: Vec<Customer>,
    pub(crate) orders: Vec<Order>,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) slug: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) price_cents: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) tenant: String,
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) city: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) tenant: String,
    pub(crate) id: i64,
    pub(crate) customer_id: i64,
    pub(crate) status: String,
    pub(crate) total_cents: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Item {
    pub(crate) tenant: String,
    pub(crate) id: i64,
    pub(crate) order_id: i64,
    pub(crate) product_id: i64,
    pub(crate) quantity: i64,
}

impl Data {
    pub(crate) fn read() -> csv::Result<Data> {
        Ok(Data {
            tenants: rows(include_str!("../data/tenants.csv"))?,
            products: rows(include_str!("../data/products.csv"))?,
            customers: rows(include_str!("../data/customers.csv"))?,
            orders: rows(include_str!("../data/orders.csv"))?,
            items: rows(include_str!("../data/items.csv"))?,
        })
    }
}

fn rows<T: DeserializeOwned>(text: &str) -> csv::Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect()
}
