//! Whole requests over sockets: a list and a point read, with everything on, against the same axum
//! and SeaORM handlers without tenancy, filter by hand.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{
    Lanes, Repo, Rls, Row as RowScoping, Schema, Tenancy,
    limit::{Limits, Window},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::Mutex,
};

use crate::{
    frame::{Row, compare, times},
    read::world::{ROWS, Server, World},
    tour::{self, order},
};

/// Connections that send requests, each after the answer to the one before.
const CLIENTS: usize = 16;
/// Orders in a list.
const LIST: u64 = 20;

type Orders = Json<Vec<(i64, String, i64)>>;

fn shown(orders: Vec<order::Model>) -> Orders {
    Json(orders.into_iter().map(|order| (order.id, order.status, order.total)).collect())
}

/// Everything on: the tenant of a header, the cache, two limits nobody reaches, scoped statements.
fn ours(tenancy: &Tenancy) -> Router {
    let limits = Limits::from(Window::per_second(u32::MAX)).and(Window::per_minute(u32::MAX));
    tenancy.set_rate_limits(limits.expect("two policies"));
    let list = async |orders: Repo<order::Entity>| {
        shown(orders.find().order_by_asc(order::Column::Id).limit(LIST).all().await.expect("rows"))
    };
    let one = async |orders: Repo<order::Entity>, Path(id): Path<i64>| {
        shown(orders.find_by_id(id).one().await.expect("a row").into_iter().collect())
    };
    let router = Router::new().route("/orders", get(list)).route("/orders/{id}", get(one));
    router.layer(tenancy.layer())
}

fn plain(db: DatabaseConnection) -> Router {
    let by_hand = || order::Entity::find().filter(order::Column::TenantId.eq("acme"));
    let list = async move |State(db): State<DatabaseConnection>| {
        let first = by_hand().order_by_asc(order::Column::Id).limit(LIST);
        shown(first.all(&db).await.expect("rows"))
    };
    let one = async move |State(db): State<DatabaseConnection>, Path(id): Path<i64>| {
        let found = by_hand().filter(order::Column::Id.eq(id)).one(&db).await.expect("a row");
        shown(found.into_iter().collect())
    };
    Router::new().route("/orders", get(list)).route("/orders/{id}", get(one)).with_state(db)
}

/// A server, and connections to it that stay open.
struct Site {
    clients: Vec<Arc<Mutex<TcpStream>>>,
    /// How long each request took, in milliseconds.
    took: Vec<f64>,
}

impl Site {
    async fn new(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place: SocketAddr = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let client = TcpStream::connect(place).await.expect("a connection");
            client.set_nodelay(true).expect("a setting of sockets");
            clients.push(Arc::new(Mutex::new(client)));
        }
        Self { clients, took: Vec::new() }
    }

    /// Sends that many requests.
    fn send(&mut self, runtime: &Runtime, n: u64, path: fn(u64) -> String) {
        let share = n.div_ceil(CLIENTS as u64);
        let clients = self.clients.iter().zip(0..).map(|(client, number)| {
            let client = Arc::clone(client);
            runtime.spawn(async move {
                let mut client = client.lock().await;
                let mut took = Vec::new();
                for turn in 0..share {
                    let began = Instant::now();
                    ask(&mut client, &path(number * share + turn)).await;
                    took.push(began.elapsed().as_secs_f64() * 1e3);
                }
                took
            })
        });
        for client in clients.collect::<Vec<_>>() {
            self.took.extend(runtime.block_on(client).expect("a client ends"));
        }
    }
}

/// One request and its answer, which must be of status 200.
async fn ask(client: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\nx-tenant-id: acme\r\n\r\n");
    client.write_all(request.as_bytes()).await.expect("a request is sent");
    let mut answer = Vec::with_capacity(2_048);
    let body = loop {
        assert!(client.read_buf(&mut answer).await.expect("an answer comes") > 0);
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&answer[..body]).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
    while answer.len() < body + length {
        assert!(client.read_buf(&mut answer).await.expect("an answer comes") > 0);
    }
    assert!(length > 2, "an empty answer to {path}");
}

fn list(_: u64) -> String {
    "/orders".to_owned()
}

fn one(number: u64) -> String {
    format!("/orders/{}", number % u64::try_from(ROWS).unwrap_or(1) + 1)
}

/// What one in a hundred takes longer than.
fn late(took: &mut [f64]) -> f64 {
    took.sort_by(f64::total_cmp);
    took.get(took.len() * 99 / 100).copied().unwrap_or(f64::NAN)
}

/// Both paths of one way to keep tenants apart.
fn measure(
    runtime: &Runtime,
    case: &str,
    tenancy: &Tenancy,
    db: &DatabaseConnection,
    rows: &mut Vec<Row>,
) {
    for (what, path) in [("list", list as fn(u64) -> String), ("by id", one)] {
        let mut own = runtime.block_on(Site::new(ours(tenancy)));
        let mut other = runtime.block_on(Site::new(plain(db.clone())));
        let against = "without tenancy, filter by hand";
        rows.push(compare(
            &format!("{case}, {what}"),
            "ops/s",
            &mut |n| own.send(runtime, n, path),
            against,
            &mut |n| other.send(runtime, n, path),
        ));
        let (own, other) = (late(&mut own.took), late(&mut other.took));
        rows.push(times(&format!("{case}, {what}, p99"), own, against, other));
    }
}

pub(crate) fn run() -> Vec<Row> {
    let mut rows = Vec::new();
    let sqlite = tour::World::open();
    let (tenancy, plain) = sqlite.both();
    measure(&sqlite.runtime, "SQLite, row", tenancy, plain, &mut rows);
    let runtime = &sqlite.runtime;
    let mut server = runtime.block_on(Server::new());
    let other = runtime.block_on(server.plain(0));
    let lanes = Lanes::new().connections(CLIENTS).per_tenant(CLIENTS);
    let worlds = [
        ("row", runtime.block_on(server.tenancy("row", RowScoping::new(), false))),
        ("schema", runtime.block_on(server.tenancy("schema", Schema::new(), false))),
        ("rls, lane", runtime.block_on(server.tenancy("lanes", Rls::new().lanes(lanes), true))),
        ("rls, three trips", runtime.block_on(server.tenancy("rls", Rls::new(), true))),
    ];
    for (name, world) in worlds {
        if name == "rls, lane" {
            runtime.block_on(World::warm_up(&world));
        }
        let case = format!("PostgreSQL, {name}");
        measure(runtime, &case, world.tenancy(), &other, &mut rows);
        runtime.block_on(world.close());
    }
    runtime.block_on(async {
        other.close().await.expect("a connection closes");
        server.drop().await;
    });
    rows
}
