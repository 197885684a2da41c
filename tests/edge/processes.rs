//! Two processes of the system's: what one changes, the other refuses.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tenancy::{NewTenant, Redis, SqlStore, Tenancy, TenantCache};
use tenancy_tests::engine::Engine;

use crate::server::Server;

/// What is promised where there is a channel.
const PROMISED: Duration = Duration::from_secs(1);
/// Suspensions, each followed by an activation.
const ROUNDS: usize = 50;

/// The other process, killed when it is dropped.
struct Listener {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    fn of(kind: &str, database: &str, channel: &str) -> Self {
        let mut listener = Command::new(env!("CARGO_BIN_EXE_listener"));
        listener.args([kind, database, channel]).stdout(Stdio::piped());
        let mut child = listener.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    fn line(&mut self) -> String {
        self.said.next().expect("the other process goes on").unwrap()
    }

    /// When it says that acme is served, or not.
    fn says(&mut self, served: bool) -> Duration {
        let line = self.line();
        let (at, said) = line.split_once(' ').unwrap();
        assert_eq!(said, served.to_string());
        Duration::from_nanos(at.parse().unwrap())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// Each change is seen by the other process in time.
async fn sees(kind: &str, cache: TenantCache, database: &str, channel: &str) {
    let store = SqlStore::connect(database).await.unwrap();
    let builder = Tenancy::builder().database("sqlite::memory:").store(store);
    let here = builder.tenant_cache(cache).connect().await.unwrap();
    let acme = here.create_tenant(NewTenant::new("acme").unwrap()).await.unwrap();
    let mut there = Listener::of(kind, database, channel);
    assert_eq!(there.line(), "it hears");
    there.says(true);
    for _ in 0..ROUNDS {
        for served in [false, true] {
            let begun = now();
            if served {
                here.activate(&acme.id).await.unwrap();
            } else {
                here.suspend(&acme.id).await.unwrap();
            }
            let took = there.says(served).saturating_sub(begun);
            assert!(took < PROMISED, "it took {took:?} until it was served: {served}");
        }
    }
    here.close().await.unwrap();
}

/// EDGE 25 and 27: told over Redis. `cargo xtask bench told` measures how long it takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_seen_by_another_process_within_a_second_over_redis() {
    let (server, scratch) = (Server::started(), Engine::Postgres.scratch().await);
    let redis = Redis::new(server.url()).unwrap().deadline(PROMISED);
    let cache = TenantCache::new().channel(redis);
    sees("redis", cache, &scratch.url, &server.url()).await;
    scratch.remove().await;
}

/// EDGE 25 and 27: told by PostgreSQL; the process that changes tenants tells nobody itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_seen_by_another_process_within_a_second_by_notification() {
    let scratch = Engine::Postgres.scratch().await;
    let cache = TenantCache::new();
    sees("notify", cache, &scratch.url, &scratch.url).await;
    scratch.remove().await;
}
