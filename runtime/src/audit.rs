//! Proves, through the application's own connection, that the database keeps tenants apart.
//!
//! Entities say what the database should look like; an audit looks what it is like: a handful of
//! queries of the server's catalogs, whatever the number of tables. Each [`Finding`] says what is
//! wrong, which query shows it and which statements mend it. It changes nothing itself.
//!
//! On every engine it looks at the tables: they exist, the tenant column is there, of the right
//! type and never NULL, and each unique and foreign key contains it. With row-level security of
//! PostgreSQL it looks at everything by which rows could get past the policies as well.

mod column;
mod facts;
mod finding;
mod key;
mod mysql;
mod postgres;
mod report;
mod sqlite;

use sea_orm::{ConnectionTrait, DbBackend};
use tenancy_core::{
    catalog::{Catalog, Entity},
    policy::Context,
};

pub use self::{
    finding::{Finding, Severity},
    report::Report,
};
use crate::{Error, Result};

/// Tables that are no entities and need none: the control plane's. No entity may map them.
pub(crate) const OWN_TABLES: [&str; 11] = [
    "tenancy_tenants",
    "tenancy_migrations",
    "tenancy_unscoped",
    "tenancy_domains",
    "tenancy_api_keys",
    "tenancy_lifecycle",
    "tenancy_usage",
    "tenancy_ledger",
    "tenancy_version",
    "tenancy_progress",
    "tenancy_owner",
];

/// What to look for; [`run`](Audit::run) looks.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{audit::Audit, entity};
///
/// mod order {
///     use sea_orm::entity::prelude::*;
///
///     #[tenancy::tenant_scoped]
///     #[sea_orm::model]
///     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
///     #[sea_orm(table_name = "orders")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i64,
///     }
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use sea_orm::{ConnectionTrait, Database, DbBackend};
///
/// let db = Database::connect("sqlite::memory:").await?;
/// let catalog = entity::catalog()?;
/// let report = Audit::rows(&catalog).run(&db).await?;
/// assert!(report.is_fatal(), "there is no table");
///
/// for statement in tenancy::schema::create_all(DbBackend::Sqlite)? {
///     db.execute_raw(statement).await?;
/// }
/// let report = Audit::rows(&catalog).run(&db).await?;
/// assert!(report.findings().is_empty(), "{report}");
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Audit<'a> {
    entities: Vec<&'a Entity>,
    security: Option<Context>,
    functions: Vec<String>,
    tables: Vec<String>,
}

impl<'a> Audit<'a> {
    /// An audit of the tables alone, on any engine.
    #[must_use]
    pub fn rows(catalog: &'a Catalog) -> Self {
        Self {
            entities: catalog.iter().collect(),
            security: None,
            functions: Vec::new(),
            tables: OWN_TABLES.map(str::to_owned).to_vec(),
        }
    }

    /// An audit of the tables and of the row-level security in front of them, on PostgreSQL.
    /// `context` is where the policies learn the tenant.
    #[must_use]
    pub fn row_security(catalog: &'a Catalog, context: Context) -> Self {
        let mut audit = Self::rows(catalog);
        audit.security = Some(context);
        if context == Context::Signed {
            audit.functions.push("tenancy.tenant".to_owned());
        }
        audit
    }

    /// Allows a `SECURITY DEFINER` function you have reviewed, as `schema.name` or with its
    /// argument types as `regprocedure` prints it.
    #[must_use]
    pub fn allow_function(mut self, name: impl Into<String>) -> Self {
        self.functions.push(name.into());
        self
    }

    /// Allows a table the application may read although no entity describes it.
    #[must_use]
    pub fn allow_table(mut self, name: impl Into<String>) -> Self {
        self.tables.push(name.into());
        self
    }

    /// Looks.
    ///
    /// Give it a connection of the application's own role: what that role may do is half of what
    /// is looked at.
    ///
    /// # Errors
    ///
    /// An error if a query fails, or if row-level security was asked for on an engine without it.
    pub async fn run(&self, conn: &impl ConnectionTrait) -> Result<Report> {
        let mut findings = Vec::new();
        match (conn.get_database_backend(), self.security) {
            (DbBackend::Postgres, security) => {
                let tables = postgres::tables(conn, &self.entities).await?;
                self.tables(&tables, DbBackend::Postgres, &mut findings);
                if let Some(context) = security {
                    postgres::security(conn, self, context, &mut findings).await?;
                }
            }
            (backend, Some(_)) => {
                return Err(Error::config(format!(
                    "row-level security is PostgreSQL's, and this is {backend:?}; keep tenants \
                     apart by rows, schemas or databases there"
                )));
            }
            (DbBackend::Sqlite, None) => {
                let tables = sqlite::tables(conn, &self.entities).await?;
                self.tables(&tables, DbBackend::Sqlite, &mut findings);
            }
            (DbBackend::MySql, None) => {
                let tables = mysql::tables(conn, &self.entities).await?;
                self.tables(&tables, DbBackend::MySql, &mut findings);
            }
            (other, None) => {
                return Err(Error::config(format!("there is no audit of the engine {other:?}")));
            }
        }
        Ok(Report::of(findings))
    }

    fn tables(&self, tables: &[facts::Table], backend: DbBackend, findings: &mut Vec<Finding>) {
        for (position, entity) in self.entities.iter().enumerate() {
            let mut found = tables.iter().filter(|table| table.position == position).peekable();
            if found.peek().is_none() {
                findings.push(column::no_table(entity, backend));
            }
            for table in found {
                column::check(entity, table, backend, self.security, findings);
                key::check(entity, table, backend, findings);
            }
        }
    }
}
