//! What is looked at when a provider is asked whether it holds.

use tenancy_core::{
    SchemaName, Secret, TenantId,
    catalog::{Catalog, Entity},
    scope::PREFIX_END,
};

use super::Grounds;
use crate::{
    Error, Result,
    audit::{Audit, Report},
};

impl Grounds {
    /// Looks at the tables all tenants share, those with tenants' rows among them.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked.
    pub async fn audit_rows(&self) -> Result<Report> {
        Audit::rows(self.catalog()).run(self.connection()).await
    }

    /// Looks at the tables all tenants share where each has tables of its own.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked.
    pub async fn audit_shared(&self) -> Result<Report> {
        let shared = self.entities(|entity| entity.tenant_column().is_none().then_some(entity))?;
        Audit::rows(&shared).run(self.connection()).await
    }

    /// Looks at the tables in a tenant's schema: on MySQL a database, on SQLite behind a prefix.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked.
    pub async fn audit_schema(&self, name: &SchemaName) -> Result<Report> {
        let sqlite = self.backend() == sea_orm::DbBackend::Sqlite;
        let own = self.entities(|mut entity| {
            entity.tenant_column()?;
            if sqlite {
                entity.table = format!("{name}{PREFIX_END}{}", entity.table);
            } else {
                entity.schema = Some(name.to_string());
            }
            Some(entity)
        })?;
        Audit::rows(&own).run(self.connection()).await
    }

    /// Looks at the tables in a database of a tenant's own.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be asked.
    pub async fn audit_database(&self, tenant: &TenantId, url: Secret) -> Result<Report> {
        let own = self.entities(|entity| entity.tenant_column().is_some().then_some(entity))?;
        let lease = self.engines().engine(tenant.as_str(), url).lease().await?;
        Audit::rows(&own).run(lease.connection()).await
    }

    /// Looks at the tables all tenants share and at the policies in front of them.
    #[cfg(feature = "postgres")]
    pub(super) async fn audit_policies(
        &self,
        context: tenancy_core::policy::Context,
    ) -> Result<Report> {
        let audit = Audit::row_security(self.catalog(), context);
        let audit = self.heads_table.iter().fold(audit, Audit::allow_table);
        let asked = self.standing().into_iter();
        let audit = asked.fold(audit, |audit, function| audit.allow_function(&function.name));
        audit.run(self.connection()).await
    }

    fn entities(&self, choose: impl Fn(Entity) -> Option<Entity>) -> Result<Catalog> {
        Catalog::new(self.catalog().iter().cloned().filter_map(choose))
            .map_err(|error| Error::config(error.to_string()))
    }
}
