//! Steps in tenants' lives.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use tenancy_core::{Tenant, TenantId};

use super::Actor;
use crate::{
    Error, Result,
    store::{moment, process},
};

/// A step in a tenant's life: who took it, when, why, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// Tells it apart from others; a UUIDv7.
    pub id: String,
    /// When it was begun, to the microsecond.
    pub at: DateTime<Utc>,
    /// The tenant.
    pub tenant: TenantId,
    /// Its slug then.
    pub slug: String,
    /// What was done: `create`, `activate`, `suspend`, `maintain`, `delete`, `restore`, `purge`,
    /// `rename`, `change_tier` or `invalidate`.
    pub action: String,
    /// From what to what, where the action does not say it.
    pub detail: Option<String>,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// From where.
    pub origin: Option<String>,
    /// Which process did it: its number, on which host if that is known.
    pub process: String,
    /// What became of it: `done`, or why it failed. None while it is at it, and for good where
    /// the process was cut off before it knew.
    pub outcome: Option<String>,
}

impl AuditEvent {
    /// Something that is begun now, by the current actor.
    pub(crate) fn new(action: &str, tenant: &Tenant, detail: Option<String>) -> Self {
        let Actor { who, reason, origin } = Actor::current();
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            at: moment(Utc::now()),
            tenant: tenant.id.clone(),
            slug: tenant.slug.to_string(),
            action: action.to_owned(),
            detail,
            actor: who,
            reason,
            origin,
            process: process().to_owned(),
            outcome: None,
        }
    }
}

/// Keeps a record of each step in tenants' lives.
///
/// A step is recorded before it is taken, and not taken where it cannot be; what became of it is
/// recorded afterwards. No record holds a secret or a tenant's rows.
///
/// [`SqlLog`](crate::SqlLog) writes to a table of the control plane, [`MemoryLog`](crate::MemoryLog)
/// remembers the latest thousand; [`Builder::audit_log`](crate::Builder::audit_log) says which is used
/// unless another is set.
#[async_trait::async_trait]
pub trait AuditLog: fmt::Debug + Send + Sync + 'static {
    /// Makes the log ready; called once, by [`Builder::connect`](crate::Builder::connect).
    ///
    /// # Errors
    ///
    /// Whatever keeps the log from being used.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Records what is about to be done.
    ///
    /// # Errors
    ///
    /// An error if it cannot be recorded for good; it is not done then.
    async fn begin(&self, event: &AuditEvent) -> Result<()>;

    /// Records what became of it.
    ///
    /// # Errors
    ///
    /// An error if it cannot be recorded; it is logged, since the step was taken already.
    async fn end(&self, id: &str, outcome: &str) -> Result<()>;

    /// At most `limit` of what was recorded, of this tenant or of all, the latest first.
    ///
    /// # Errors
    ///
    /// An error if it cannot be read.
    async fn latest(&self, tenant: Option<&TenantId>, limit: u32) -> Result<Vec<AuditEvent>>;
}

/// A step that is on record and not yet done.
pub(crate) struct Begun {
    log: Arc<dyn AuditLog>,
    id: String,
}

impl Begun {
    /// # Errors
    ///
    /// If it cannot be recorded.
    pub(crate) async fn new(log: &Arc<dyn AuditLog>, event: AuditEvent) -> Result<Self> {
        let AuditEvent { id, tenant, action, detail, actor, reason, origin, .. } = &event;
        tracing::info!(
            target: "tenancy::lifecycle", id, tenant.id = %tenant, action, detail, actor, reason, origin,
            "a step in a tenant's life"
        );
        log.begin(&event).await?;
        Ok(Self { log: Arc::clone(log), id: event.id })
    }

    /// Records what became of it, and passes it on.
    pub(crate) async fn end<T>(self, result: Result<T>) -> Result<T> {
        let outcome = match &result {
            Ok(_) => "done".to_owned(),
            Err(error) => failure(error),
        };
        // The step was taken or not, whatever the log says.
        if let Err(error) = self.log.end(&self.id, &outcome).await {
            tracing::error!(
                target: "tenancy::lifecycle", id = self.id, outcome, %error,
                "what became of a step could not be recorded"
            );
        }
        result
    }
}

/// In words that hold no value of a statement.
fn failure(error: &Error) -> String {
    if error.db_err().is_some() {
        "failed: the database refused".to_owned()
    } else {
        format!("failed: {error}")
    }
}
