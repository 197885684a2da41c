//! Who does something to a tenant, and why.

use std::future::Future;

tokio::task_local! {
    static ACTOR: Actor;
}

/// Who does something to a tenant, why, and from where: for the [`AuditLog`](crate::AuditLog).
///
/// Nothing is decided by it. Steps outside of any [`scope`](Self::scope) are recorded as the program's
/// own.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Actor, NewTenant, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
///
/// let ada = Actor::new("ada@example.com").reason("the invoice of May is unpaid").from("192.0.2.7");
/// ada.scope(tenancy.suspend(&acme.id)).await?;
///
/// let latest = &tenancy.audit_events(Some(&acme.id), 1).await?[0];
/// assert_eq!((latest.action.as_str(), latest.actor.as_str()), ("suspend", "ada@example.com"));
/// assert_eq!(latest.reason.as_deref(), Some("the invoice of May is unpaid"));
/// assert_eq!(latest.outcome.as_deref(), Some("done"));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(super) who: String,
    pub(super) reason: Option<String>,
    pub(super) origin: Option<String>,
}

impl Actor {
    /// Somebody, by whatever name is known of them.
    #[must_use]
    pub fn new(who: impl Into<String>) -> Self {
        Self { who: who.into(), reason: None, origin: None }
    }

    /// Sets why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets from where: an address, or a job's name.
    #[must_use]
    pub fn from(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// From there, unless it says from where by itself.
    #[cfg(feature = "axum")]
    pub(crate) fn or_from(mut self, origin: Option<String>) -> Self {
        self.origin = self.origin.or(origin);
        self
    }

    /// Runs a future in which this one does whatever is done to tenants.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        ACTOR.scope(self, future)
    }

    /// Who does it now.
    pub(super) fn current() -> Self {
        ACTOR.try_with(Clone::clone).unwrap_or_else(|_| Self::new("the program"))
    }
}
