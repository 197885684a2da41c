//! What a tenant that is registered, and was served a while ago, keeps in a process: its record in the
//! cache, its place in the books of connections, and nothing that is open.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use tenancy::{
    Builder, Database, IsolationProvider, Lanes, NewTenant, Rls, Row as RowScoping, Schema,
    Tenancy, TenantCache,
};

use crate::{
    frame::{Row, bytes},
    read::world::Server,
    tour::order,
};

/// What a tenant may keep, in bytes.
const PROMISED: f64 = 2_048.0;
/// Served before memory is looked at, so that what is there once is there, and what keeps so many
/// statements is full.
const FIRST: usize = 1_000;

/// Resident memory of this process, in bytes.
pub(crate) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4_096.0
}

fn slug(n: usize) -> String {
    format!("tenant-{n}")
}

/// Serves these tenants, each once, and waits until nothing of them is open.
async fn serve(tenancy: &Tenancy, tenants: std::ops::Range<usize>) {
    for n in tenants {
        let db = tenancy.db(slug(n)).await.expect("a tenant");
        let _ = order::Entity::find_by_id(1).one(&db).await.expect("a read");
    }
    loop {
        let open: usize =
            tenancy.connections().tenants.iter().map(|it| it.held + it.idle + it.opening).sum();
        if open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn told(builder: Builder, isolation: impl IsolationProvider, tenants: usize) -> Builder {
    builder
        .isolation(isolation)
        .tenant_cache(TenantCache::new().capacity(2 * tenants).life(Duration::from_secs(3_600)))
        .idle_timeout(Duration::from_millis(200))
}

/// What each of the tenants keeps, but for the first.
async fn kept(case: &str, tenancy: Tenancy, tenants: usize) -> Row {
    serve(&tenancy, 0..FIRST).await;
    let before = resident();
    serve(&tenancy, FIRST..tenants).await;
    #[allow(clippy::cast_precision_loss)]
    let each = (resident() - before).max(1.0) / (tenants - FIRST) as f64;
    tenancy.close().await.expect("a tenancy closes");
    bytes(&format!("{case}, {tenants} idle tenants, each"), each, "promised", PROMISED)
}

async fn create(tenancy: &Tenancy, tenants: usize) {
    for n in 0..tenants {
        let new = NewTenant::new(slug(n)).and_then(|new| new.id(slug(n))).expect("a tenant");
        tenancy.create_tenant(new).await.expect("a new tenant");
    }
}

/// Copies of the first tenant's record: their places are not needed where nobody has one.
async fn register(tenancy: &Tenancy, tenants: usize) {
    create(tenancy, 1).await;
    let sql = format!(
        "INSERT INTO tenancy_tenants SELECT (json_populate_record(t, json_build_object(\
         'id', 'tenant-' || n, 'slug', 'tenant-' || n))).* \
         FROM tenancy_tenants t, generate_series(1, {tenants}) n WHERE t.id = 'tenant-0'"
    );
    let operator = tenancy.unscoped("tenants to be counted").await.expect("a connection");
    operator.execute_unprepared(&sql).await.expect("tenants");
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut server = Server::new().await;
        let mut rows = Vec::new();
        let many = 10_000;
        for (case, bound) in [("row", false), ("row-level security with lanes", true)] {
            let isolated = |builder| match bound {
                false => told(builder, RowScoping::new(), many),
                true => told(builder, Rls::new().lanes(Lanes::new()), many),
            };
            let (tenancy, _) = server.open(&format!("memory_{bound}"), bound, isolated).await;
            register(&tenancy, many).await;
            rows.push(kept(case, tenancy, many).await);
        }
        let some = 3_000;
        let folder = std::env::temp_dir().join(format!("tenancy-memory-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for (case, own) in [("schema", false), ("database", true)] {
            let url = format!("sqlite://{}?mode=rwc", folder.join(format!("{case}.db")).display());
            // One, whose caches of pages and statements are full with the first tenants: SQLite keeps
            // two megabytes of pages for each connection, whoever they belong to.
            let builder = Tenancy::builder().database(&url).max_connections(1);
            let builder = if own {
                told(builder, Database::new().prefix("m_"), some)
            } else {
                told(builder, Schema::new(), some)
            };
            let tenancy = builder.connect().await.expect("a database");
            tenancy.create_tables().await.expect("tables");
            create(&tenancy, some).await;
            rows.push(kept(case, tenancy, some).await);
        }
        std::fs::remove_dir_all(&folder).expect("it can be removed");
        server.drop().await;
        rows
    })
}
