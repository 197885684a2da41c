//! What tenants used, after processes that counted it were killed.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use sea_orm::EntityTrait as _;
use tenancy::{Quota, Repo, Tenancy, Tenant, Usage};
use tenancy_tests::{Engine, Shop, entity::order, shop::run, wait::until};
use tokio::runtime::Handle;
use tower::ServiceExt as _;

const HOUR: Duration = Duration::from_secs(3_600);

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tenancy-test-{}-journal-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// How much is written there.
    fn bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.0).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn metered(url: &str, folder: &Folder) -> Tenancy {
    let builder = Tenancy::builder().database(url).max_connections(2);
    builder.meter(HOUR).usage_journal(&folder.0).connect().await.unwrap()
}

async fn total(tenancy: &Tenancy, slug: &str) -> Usage {
    let tenant = tenancy.tenant(slug).await.unwrap();
    tenancy.usage(&tenant.id, DateTime::UNIX_EPOCH, Utc::now() + HOUR).await.unwrap()
}

/// Has a process list acme's orders, kills it after so many answers, and says how many there were.
fn killed(url: &str, folder: &Folder, every: &str, answers: usize) -> u64 {
    let mut counter = Command::new(env!("CARGO_BIN_EXE_counter"));
    counter.arg(url).arg(&folder.0).arg(every).stdout(Stdio::piped());
    let mut child = counter.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..answers {
        assert_eq!(said.next().unwrap().unwrap(), "6");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said before it knew of its end.
    let rest = said.map_while(Result::ok).filter(|line| line == "6").count();
    (answers + rest) as u64
}

/// EDGE 58: a process is killed between its flushes, and another in the midst of them: whatever was
/// answered is in the total, once.
#[test]
fn what_was_answered_before_a_kill_is_counted_once() {
    async fn body(shop: Arc<Shop>) {
        let folder = Folder::new("kill");
        let url = &shop.scratch.url;
        let (mut answered, mut kills) = (0, 0);
        for (every, rounds) in [("3600000", 3), ("1", 12)] {
            for round in 0..rounds {
                answered += killed(url, &folder, every, 20 + 17 * round);
                kills += 1;
            }
        }
        // The last one's page is there, and whatever it had not put away.
        assert!(folder.bytes() > 0);
        let here = metered(url, &folder).await;
        here.flush_usage().await.unwrap();
        let used = total(&here, "acme").await;
        // One more than was said may have been under way at each kill.
        let counted = answered..=answered + kills;
        assert!(counted.contains(&used.statements), "{used:?}, and {answered} were answered");
        assert!((6 * answered..=6 * (answered + kills)).contains(&used.rows), "{used:?}");
        assert!(total(&here, "globex").await.is_none());
        // Nothing is left, so nothing is counted again.
        here.flush_usage().await.unwrap();
        assert_eq!(total(&here, "acme").await, used);
        here.close().await.unwrap();
        assert_eq!(folder.bytes(), 0);
    }
    run(Engine::Postgres, body);
}

/// A process that runs leaves another's page alone, and puts it away when that one has ended.
#[test]
fn a_page_is_put_away_by_whoever_finds_it_and_not_while_it_is_written() {
    async fn body(shop: Arc<Shop>) {
        let folder = Folder::new("shared");
        let [one, other] =
            [metered(&shop.scratch.url, &folder).await, metered(&shop.scratch.url, &folder).await];
        let db = one.db("acme").await.unwrap();
        order::Entity::find().all(&db).await.unwrap();
        other.flush_usage().await.unwrap();
        assert!(total(&other, "acme").await.is_none());
        order::Entity::find().all(&db).await.unwrap();
        // It ends without being closed.
        drop((db, one));
        let put_away = until("it is put away", async || {
            other.flush_usage().await.unwrap();
            !total(&other, "acme").await.is_none()
        });
        tokio::task::block_in_place(|| Handle::current().block_on(put_away));
        let used = total(&other, "acme").await;
        assert_eq!((used.statements, used.rows), (2, 12));
        other.close().await.unwrap();
        assert_eq!(folder.bytes(), 0);
    }
    run(Engine::Postgres, body);
}

#[tokio::test]
async fn a_journal_without_a_meter_is_refused() {
    let folder = Folder::new("none");
    let builder = Tenancy::builder().database("sqlite::memory:").usage_journal(&folder.0);
    assert!(builder.connect().await.unwrap_err().is_config());
    let builder = Tenancy::builder().database("sqlite::memory:").quotas(|_| None);
    assert!(builder.connect().await.unwrap_err().is_config());
    // Nor is one that cannot be written.
    let builder = Tenancy::builder().database("sqlite::memory:").meter(HOUR);
    let broken = builder.usage_journal("/dev/null/journal").connect().await;
    assert!(broken.unwrap_err().is_config());
}

/// A request to a process that answers with acme's orders: its status, and the rest of the answer.
async fn request(tenancy: &Tenancy, tenant: &str) -> (StatusCode, HeaderMap, String) {
    let list = async |orders: Repo<order::Entity>| -> tenancy::Result<String> {
        Ok(orders.find().all().await?.len().to_string())
    };
    let router = Router::new().route("/", get(list)).layer(tenancy.layer());
    let request = Request::get("/").header("x-tenant-id", tenant).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn limited(url: &str, quota: Quota, every: Duration) -> Tenancy {
    let builder = Tenancy::builder().database(url).max_connections(2).meter(every);
    let quotas = move |tenant: &Tenant| (tenant.slug.as_str() == "acme").then_some(quota);
    builder.quotas(quotas).connect().await.unwrap()
}

/// Whoever has used up what it may is refused, by a process that has counted nothing of it too, and
/// nobody else is.
#[test]
fn a_tenant_over_its_quota_is_refused() {
    async fn body(shop: Arc<Shop>) {
        let quota = Quota::per_month().rows(20);
        let one = limited(&shop.scratch.url, quota, HOUR).await;
        // Six rows each: the fourth begins below, and ends above.
        for _ in 0..4 {
            assert_eq!(request(&one, "acme").await.0, StatusCode::OK);
        }
        for round in 0..3 {
            let (status, headers, body) = request(&one, "acme").await;
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{round}");
            let wait: i64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=31 * 86_400).contains(&wait), "{wait}");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["violated-policies"], serde_json::json!(["rows"]));
            assert_eq!(request(&one, "globex").await.0, StatusCode::OK);
            // What is put away counts as it did before.
            one.flush_usage().await.unwrap();
        }
        let acme = one.tenant("acme").await.unwrap();
        assert!(!one.within_quota(&acme).await);
        one.close().await.unwrap();

        let other = limited(&shop.scratch.url, quota, HOUR).await;
        assert_eq!(request(&other, "acme").await.0, StatusCode::TOO_MANY_REQUESTS);
        other.close().await.unwrap();
        // Whoever may have more has what is left of it, to the row.
        let more = limited(&shop.scratch.url, Quota::per_month().rows(25), HOUR).await;
        assert_eq!(request(&more, "acme").await.0, StatusCode::OK);
        assert_eq!(request(&more, "acme").await.0, StatusCode::TOO_MANY_REQUESTS);
        more.close().await.unwrap();
    }
    run(Engine::Postgres, body);
}

/// What another process has put away is known when the log was read again.
#[test]
fn what_others_have_counted_is_known_when_they_have_put_it_away() {
    async fn body(shop: Arc<Shop>) {
        let quota = Quota::per_day().statements(9);
        let [one, other] = [
            limited(&shop.scratch.url, quota, Duration::from_millis(20)).await,
            limited(&shop.scratch.url, quota, Duration::from_millis(20)).await,
        ];
        assert_eq!(request(&other, "acme").await.0, StatusCode::OK);
        for _ in 0..8 {
            assert_eq!(request(&one, "acme").await.0, StatusCode::OK);
        }
        let acme = other.tenant("acme").await.unwrap();
        let known = until("it is known", async || !other.within_quota(&acme).await);
        tokio::task::block_in_place(|| Handle::current().block_on(known));
        assert_eq!(request(&other, "acme").await.0, StatusCode::TOO_MANY_REQUESTS);
        one.close().await.unwrap();
        other.close().await.unwrap();
    }
    run(Engine::Postgres, body);
}
