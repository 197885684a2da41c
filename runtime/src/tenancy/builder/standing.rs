//! What the database is asked about tenants when transactions begin.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::Builder;
use crate::{Error, Result, isolation::StandingFunction, pool::Connection};

/// It is no tenant's id.
const PROBE: &str = "tenancy:probe";

/// Where the function is, as it is called, named by the audit and granted, and whether a role may call it.
const FIND: &str = "\
    SELECT pg_catalog.format('%I.%I', n.nspname, p.proname) AS call, n.nspname || '.' || p.proname AS name, \
        pg_catalog.has_function_privilege($1, p.oid, 'EXECUTE') AS allowed, \
        pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::pg_catalog.regprocedure, $1) AS remedy \
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace \
    WHERE p.proname = 'tenancy_standing' AND pg_catalog.pg_function_is_visible(p.oid)";

impl Builder {
    /// Whether tenants' rows and what is known of tenants are in one database, if that is asked for.
    pub(super) fn standing_can_be_asked(&self) -> Result<()> {
        if !self.isolation.checks_status() {
            return Ok(());
        }
        #[cfg(feature = "postgres")]
        if self.isolation.lanes().is_some() {
            return Err(Error::config(
                "`Rls::lanes` and `Rls::check_status` cannot be had together: on a lane there is no \
                 transaction in which to ask; leave one of them out",
            ));
        }
        if self.store.is_some() || self.control_plane.is_some() {
            return Err(Error::config(
                "`Rls::check_status` asks the database of tenants' rows about tenants, and they are \
                 kept elsewhere; leave it out, or `Builder::store` and `Builder::control_plane`",
            ));
        }
        Ok(())
    }
}

/// The function, which the role that serves tenants may call when this returns.
pub(super) async fn function(conn: &Connection, operator: &Connection) -> Result<StandingFunction> {
    let statement = |sql: &str| Statement::from_string(DbBackend::Postgres, sql);
    let who = conn.query_one_raw(statement("SELECT current_user::text")).await?;
    let role: String = who.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    let find = Statement::from_sql_and_values(DbBackend::Postgres, FIND, [role.into()]);
    let Some(row) = operator.query_one_raw(find.clone()).await? else {
        return Err(missing(
            "there is no function `tenancy_standing`",
            "migrate the control plane",
        ));
    };
    let remedy: String = row.try_get("", "remedy")?;
    if !row.try_get("", "allowed")?
        && let Err(error) = operator.execute_unprepared(&remedy).await
    {
        // Another process may have been quicker, with the same.
        let now = operator.query_one_raw(find).await?;
        if !now.map_or(Ok(false), |row| row.try_get("", "allowed"))? {
            return Err(missing(&error.to_string(), &remedy));
        }
    }
    let function =
        StandingFunction { call: row.try_get("", "call")?, name: row.try_get("", "name")? };
    let ask = format!("SELECT {}('{PROBE}')", function.call);
    conn.query_one_raw(statement(&ask))
        .await
        .map_err(|error| missing(&error.to_string(), &remedy))?;
    Ok(function)
}

fn missing(why: &str, remedy: &str) -> Error {
    Error::config(format!(
        "`Rls::check_status` cannot ask where tenants stand: {why}; have the owner of the control \
         plane's tables run: {remedy}"
    ))
}
