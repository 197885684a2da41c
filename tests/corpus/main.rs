//! Runs the scoper's corpus. Each statement that is not refused gives through a tenant's connection,
//! on tables it shares with two others whose rows look alike, what it gives on a private database
//! that knows no tenancy: the same rows, the same counts, the same success; and afterwards the
//! tables hold the same for the tenant, and for the others what they held before.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod entity;
mod line;
mod table;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};
use tenancy::{Error, NewTenant, Tenancy, TenantDb};
use tenancy_tests::Engine;

use self::line::Line;

/// What a statement did.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Rows(Vec<String>),
    Affected(u64),
    Failed,
}

async fn rows<C: ConnectionTrait>(db: &C, line: &Line) -> Result<Outcome, DbErr> {
    let found = db.query_all_raw(line.statement(db.get_database_backend())).await?;
    Ok(Outcome::Rows(table::texts(&found)))
}

async fn affected<C: ConnectionTrait>(db: &C, line: &Line) -> Result<Outcome, DbErr> {
    let done = db.execute_raw(line.statement(db.get_database_backend())).await?;
    Ok(Outcome::Affected(done.rows_affected()))
}

/// The two sides, and an eye on the shared one.
struct Sides {
    tenant: TenantDb,
    eye: DatabaseConnection,
    private: DatabaseConnection,
    neighbours: Vec<String>,
}

/// How a statement fared on both sides.
enum Fate {
    Refused,
    Ran,
    /// On both sides, for the reason given.
    Failed(String),
}

impl Sides {
    async fn run(&self, line: &Line) -> Result<Fate, String> {
        let scoped = rows(&self.tenant, line).await;
        if let Err(error) = &scoped
            && Error::refusal_in(error).is_some()
        {
            return Ok(Fate::Refused);
        }
        let why = scoped.as_ref().err().map(ToString::to_string);
        self.compare(scoped, rows(&self.private, line).await).await?;
        if let Some(why) = why {
            return Ok(Fate::Failed(why));
        }
        if line.writes() {
            self.restore().await;
            let scoped = affected(&self.tenant, line).await;
            self.compare(scoped, affected(&self.private, line).await).await?;
            self.restore().await;
        }
        Ok(Fate::Ran)
    }

    async fn compare(
        &self,
        scoped: Result<Outcome, DbErr>,
        alone: Result<Outcome, DbErr>,
    ) -> Result<(), String> {
        let causes = format!("{:?} / {:?}", scoped.as_ref().err(), alone.as_ref().err());
        let (scoped, alone) = (scoped.unwrap_or(Outcome::Failed), alone.unwrap_or(Outcome::Failed));
        if scoped != alone {
            return Err(format!("the tenant got {scoped:?}\nalone it got   {alone:?}\n{causes}"));
        }
        let (left, right) =
            (table::dump(&self.eye, false).await, table::dump(&self.private, false).await);
        if left != right {
            return Err(format!("the tenant has {left:#?}\nalone it has   {right:#?}"));
        }
        if table::dump(&self.eye, true).await != self.neighbours {
            return Err("a neighbour's rows are other ones".to_owned());
        }
        Ok(())
    }

    async fn restore(&self) {
        table::fill(&self.eye, false).await;
        table::fill(&self.private, true).await;
    }
}

async fn corpus(engine: Engine) {
    let (shared, alone) = (engine.scratch().await, engine.scratch().await);
    let tenancy = Tenancy::builder().database(&shared.url).connect().await.unwrap();
    for slug in table::TENANTS {
        let new = NewTenant::new(slug).and_then(|new| new.id(slug)).unwrap();
        tenancy.create_tenant(new).await.unwrap();
    }
    let eye = shared.eye().await;
    table::create(&eye, false).await;
    let mut options = ConnectOptions::new(&alone.url);
    options.max_connections(1).sqlx_logging(false);
    let private = Database::connect(options).await.unwrap();
    table::create(&private, true).await;
    let neighbours = table::dump(&eye, true).await;
    let tenant = tenancy.db(table::TENANTS[0]).await.unwrap();
    let sides = Sides { tenant, eye, private, neighbours };

    let (mut ran, mut refused, mut failed, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for line in line::lines(engine) {
        match sides.run(&line).await {
            Ok(Fate::Ran) => ran += 1,
            Ok(Fate::Refused) => refused += 1,
            Ok(Fate::Failed(why)) => failed.push(format!("{}\n   {why}", line.sql)),
            Err(why) => {
                wrong.push(format!("{}\n{why}", line.sql));
                sides.restore().await;
            }
        }
    }
    println!("{engine:?}: {ran} ran, {refused} refused, {} failed on both sides", failed.len());
    println!("{}", failed.join("\n"));
    let Sides { tenant, eye, private, .. } = sides;
    drop(tenant);
    tenancy.close().await.unwrap();
    eye.close().await.unwrap();
    private.close().await.unwrap();
    shared.remove().await;
    alone.remove().await;
    assert!(wrong.is_empty(), "{} statements differ:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(ran >= 300, "only {ran} statements ran");
    assert!(failed.len() * 9 <= ran, "{} statements failed, {ran} ran", failed.len());
}

#[tokio::test]
async fn sqlite() {
    corpus(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres() {
    corpus(Engine::Postgres).await;
}

#[tokio::test]
async fn mysql() {
    corpus(Engine::MySql).await;
}
