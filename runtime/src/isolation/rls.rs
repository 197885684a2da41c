//! Row-level security of PostgreSQL: shared tables that the database itself keeps apart.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tenancy_core::{
    IsolationKind, Location, Tenant,
    policy::{Context, INSTALL_KEY, RoleName, RowSecurity},
};

use super::{
    Grounds, IsolationProvider, Lanes, Session, Signing, check_override, erase, misplaced,
};
use crate::{
    Error, Result,
    audit::Report,
    migrate::structure::{Layout, Tables},
};

/// Keeps all tenants' rows in the same tables, under policies of the database that ask each
/// transaction for its tenant. PostgreSQL only.
///
/// The scoper stands in front of the policies as everywhere, and gives the planner the predicate
/// it needs. A statement takes three round trips: `BEGIN` with the tenant, the statement, `COMMIT`;
/// in a transaction of yours it takes one. For busy tenants [`lanes`](Self::lanes) make it one.
///
/// Policies bind no superuser, no role with `BYPASSRLS`, and nobody who may switch them off. So the
/// role that serves tenants must be none of these, and somebody else must own the tables: give that
/// one's address to [`Builder::operator`](crate::Builder::operator).
/// [`Tenancy::create_tables`](crate::Tenancy::create_tables) then makes the tables, the policies
/// and the rights of the serving role; [`Tenancy::audit`](crate::Tenancy::audit) looks whether all
/// of it is in force.
#[derive(Debug, Clone, Default)]
pub struct Rls {
    lanes: Option<Lanes>,
    signing: Option<Signing>,
    checks_status: bool,
}

impl Rls {
    /// The strategy, without lanes, without signatures, and believing what is remembered of tenants.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets busy tenants have connections to themselves, on which a statement takes one round trip.
    /// It needs a direct connection to the server, and [`connect`](crate::Builder::connect) fails
    /// where there is a pooler in between.
    #[must_use]
    pub fn lanes(mut self, lanes: Lanes) -> Self {
        self.lanes = Some(lanes);
        self
    }

    /// Lets the policies verify who a transaction is for, so that no SQL of a session can change it.
    /// It takes a round trip more, and cannot be had together with lanes, whose connections say who
    /// they are for only once.
    #[must_use]
    pub fn signed(mut self, signing: Signing) -> Self {
        self.signing = Some(signing);
        self
    }

    /// Asks the database whether the tenant is still served, with each `BEGIN` and in the same round
    /// trip. Whoever has not heard yet that a tenant was suspended, deleted, purged or is worked on is
    /// refused there with an error that [is inactive](Error::is_inactive) or
    /// [not found](Error::is_tenant_not_found), or [outdated](Error::is_outdated) if its rows are in no
    /// shared table any more: from the moment the change is committed, whatever is
    /// [remembered](crate::TenantCache) and by whatever process. What began before goes on to its end.
    ///
    /// The tenants must be kept in the database of their rows, as they are unless
    /// [`Builder::store`](crate::Builder::store) or [`Builder::control_plane`](crate::Builder::control_plane)
    /// says otherwise. They are asked about by a function, `tenancy_standing`, that runs as its owner;
    /// [`connect`](crate::Builder::connect) lets the role that serves tenants call it, and that role needs
    /// no right to the table. At the levels REPEATABLE READ and SERIALIZABLE a transaction sees what was
    /// committed when it began, and not when its first statement ran.
    ///
    /// It cannot be had together with lanes, on which a statement needs no transaction.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy::{Rls, Tenancy};
    ///
    /// let builder = Tenancy::builder()
    ///     .database("postgres://app@localhost/shop")
    ///     .operator("postgres://owner@localhost/shop")
    ///     .isolation(Rls::new().check_status());
    /// ```
    #[must_use]
    pub fn check_status(mut self) -> Self {
        self.checks_status = true;
        self
    }

    /// Where the policies learn the tenant.
    fn context(&self) -> Context {
        if self.signing.is_some() { Context::Signed } else { Context::Setting }
    }
}

#[async_trait::async_trait]
impl IsolationProvider for Rls {
    fn locate(&self, tenant: &Tenant) -> Result<Location> {
        check_override(tenant, IsolationKind::Rls)?;
        Ok(Location::Rls)
    }

    async fn provision(&self, _: &Grounds, _: &Tenant) -> Result<()> {
        Ok(())
    }

    fn session(&self, grounds: &Grounds, tenant: &Tenant) -> Result<Session> {
        match tenant.location {
            // The same rows in the same tables: row scoping can become row-level security at any time.
            Some(Location::Rls | Location::Row) | None => match &self.signing {
                Some(signing) => grounds.under_signed_policies(tenant, signing),
                None => grounds.under_policies(tenant),
            },
            _ => Err(misplaced(tenant, "shared tables under row-level security")),
        }
    }

    fn layout(&self) -> Option<Layout> {
        Some(Layout { shared: Tables::RowSecurity(self.context()), place: None })
    }

    async fn destroy(&self, grounds: &Grounds, tenant: &Tenant) -> Result<()> {
        let token = self.signing.as_ref().map(|signing| signing.token(&tenant.id).sign());
        erase::rows(grounds, grounds.operator(), &tenant.id, token).await
    }

    async fn verify(&self, grounds: &Grounds) -> Result<Report> {
        grounds.audit_policies(self.context()).await
    }

    async fn prepare(&self, grounds: &Grounds) -> Result<()> {
        grounds.create_all_tables().await?;
        let sql = "SELECT current_user::text";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = grounds.connection().query_one_raw(statement).await?;
        let role: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        let role = RoleName::new(role).map_err(|error| {
            Error::config(format!(
                "the role that serves tenants cannot be given rights: {error}; use one whose name \
                 is plain"
            ))
        })?;
        let security = RowSecurity::new(grounds.catalog(), role).context(self.context());
        for statement in security.up().statements() {
            grounds.operator().execute_unprepared(statement).await?;
        }
        for key in self.signing.iter().flat_map(Signing::keys) {
            let values = [key.id().into(), key.inner_block().into(), key.outer_block().into()];
            let install = Statement::from_sql_and_values(DbBackend::Postgres, INSTALL_KEY, values);
            grounds.operator().execute_raw(install).await?;
        }
        Ok(())
    }

    fn tells_database(&self) -> bool {
        true
    }

    fn checks_status(&self) -> bool {
        self.checks_status
    }

    fn lanes(&self) -> Option<Lanes> {
        self.lanes
    }

    fn check(&self) -> Result<()> {
        let Some(signing) = &self.signing else { return Ok(()) };
        if self.lanes.is_some() {
            return Err(Error::config(
                "`Rls::lanes` and `Rls::signed` cannot be had together: a lane's connection says who \
                 it is for when it starts, and a token expires; leave one of them out",
            ));
        }
        signing.check()
    }
}
