//! What PostgreSQL's catalogs say.
//!
//! Names are written in full, so that nothing on the search path is taken for a catalog. What the
//! application may do is asked for its role and for every role it can become.

mod function;
mod place;
mod policy;
mod right;
mod role;
mod version;
mod view;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::de::DeserializeOwned;
use serde_json::json;
use tenancy_core::{catalog::Entity, policy::Context};

use super::{Audit, Finding, facts::Table};
use crate::{Error, Result};

/// What every query begins with.
///
/// `entity` is what the catalog names, `tenant_table` all tables with tenants' rows, partitions and
/// heirs included, `reach` the roles the connection is or can become, `can` those of them whose
/// rights are worth asking for: a superuser has them all.
const COMMON: &str = r#"WITH RECURSIVE entity AS (
    SELECT e.position, e."column", e.writable, c.oid AS relid, c.relkind
    FROM pg_catalog.jsonb_to_recordset(CAST($1 AS pg_catalog.text)::pg_catalog.jsonb)
        AS e (position integer, "schema" pg_catalog.text, "table" pg_catalog.text,
              "column" pg_catalog.text, writable boolean)
    JOIN pg_catalog.pg_class AS c ON c.relname = e."table" AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE CASE WHEN e."schema" IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
        ELSE n.nspname = e."schema" END
),
tenant_table AS (
    SELECT relid, position, "column", false AS part FROM entity WHERE "column" IS NOT NULL
    UNION
    SELECT i.inhrelid, t.position, t."column", true
    FROM pg_catalog.pg_inherits AS i JOIN tenant_table AS t ON i.inhparent = t.relid
),
reach AS (
    SELECT r.oid, r.rolsuper FROM pg_catalog.pg_roles AS r
    WHERE r.rolname IN (current_user, session_user) OR NOT EXISTS (
        SELECT FROM pg_catalog.pg_roles WHERE rolname IN (current_user, session_user) AND rolsuper
    ) AND (pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
        OR pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
),
can AS (SELECT oid FROM reach WHERE NOT rolsuper)
"#;

const TABLES: &str = r#"
SELECT t.position, t.relid::pg_catalog.regclass::pg_catalog.text AS name,
    CASE WHEN t.part THEN 'part'
        WHEN c.relkind IN ('r', 'p') THEN 'table'
        WHEN c.relkind <> 'v' THEN 'other'
        WHEN (SELECT o.option_value::boolean FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
            WHERE o.option_name = 'security_invoker') THEN 'invoker_view'
        ELSE 'view' END AS relation,
    (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname,
            'kind', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
            'exact', COALESCE(l.collisdeterministic, true)))
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
        WHERE a.attrelid = t.relid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', ic.relname,
            'sort', CASE WHEN i.indisprimary THEN 'primary' WHEN i.indisexclusion THEN 'exclusion'
                WHEN k.oid IS NULL THEN 'index' ELSE 'unique' END,
            'plain', i.indexprs IS NULL AND i.indpred IS NULL,
            'columns', ARRAY(SELECT a.attname
                FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS x (attnum, nr)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = x.attnum
                WHERE x.nr <= i.indnkeyatts ORDER BY x.nr)))
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
        LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
        WHERE i.indrelid = t.relid AND (i.indisunique OR i.indisexclusion)
            AND NOT ic.relispartition), '[]') AS keys,
    COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', f.conname,
            'target', f.confrelid::pg_catalog.regclass::pg_catalog.text,
            'tenant', (SELECT o."column" FROM tenant_table AS o WHERE o.relid = f.confrelid LIMIT 1),
            'from', ARRAY(SELECT a.attname
                FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY AS x (attnum, nr)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = x.attnum
                ORDER BY x.nr),
            'to', ARRAY(SELECT a.attname
                FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY AS x (attnum, nr)
                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = x.attnum
                ORDER BY x.nr),
            'actions', COALESCE(pg_catalog.substring(pg_catalog.pg_get_constraintdef(f.oid),
                ' (?:MATCH|ON|DEFERRABLE|INITIALLY|NOT VALID).*$'), '')))
        FROM pg_catalog.pg_constraint AS f
        WHERE f.conrelid = t.relid AND f.contype = 'f' AND f.conparentid = 0), '[]') AS "foreign"
FROM (
    SELECT relid, position, part FROM tenant_table
    UNION
    SELECT relid, position, false FROM entity
) AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
"#;

/// Runs a query, which may speak of what [`COMMON`] defines.
async fn rows<T: DeserializeOwned>(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    query: &str,
) -> Result<Vec<T>> {
    let entities: Vec<_> = entities
        .iter()
        .enumerate()
        .map(|(position, entity)| {
            json!({
                "position": position,
                "schema": entity.schema,
                "table": entity.table,
                "column": entity.tenant_column().map(|(column, _)| column),
                "writable": entity.writable(),
            })
        })
        .collect();
    let sql =
        format!("{COMMON}SELECT pg_catalog.row_to_json(q)::pg_catalog.text FROM ({query}) AS q");
    let values = [serde_json::Value::from(entities).to_string().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let mut found = Vec::new();
    for row in conn.query_all_raw(statement).await? {
        let json: String = row.try_get_by_index(0)?;
        // What a query gives is this module's own business.
        found.push(serde_json::from_str(&json).map_err(|error| {
            Error::from(sea_orm::DbErr::Json(format!("an answer of the audit: {error}")))
        })?);
    }
    Ok(found)
}

/// The tables of the entities, and their partitions.
pub(super) async fn tables(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
) -> Result<Vec<Table>> {
    rows(conn, entities, TABLES).await
}

/// Everything by which rows could get past the policies.
pub(super) async fn security(
    conn: &impl ConnectionTrait,
    audit: &Audit<'_>,
    context: Context,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let entities = &audit.entities;
    let place = place::check(conn, entities, findings).await?;
    version::check(place.version, findings);
    role::check(conn, entities, place.version, findings).await?;
    policy::check(conn, entities, context, findings).await?;
    right::check(conn, entities, &place, findings).await?;
    view::check(conn, entities, &place, findings).await?;
    function::check(conn, entities, &audit.functions, &place, findings).await?;
    right::unclassified(conn, entities, &audit.tables, &place, findings).await
}
