//! The tour: real requests as each tenant, each answer compared with the CSV files.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::data::Data;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// One line of the table the tour prints.
struct Step {
    tenant: String,
    what: String,
    expected: String,
    saw: String,
}

struct Tour<'a> {
    client: Client,
    base: &'a str,
    data: &'a Data,
    steps: Vec<Step>,
}

/// Tours the shop at `base`. Tells whether everything was exactly as the CSV files say.
pub(crate) async fn tour(base: &str, data: &Data) -> Result<bool, Box<dyn std::error::Error>> {
    let mut tour =
        Tour { client: Client::builder().no_proxy().build()?, base, data, steps: Vec::new() };
    for tenant in &data.tenants {
        tour.reads(&tenant.slug).await?;
    }
    for tenant in &data.tenants {
        tour.writes(&tenant.slug).await?;
    }
    tour.strangers().await?;
    Ok(tour.print())
}

impl Tour<'_> {
    async fn reads(&mut self, tenant: &str) -> Outcome {
        let data = self.data;
        let orders: Vec<_> = data.orders.iter().filter(|row| row.tenant == tenant).collect();
        let all: Vec<Value> = orders.iter().map(|row| order(row, tenant)).collect();
        self.same(tenant, "/orders", &Value::from(all)).await?;
        let wanted = orders.iter().filter(|row| row.status == "open" && row.total_cents >= 4_000);
        let wanted: Vec<Value> = wanted.map(|row| order(row, tenant)).collect();
        self.same(tenant, "/orders?status=open&min_total=4000", &Value::from(wanted)).await?;
        let customers = data.customers.iter().filter(|row| row.tenant == tenant);
        let customers: Vec<Value> = customers.map(|row| customer(row, tenant)).collect();
        self.same(tenant, "/customers", &Value::from(customers)).await?;
        let products = data
            .products
            .iter()
            .map(|row| json!({"id": row.id, "title": row.title, "price_cents": row.price_cents}));
        self.same(tenant, "/products", &products.collect::<Value>()).await?;
        self.same(tenant, "/report", &report(data, tenant)).await?;
        self.eager(tenant).await?;
        // A neighbour's order: an id that the neighbour has and this tenant has not.
        let (mine, theirs) =
            (orders.len(), data.orders.iter().map(|row| row.id).max().unwrap_or(0));
        let path = format!("/orders/{}", theirs.max(i64::try_from(mine)? + 1));
        let (status, _) = self.send(Method::GET, tenant, &path, None).await?;
        let known = orders.iter().any(|row| path == format!("/orders/{}", row.id));
        let expected = if known { StatusCode::OK } else { StatusCode::NOT_FOUND };
        self.note(tenant, &format!("GET {path}"), &expected, &status);
        Ok(())
    }

    /// An order with its customer and items, among look-alikes of the other tenants.
    async fn eager(&mut self, tenant: &str) -> Outcome {
        let data = self.data;
        let (_, body) = self.send(Method::GET, tenant, "/orders/1", None).await?;
        let found = data.orders.iter().find(|row| row.tenant == tenant && row.id == 1);
        let customer = data.customers.iter().find(|row| {
            row.tenant == tenant && found.is_some_and(|order| order.customer_id == row.id)
        });
        let items = data.items.iter().filter(|row| row.tenant == tenant && row.order_id == 1);
        let mut expected: Vec<(i64, i64, i64)> =
            items.map(|row| (row.id, row.product_id, row.quantity)).collect();
        expected.sort_unstable();
        let number = |row: &Value, key: &str| row[key].as_i64().unwrap_or_default();
        let items = body["items"].as_array().cloned().unwrap_or_default();
        let mut saw: Vec<(i64, i64, i64)> = items
            .iter()
            .map(|row| (number(row, "id"), number(row, "product_id"), number(row, "quantity")))
            .collect();
        saw.sort_unstable();
        let expected = (customer.map(|row| format!("{} of {}", row.name, row.city)), expected);
        let who = &body["customer"];
        let who = who["name"].as_str().zip(who["city"].as_str());
        let saw = (who.map(|(name, city)| format!("{name} of {city}")), saw);
        self.note(
            tenant,
            "GET /orders/1 with customer and items",
            &format!("{expected:?}"),
            &format!("{saw:?}"),
        );
        Ok(())
    }

    /// Creates, changes and deletes an order, and looks at the neighbours in between.
    async fn writes(&mut self, tenant: &str) -> Outcome {
        let before = self.everything().await?;
        let new = json!({"customer_id": 2, "items": [
            {"product_id": 1, "quantity": 2}, {"product_id": 3, "quantity": 1},
        ]});
        let price = |id| {
            self.data.products.iter().find(|row| row.id == id).map_or(0, |row| row.price_cents)
        };
        let id = self.data.orders.iter().filter(|row| row.tenant == tenant).count() + 1;
        let mut expected = json!({
            "id": id, "tenant_id": tenant, "customer_id": 2, "status": "open",
            "total_cents": 2 * price(1) + price(3),
        });
        let (status, body) = self.send(Method::POST, tenant, "/orders", Some(&new)).await?;
        self.note(
            tenant,
            "POST /orders",
            &format!("201 {expected}"),
            &format!("{} {body}", status.as_u16()),
        );
        let path = format!("/orders/{id}");
        let paid = json!({"status": "paid"});
        expected["status"] = "paid".into();
        let (status, body) = self.send(Method::PATCH, tenant, &path, Some(&paid)).await?;
        self.note(
            tenant,
            &format!("PATCH {path}"),
            &format!("200 {expected}"),
            &format!("{} {body}", status.as_u16()),
        );
        for neighbour in &self.data.tenants {
            if neighbour.slug == tenant {
                continue;
            }
            let has = self.data.orders.iter().any(|row| {
                row.tenant == neighbour.slug && row.id == i64::try_from(id).unwrap_or(0)
            });
            if !has {
                let (changed, _) =
                    self.send(Method::PATCH, &neighbour.slug, &path, Some(&paid)).await?;
                let (deleted, _) = self.send(Method::DELETE, &neighbour.slug, &path, None).await?;
                let what = format!("PATCH and DELETE {path}, which is {tenant}'s");
                self.note(
                    &neighbour.slug,
                    &what,
                    &"404, 404",
                    &format!("{}, {}", changed.as_u16(), deleted.as_u16()),
                );
            }
        }
        let (status, _) = self.send(Method::DELETE, tenant, &path, None).await?;
        self.note(tenant, &format!("DELETE {path}"), &StatusCode::NO_CONTENT, &status);
        let after = self.everything().await?;
        self.note(
            "everyone",
            &format!("all rows after {tenant}'s writes"),
            &"as before",
            &if before == after { "as before" } else { "changed" },
        );
        Ok(())
    }

    async fn strangers(&mut self) -> Outcome {
        let nobody = self.send(Method::GET, "nobody", "/orders", None).await?;
        let nameless = self.client.get(format!("{}/orders", self.base)).send().await?;
        let nameless = (nameless.status(), nameless.json::<Value>().await?);
        self.note("nobody", "GET /orders", &StatusCode::NOT_FOUND, &nobody.0);
        let text = |(status, body): &(StatusCode, Value)| format!("{} {body}", status.as_u16());
        self.note("(no header)", "GET /orders", &text(&nobody), &text(&nameless));
        let health = self.client.get(format!("{}/health", self.base)).send().await?;
        self.note("(no header)", "GET /health", &StatusCode::OK, &health.status());
        Ok(())
    }

    async fn everything(&self) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
        let mut all = Vec::new();
        for tenant in &self.data.tenants {
            for path in ["/orders", "/customers", "/report"] {
                all.push(self.send(Method::GET, &tenant.slug, path, None).await?.1);
            }
        }
        Ok(all)
    }

    async fn same(&mut self, tenant: &str, path: &str, expected: &Value) -> Outcome {
        let (status, body) = self.send(Method::GET, tenant, path, None).await?;
        let rows = |value: &Value| value.as_array().map_or(0, Vec::len);
        let saw = if status != StatusCode::OK {
            status.to_string()
        } else if body == *expected {
            format!("{} rows, all equal", rows(&body))
        } else {
            format!("{} rows, not equal", rows(&body))
        };
        self.note(
            tenant,
            &format!("GET {path}"),
            &format!("{} rows, all equal", rows(expected)),
            &saw,
        );
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        tenant: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), Box<dyn std::error::Error>> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("x-tenant-id", tenant);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status();
        Ok((status, serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null)))
    }

    fn note(
        &mut self,
        tenant: &str,
        what: &str,
        expected: &impl std::fmt::Display,
        saw: &impl std::fmt::Display,
    ) {
        self.steps.push(Step {
            tenant: tenant.to_owned(),
            what: what.to_owned(),
            expected: expected.to_string(),
            saw: saw.to_string(),
        });
    }

    fn print(&self) -> bool {
        let width = self.steps.iter().map(|step| step.what.len()).max().unwrap_or(0);
        println!("{:<11}  {:<width$}  saw", "tenant", "request");
        for step in &self.steps {
            let right = step.expected == step.saw;
            let saw: String = step.saw.chars().take(90).collect();
            println!(
                "{:<11}  {:<width$}  {saw}{}",
                step.tenant,
                step.what,
                if right { "" } else { "  WRONG" }
            );
            if !right {
                println!("{:<11}  {:<width$}  expected {}", "", "", step.expected);
                println!("{:<11}  {:<width$}  saw      {}", "", "", step.saw);
            }
        }
        let wrong = self.steps.iter().filter(|step| step.expected != step.saw).count();
        println!(
            "\n{} of {} answers exactly as the CSV files say",
            self.steps.len() - wrong,
            self.steps.len()
        );
        wrong == 0
    }
}

fn order(row: &crate::data::Order, tenant: &str) -> Value {
    json!({
        "id": row.id, "tenant_id": tenant, "customer_id": row.customer_id,
        "status": row.status, "total_cents": row.total_cents,
    })
}

fn customer(row: &crate::data::Customer, tenant: &str) -> Value {
    json!({"id": row.id, "tenant_id": tenant, "name": row.name, "city": row.city})
}

fn report(data: &Data, tenant: &str) -> Value {
    let lines = ["open", "paid", "sent"].iter().map(|status| {
        let orders = data.orders.iter().filter(|row| row.tenant == tenant && row.status == *status);
        let totals: Vec<i64> = orders.map(|row| row.total_cents).collect();
        json!({"status": status, "orders": totals.len(), "largest": totals.iter().max()})
    });
    lines.collect()
}
