//! Records in tables of the control plane.

mod entity;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    SqlErr, TransactionTrait, sea_query::Expr,
};
use tenancy_core::{Secret, TenantId};

use self::entity::{lifecycle, usage};
use super::{AuditEvent, AuditLog, UsageBatch, UsageLog};
use crate::{
    Result,
    pool::{Connection, PoolOptions, finish},
    store,
    usage::Usage,
};

/// Lines of a batch that are written at a time, so that no engine has too many values.
const LINES: usize = 500;
/// Lines that are read at a time.
const PAGE: u64 = 10_000;

/// Keeps records in the tables `tenancy_lifecycle` and `tenancy_usage` of the control plane, which are
/// made when they are not there.
#[derive(Debug, Clone)]
pub struct SqlLog {
    conn: Connection,
}

impl SqlLog {
    /// Opens a pool of its own.
    ///
    /// # Errors
    ///
    /// An error if the URL cannot be read, or the database not reached.
    pub async fn connect(url: impl Into<String>) -> Result<Self> {
        let options = PoolOptions::new(Secret::new(url));
        Ok(Self::new(Connection::open(&options).await?))
    }

    pub(crate) fn new(conn: Connection) -> Self {
        Self { conn }
    }
}

#[async_trait::async_trait]
impl AuditLog for SqlLog {
    async fn prepare(&self) -> Result<()> {
        store::migrate(&self.conn).await
    }

    async fn begin(&self, event: &AuditEvent) -> Result<()> {
        let AuditEvent {
            id,
            at,
            tenant,
            slug,
            action,
            detail,
            actor,
            reason,
            origin,
            process,
            outcome,
        } = event.clone();
        let row = lifecycle::ActiveModel {
            id: Set(id),
            happened_at: Set(store::text(at)),
            tenant_id: Set(tenant.as_str().to_owned()),
            slug: Set(slug),
            action: Set(action),
            detail: Set(detail),
            actor: Set(actor),
            reason: Set(reason),
            origin: Set(origin),
            process: Set(process),
            outcome: Set(outcome),
        };
        lifecycle::Entity::insert(row).exec_without_returning(&self.conn).await?;
        Ok(())
    }

    async fn end(&self, id: &str, outcome: &str) -> Result<()> {
        let update = lifecycle::Entity::update_many()
            .col_expr(lifecycle::Column::Outcome, Expr::value(outcome))
            .filter(lifecycle::Column::Id.eq(id));
        update.exec(&self.conn).await?;
        Ok(())
    }

    async fn latest(&self, tenant: Option<&TenantId>, limit: u32) -> Result<Vec<AuditEvent>> {
        let mut latest = lifecycle::Entity::find()
            .order_by_desc(lifecycle::Column::HappenedAt)
            .order_by_desc(lifecycle::Column::Id);
        if let Some(tenant) = tenant {
            latest = latest.filter(lifecycle::Column::TenantId.eq(tenant.as_str()));
        }
        let rows = latest.limit(u64::from(limit)).all(&self.conn).await?;
        rows.into_iter().map(event).collect()
    }
}

fn event(row: lifecycle::Model) -> Result<AuditEvent> {
    let unreadable = |what: String| {
        DbErr::Type(format!("the row `{}` of `tenancy_lifecycle` is unreadable: {what}", row.id))
    };
    let at = DateTime::parse_from_rfc3339(&row.happened_at);
    Ok(AuditEvent {
        at: at.map_err(|error| unreadable(error.to_string()))?.to_utc(),
        tenant: TenantId::new(&row.tenant_id).map_err(|error| unreadable(error.to_string()))?,
        id: row.id,
        slug: row.slug,
        action: row.action,
        detail: row.detail,
        actor: row.actor,
        reason: row.reason,
        origin: row.origin,
        process: row.process,
        outcome: row.outcome,
    })
}

#[async_trait::async_trait]
impl UsageLog for SqlLog {
    async fn prepare(&self) -> Result<()> {
        store::migrate(&self.conn).await
    }

    async fn record(&self, batch: &UsageBatch) -> Result<()> {
        let (conn, batch) = (self.conn.clone(), batch.clone());
        // A transaction is never dropped half-way.
        let written = finish(async move {
            let transaction = conn.unguarded().begin().await?;
            for lines in batch.lines.chunks(LINES) {
                let rows = lines.iter().map(|(tenant, used)| usage::ActiveModel {
                    batch_id: Set(batch.id.clone()),
                    tenant_id: Set(tenant.as_str().to_owned()),
                    until_at: Set(store::text(batch.until)),
                    requests: Set(signed(used.requests)),
                    statements: Set(signed(used.statements)),
                    row_count: Set(signed(used.rows)),
                });
                usage::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
            }
            transaction.commit().await
        });
        match written.await {
            // The whole batch is there, from a time before whose answer was lost.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Ok(())
            }
            written => Ok(written?),
        }
    }

    async fn total(
        &self,
        tenant: &TenantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Usage> {
        let mut total = Usage::none();
        let mut after: Option<String> = None;
        loop {
            let mut page = usage::Entity::find()
                .filter(usage::Column::TenantId.eq(tenant.as_str()))
                .filter(usage::Column::UntilAt.gte(store::text(from)))
                .filter(usage::Column::UntilAt.lt(store::text(until)))
                .order_by_asc(usage::Column::BatchId)
                .limit(PAGE);
            if let Some(after) = &after {
                page = page.filter(usage::Column::BatchId.gt(after));
            }
            let rows = page.all(&self.conn).await?;
            let Some(last) = rows.last() else { return Ok(total) };
            after = Some(last.batch_id.clone());
            for row in &rows {
                total.add(Usage {
                    requests: row.requests.unsigned_abs(),
                    statements: row.statements.unsigned_abs(),
                    rows: row.row_count.unsigned_abs(),
                });
            }
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
