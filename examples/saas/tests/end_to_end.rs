//! The whole application over real sockets: two customers whose rows look alike, one in shared tables and
//! one in a schema, by HTTP, WebSocket, server-sent events and a job; and what the other one sees.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

use std::{env, net::SocketAddr, process, time::Duration};

use futures_util::StreamExt;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::{Client, RequestBuilder, StatusCode};
use saas::{app, connect, telemetry};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tenancy::{NewTenant, Secret, Tenancy, TenancyConfig};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error as WsError, client::IntoClientRequest},
};

const SECRET: &str = "a secret of the issuer, of 32 bytes and more";
const OPERATOR: &str = "a long random text";
const PATIENCE: Duration = Duration::from_secs(30);

/// The application on a database of its own.
struct World {
    tenancy: Tenancy,
    address: SocketAddr,
    client: Client,
    database: String,
    admin: String,
}

fn server() -> String {
    env::var("TENANCY_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

fn redis() -> String {
    env::var("TENANCY_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379/".to_owned())
}

async fn run(url: &str, sql: &str) {
    let conn = Database::connect(url).await.unwrap();
    conn.execute_unprepared(sql).await.unwrap();
    conn.close().await.unwrap();
}

async fn open() -> World {
    let admin = server();
    let database = format!("tenancy_test_{}_saas", process::id());
    run(&admin, &format!("CREATE DATABASE {database}")).await;
    run(
        &admin,
        "DO $$ BEGIN CREATE ROLE tenancy_test_app LOGIN PASSWORD 'served'; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    )
    .await;
    let (base, _) = admin.rsplit_once('/').unwrap();
    let operator = format!("{base}/{database}");
    let (_, place) = operator.rsplit_once('@').unwrap();
    let variables = [
        ("TENANCY_DATABASE__URL", format!("postgres://tenancy_test_app:served@{place}")),
        ("TENANCY_DATABASE__OPERATOR_URL", operator),
        ("TENANCY_DATABASE__MAX_CONNECTIONS", "6".to_owned()),
        ("TENANCY_REDIS__URL", redis()),
        ("TENANCY_REDIS__PREFIX", format!("saas-{}", process::id())),
        ("TENANCY_RESOLVER__JWT__KEYS__MAIN__SECRET", SECRET.to_owned()),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    let file = include_str!("../saas.toml");
    let config = TenancyConfig::read("saas.toml", file, variables).unwrap();
    let tenancy = connect(&config).await.unwrap();
    let acme = NewTenant::new("acme").unwrap().id("acme").unwrap().tier("enterprise");
    tenancy.create_tenant(acme).await.unwrap();
    let globex = NewTenant::new("globex").unwrap().id("globex").unwrap().tier("free");
    tenancy.create_tenant(globex).await.unwrap();
    let app = app(&tenancy, telemetry::metrics().unwrap(), &Secret::new(OPERATOR));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = ["acme", "globex", "nobody"].iter().fold(Client::builder(), |client, tenant| {
        client.resolve(&format!("{tenant}.saas.test"), address)
    });
    World { tenancy, address, client: client.build().unwrap(), database, admin }
}

fn token(tenant: &str) -> String {
    let claims = json!({
        "iss": "https://login.saas.test", "aud": "https://saas.test",
        "exp": chrono::Utc::now().timestamp() + 600, "org": { "slug": tenant },
    });
    let header = Header { kid: Some("main".to_owned()), ..Header::default() };
    encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

impl World {
    fn url(&self, tenant: &str, path: &str) -> String {
        format!("http://{tenant}.saas.test:{}{path}", self.address.port())
    }

    fn get(&self, tenant: &str, path: &str) -> RequestBuilder {
        self.client.get(self.url(tenant, path)).bearer_auth(token(tenant))
    }

    fn post(&self, tenant: &str, path: &str) -> RequestBuilder {
        self.client.post(self.url(tenant, path)).bearer_auth(token(tenant))
    }

    fn operator(
        &self,
        request: fn(&Client, String) -> RequestBuilder,
        path: &str,
    ) -> RequestBuilder {
        let url = format!("http://{}/admin{path}", self.address);
        request(&self.client, url).bearer_auth(OPERATOR)
    }

    async fn json(&self, request: RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{response:?}");
        response.json().await.unwrap()
    }

    async fn live(
        &self,
        tenant: &str,
        token: Option<&str>,
    ) -> Result<WebSocketStream<TcpStream>, WsError> {
        let url = format!("ws://{tenant}.saas.test:{}/live", self.address.port());
        let mut request = url.into_client_request().unwrap();
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| socket)
    }

    /// Waits until a job has made its report.
    async fn report(&self, tenant: &str, id: &Value) -> Value {
        let wait = async {
            loop {
                let response = self.get(tenant, &format!("/reports/{id}")).send().await.unwrap();
                if response.status().is_success() {
                    return response.json().await.unwrap();
                }
                assert_eq!(response.status(), StatusCode::NOT_FOUND);
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap()
    }

    async fn close(self) {
        self.tenancy.close().await.unwrap();
        run(&self.admin, &format!("DROP DATABASE {} WITH (FORCE)", self.database)).await;
    }
}

async fn heard(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

/// Reads events until one has the text.
async fn event(response: &mut reqwest::Response, read: &mut String, text: &str) {
    let wait = async {
        while !read.contains(text) {
            let chunk = response.chunk().await.unwrap().unwrap();
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_customers_use_everything_and_see_their_own() {
    let world = open().await;

    // Somebody listens for each of them.
    let mut acme_live = world.live("acme", Some(&token("acme"))).await.unwrap();
    let mut globex_live = world.live("globex", Some(&token("globex"))).await.unwrap();
    assert_eq!(heard(&mut acme_live).await["tenant"], "acme");
    assert_eq!(heard(&mut globex_live).await["tenant"], "globex");
    let mut acme_events = world.get("acme", "/events").send().await.unwrap();
    let mut globex_events = world.get("globex", "/events").send().await.unwrap();
    let (mut acme_read, mut globex_read) = (String::new(), String::new());
    event(&mut acme_events, &mut acme_read, "data: acme").await;
    event(&mut globex_events, &mut globex_read, "data: globex").await;

    // Rows with the same keys.
    for (tenant, item, cents) in [("acme", "anvil", 300), ("globex", "globe", 70)] {
        for id in [1, 2] {
            let order = json!({ "id": id, "item": format!("{item} {id}"), "cents": cents });
            let made = world.json(world.post(tenant, "/orders").json(&order)).await;
            assert_eq!(made["item"], order["item"]);
        }
    }
    for (tenant, item) in [("acme", "anvil"), ("globex", "globe")] {
        let orders = world.json(world.get(tenant, "/orders")).await;
        let items: Vec<_> =
            orders.as_array().unwrap().iter().map(|order| order["item"].clone()).collect();
        assert_eq!(items, [format!("{item} 1"), format!("{item} 2")]);
        assert_eq!(world.json(world.get(tenant, "/orders/1")).await["item"], format!("{item} 1"));
    }

    // Each heard of its own, in order, so nothing of the other's came in between.
    for id in [1, 2] {
        assert_eq!(heard(&mut acme_live).await["item"], format!("anvil {id}"));
        assert_eq!(heard(&mut globex_live).await["item"], format!("globe {id}"));
    }
    event(&mut acme_events, &mut acme_read, "anvil 2").await;
    event(&mut globex_events, &mut globex_read, "globe 2").await;
    assert!(!acme_read.contains("globe") && !globex_read.contains("anvil"));

    // A job counts what its own customer has, and the other one cannot read it.
    for (tenant, other, cents) in [("acme", "globex", 600), ("globex", "acme", 140)] {
        let id = world.json(world.post(tenant, "/reports")).await["id"].clone();
        let report = world.report(tenant, &id).await;
        assert_eq!((&report["orders"], &report["cents"]), (&json!(2), &json!(cents)));
        let read = world.get(other, &format!("/reports/{id}")).send().await.unwrap();
        assert_eq!(read.status(), StatusCode::NOT_FOUND);
    }

    // The name alone is nobody, and neither is another one's token; nobody can tell them apart.
    let strangers = [
        world.client.get(world.url("acme", "/orders")),
        world.client.get(world.url("acme", "/orders")).bearer_auth(token("globex")),
        world.client.get(world.url("acme", "/orders")).bearer_auth("nonsense"),
        world.get("nobody", "/orders"),
    ];
    for stranger in strangers {
        let response = stranger.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert!(response.headers().contains_key("x-request-id"));
        let body = response.text().await.unwrap();
        assert_eq!(body, r#"{"type":"about:blank","title":"Unauthorized","status":401}"#);
    }
    for stranger in [None, Some(token("globex"))] {
        let refused = world.live("acme", stranger.as_deref()).await;
        assert!(matches!(refused, Err(WsError::Http(response)) if response.status() == 401));
    }

    // The small customer has a small limit, and the large one does not notice.
    let (mut limited, mut served) = (None, 0);
    for _ in 0..80 {
        let response = world.get("globex", "/orders/1").send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(response);
            break;
        }
        served += 1;
    }
    assert!(limited.unwrap().headers().contains_key("retry-after"));
    assert_eq!(world.get("acme", "/orders/1").send().await.unwrap().status(), StatusCode::OK);

    // An operator suspends one of them, and that is on record.
    let stranger = world.client.get(format!("http://{}/admin/tenants", world.address));
    assert_eq!(stranger.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let listed = world.json(world.operator(Client::get, "/tenants")).await;
    assert_eq!(listed["tenants"].as_array().unwrap().len(), 2);
    let one = world.json(world.operator(Client::get, "/tenants/acme")).await;
    assert_eq!(one["limits"][0]["concurrent"], 50);
    let silent = world.operator(Client::post, "/tenants/acme/suspend").json(&json!({}));
    assert_eq!(silent.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let reason = json!({ "reason": "the invoice of May is unpaid" });
    let suspended = world.operator(Client::post, "/tenants/acme/suspend").json(&reason);
    assert_eq!(world.json(suspended).await["status"], "suspended");
    let refused = world.get("acme", "/orders/1").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let events = world.json(world.operator(Client::get, "/tenants/acme/events")).await;
    let latest = &events["events"][0];
    assert_eq!((&latest["action"], &latest["outcome"]), (&json!("suspend"), &json!("done")));
    assert_eq!((&latest["actor"], &latest["reason"]), (&json!("the operator"), &reason["reason"]));
    assert!(latest["origin"].as_str().unwrap().starts_with("127.0.0.1"), "{latest}");

    // Metrics count, and name nobody.
    let text = world.client.get(format!("http://{}/metrics", world.address)).send().await.unwrap();
    let text = text.text().await.unwrap();
    for counted in [
        "tenancy_statements_total",
        "tenancy_resolve_total",
        "tenancy_refusals_total",
        "tenancy_ratelimit_total",
        "tenancy_pool_in_use",
    ] {
        assert!(text.contains(counted), "{counted} in {text}");
    }
    assert!(!text.contains("acme") && !text.contains("globex"), "{text}");

    // What was used is put away.
    world.tenancy.flush_usage().await.unwrap();
    let (acme, globex) =
        (tenancy::TenantId::new("acme").unwrap(), tenancy::TenantId::new("globex").unwrap());
    let ever = (chrono::DateTime::UNIX_EPOCH, chrono::Utc::now() + Duration::from_secs(60));
    let acme = world.tenancy.usage(&acme, ever.0, ever.1).await.unwrap();
    let globex = world.tenancy.usage(&globex, ever.0, ever.1).await.unwrap();
    assert!(acme.requests >= 8 && acme.statements >= 6, "{acme:?}");
    assert!(served > 0, "nobody was served before the limit");
    assert!(globex.requests > served && globex.statements > served, "{globex:?} {served}");

    let health = world.client.get(format!("http://{}/health", world.address)).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    world.close().await;
}
