//! Whether a tenant is still served, asked in the round trip that says who asks.

use std::sync::Arc;

use sea_orm::DbErr;
use tenancy_core::{Status, Tenant, TenantId};

use crate::{Error, Result};

/// A tenant as its rows' database knows it.
///
/// What some process remembers of a tenant may be old; what the database says when a transaction
/// begins is not. So nobody begins one for a tenant that has been suspended meanwhile, however late
/// he hears of that.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Follows `BEGIN`.
    question: Arc<str>,
    tenant: TenantId,
    /// How it was loaded: whoever was given a tenant that is not served may go on with it.
    loaded: Status,
}

impl Standing {
    /// `function` is the function of the control plane, as it is called.
    pub(crate) fn new(function: &str, tenant: &Tenant) -> Result<Self, DbErr> {
        let question = format!("; SELECT {function}({})", super::literal(tenant.id.as_str())?);
        Ok(Self { question: question.into(), tenant: tenant.id.clone(), loaded: tenant.status })
    }

    pub(super) fn question(&self) -> &str {
        &self.question
    }

    /// Lets a transaction go on, or not, by what the database said.
    pub(super) fn judge(&self, said: Option<&str>) -> Result<(), DbErr> {
        let Some(said) = said else {
            return Err(Error::tenant_not_found().into());
        };
        let Ok(status) = said.parse::<Status>() else {
            return Err(Error::outdated(format!(
                "the rows of the tenant `{}` are not in the shared tables any more ({said}); load the \
                 tenant again",
                self.tenant
            ))
            .into());
        };
        if status == Status::Active || status == self.loaded {
            return Ok(());
        }
        Err(Error::tenant_inactive(status).into())
    }
}

#[cfg(test)]
mod tests {
    use tenancy_core::NewTenant;

    use super::*;

    #[test]
    fn who_is_not_served_any_more_is_turned_away() {
        let mut tenant =
            Tenant::create(NewTenant::new("acme").unwrap().id("acme").unwrap(), chrono::Utc::now());
        let judge = |tenant: &Tenant, said: Option<&str>| {
            let standing = Standing::new("\"public\".asked", tenant).unwrap();
            assert_eq!(standing.question(), "; SELECT \"public\".asked('acme')");
            standing.judge(said).map_err(Error::from)
        };
        tenant.status = Status::Active;
        assert!(judge(&tenant, Some("active")).is_ok());
        for status in [Status::Suspended, Status::Maintenance, Status::Deleted] {
            let refused = judge(&tenant, Some(&status.to_string())).unwrap_err();
            assert_eq!(refused.status(), Some(status));
        }
        assert!(judge(&tenant, None).is_err_and(|error| error.is_tenant_not_found()));
        assert!(judge(&tenant, Some("moved")).is_err_and(|error| error.is_outdated()));
        // An operator may go on with whom he was given, and with nobody else.
        tenant.status = Status::Suspended;
        assert!(judge(&tenant, Some("suspended")).is_ok());
        assert!(judge(&tenant, Some("active")).is_ok());
        assert!(judge(&tenant, Some("deleted")).is_err_and(|error| error.is_inactive()));
    }
}
