//! Functions that run with somebody else's rights.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::{catalog::Entity, policy::literal};

use super::place::Place;
use crate::{Result, audit::Finding};

#[derive(Debug, Deserialize)]
struct Function {
    /// With its argument types.
    name: String,
    /// With its schema, without its argument types.
    plain: String,
    owner: String,
    definer: bool,
    /// Whether it is marked to tell nothing about its arguments.
    leakproof: bool,
    /// Whether a trigger calls it and no statement can.
    fired: bool,
    pinned: bool,
    /// Whether the application may make things in a schema on the pinned path.
    hijackable: bool,
}

const FUNCTIONS: &str = r#"
SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text AS name, n.nspname || '.' || p.proname AS plain,
    p.proowner::pg_catalog.regrole::pg_catalog.text AS owner, p.prosecdef AS definer,
    p.proleakproof AS leakproof,
    p.prorettype IN ('pg_catalog.trigger'::pg_catalog.regtype,
        'pg_catalog.event_trigger'::pg_catalog.regtype) AS fired,
    path.value IS NOT NULL AS pinned,
    EXISTS (SELECT FROM pg_catalog.pg_namespace AS s
        JOIN can ON pg_catalog.has_schema_privilege(can.oid, s.oid, 'CREATE')
        WHERE s.nspname = ANY (path.schemas))
        OR COALESCE('$user' = ANY (path.schemas), false) AS hijackable
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN LATERAL (
    SELECT c AS value, pg_catalog.string_to_array(pg_catalog.translate(
        pg_catalog.substring(c, 13), ' "', ''), ',') AS schemas
    FROM pg_catalog.unnest(p.proconfig) AS c WHERE c LIKE 'search\_path=%'
) AS path ON true
WHERE (p.prosecdef OR p.proleakproof)
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
    AND p.proowner NOT IN (SELECT oid FROM reach)
    AND (p.prosecdef OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.deptype = 'e'
        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid))
    AND EXISTS (SELECT FROM can WHERE pg_catalog.has_function_privilege(can.oid, p.oid, 'EXECUTE'))
"#;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    allowed: &[String],
    place: &Place,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for function in super::rows::<Function>(conn, entities, FUNCTIONS).await? {
        let Function { name, plain, owner, .. } = &function;
        let evidence = format!(
            "SELECT proowner::pg_catalog.regrole, prosecdef, proleakproof, proconfig, proacl\n\
             FROM pg_catalog.pg_proc WHERE oid = {}::pg_catalog.regprocedure",
            literal(name)
        );
        let mut add = |finding: Finding, remedy: String| {
            findings.push(finding.shown_by(evidence.clone()).mended_by(remedy));
        };
        if function.leakproof {
            let what = "the function is marked LEAKPROOF, so that it is called with rows a policy \
                        has not yet let through";
            add(
                Finding::warning("function_leakproof", name, what),
                format!("ALTER FUNCTION {name} NOT LEAKPROOF"),
            );
        }
        if !function.definer {
            continue;
        }
        if !function.fired && !allowed.iter().any(|known| known == plain || known == name) {
            let what = format!(
                "the application may call the function, which runs as {owner} and is not on the \
                 list of those you have reviewed"
            );
            add(
                Finding::fatal("function_definer", name, what),
                format!("REVOKE EXECUTE ON FUNCTION {name} FROM {}", place.grantees),
            );
        }
        if !function.pinned || function.hijackable {
            let what = format!(
                "the function runs as {owner} and takes names from the search path of its caller, \
                 or from a schema the application may write"
            );
            add(
                Finding::fatal("function_search_path", name, what),
                format!("ALTER FUNCTION {name} SET search_path = pg_catalog, pg_temp"),
            );
        }
    }
    Ok(())
}
