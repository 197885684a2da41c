//! Domains of tenants' own, from the claim to the request.

use std::{collections::BTreeMap, error::Error, sync::Mutex, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use sea_orm::ConnectionTrait as _;
use tenancy::{
    Chain, CurrentTenant, CustomDomain, DnsTxt, Domain, MemoryStore, NewTenant, Redis, Slug,
    SqlStore, Status, Subdomain, Tenancy, TenantCache, TenantId, TenantStore,
};
use tenancy_tests::{engine::Engine, wait::until};
use tower::ServiceExt as _;

use crate::server::Server;

/// Records, and whether anybody can be asked for them.
#[derive(Default)]
struct Dns(Mutex<BTreeMap<String, Vec<String>>>);

impl Dns {
    fn put(&self, name: &str, value: &str) {
        self.0.lock().unwrap().entry(name.into()).or_default().push(value.into());
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

#[async_trait::async_trait]
impl DnsTxt for Dns {
    async fn txt(&self, name: &str) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.lock().unwrap().get(name).cloned().unwrap_or_default())
    }
}

struct Away;

#[async_trait::async_trait]
impl DnsTxt for Away {
    async fn txt(&self, _: &str) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
        Err("nobody answers".into())
    }
}

async fn connect(store: impl TenantStore, cache: TenantCache) -> Tenancy {
    let ours = Subdomain::of("example.com");
    let theirs = CustomDomain::beside(&ours);
    let builder = Tenancy::builder().database("sqlite::memory:").store(store).tenant_cache(cache);
    let builder = builder.own_domain(domain("internal.example.org"));
    let builder = builder.resolver(Chain::first(ours).with(theirs));
    let tenancy = builder.connect().await.unwrap();
    // What a purge empties.
    tenancy.create_tables().await.unwrap();
    tenancy
}

fn domain(text: &str) -> Domain {
    Domain::new(text).unwrap()
}

async fn tenant(tenancy: &Tenancy, name: &str) -> TenantId {
    let new = NewTenant::new(name).unwrap().id(name).unwrap();
    tenancy.create_tenant(new).await.unwrap().id.clone()
}

/// Who is served at a host.
async fn served(tenancy: &Tenancy, host: &str) -> (StatusCode, String) {
    let who = async |CurrentTenant(tenant): CurrentTenant| tenant.id.to_string();
    let app = Router::new().route("/", get(who)).layer(tenancy.layer());
    let request = Request::builder().uri("/").header("host", host).body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn at(tenancy: &Tenancy, host: &str) -> Option<String> {
    let (status, body) = served(tenancy, host).await;
    (status == StatusCode::OK).then_some(body)
}

fn hour() -> TenantCache {
    let hour = Duration::from_secs(3_600);
    TenantCache::new().life(hour).unknown_life(hour)
}

/// EDGE 39 and 30, on a store.
async fn a_domain_is_served_after_its_proof_alone(store: impl TenantStore) {
    let tenancy = connect(store, hour()).await;
    let (acme, globex) = (tenant(&tenancy, "acme").await, tenant(&tenancy, "globex").await);
    let (domains, dns, shop) = (tenancy.domains(), Dns::default(), domain("Shop.Acme.COM."));
    // Whoever asks before is remembered as a stranger, and must not stay one.
    let stranger = served(&tenancy, "shop.acme.com").await;
    assert_eq!(stranger.0, StatusCode::NOT_FOUND);

    let early = domains.verify(&acme, &shop, &dns).await.unwrap_err();
    assert!(early.is_unproven(), "{early}");
    let first = domains.add(&acme, &shop).await.unwrap();
    assert_eq!(first.name, "_tenancy-challenge.shop.acme.com");
    let proof = domains.add(&acme, &shop).await.unwrap();
    assert_ne!(first.value, proof.value, "each attempt has a text of its own");
    assert_eq!(domains.proof(&acme, &shop).await.unwrap().as_ref(), Some(&proof));
    // Somebody else may say so too, and is told another text.
    let theirs = domains.add(&globex, &shop).await.unwrap();
    assert_ne!(theirs.value, proof.value);

    for wrong in [first.value.as_str(), "", &proof.value[1..], &format!("{} ", proof.value)] {
        dns.clear();
        dns.put(&proof.name, wrong);
        assert!(domains.verify(&acme, &shop, &dns).await.unwrap_err().is_unproven());
    }
    dns.clear();
    dns.put("shop.acme.com", &proof.value);
    assert!(domains.verify(&acme, &shop, &dns).await.unwrap_err().is_unproven(), "at another name");
    let away = domains.verify(&acme, &shop, &Away).await.unwrap_err();
    assert!(away.is_unproven() && away.to_string().contains("nobody answers"), "{away}");
    assert_eq!(
        served(&tenancy, "shop.acme.com").await,
        stranger,
        "nothing serves before the proof"
    );

    dns.put(&proof.name, "v=spf1 -all");
    dns.put(&proof.name, &proof.value);
    assert!(domains.verify(&globex, &shop, &dns).await.unwrap_err().is_unproven(), "acme's text");
    domains.verify(&acme, &shop, &dns).await.unwrap();
    for host in ["shop.acme.com", "SHOP.ACME.COM.", "shop.acme.com:8443"] {
        assert_eq!(at(&tenancy, host).await.as_deref(), Some("acme"), "{host}");
    }
    assert_eq!(at(&tenancy, "globex.example.com").await.as_deref(), Some("globex"));
    domains.verify(&acme, &shop, &dns).await.unwrap();

    // It is nobody else's now, whatever is in the records.
    dns.put(&theirs.name, &theirs.value);
    assert!(domains.verify(&globex, &shop, &dns).await.unwrap_err().is_conflict());
    assert!(domains.add(&globex, &shop).await.unwrap_err().is_conflict());
    assert!(domains.add(&acme, &shop).await.unwrap_err().is_conflict());
    assert_eq!(at(&tenancy, "shop.acme.com").await.as_deref(), Some("acme"));

    // A rename and a suspension are seen under it.
    let renamed = tenancy.rename(&acme, Slug::new("apex").unwrap()).await.unwrap();
    assert_eq!(domains.tenant_of(&shop).await.unwrap(), Some(renamed));
    tenancy.suspend(&acme).await.unwrap();
    assert_eq!(served(&tenancy, "shop.acme.com").await, stranger, "suspended looks like unknown");
    tenancy.activate(&acme).await.unwrap();

    // What was removed is a stranger's at once, and nobody else's for a while.
    assert!(!domains.remove(&globex, &domain("other.acme.com")).await.unwrap());
    assert!(domains.remove(&acme, &shop).await.unwrap());
    assert!(!domains.remove(&acme, &shop).await.unwrap());
    assert_eq!(served(&tenancy, "shop.acme.com").await, stranger);
    assert!(domains.verify(&globex, &shop, &dns).await.unwrap_err().is_conflict(), "a tombstone");
    assert!(domains.add(&globex, &shop).await.unwrap_err().is_conflict());
    let listed = domains.list(&acme).await.unwrap();
    assert!(listed.len() == 1 && !listed[0].is_served() && listed[0].removed_at.is_some());
    let again = domains.verify(&acme, &shop, &dns).await.unwrap_err();
    assert!(again.is_unproven(), "the old text proves nothing any more: {again}");
    let proof = domains.add(&acme, &shop).await.unwrap();
    assert!(domains.add(&globex, &shop).await.unwrap_err().is_conflict(), "still acme's");
    assert_eq!(served(&tenancy, "shop.acme.com").await, stranger, "not before it was shown again");
    dns.put(&proof.name, &proof.value);
    domains.verify(&acme, &shop, &dns).await.unwrap();
    assert_eq!(at(&tenancy, "shop.acme.com").await.as_deref(), Some("acme"));

    // A tenant that is purged leaves a tombstone, too.
    tenancy.delete(&acme).await.unwrap();
    tenancy.purge(&acme, &Slug::new("apex").unwrap()).await.unwrap();
    assert_eq!(served(&tenancy, "shop.acme.com").await, stranger);
    assert!(domains.add(&globex, &shop).await.unwrap_err().is_conflict());
    // What was never shown goes without a trace.
    assert!(domains.remove(&globex, &shop).await.unwrap());
    assert!(domains.list(&globex).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_domain_is_served_after_its_proof_in_memory() {
    a_domain_is_served_after_its_proof_alone(MemoryStore::new()).await;
}

#[tokio::test]
async fn a_domain_is_served_after_its_proof_on_every_engine() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::MySql] {
        let scratch = engine.scratch().await;
        let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
        a_domain_is_served_after_its_proof_alone(store).await;
        scratch.remove().await;
    }
}

/// EDGE 39: what others have their names under, and what is ours.
#[tokio::test]
async fn nobody_claims_what_is_not_one_tenants() {
    let tenancy = connect(MemoryStore::new(), hour()).await;
    let acme = tenant(&tenancy, "acme").await;
    for forbidden in [
        "com",
        "co.uk",
        "github.io",
        "localhost",
        "anything.ck",
        "example.com",
        "acme.example.com",
        "deep.acme.example.com",
        "internal.example.org",
        "a.internal.example.org",
    ] {
        let error = tenancy.domains().add(&acme, &domain(forbidden)).await.unwrap_err();
        assert!(error.is_forbidden_domain(), "{forbidden}: {error}");
    }
    for allowed in
        ["acme.com", "shop.acme.co.uk", "acme.github.io", "example.org", "notexample.com"]
    {
        tenancy.domains().add(&acme, &domain(allowed)).await.unwrap();
    }
    let nobody = TenantId::new("nobody").unwrap();
    let error = tenancy.domains().add(&nobody, &domain("nobody.com")).await.unwrap_err();
    assert!(error.is_tenant_not_found());
}

/// EDGE 39: of many who show at the same time that it is theirs, one gets it.
async fn one_of_many_gets_the_domain(store: impl TenantStore) {
    let tenancy = connect(store, hour()).await;
    let (shop, mut claims) = (domain("shop.acme.com"), Vec::new());
    for number in 0..6 {
        let id = tenant(&tenancy, &format!("t{number}")).await;
        let proof = tenancy.domains().add(&id, &shop).await.unwrap();
        let dns = Dns::default();
        dns.put(&proof.name, &proof.value);
        claims.push((id, dns));
    }
    let verify = |(id, dns): (TenantId, Dns)| {
        let (tenancy, shop) = (tenancy.clone(), shop.clone());
        tokio::spawn(async move {
            let verified = tenancy.domains().verify(&id, &shop, &dns).await;
            (id, verified)
        })
    };
    let tasks: Vec<_> = claims.into_iter().map(verify).collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (id, Ok(())) => winners.push(id.to_string()),
            (_, Err(error)) => assert!(error.is_conflict(), "{error}"),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(at(&tenancy, "shop.acme.com").await, winners.pop());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_gets_a_domain_on_every_store() {
    one_of_many_gets_the_domain(MemoryStore::new()).await;
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::MySql] {
        let scratch = engine.scratch().await;
        one_of_many_gets_the_domain(SqlStore::connect(scratch.url.as_str()).await.unwrap()).await;
        scratch.remove().await;
    }
}

/// A domain that was given up long enough ago is free, and its last tenant's claim goes.
#[tokio::test]
async fn a_domain_rests_for_thirty_days() {
    let scratch = Engine::Sqlite.scratch().await;
    let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
    let tenancy = connect(store, hour()).await;
    let (acme, globex) = (tenant(&tenancy, "acme").await, tenant(&tenancy, "globex").await);
    let (domains, dns, shop) = (tenancy.domains(), Dns::default(), domain("shop.acme.com"));
    let proof = domains.add(&acme, &shop).await.unwrap();
    dns.put(&proof.name, &proof.value);
    domains.verify(&acme, &shop, &dns).await.unwrap();
    domains.remove(&acme, &shop).await.unwrap();
    let eye = scratch.eye().await;
    for (days, free) in [(29, false), (31, true)] {
        let removed = (chrono::Utc::now() - chrono::Duration::days(days))
            .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let set = format!("UPDATE tenancy_domains SET removed_at = '{removed}'");
        eye.execute_unprepared(&set).await.unwrap();
        let added = domains.add(&globex, &shop).await;
        assert_eq!(added.is_ok(), free, "{days}");
        if let Ok(proof) = added {
            dns.put(&proof.name, &proof.value);
            domains.verify(&globex, &shop, &dns).await.unwrap();
        }
    }
    assert_eq!(at(&tenancy, "shop.acme.com").await.as_deref(), Some("globex"));
    // What was told is to be shown within seven days.
    let other = domain("other.acme.com");
    let proof = domains.add(&acme, &other).await.unwrap();
    dns.put(&proof.name, &proof.value);
    eye.execute_unprepared(
        "UPDATE tenancy_domains SET added_at = '2026-01-01T00:00:00.000000Z' WHERE domain = 'other.acme.com'",
    )
    .await
    .unwrap();
    assert!(domains.verify(&acme, &other, &dns).await.unwrap_err().is_unproven());
    eye.close().await.unwrap();
    scratch.remove().await;
}

/// EDGE 25 and 30: other processes hear of domains as of tenants.
#[tokio::test(flavor = "multi_thread")]
async fn other_processes_hear_of_domains() {
    let (server, store) = (Server::started(), MemoryStore::new());
    let redis = || Redis::new(server.url()).unwrap().deadline(Duration::from_secs(5));
    let cache = || hour().told_life(Duration::from_secs(3_600)).channel(redis());
    let [one, other] = [connect(store.clone(), cache()).await, connect(store, cache()).await];
    until("the channel is there", async || {
        one.health().await.channel == Some(true) && other.health().await.channel == Some(true)
    })
    .await;
    let acme = tenant(&one, "acme").await;
    let (shop, dns) = (domain("shop.acme.com"), Dns::default());
    assert_eq!(at(&other, "shop.acme.com").await, None);
    let proof = one.domains().add(&acme, &shop).await.unwrap();
    dns.put(&proof.name, &proof.value);
    one.domains().verify(&acme, &shop, &dns).await.unwrap();
    until("it is served", async || at(&other, "shop.acme.com").await.is_some()).await;
    one.set_status(&acme, Status::Maintenance).await.unwrap();
    until("it is not served", async || at(&other, "shop.acme.com").await.is_none()).await;
    one.activate(&acme).await.unwrap();
    until("it is served", async || at(&other, "shop.acme.com").await.is_some()).await;
    one.domains().remove(&acme, &shop).await.unwrap();
    until("it is gone", async || at(&other, "shop.acme.com").await.is_none()).await;
}
