//! Tables and columns: are they there, and is the tenant column what it should be?

use sea_orm::DbBackend;
use tenancy_core::{
    catalog::{Entity, KeyKind},
    policy::{self, Context, ident, literal},
};

use crate::entity::rules;

use super::{
    Finding,
    facts::{Column, Relation, Table},
};

/// What is wrong with an entity that has no table.
pub(super) fn no_table(entity: &Entity, backend: DbBackend) -> Finding {
    let what = format!("the entity in `{}` has no table that this role sees", entity.module);
    let name = literal(&entity.table);
    let evidence = match backend {
        DbBackend::Sqlite => format!("SELECT name FROM sqlite_schema WHERE name = {name}"),
        _ => format!(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_name = {name}"
        ),
    };
    Finding::fatal("table_missing", &entity.table, what)
        .shown_by(evidence)
        .mended_by("-- `tenancy::schema::create_all` has the statement that makes it")
}

pub(super) fn check(
    entity: &Entity,
    table: &Table,
    backend: DbBackend,
    security: Option<Context>,
    findings: &mut Vec<Finding>,
) {
    for name in &entity.columns {
        if table.columns.iter().any(|column| same(&column.name, name, backend)) {
            continue;
        }
        let remedy = match entity.tenant_column() {
            Some((tenant, kind)) if tenant == name && backend != DbBackend::Sqlite => format!(
                "ALTER TABLE {} ADD COLUMN {} {} NOT NULL",
                table.name,
                quoted(name, backend),
                sql_type(kind, backend)
            ),
            _ => "-- `tenancy::schema::create_all` shows its type".to_owned(),
        };
        let what = format!("the column `{name}` of the entity in `{}` is missing", entity.module);
        findings.push(
            Finding::fatal("column_missing", &table.name, what)
                .shown_by(evidence(table, name, backend))
                .mended_by(remedy),
        );
    }
    let Some((tenant, kind)) = entity.tenant_column() else { return };
    relation(table, findings);
    let Some(column) = table.columns.iter().find(|column| same(&column.name, tenant, backend))
    else {
        return;
    };
    if !fits(column, kind, backend) {
        let what = format!(
            "the tenant column `{tenant}` is of the type {}, and the entity's is `{kind}`",
            column.kind
        );
        findings.push(
            Finding::fatal("column_type", &table.name, what)
                .shown_by(evidence(table, tenant, backend))
                .mended_by(change_type(entity, table, tenant, kind, backend, security)),
        );
    } else if !column.exact {
        let what = format!(
            "the tenant column `{tenant}` is compared by a collation in which different tenants \
             may be equal"
        );
        findings.push(
            Finding::fatal("column_collation", &table.name, what)
                .shown_by(evidence(table, tenant, backend))
                .mended_by(change_type(entity, table, tenant, kind, backend, security)),
        );
    }
    if !column.not_null && matches!(table.relation, Relation::Table | Relation::Part) {
        let what = format!(
            "the tenant column `{tenant}` may be NULL: such a row is nobody's, and no foreign key \
             of it is checked"
        );
        let name = quoted(tenant, backend);
        let remedy = match backend {
            DbBackend::Postgres => {
                format!("ALTER TABLE {} ALTER COLUMN {name} SET NOT NULL", table.name)
            }
            DbBackend::MySql => {
                format!(
                    "ALTER TABLE {} MODIFY {name} {} NOT NULL",
                    table.name,
                    sql_type(kind, backend)
                )
            }
            _ => REMAKE.to_owned(),
        };
        findings.push(
            Finding::fatal("column_nullable", &table.name, what)
                .shown_by(evidence(table, tenant, backend))
                .mended_by(remedy),
        );
    }
}

/// SQLite changes no column and no constraint of a table that is there.
pub(super) const REMAKE: &str =
    "-- make a new table with `tenancy::schema::create_all`, copy the rows, and drop this one";

fn relation(table: &Table, findings: &mut Vec<Finding>) {
    let what = match table.relation {
        Relation::Table | Relation::Part | Relation::InvokerView => return,
        Relation::View => {
            "the entity's table is a view that reads with its owner's rights, past the policies of \
             its reader"
        }
        Relation::Other => {
            "the entity's table is a materialized view or on another server, where no policy can be"
        }
    };
    let remedy = match table.relation {
        Relation::View => format!("ALTER VIEW {} SET (security_invoker = true)", table.name),
        _ => "-- map the entity to a table".to_owned(),
    };
    let evidence = format!(
        "SELECT relkind, reloptions FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass",
        literal(&table.name)
    );
    findings.push(
        Finding::fatal("not_a_table", &table.name, what).shown_by(evidence).mended_by(remedy),
    );
}

fn change_type(
    entity: &Entity,
    table: &Table,
    tenant: &str,
    kind: KeyKind,
    backend: DbBackend,
    security: Option<Context>,
) -> String {
    let (name, wanted) = (quoted(tenant, backend), sql_type(kind, backend));
    match backend {
        // A policy holds its column's type.
        DbBackend::Postgres => {
            let mut statements = vec![
                format!("DROP POLICY IF EXISTS {} ON {}", policy::TENANT_POLICY, table.name),
                format!("DROP POLICY IF EXISTS {} ON {}", policy::ACCESS_POLICY, table.name),
                format!("ALTER TABLE {} ALTER COLUMN {name} DROP DEFAULT", table.name),
                format!(
                    "ALTER TABLE {} ALTER COLUMN {name} TYPE {wanted} USING {name}::{wanted}",
                    table.name
                ),
            ];
            if let Some(context) = security {
                statements.extend(
                    policy::table(entity, &rules(entity), context).statements().map(str::to_owned),
                );
            }
            statements.join(";\n")
        }
        DbBackend::MySql => format!("ALTER TABLE {} MODIFY {name} {wanted} NOT NULL", table.name),
        _ => REMAKE.to_owned(),
    }
}

fn fits(column: &Column, kind: KeyKind, backend: DbBackend) -> bool {
    let found = column.kind.to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| found.starts_with(word));
    match (backend, kind) {
        (DbBackend::Postgres, KeyKind::Uuid) => found == "uuid",
        (DbBackend::Postgres, KeyKind::Integer) => found == "bigint",
        (DbBackend::Postgres, KeyKind::Text) => begins(&["text", "character varying"]),
        (DbBackend::MySql, KeyKind::Uuid) => found == "binary(16)" || found == "uuid",
        (DbBackend::MySql, KeyKind::Integer) => begins(&["bigint"]) && !found.contains("unsigned"),
        (DbBackend::MySql, KeyKind::Text) => begins(&["varchar"]),
        // SQLite has affinities: what matters is that a text stays a text and a number a number.
        (_, KeyKind::Uuid) => begins(&["uuid", "blob"]),
        (_, KeyKind::Integer) => found.contains("int"),
        (_, KeyKind::Text) => begins(&["varchar", "text", "char"]),
    }
}

fn sql_type(kind: KeyKind, backend: DbBackend) -> &'static str {
    match (backend, kind) {
        (DbBackend::MySql, KeyKind::Uuid) => "binary(16)",
        (_, KeyKind::Uuid) => "uuid",
        (_, KeyKind::Integer) => "bigint",
        (DbBackend::MySql, KeyKind::Text) => "varchar(64) CHARACTER SET ascii COLLATE ascii_bin",
        (DbBackend::Postgres, KeyKind::Text) => "varchar(64) COLLATE \"C\"",
        (_, KeyKind::Text) => "varchar(64)",
    }
}

fn evidence(table: &Table, column: &str, backend: DbBackend) -> String {
    let (name, column) = (literal(&table.name), literal(column));
    match backend {
        DbBackend::Postgres => format!(
            "SELECT attname, pg_catalog.format_type(atttypid, atttypmod), attnotnull, attcollation\n\
             FROM pg_catalog.pg_attribute WHERE attrelid = {name}::pg_catalog.regclass AND attname = {column}"
        ),
        DbBackend::MySql => format!(
            "SELECT column_name, column_type, is_nullable, collation_name\n\
             FROM information_schema.columns\n\
             WHERE table_schema = DATABASE() AND table_name = {} AND column_name = {column}",
            literal(table.name.trim_matches('`'))
        ),
        _ => format!(
            "SELECT name, type, \"notnull\" FROM pragma_table_info({}) WHERE name = {column}",
            literal(table.name.trim_matches('"'))
        ),
    }
}

/// A name in a statement.
pub(super) fn quoted(name: &str, backend: DbBackend) -> String {
    match backend {
        DbBackend::MySql => format!("`{}`", name.replace('`', "``")),
        _ => ident(name),
    }
}

/// Whether two names mean one column.
pub(super) fn same(one: &str, other: &str, backend: DbBackend) -> bool {
    match backend {
        DbBackend::Postgres => one == other,
        _ => one.eq_ignore_ascii_case(other),
    }
}
