//! What it costs that sessions prove for whom they are, by tokens the database verifies.

use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tenancy::{Rls, Signing, TenantId, policy::token::Key};
use tokio::runtime::Runtime;

use super::{ours, read, world::Server};
use crate::frame::{Row, compare};

fn key() -> Key {
    Key::new("k1", b"a secret for benchmarks, and no other").expect("a key")
}

/// Asks for a value that many times in one statement.
async fn ask(conn: &mut PgConnection, value: &str, times: u64) {
    let sql = format!("SELECT count({value}) FROM generate_series(1, {times})");
    let row = conn.fetch_one(AssertSqlSafe(sql)).await.expect("a count");
    assert_eq!(u64::try_from(row.get::<i64, _>(0)), Ok(times));
}

pub(super) fn run(runtime: &Runtime, server: &mut Server) -> Vec<Row> {
    let plain = runtime.block_on(server.tenancy("unsigned", Rls::new(), true));
    let isolation = Rls::new().signed(Signing::new(key()));
    let signed = runtime.block_on(server.tenancy("signed", isolation, true));
    let session = compare(
        "row-level security, four round trips",
        "ops/s",
        &mut |n| read(runtime, n, signed.acme(), ours),
        "three, without a token",
        &mut |n| read(runtime, n, plain.acme(), ours),
    );
    // In one transaction that knows the token, so that nothing but the function is measured; for the
    // administrator, since those it serves cannot call it by its name.
    let url = server.url_of("signed");
    let begin = async || {
        let mut conn = PgConnection::connect(&url).await.expect("the server answers");
        conn.execute("BEGIN; SET LOCAL tenancy.tenant_id = 'acme'").await.expect("it begins");
        let until = chrono::Utc::now() + chrono::TimeDelta::minutes(10);
        let token = key().sign(&TenantId::new("acme").expect("an id"), until);
        let tell = sqlx::query("SELECT set_config('tenancy.token', $1, true)");
        tell.bind(token.expose()).execute(&mut conn).await.expect("it is told");
        conn
    };
    let (mut one, mut other) = (runtime.block_on(begin()), runtime.block_on(begin()));
    let verify = compare(
        "verification of a token by the server",
        "ns",
        &mut |n| runtime.block_on(ask(&mut one, "tenancy.tenant()", n)),
        "reading a setting",
        &mut |n| {
            let setting = "current_setting('tenancy.tenant_id', true)";
            runtime.block_on(ask(&mut other, setting, n));
        },
    );
    runtime.block_on(async {
        one.close().await.expect("a connection closes");
        other.close().await.expect("a connection closes");
        plain.close().await;
        signed.close().await;
    });
    vec![session, verify]
}
