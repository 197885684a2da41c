//! EDGE 38: whoever is not let through learns nothing of why, by whichever resolver.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::extract::ConnectInfo;
use http::{HeaderValue, request::Parts};

use super::*;
use crate::{
    Chain, Header, Path, Resolver, Subdomain, TrustedProxies,
    resolve::{Resolved, TenantRef, Unresolved},
};

type Answer = (StatusCode, HeaderMap, Bytes);

/// Sends a request with fields, from an address that may be a proxy's.
async fn ask(app: &Router, uri: &str, fields: &[(&str, &str)]) -> Answer {
    let mut request = request(uri, &[]);
    for (name, value) in fields {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let peer: SocketAddr = "10.0.0.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    read(app.clone().oneshot(request).await.unwrap()).await
}

fn app(layer: &super::super::TenancyLayer) -> Router {
    let routes = Router::new().route("/", get(whoami)).route("/whoami", get(whoami));
    layer.around(routes.fallback(whoami))
}

/// An id of its own in a header.
struct Id;

impl Resolver for Id {
    fn resolve(&self, parts: &Parts) -> std::result::Result<Resolved, Unresolved> {
        let value = parts.headers.get("x-id").ok_or(Unresolved::Missing)?;
        let text = value.to_str().map_err(|_| Unresolved::Malformed)?;
        TenantId::new(text).map(Resolved::from).map_err(|_| Unresolved::Malformed)
    }
}

/// Each class of those who are not let through, by each resolver: the same bytes.
#[tokio::test]
async fn every_refusal_has_the_same_bytes() {
    let tenancy = connect(MemoryStore::new()).await;
    let path = tenancy.layer().resolver(Path::new("/t"));
    let subdomain = Subdomain::of("example.com");
    let proxies = TrustedProxies::x_forwarded_host(["10.0.0.0/8"]);
    let behind = tenancy.layer().resolver(subdomain.clone().behind(proxies));
    let subdomain = tenancy.layer().resolver(subdomain);
    let chain = Chain::all(Subdomain::of("example.com")).with(Header::default()).with(Id);
    let chain = tenancy.layer().resolver(chain);

    let mut answers: Vec<(String, Answer)> = Vec::new();
    let names = [
        "nobody",
        "suspended",
        "deleted",
        "provisioning",
        "maintenance",
        "Acme",
        "a--b",
        "a_b",
        "",
    ];
    for name in names {
        let host = format!("{name}.example.com");
        let path_of = format!("/t/{name}/whoami");
        answers.push((path_of.clone(), ask(&app(&path), &path_of, &[]).await));
        if name == "Acme" {
            // In a host it is a spelling.
            continue;
        }
        for (layer, field) in
            [(&subdomain, "host"), (&behind, "x-forwarded-host"), (&chain, "host")]
        {
            let answer = ask(&app(layer), "/whoami", &[(field, &host)]).await;
            answers.push((format!("{field} {host}"), answer));
        }
    }
    for uri in ["/", "/t", "/t/", "/x", "/t/acme/../globex", "/t//acme", "/t/%61cme"] {
        answers.push((uri.to_owned(), ask(&app(&path), uri, &[]).await));
    }
    for host in
        ["example.com", "www.example.com", "a.acme.example.com", "127.0.0.1", "x.org", "a b"]
    {
        let answer = ask(&app(&subdomain), "/whoami", &[("host", host)]).await;
        answers.push((host.to_owned(), answer));
    }
    let acme = ("host", "acme.example.com");
    for fields in [
        &[][..],
        &[("host", "acme.example.com"), ("host", "globex.example.com")],
        &[acme, ("x-tenant-id", "globex")],
        &[acme, ("x-tenant-id", "Acme")],
        &[acme, ("x-tenant-id", "acme"), ("x-tenant-id", "acme")],
        &[acme, ("x-id", "globex")],
        &[acme, ("x-id", "nobody")],
        &[acme, ("x-id", "A")],
        &[("x-id", "nobody")],
        &[("x-id", "suspended")],
    ] {
        answers.push((format!("{fields:?}"), ask(&app(&chain), "/whoami", fields).await));
    }
    let bare = Router::new().route("/whoami", get(whoami));
    let mut without = ask(&bare, "/whoami", &[acme]).await;
    // A route says the length itself, for all others the server does.
    assert_eq!(
        without.1.remove(header::CONTENT_LENGTH).unwrap(),
        HeaderValue::from(answers[0].1.2.len())
    );
    answers.push(("no layer".to_owned(), without));
    assert!(answers.len() > 50);
    for (what, answer) in &answers {
        assert_eq!(answer.0, StatusCode::NOT_FOUND, "{what}");
        assert_eq!(answer, &answers[0].1, "{what}");
    }
    // And those who are let through, are.
    for (layer, uri, fields) in [
        (&path, "/t/acme/whoami", &[][..]),
        (&subdomain, "/whoami", &[acme]),
        (&behind, "/whoami", &[("x-forwarded-host", "acme.example.com")]),
        (&chain, "/whoami", &[acme, ("x-tenant-id", "acme"), ("x-id", "acme")]),
    ] {
        let answer = ask(&app(layer), uri, fields).await;
        assert_eq!(answer.2, "acme Some(TenantId(acme))", "{uri} {fields:?}");
    }
}

#[tokio::test]
async fn a_challenge_is_the_same_for_all() {
    let tenancy = connect(MemoryStore::new()).await;
    let layer = tenancy.layer().challenge(r#"Bearer realm="shop""#).exclude("/health");
    let app = app(&layer);
    let first = ask(&app, "/whoami", &[]).await;
    assert_eq!(first.0, StatusCode::UNAUTHORIZED);
    assert_eq!(first.1[header::WWW_AUTHENTICATE], r#"Bearer realm="shop""#);
    assert_eq!(first.1[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(first.1[header::CACHE_CONTROL], "no-store");
    for name in ["nobody", "suspended", "deleted", "provisioning", "maintenance", "A", ""] {
        assert_eq!(ask(&app, "/whoami", &[("x-tenant-id", name)]).await, first, "{name}");
    }
    assert_eq!(ask(&app, "/elsewhere", &[]).await, first);
    assert_eq!(ask(&app, "/whoami", &[("x-tenant-id", "acme")]).await.0, StatusCode::OK);
}

#[tokio::test]
#[should_panic(expected = "cannot be a challenge")]
async fn an_empty_challenge_is_none() {
    let _ = over(MemoryStore::new()).await.layer().challenge("");
}

/// EDGE 37: an id and a slug agree if they are one tenant's, in either order.
#[tokio::test]
async fn names_of_different_kinds_are_compared_by_their_tenants() {
    let tenancy = connect(MemoryStore::new()).await;
    let new = NewTenant::new("initech").unwrap().id("42").unwrap();
    tenancy.create_tenant(new).await.unwrap();
    let chains = [Chain::all(Header::default()).with(Id), Chain::all(Id).with(Header::default())];
    for chain in chains {
        let app = app(&tenancy.layer().resolver(chain));
        for (slug, id, expected) in [
            ("initech", "42", 200),
            ("acme", "acme", 200),
            ("acme", "42", 404),
            ("initech", "acme", 404),
            ("initech", "initech", 404),
            ("nobody", "42", 404),
            ("initech", "nobody", 404),
            ("suspended", "suspended", 404),
            ("acme", "suspended", 404),
            ("suspended", "acme", 404),
        ] {
            let answer = ask(&app, "/whoami", &[("x-tenant-id", slug), ("x-id", id)]).await;
            assert_eq!(answer.0.as_u16(), expected, "{slug} {id}");
        }
        assert_eq!(ask(&app, "/whoami", &[("x-id", "42")]).await.2, "42 Some(TenantId(42))");
        assert_eq!(ask(&app, "/whoami", &[("x-tenant-id", "initech")]).await.0, StatusCode::OK);
    }
}

/// Knows nobody until it is renewed.
#[derive(Default)]
struct Stale {
    renewed: AtomicUsize,
    helps: AtomicBool,
}

impl Resolver for Arc<Stale> {
    fn resolve(&self, _: &Parts) -> std::result::Result<Resolved, Unresolved> {
        let acme = TenantRef::Slug(Slug::new("acme").unwrap());
        let known = self.helps.load(Ordering::SeqCst) && self.renewed.load(Ordering::SeqCst) > 0;
        if known { Ok(acme.into()) } else { Err(Unresolved::Stale) }
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.renewed.fetch_add(1, Ordering::SeqCst);
        })
    }
}

#[tokio::test]
async fn what_is_stale_is_renewed_once_and_asked_once_more() {
    let tenancy = connect(MemoryStore::new()).await;
    let stale = Arc::new(Stale::default());
    let chain = Chain::first(Header::default()).with(Arc::clone(&stale));
    let app = app(&tenancy.layer().resolver(chain));
    let refused = ask(&app, "/whoami", &[]).await;
    assert_eq!(refused, ask(&app, "/whoami", &[("x-tenant-id", "nobody")]).await);
    assert_eq!(stale.renewed.load(Ordering::SeqCst), 1);
    stale.helps.store(true, Ordering::SeqCst);
    assert_eq!(ask(&app, "/whoami", &[]).await.0, StatusCode::OK);
    assert_eq!(stale.renewed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn responses_vary_by_all_that_was_read() {
    let tenancy = connect(MemoryStore::new()).await;
    let chain = Chain::all(Path::new("/t")).with(Header::default()).with(Header::new("x-shop"));
    let answer = ask(&app(&tenancy.layer().resolver(chain)), "/t/acme/", &[]).await;
    assert_eq!(answer.1[header::VARY], "x-tenant-id, x-shop");
    let answer = ask(&app(&tenancy.layer().resolver(Path::new("/t"))), "/t/acme", &[]).await;
    assert_eq!(answer.0, StatusCode::OK);
    assert!(!answer.1.contains_key(header::VARY));
}

/// Only where somebody asked for it, and only of tenants that come back.
#[tokio::test]
async fn strangers_learn_of_a_status_where_they_may() {
    let tenancy = connect(MemoryStore::new()).await;
    let open = app(&tenancy.layer().expose_status());
    let closed = app(&tenancy.layer());
    let answer = async |app: &Router, tenant: &str| {
        let (status, headers, body) = ask(app, "/whoami", &[("x-tenant-id", tenant)]).await;
        (status, headers.get(header::RETRY_AFTER).cloned(), body)
    };
    let neutral = answer(&open, "nobody").await;
    assert_eq!(neutral.0, StatusCode::NOT_FOUND);
    for tenant in ["deleted", "provisioning", "ACME", "acme globex"] {
        assert_eq!(answer(&open, tenant).await, neutral, "{tenant}");
    }
    let suspended = answer(&open, "suspended").await;
    assert_eq!((suspended.0, suspended.1), (StatusCode::FORBIDDEN, None));
    let (status, retry_after, _) = answer(&open, "maintenance").await;
    assert_eq!(
        (status, retry_after.unwrap()),
        (StatusCode::SERVICE_UNAVAILABLE, "60".parse().unwrap())
    );
    for tenant in ["suspended", "maintenance"] {
        assert_eq!(answer(&closed, tenant).await, neutral, "{tenant}");
    }
    assert_eq!(answer(&open, "acme").await.0, StatusCode::OK);
}
