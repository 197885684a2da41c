//! What OpenTelemetry is given of a request.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "otel")]

use std::{
    collections::BTreeMap,
    env,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::get};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use reqwest::Client;
use saas::telemetry;
use tenancy::{MemoryStore, NewTenant, Tenancy};
use tokio::net::TcpListener;

/// Keeps what it is given.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// EDGE 54: spans say whose they are, and of which request; and no work of one tenant is in another's.
#[tokio::test]
async fn spans_say_whose_they_are() {
    let kept = Kept::default();
    // On this thread, where all of it runs.
    let _heard = tracing::subscriber::set_default(telemetry::exporting(kept.clone()));
    let url = env::var("TENANCY_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let builder = Tenancy::builder().database(url).store(MemoryStore::new());
    let tenancy = builder.connect().await.unwrap();
    for name in ["acme", "globex"] {
        let new = NewTenant::new(name).unwrap().id(format!("{name}-id")).unwrap();
        tenancy.create_tenant(new).await.unwrap();
    }
    let work = async || {
        tracing::info_span!("work").in_scope(|| tracing::info!("done"));
        "served"
    };
    let app = Router::new().route("/", get(work)).layer(tenancy.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut expected = BTreeMap::new();
    for name in ["acme", "globex", "acme", "nobody"] {
        let request = Client::new().get(&address).header("x-tenant-id", name);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().is_success(), name != "nobody");
        if response.status().is_success() {
            let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
            assert_eq!(response.text().await.unwrap(), "served");
            expected.insert(id, name.to_owned());
        }
    }
    tenancy.close().await.unwrap();

    let spans = kept.0.lock().unwrap().clone();
    let (tenants, work): (Vec<_>, Vec<_>) = spans
        .iter()
        .filter(|span| span.name == "tenant" || span.name == "work")
        .partition(|span| span.name == "tenant");
    let mut found = BTreeMap::new();
    for span in &tenants {
        let attribute = |name: &str| {
            let found = span.attributes.iter().find(|it| it.key.as_str() == name);
            found.map(|it| it.value.to_string()).unwrap_or_default()
        };
        let slug = attribute("tenant.slug");
        assert_eq!(attribute("tenant.id"), format!("{slug}-id"));
        found.insert(attribute("request.id"), slug);
        let within = work.iter().filter(|it| it.parent_span_id == span.span_context.span_id());
        assert_eq!(within.count(), 1, "what a request does is in its own span");
    }
    assert_eq!((tenants.len(), work.len()), (3, 3));
    assert_eq!(found, expected);
}
