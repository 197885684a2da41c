//! What is told of statements: a span at level DEBUG, how many of which kind, and how many rows.

use std::{future::Future, sync::Arc};

use sea_orm::{DbErr, ExecResult, QueryResult};
use tenancy_core::Tenant;
use tracing::{Instrument as _, Span};

use super::{TenantStream, place::explained};
use crate::usage::Count;

/// A statement that is being sent.
pub(super) struct Noted<'a> {
    tenant: &'a Arc<Tenant>,
    span: Span,
    count: Option<Arc<Count>>,
}

impl<'a> Noted<'a> {
    pub(super) fn new(tenant: &'a Arc<Tenant>, sql: &str, count: Option<&Arc<Count>>) -> Self {
        let kind = kind(sql);
        metrics::counter!("tenancy_statements_total", "kind" => kind).increment(1);
        if let Some(count) = count {
            count.statement();
        }
        let span = tracing::debug_span!(
            target: "tenancy::statement", "statement", kind,
            tenant.id = %tenant.id, tenant.slug = %tenant.slug
        );
        Self { tenant, span, count: count.cloned() }
    }

    /// Takes note of rows that come later.
    pub(super) fn rows_of(self, stream: TenantStream<'_>) -> TenantStream<'_> {
        stream.noted(self.tenant, self.count)
    }

    async fn sent<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        work.instrument(self.span.clone()).await.map_err(|error| explained(self.tenant, error))
    }

    fn rows(&self, rows: u64) {
        if let Some(count) = &self.count {
            count.rows(rows);
        }
    }

    pub(super) async fn changed(
        &self,
        work: impl Future<Output = Result<ExecResult, DbErr>>,
    ) -> Result<ExecResult, DbErr> {
        let done = self.sent(work).await?;
        self.rows(done.rows_affected());
        Ok(done)
    }

    pub(super) async fn one(
        &self,
        work: impl Future<Output = Result<Option<QueryResult>, DbErr>>,
    ) -> Result<Option<QueryResult>, DbErr> {
        let row = self.sent(work).await?;
        self.rows(u64::from(row.is_some()));
        Ok(row)
    }

    pub(super) async fn all(
        &self,
        work: impl Future<Output = Result<Vec<QueryResult>, DbErr>>,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let rows = self.sent(work).await?;
        self.rows(rows.len() as u64);
        Ok(rows)
    }

    pub(super) async fn stream<T>(
        &self,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        self.sent(work).await
    }
}

/// One of a few words, whatever a statement says.
fn kind(sql: &str) -> &'static str {
    let verb = sql.get(..6).unwrap_or_default();
    ["select", "insert", "update", "delete"]
        .into_iter()
        .find(|known| verb.eq_ignore_ascii_case(known))
        .unwrap_or("other")
}

#[test]
fn statements_are_of_a_few_kinds() {
    for (sql, expected) in [
        ("SELECT 1", "select"),
        ("insert into orders", "insert"),
        ("UPDATE orders", "update"),
        ("Delete from orders", "delete"),
        ("WITH x AS (SELECT 1) SELECT 1", "other"),
        ("SEL", "other"),
        ("\u{1F600}\u{1F600}", "other"),
    ] {
        assert_eq!(kind(sql), expected, "{sql}");
    }
}
