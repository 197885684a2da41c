//! The server, the database and the schemas.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::catalog::Entity;

use crate::{Result, audit::Finding};

/// Where the audit is.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    /// As in `server_version_num`.
    pub(super) version: i32,
    row_security: bool,
    /// The database, quoted.
    database: String,
    /// Who could hold a right, as after `REVOKE … FROM`.
    pub(super) grantees: String,
    temporary: bool,
    /// Schemas of the tables and of the search path in which the application may make things.
    creatable: Vec<String>,
}

const PLACE: &str = "
SELECT pg_catalog.current_setting('server_version_num')::integer AS version,
    pg_catalog.current_setting('row_security')::boolean AS row_security,
    pg_catalog.quote_ident(pg_catalog.current_database()) AS database,
    pg_catalog.concat_ws(', ', 'PUBLIC', (SELECT pg_catalog.string_agg(
        oid::pg_catalog.regrole::pg_catalog.text, ', ') FROM can
        WHERE oid::pg_catalog.regrole::pg_catalog.text NOT LIKE 'pg\\_%')) AS grantees,
    EXISTS (SELECT FROM can WHERE pg_catalog.has_database_privilege(
        can.oid, pg_catalog.current_database(), 'TEMPORARY')) AS temporary,
    ARRAY(SELECT n.oid::pg_catalog.regnamespace::pg_catalog.text FROM pg_catalog.pg_namespace AS n
        WHERE (n.nspname = ANY (pg_catalog.current_schemas(false)) OR n.oid IN (
                SELECT c.relnamespace FROM pg_catalog.pg_class AS c JOIN entity ON entity.relid = c.oid))
            AND n.nspname NOT LIKE 'pg\\_%'
            AND EXISTS (SELECT FROM can WHERE pg_catalog.has_schema_privilege(can.oid, n.oid, 'CREATE')))
        AS creatable
";

/// Looks, and says where it is.
pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    findings: &mut Vec<Finding>,
) -> Result<Place> {
    let found = super::rows::<Place>(conn, entities, PLACE).await?;
    let Some(place) = found.into_iter().next() else {
        return Err(sea_orm::DbErr::RecordNotFound("the server's version".to_owned()).into());
    };
    if !place.row_security {
        findings.push(
            Finding::fatal(
                "row_security_off",
                "row_security",
                "the setting is off: every statement that a policy would filter is an error",
            )
            .shown_by("SHOW row_security")
            .mended_by(format!(
                "ALTER ROLE CURRENT_USER RESET row_security;\n\
                 ALTER ROLE CURRENT_USER IN DATABASE {0} RESET row_security;\n\
                 ALTER DATABASE {0} RESET row_security",
                place.database
            )),
        );
    }
    if place.temporary {
        findings.push(
            Finding::warning(
                "temporary_tables",
                &place.database,
                "the application may make temporary tables, and one named like a table of yours hides it",
            )
            .shown_by(
                "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')",
            )
            .mended_by(format!(
                "REVOKE TEMPORARY ON DATABASE {} FROM {}",
                place.database, place.grantees
            )),
        );
    }
    for schema in &place.creatable {
        findings.push(
            Finding::warning(
                "create_in_schema",
                schema,
                "the application may make tables and functions in the schema, which others might \
                 take for yours",
            )
            .shown_by(format!(
                "SELECT nspname, nspowner::pg_catalog.regrole, nspacl FROM pg_catalog.pg_namespace\n\
                 WHERE oid = {}::pg_catalog.regnamespace",
                tenancy_core::policy::literal(schema)
            ))
            .mended_by(format!("REVOKE CREATE ON SCHEMA {schema} FROM {}", place.grantees)),
        );
    }
    Ok(place)
}
