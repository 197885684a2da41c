//! Nothing secret is printed, logged, traced or told.

use std::{
    fmt::Debug,
    io::Write,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, routing::get};
use http::Request;
use tenancy::{
    ApiKey, Chain, CurrentTenant, Encryption, EncryptionKey, Header, MemoryStore, NewTenant, Redis,
    RedisStore, Slug, SqlStore, Status, Tenancy, TenantCache,
};
use tenancy_tests::engine::Engine;
use tower::ServiceExt as _;
use tracing_subscriber::fmt::MakeWriter;

/// What has been written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

impl Log {
    /// Everything of a level, on this thread, until what is returned is dropped.
    pub(crate) fn hears(&self, level: tracing::Level) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn note(&self, what: impl Debug) {
        writeln!(self.clone(), "{what:?} {what:#?}").unwrap();
    }
}

const HEX: &str = "c0ffee02030405060708090a0b0c0d0e0f101112131415161718191a1bdecade";

/// EDGE 52: a run with everything secret there is, all its events and all that prints.
#[tokio::test]
async fn nothing_secret_is_printed_logged_or_told() {
    let log = Log::default();
    let _heard = log.hears(tracing::Level::TRACE);
    let mut secrets: Vec<String> =
        ["hunter2", "c0ffee02", "192, 255, 238", "correct-horse"].map(Into::into).into();

    let redis = Redis::new("redis://shop:hunter2@127.0.0.1:1/0").unwrap();
    let scratch = Engine::Sqlite.scratch().await;
    for encrypted in [false, true] {
        let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
        log.note(&store);
        let chain = Chain::first(ApiKey::default()).with(Header::default());
        let cache = TenantCache::new().channel(redis.clone());
        let cache = cache.notified_by("postgres://app:hunter2@127.0.0.1:1/shop");
        let cache = cache.shared(redis.clone(), std::time::Duration::from_secs(60));
        log.note(&cache);
        let mut builder = Tenancy::builder()
            .database("sqlite::memory:")
            .store(store)
            .tenant_cache(cache)
            .resolver(chain);
        if encrypted {
            let key = EncryptionKey::from_hex("k1", HEX).unwrap();
            let encryption = Encryption::new(key.clone()).metadata("token").accept_plain();
            log.note((&key, &encryption));
            builder = builder.encryption(encryption);
        }
        log.note(&builder);
        let tenancy = builder.connect().await.unwrap();
        let slug = format!("acme-{encrypted}");
        let new = NewTenant::new(&slug).unwrap().metadata("token", "correct-horse");
        let new = new.database_url("postgres://app:hunter2@db/acme");
        log.note(&new);
        let acme = tenancy.create_tenant(new).await.unwrap();
        log.note((&tenancy, &acme));
        let created = tenancy.api_keys().create(&acme.id, "export", None).await.unwrap();
        let text = created.key.expose().to_owned();
        secrets.push(text.split_once('.').unwrap().1[..12].to_owned());
        log.note((&created, tenancy.api_keys(), tenancy.domains()));
        log.note(tenancy.api_keys().list(&acme.id).await.unwrap());

        let who = async |tenant: CurrentTenant| format!("{tenant:?}");
        let app = Router::new().route("/", get(who)).layer(tenancy.layer());
        for (name, value) in [
            ("x-api-key", text.clone()),
            ("x-api-key", text.replace('.', "0.")),
            ("authorization", format!("Bearer {text}0")),
            ("authorization", format!("Bearer {}", text.replace("tk_", "tk_0"))),
            ("x-tenant-id", slug.clone()),
            ("x-tenant-id", "nobody-is-there".to_owned()),
        ] {
            let request =
                Request::builder().uri("/").header(name, value).body(Body::empty()).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            log.note(response.headers());
            let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
            log.note(String::from_utf8(body.to_vec()).unwrap());
        }
        tenancy.set_status(&acme.id, Status::Suspended).await.unwrap();
        log.note(tenancy.db(&slug).await.unwrap_err());
        log.note(tenancy.api_keys().revoke(&acme.id, &created.record.id).await.unwrap());
        let mut patch = serde_json::Map::new();
        patch.insert("token".into(), "correct-horse-battery".into());
        log.note(tenancy.merge_metadata(&acme.id, &patch).await.unwrap());
        log.note(
            tenancy
                .domains()
                .add(&acme.id, &tenancy::Domain::new("co.uk").unwrap())
                .await
                .unwrap_err(),
        );
        if encrypted {
            log.note(tenancy.reencrypt().await.unwrap());
        }
        tenancy.close().await.unwrap();
        log.note(tenancy.tenant(&slug).await.unwrap_err());
    }
    // Errors of what cannot be reached, and of what cannot be opened.
    log.note(SqlStore::connect("postgres://app:hunter2@127.0.0.1:1/shop").await.unwrap_err());
    log.note(SqlStore::connect("nonsense://app:hunter2@db").await.unwrap_err());
    log.note(Redis::new("http://app:hunter2@db").unwrap_err());
    log.note(EncryptionKey::from_hex("k", "c0ffee02").unwrap_err());
    let away = RedisStore::new(redis.clone());
    log.note(&away);
    let builder = Tenancy::builder().database("sqlite::memory:").store(away);
    log.note(builder.connect().await.unwrap_err());
    for fault in ["other key", "no key"] {
        let store = SqlStore::connect(scratch.url.as_str()).await.unwrap();
        let builder = Tenancy::builder().database("sqlite::memory:").store(store);
        let other = EncryptionKey::from_hex("k1", HEX.replace('0', "1")).unwrap();
        let tenancy = match fault {
            "no key" => builder.connect().await.unwrap(),
            _ => builder.encryption(Encryption::new(other)).connect().await.unwrap(),
        };
        log.note(
            tenancy
                .find_tenant(&Slug::new("acme-true").unwrap())
                .await
                .inspect_err(|error| {
                    assert!(error.is_undecipherable());
                    log.note(error.to_string());
                })
                .ok(),
        );
    }
    log.note(MemoryStore::new());

    let written = log.text();
    assert!(
        written.contains("a request was not let through") && written.len() > 10_000,
        "it was heard"
    );
    // A stranger's own guess at a name is no secret of ours, and is not repeated either.
    for secret in &secrets {
        if let Some(at) = written.find(secret.as_str()) {
            let from = written[..at].char_indices().rev().nth(300).map_or(0, |(at, _)| at);
            panic!("{secret} was written: …{}", &written[from..at + secret.len()]);
        }
    }
    scratch.remove().await;
}
