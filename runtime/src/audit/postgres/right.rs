//! What the application may do with tables and sequences.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::{catalog::Entity, policy::literal};

use super::place::Place;
use crate::{Result, audit::Finding};

#[derive(Debug, Deserialize)]
struct Rights {
    name: String,
    /// Whether tenants may write the table at all.
    writable: bool,
    /// Whether it is a part of another table.
    part: bool,
    held: Vec<String>,
}

/// Owners hold every right, and are found as owners.
const RIGHTS: &str = r#"
SELECT t.relid::pg_catalog.regclass::pg_catalog.text AS name, t.writable, t.part,
    ARRAY(SELECT p.word FROM pg_catalog.unnest(
            ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (word)
        WHERE EXISTS (SELECT FROM can WHERE can.oid <> c.relowner AND (
            pg_catalog.has_table_privilege(can.oid, t.relid, p.word)
            OR p.word IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                AND pg_catalog.has_any_column_privilege(can.oid, t.relid, p.word)))) AS held
FROM (
    SELECT relid, writable, false AS part FROM entity
    UNION
    SELECT relid, true, true FROM tenant_table WHERE part
) AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
WHERE c.relowner NOT IN (SELECT oid FROM reach)
"#;

#[derive(Debug, Deserialize)]
struct Sequence {
    name: String,
    table: String,
}

const SEQUENCES: &str = "
SELECT DISTINCT s.oid::pg_catalog.regclass::pg_catalog.text AS name,
    t.relid::pg_catalog.regclass::pg_catalog.text AS table
FROM tenant_table AS t
JOIN pg_catalog.pg_depend AS d ON d.refobjid = t.relid AND d.deptype IN ('a', 'i')
    AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
WHERE s.relowner NOT IN (SELECT oid FROM reach) AND EXISTS (
    SELECT FROM can WHERE pg_catalog.has_sequence_privilege(can.oid, s.oid, 'SELECT, UPDATE'))
";

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    place: &Place,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for rights in super::rows::<Rights>(conn, entities, RIGHTS).await? {
        let Rights { name, writable, part, held } = &rights;
        let evidence = format!(
            "SELECT relacl FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass",
            literal(name)
        );
        let among = |words: &[&str]| {
            let some = held.iter().filter(|word| words.contains(&word.as_str()));
            some.map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        let mut add = |finding: Finding, rights: &str| {
            findings.push(
                finding
                    .shown_by(evidence.clone())
                    .mended_by(format!("REVOKE {rights} ON TABLE {name} FROM {}", place.grantees)),
            );
        };
        let past = among(&["TRUNCATE", "REFERENCES", "TRIGGER"]);
        if !past.is_empty() {
            let what = format!("the application has {past}, for which no policy is asked");
            add(Finding::fatal("right_past_policies", name, what), &past);
        }
        let written = among(&["INSERT", "UPDATE", "DELETE"]);
        if !writable && !written.is_empty() {
            let what =
                format!("the application has {written}, and all tenants see what is changed there");
            add(Finding::warning("right_on_shared", name, what), &written);
        }
        let direct = among(&["SELECT", "INSERT", "UPDATE", "DELETE"]);
        if *part && !direct.is_empty() {
            let what = format!(
                "the application has {direct} on a partition, which it needs on the parent alone"
            );
            add(Finding::warning("right_on_partition", name, what), &direct);
        }
    }
    for Sequence { name, table } in super::rows::<Sequence>(conn, entities, SEQUENCES).await? {
        let what = format!(
            "the application may read or set the sequence of {table}, which counts all tenants' rows"
        );
        findings.push(
            Finding::warning("right_on_sequence", &name, what)
                .shown_by(format!(
                    "SELECT relacl FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass",
                    literal(&name)
                ))
                .mended_by(format!(
                    "REVOKE SELECT, UPDATE ON SEQUENCE {name} FROM {}",
                    place.grantees
                )),
        );
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
struct Unclassified {
    name: String,
    plain: String,
}

/// Views of tenants' tables are looked at by themselves.
const UNCLASSIFIED: &str = "
SELECT c.oid::pg_catalog.regclass::pg_catalog.text AS name, c.relname AS plain
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND c.oid NOT IN (SELECT relid FROM entity) AND c.oid NOT IN (SELECT relid FROM tenant_table)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.deptype = 'e'
        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        WHERE w.ev_class = c.oid AND d.refobjid IN (SELECT relid FROM tenant_table))
    AND EXISTS (SELECT FROM can WHERE pg_catalog.has_schema_privilege(can.oid, n.oid, 'USAGE') AND (
        pg_catalog.has_table_privilege(can.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
        OR pg_catalog.has_any_column_privilege(can.oid, c.oid, 'SELECT, INSERT, UPDATE')))
";

/// Tables the application may read or write and no entity describes.
pub(super) async fn unclassified(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    allowed: &[String],
    place: &Place,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for Unclassified { name, plain } in super::rows(conn, entities, UNCLASSIFIED).await? {
        if allowed.iter().any(|known| *known == name || *known == plain) {
            continue;
        }
        let what = "the application may use the table, and no entity says to whom its rows belong";
        findings.push(
            Finding::warning("unclassified", &name, what)
                .shown_by(format!(
                    "SELECT relkind, relacl FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass",
                    literal(&name)
                ))
                .mended_by(format!("REVOKE ALL ON TABLE {name} FROM {}", place.grantees)),
        );
    }
    Ok(())
}
