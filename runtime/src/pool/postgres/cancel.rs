//! Statements are cancelled by the name of their connection.
//!
//! The driver keeps the key with which it could ask the server to cancel a statement to itself. So
//! each connection of a pool has a name of its own, which is its `application_name`, and another
//! connection of the same role asks for the backend of that name to be cancelled. A pooler between
//! us and the server sets the name wherever it lends a backend, or sets none; either way nobody
//! else's statement has it.

use std::sync::Arc;

use sea_orm::sqlx::{
    self, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions,
};

use crate::pool::cancel::{self, Means};

const CANCEL: &str = "SELECT count(pg_catalog.pg_cancel_backend(pid)) FROM pg_catalog.pg_stat_activity \
     WHERE application_name = ANY($1) AND usename = current_user AND state = 'active' \
     AND pid <> pg_catalog.pg_backend_pid()";

/// Cancels the statements of one pool.
pub(crate) type Canceller = cancel::Canceller<ByName>;

/// Asks for backends by their names.
pub(crate) struct ByName(PgConnectOptions);

impl Canceller {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self::by(ByName(options.statement_cache_capacity(0)))
    }
}

impl Means for ByName {
    type Conn = PgConnection;
    type Victim = Arc<str>;

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.0.connect().await
    }

    async fn cancel(&self, conn: &mut PgConnection, names: &[Arc<str>]) -> Result<(), sqlx::Error> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        sqlx::query(CANCEL).bind(names).execute(conn).await.map(drop)
    }

    async fn close(&self, conn: PgConnection) {
        // Nobody is served any more either way.
        let _ = conn.close().await;
    }
}
