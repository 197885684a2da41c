//! Who the application is, and whom it can become.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::{catalog::Entity, policy::literal};

use crate::{Result, audit::Finding};

/// A role the connection is or can become.
#[derive(Debug, Deserialize)]
struct Role {
    name: String,
    /// Whether the connection is this role now.
    current: bool,
    /// Whether it logged in as this role.
    session: bool,
    superuser: bool,
    bypass: bool,
    create_role: bool,
    replication: bool,
    files: bool,
    tables: Vec<String>,
    schemas: Vec<String>,
    /// What takes the way to it away.
    leave: Vec<String>,
}

const ROLES: &str = "
SELECT r.oid::pg_catalog.regrole::pg_catalog.text AS name, r.rolname = current_user AS current,
    r.rolname = session_user AS session, r.rolsuper AS superuser, r.rolbypassrls AS bypass,
    r.rolcreaterole AS create_role, r.rolreplication AS replication,
    r.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') AS files,
    ARRAY(SELECT DISTINCT c.oid::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_class AS c
        WHERE c.relowner = r.oid AND c.oid IN (SELECT relid FROM tenant_table)) AS tables,
    ARRAY(SELECT DISTINCT n.oid::pg_catalog.regnamespace::pg_catalog.text
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspowner = r.oid AND c.oid IN (SELECT relid FROM tenant_table)) AS schemas,
    ARRAY(SELECT pg_catalog.format('REVOKE %s FROM %s', m.roleid::pg_catalog.regrole,
            m.member::pg_catalog.regrole)
        FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS own ON own.oid = m.member
        WHERE own.rolname IN (current_user, session_user)
            AND pg_catalog.pg_has_role(m.roleid, r.oid, 'MEMBER')) AS leave
FROM reach JOIN pg_catalog.pg_roles AS r ON r.oid = reach.oid
";

/// From here on, `CREATEROLE` rules over the roles it made, not over all.
const CREATEROLE_CONFINED: i32 = 160_000;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    version: i32,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for role in super::rows::<Role>(conn, entities, ROLES).await? {
        let evidence = format!(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication,\n    \
             pg_catalog.pg_has_role(current_user, oid, 'MEMBER')\n\
             FROM pg_catalog.pg_roles WHERE oid = {}::pg_catalog.regrole",
            literal(&role.name)
        );
        let attributes = [
            (role.superuser, "superuser", "SUPERUSER", "whom no policy binds"),
            (role.bypass, "bypass_rls", "BYPASSRLS", "whom no policy binds"),
            (role.replication, "replication", "REPLICATION", "who can copy every tenant's rows"),
        ];
        let mut problems: Vec<Finding> = attributes
            .into_iter()
            .filter(|(present, ..)| *present)
            .map(|(_, code, word, why)| {
                let what = format!("the application {} with {word}, {why}", role.is());
                Finding::fatal(code, &role.name, what).mended_by(role.without(word))
            })
            .collect();
        if role.create_role {
            let make =
                if version < CREATEROLE_CONFINED { Finding::fatal } else { Finding::warning };
            let what = format!(
                "the application {} with CREATEROLE, who can make itself a member of others",
                role.is()
            );
            problems
                .push(make("create_role", &role.name, what).mended_by(role.without("CREATEROLE")));
        }
        if role.files {
            let what = "the application can become a role that reads or runs files of the server";
            problems.push(
                Finding::fatal("server_files", &role.name, what).mended_by(role.leave.join(";\n")),
            );
        }
        if !role.tables.is_empty() {
            let what = format!(
                "the application {} that owns {}, and an owner can drop policies",
                role.is(),
                role.tables.join(", ")
            );
            let give = role
                .tables
                .iter()
                .map(|table| format!("ALTER TABLE {table} OWNER TO CURRENT_USER"));
            problems.push(
                Finding::fatal("owner", &role.name, what)
                    .mended_by(role.give_up(&give.collect::<Vec<_>>())),
            );
        }
        if !role.schemas.is_empty() {
            let what = format!(
                "the application {} that owns the schema {}, and an owner can drop what is in it",
                role.is(),
                role.schemas.join(", ")
            );
            let give = role
                .schemas
                .iter()
                .map(|schema| format!("ALTER SCHEMA {schema} OWNER TO CURRENT_USER"));
            problems.push(
                Finding::fatal("schema_owner", &role.name, what)
                    .mended_by(role.give_up(&give.collect::<Vec<_>>())),
            );
        }
        findings.extend(problems.into_iter().map(|finding| finding.shown_by(evidence.clone())));
    }
    Ok(())
}

impl Role {
    fn is(&self) -> &'static str {
        match (self.current, self.session) {
            (true, _) => "runs as a role",
            (false, true) => "logged in as a role, to which it can return,",
            (false, false) => "can become a role",
        }
    }

    fn without(&self, attribute: &str) -> String {
        match self.leave.as_slice() {
            [] if self.current => format!("ALTER ROLE {} NO{attribute}", self.name),
            [] => {
                "-- log in as the role the application runs as, and not through SET ROLE".to_owned()
            }
            leave => leave.join(";\n"),
        }
    }

    /// `give` hands over to whoever runs it.
    fn give_up(&self, give: &[String]) -> String {
        if self.leave.is_empty() { give.join(";\n") } else { self.leave.join(";\n") }
    }
}
