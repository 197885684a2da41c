//! What requests ask for, and the handler that does it with the tenant's connection.

use axum::{
    Extension,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult, Select, Statement,
    TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use tenancy::TenantDb;

use crate::{
    entity::{counter, entry},
    history::{Row, decoy, key, tag},
};

/// A request of one writer's to one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) writer: usize,
    /// Which of the writer's slots in that tenant.
    pub(crate) n: usize,
    pub(crate) action: Action,
    /// At which step the handler panics; 0 for never.
    pub(crate) panics_at: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Writes one row, or two in a transaction.
    Insert {
        rows: usize,
    },
    /// Writes two rows, the second in a savepoint, after another savepoint that came to nothing.
    InsertNested(End),
    Update {
        rows: usize,
        version: i64,
    },
    Delete,
    /// Writes rows that must never be there.
    Undone(End),
    /// Adds one to a counter that others add to as well.
    Count {
        id: i64,
        upsert: bool,
    },
    /// Adds one to two counters in a transaction.
    CountBoth,
    /// Reads a slot of its own.
    Read(Way),
    /// Reads what others have written.
    Scan(Way),
    /// Reads a counter.
    Total {
        id: i64,
    },
    /// Reads the two counters that go together.
    Both,
}

/// How something is undone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    RolledBack,
    Dropped,
    Failed,
}

/// How something is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    All,
    Streamed,
    InTransaction,
    Joined,
}

/// What a handler answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// How many rows were written.
    Wrote(u64),
    Rows(Vec<Row>),
    Totals(Vec<i64>),
    Failed(String),
}

/// What a handler panics with. The runtime prints nothing about it.
pub(crate) struct Deliberate;

/// The handler of all requests.
pub(crate) async fn handle(db: TenantDb, Extension(request): Extension<Request>) -> Response {
    match request.run(&db).await {
        Ok(answer) => Extension(answer).into_response(),
        Err(error) => {
            let answer = Answer::Failed(error.to_string());
            (StatusCode::INTERNAL_SERVER_ERROR, Extension(answer)).into_response()
        }
    }
}

/// The two counters that go together.
pub(crate) const TOGETHER: [i64; 2] = [2, 3];
/// All counters of a tenant.
pub(crate) const COUNTERS: i64 = 4;
/// How many rows a scan reads at most.
const SCANNED: i64 = 16;

impl Request {
    async fn run(&self, db: &TenantDb) -> Result<Answer, DbErr> {
        match self.action {
            Action::Insert { rows: 1 } => {
                self.insert(db, self.key(0)).await?;
                Ok(Answer::Wrote(1))
            }
            Action::Insert { .. } => self.insert_both(db).await,
            Action::InsertNested(end) => self.insert_nested(db, end).await,
            Action::Update { rows: 1, version } => {
                Ok(Answer::Wrote(self.update(db, 0, version).await?))
            }
            Action::Update { version, .. } => self.update_both(db, version).await,
            Action::Delete => {
                let mine = entry::Column::Id.is_in([self.key(0), self.key(1)]);
                let done = entry::Entity::delete_many().filter(mine).exec(db).await?;
                Ok(Answer::Wrote(done.rows_affected))
            }
            Action::Undone(end) => self.undone(db, end).await,
            Action::Count { id, upsert: true } => self.upsert(db, id).await,
            Action::Count { id, .. } => self.count(db, id).await,
            Action::CountBoth => self.count_both(db).await,
            Action::Read(way) => self.read(db, self.key(0), self.key(1) + 1, way).await,
            Action::Scan(way) => {
                let from = self.key(0);
                self.read(db, from, from + SCANNED, way).await
            }
            Action::Total { id } => self.totals(db, &[id]).await,
            Action::Both => self.totals(db, &TOGETHER).await,
        }
    }

    fn key(&self, half: usize) -> i64 {
        key(self.writer, self.n, half)
    }

    /// Panics if it is to panic here.
    fn step(&self, step: usize) {
        if self.panics_at == step {
            std::panic::resume_unwind(Box::new(Deliberate));
        }
    }

    async fn insert(&self, db: &impl Names, id: i64) -> Result<(), DbErr> {
        let row = entry::ActiveModel {
            id: Set(id),
            version: Set(0),
            tag: Set(tag(&db.slug(), id)),
            ..Default::default()
        };
        self.step(1);
        entry::Entity::insert(row).exec_without_returning(db).await?;
        Ok(())
    }

    async fn insert_both(&self, db: &TenantDb) -> Result<Answer, DbErr> {
        let transaction = db.begin().await?;
        self.insert(&transaction, self.key(0)).await?;
        self.step(2);
        self.insert(&transaction, self.key(1)).await?;
        self.step(3);
        transaction.commit().await?;
        Ok(Answer::Wrote(2))
    }

    async fn insert_nested(&self, db: &TenantDb, end: End) -> Result<Answer, DbErr> {
        let transaction = db.begin().await?;
        self.insert(&transaction, self.key(0)).await?;
        let nothing = transaction.begin().await?;
        self.insert(&nothing, decoy(self.writer, self.n)).await?;
        self.step(2);
        match end {
            End::RolledBack => nothing.rollback().await?,
            End::Dropped => {
                // With a stream that somebody may have to read to its end.
                let mut rows = entry::Entity::find().stream(&nothing).await?;
                rows.try_next().await?;
                drop(rows);
                drop(nothing);
            }
            End::Failed => {
                let twice = self.insert(&nothing, self.key(0)).await;
                assert!(twice.is_err(), "a key is there twice");
                nothing.rollback().await?;
            }
        }
        let savepoint = transaction.begin().await?;
        self.insert(&savepoint, self.key(1)).await?;
        savepoint.commit().await?;
        self.step(3);
        transaction.commit().await?;
        Ok(Answer::Wrote(2))
    }

    async fn update(
        &self,
        db: &impl ConnectionTrait,
        half: usize,
        version: i64,
    ) -> Result<u64, DbErr> {
        let update = entry::Entity::update_many()
            .col_expr(entry::Column::Version, Expr::value(version))
            .filter(entry::Column::Id.eq(self.key(half)))
            // What comes late must not undo what came later.
            .filter(entry::Column::Version.lt(version));
        self.step(1);
        Ok(update.exec(db).await?.rows_affected)
    }

    async fn update_both(&self, db: &TenantDb, version: i64) -> Result<Answer, DbErr> {
        let transaction = db.begin().await?;
        let mut affected = self.update(&transaction, 0, version).await?;
        self.step(2);
        let savepoint = transaction.begin().await?;
        affected += self.update(&savepoint, 1, version).await?;
        self.step(3);
        savepoint.commit().await?;
        transaction.commit().await?;
        Ok(Answer::Wrote(affected))
    }

    async fn undone(&self, db: &TenantDb, end: End) -> Result<Answer, DbErr> {
        let transaction = db.begin().await?;
        self.insert(&transaction, decoy(self.writer, self.n)).await?;
        self.step(2);
        let savepoint = transaction.begin().await?;
        self.insert(&savepoint, decoy(self.writer, self.n) - 1).await?;
        savepoint.commit().await?;
        self.step(3);
        match end {
            End::RolledBack => transaction.rollback().await?,
            End::Dropped => drop(transaction),
            End::Failed => {
                let twice = self.insert(&transaction, decoy(self.writer, self.n)).await;
                assert!(twice.is_err(), "a key is there twice");
            }
        }
        Ok(Answer::Wrote(0))
    }

    async fn count(&self, db: &impl ConnectionTrait, id: i64) -> Result<Answer, DbErr> {
        let more = Expr::col(counter::Column::Total).add(1);
        let update = counter::Entity::update_many()
            .col_expr(counter::Column::Total, more)
            .filter(counter::Column::Id.eq(id));
        self.step(1);
        Ok(Answer::Wrote(update.exec(db).await?.rows_affected))
    }

    async fn upsert(&self, db: &TenantDb, id: i64) -> Result<Answer, DbErr> {
        let row = counter::ActiveModel {
            id: Set(id),
            total: Set(1),
            tag: Set(tag(&db.slug(), id)),
            ..Default::default()
        };
        let more = Expr::col((counter::Entity, counter::Column::Total)).add(1);
        let conflict =
            OnConflict::column(counter::Column::Id).value(counter::Column::Total, more).to_owned();
        self.step(1);
        counter::Entity::insert(row).on_conflict(conflict).exec_without_returning(db).await?;
        Ok(Answer::Wrote(1))
    }

    async fn count_both(&self, db: &TenantDb) -> Result<Answer, DbErr> {
        let transaction = db.begin().await?;
        for (id, step) in TOGETHER.into_iter().zip(2..) {
            self.count(&transaction, id).await?;
            self.step(step);
        }
        transaction.commit().await?;
        Ok(Answer::Wrote(1))
    }

    async fn read(&self, db: &TenantDb, from: i64, to: i64, way: Way) -> Result<Answer, DbErr> {
        let ids = entry::Column::Id.gte(from).and(entry::Column::Id.lt(to));
        let select: Select<entry::Entity> = entry::Entity::find().filter(ids);
        let models = match way {
            Way::All => select.all(db).await?,
            Way::Streamed => select.stream(db).await?.try_collect().await?,
            Way::InTransaction => {
                let transaction = db.begin().await?;
                let models = select.all(&transaction).await?;
                self.step(2);
                transaction.commit().await?;
                models
            }
            Way::Joined => return joined(db, from, to).await,
        };
        self.step(1);
        let row = |model: entry::Model| {
            let entry::Model { id, version, tag, tenant_id } = model;
            Row { id, version, tenant: tenant_id, tag }
        };
        Ok(Answer::Rows(models.into_iter().map(row).collect()))
    }

    async fn totals(&self, db: &TenantDb, ids: &[i64]) -> Result<Answer, DbErr> {
        let some = counter::Column::Id.is_in(ids.iter().copied());
        let counters = counter::Entity::find().filter(some).all(db).await?;
        self.step(1);
        let own = |it: &&counter::Model| it.tag == tag(&db.slug(), it.id);
        let totals: Vec<i64> = counters.iter().filter(own).map(|it| it.total).collect();
        Ok(Answer::Totals(totals))
    }
}

/// Entries beside the tags of counters, as an application would write it by hand.
async fn joined(db: &TenantDb, from: i64, to: i64) -> Result<Answer, DbErr> {
    let backend = ConnectionTrait::get_database_backend(db);
    let places = if backend == sea_orm::DbBackend::Postgres { ["$1", "$2"] } else { ["?", "?"] };
    let sql = format!(
        "SELECT e.id, e.version, e.tenant_id, e.tag, c.tag AS beside, c.id AS other \
         FROM soak_entries e JOIN soak_counters c ON c.id = e.id % 4 \
         WHERE e.id >= {} AND e.id < {}",
        places[0], places[1]
    );
    let stmt = Statement::from_sql_and_values(backend, sql, [from.into(), to.into()]);
    let row = |row: &QueryResult| {
        let beside: String = row.try_get("", "beside")?;
        let other = tag(&db.slug(), row.try_get("", "other")?);
        let tag: String = row.try_get("", "tag")?;
        // A foreign counter beside it makes a row that nobody may see.
        let tag = if beside == other { tag } else { beside };
        let (id, version) = (row.try_get("", "id")?, row.try_get("", "version")?);
        Ok(Row { id, version, tenant: row.try_get("", "tenant_id")?, tag })
    };
    let rows: Result<Vec<Row>, DbErr> = db.query_all_raw(stmt).await?.iter().map(row).collect();
    Ok(Answer::Rows(rows?))
}

/// A connection that knows its tenant's name.
trait Names: ConnectionTrait {
    fn slug(&self) -> String;
}

impl Names for TenantDb {
    fn slug(&self) -> String {
        self.tenant().slug.to_string()
    }
}

impl Names for tenancy::TenantTransaction {
    fn slug(&self) -> String {
        self.tenant().slug.to_string()
    }
}
