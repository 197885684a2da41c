//! What reads tenants' tables with somebody else's rights: views, materialized views, rules.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::{catalog::Entity, policy::literal};

use super::place::Place;
use crate::{Result, audit::Finding};

#[derive(Debug, Deserialize)]
struct Reader {
    name: String,
    kind: String,
    owner: String,
    /// Whether policies do not bind its owner.
    bypass: bool,
    invoker: bool,
    tables: Vec<String>,
}

const READERS: &str = "
WITH RECURSIVE reader AS (
    SELECT relid AS oid, relid AS base FROM tenant_table
    UNION
    SELECT w.ev_class, r.base
    FROM reader AS r
    JOIN pg_catalog.pg_depend AS d ON d.refobjid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid
)
SELECT v.oid::pg_catalog.regclass::pg_catalog.text AS name, v.relkind AS kind,
    v.relowner::pg_catalog.regrole::pg_catalog.text AS owner,
    o.rolsuper OR o.rolbypassrls AS bypass,
    COALESCE((SELECT x.option_value::boolean FROM pg_catalog.pg_options_to_table(v.reloptions) AS x
        WHERE x.option_name = 'security_invoker'), false) AS invoker,
    pg_catalog.array_agg(DISTINCT r.base::pg_catalog.regclass::pg_catalog.text) AS tables
FROM reader AS r
JOIN pg_catalog.pg_class AS v ON v.oid = r.oid
JOIN pg_catalog.pg_roles AS o ON o.oid = v.relowner
WHERE (v.relkind IN ('v', 'm') OR EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = v.oid))
    AND v.relowner NOT IN (SELECT oid FROM can)
    AND EXISTS (SELECT FROM can WHERE
        pg_catalog.has_table_privilege(can.oid, v.oid, 'SELECT, INSERT, UPDATE, DELETE')
        OR pg_catalog.has_any_column_privilege(can.oid, v.oid, 'SELECT, INSERT, UPDATE'))
GROUP BY v.oid, v.relkind, v.relowner, v.reloptions, o.rolsuper, o.rolbypassrls
";

/// The first version whose views can read with their reader's rights.
const INVOKER_VIEWS: i32 = 150_000;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    place: &Place,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for reader in super::rows::<Reader>(conn, entities, READERS).await? {
        let Reader { name, kind, owner, bypass, invoker, tables } = &reader;
        let tables = tables.join(", ");
        let revoke = format!("REVOKE ALL ON TABLE {name} FROM {}", place.grantees);
        let evidence = format!(
            "SELECT relkind, relowner::pg_catalog.regrole, reloptions, relacl FROM pg_catalog.pg_class\n\
             WHERE oid = {}::pg_catalog.regclass",
            literal(name)
        );
        let finding = match kind.as_str() {
            "m" => {
                let what = format!("the materialized view keeps rows of {tables} of all tenants");
                Finding::fatal("materialized_view", name, what).mended_by(revoke)
            }
            "v" if *invoker => continue,
            "v" => {
                let remedy = if place.version >= INVOKER_VIEWS {
                    format!("ALTER VIEW {name} SET (security_invoker = true)")
                } else {
                    revoke
                };
                if *bypass {
                    let what = format!(
                        "the view reads {tables} as {owner}, whom no policy binds: it shows all \
                         tenants' rows"
                    );
                    Finding::fatal("view_past_policies", name, what).mended_by(remedy)
                } else if place.version >= INVOKER_VIEWS {
                    let what = format!(
                        "the view reads {tables} with the rights of {owner}; policies bind that \
                         role today"
                    );
                    Finding::warning("view_not_invoker", name, what).mended_by(remedy)
                } else {
                    continue;
                }
            }
            _ if *bypass => {
                let what =
                    format!("a rule of the table uses {tables} as {owner}, whom no policy binds");
                Finding::fatal("rule_past_policies", name, what)
                    .mended_by(format!("-- drop the rules of {name}, or give it another owner"))
            }
            _ => continue,
        };
        findings.push(finding.shown_by(evidence));
    }
    Ok(())
}
