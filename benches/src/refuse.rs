//! Whether strangers can tell by the time it takes why they are not let through. EDGE 38.
//!
//! Requests for a tenant that is unknown, suspended, deleted or cannot be one are sent in turn over one
//! connection, and each answer's time is taken: medians, and what one in a hundred takes longer than. A
//! ratio of 1 tells nothing. Once with what is remembered, and once where each is looked up in the
//! store; there only those are compared whose names could be a tenant's, since everybody knows of the
//! others that they are none. Those are refused at one of a few times, some milliseconds after they came.

use std::time::Instant;

use axum::{Router, routing::get};
use tenancy::{NewTenant, Status, Tenancy, TenantCache};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

use crate::frame::{Row, nanos};

/// Requests of each class.
const SAMPLES: usize = 10_000;
/// Of each class, before those that are counted.
const WARM_UP: usize = 1_000;

/// Classes, and what each sends as the tenant's name. The first is what others are compared with.
const CLASSES: [(&str, &str); 4] = [
    ("unknown", "nobody"),
    ("suspended", "resting"),
    ("deleted", "former"),
    ("malformed", "no_one"),
];

async fn tenancy(cache: TenantCache) -> Tenancy {
    let builder = Tenancy::builder().database("sqlite::memory:").tenant_cache(cache);
    let tenancy = builder.connect().await.expect("a database in memory");
    for (slug, status) in [("resting", Status::Suspended), ("former", Status::Deleted)] {
        let new = NewTenant::new(slug).expect("a slug");
        let tenant = tenancy.create_tenant(new).await.expect("a tenant");
        tenancy.set_status(&tenant.id, status).await.expect("a change");
    }
    tenancy
}

async fn serve(tenancy: &Tenancy) -> TcpStream {
    let router = Router::new().route("/", get(async || "served")).layer(tenancy.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = TcpStream::connect(place).await.expect("a connection");
    client.set_nodelay(true).expect("a setting of sockets");
    client
}

/// How long a refusal takes, in nanoseconds, and its bytes but for the date and the request's id.
async fn ask(client: &mut TcpStream, request: &[u8]) -> (f64, Vec<u8>) {
    let mut answer = Vec::with_capacity(1_024);
    let began = Instant::now();
    client.write_all(request).await.expect("a request is sent");
    // The body is a problem document, and ends the answer.
    while !answer.ends_with(b"}") {
        assert!(client.read_buf(&mut answer).await.expect("an answer comes") > 0);
    }
    let took = began.elapsed().as_secs_f64() * 1e9;
    (took, answer)
}

/// What strangers see of an answer that is not each request's own.
fn told(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let own = |line: &&str| !line.starts_with("date:") && !line.starts_with("x-request-id:");
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// The times of each class, sorted.
async fn measure(tenancy: &Tenancy, classes: &[(&str, &str)]) -> Vec<Vec<f64>> {
    let mut client = serve(tenancy).await;
    let requests: Vec<Vec<u8>> = classes
        .iter()
        .map(|(_, name)| format!("GET / HTTP/1.1\r\nhost: shop\r\nx-tenant-id: {name}\r\n\r\n"))
        .map(String::into_bytes)
        .collect();
    let mut times = vec![Vec::with_capacity(SAMPLES); classes.len()];
    let mut answers = Vec::new();
    for turn in 0..WARM_UP + SAMPLES {
        for at in 0..classes.len() {
            // Each follows each of the others.
            let class = if turn % 2 == 0 { at } else { classes.len() - 1 - at };
            let class = (class + turn / 2) % classes.len();
            let (took, answer) = ask(&mut client, &requests[class]).await;
            if turn >= WARM_UP {
                times[class].push(took);
            }
            if turn == 0 {
                answers.push(told(&answer));
            }
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the answers differ: {answers:?}");
    assert!(answers[0].starts_with("HTTP/1.1 404"), "{answers:?}");
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    times
}

fn rows(what: &str, classes: &[(&str, &str)], times: &[Vec<f64>]) -> Vec<Row> {
    let at = |times: &[f64], part: usize| times.get(times.len() * part / 100).copied();
    let mut rows = Vec::new();
    for ((class, _), own) in classes.iter().zip(times).skip(1) {
        for (name, part) in [("median", 50), ("p99", 99)] {
            let (own, other) = (at(own, part), at(&times[0], part));
            let case = format!("{class}, {what}, {name}");
            let (own, other) = (own.unwrap_or(f64::NAN), other.unwrap_or(f64::NAN));
            rows.push(nanos(&case, own, classes[0].0, other));
        }
    }
    rows
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    let (known, looked_up) = runtime
        .block_on(async { (tenancy(TenantCache::new()).await, tenancy(TenantCache::off()).await) });
    let mut all = rows("remembered", &CLASSES, &runtime.block_on(measure(&known, &CLASSES)));
    let names = &CLASSES[..3];
    all.extend(rows("looked up", names, &runtime.block_on(measure(&looked_up, names))));
    all
}
