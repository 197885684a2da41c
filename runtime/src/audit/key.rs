//! Unique and foreign keys: does each contain the tenant?
//!
//! A key without it answers questions about other tenants' rows: whether a name is taken, whether
//! a row exists. A foreign key without it lets a row of one tenant point at another's, and a
//! cascade reach it.

use sea_orm::DbBackend;
use tenancy_core::{catalog::Entity, policy::literal};

use super::{
    Finding,
    column::{REMAKE, quoted, same},
    facts::{Foreign, Key, Relation, Sort, Table},
};

pub(super) fn check(
    entity: &Entity,
    table: &Table,
    backend: DbBackend,
    findings: &mut Vec<Finding>,
) {
    let Some((tenant, _)) = entity.tenant_column() else {
        for foreign in table.foreign.iter().filter(|foreign| foreign.tenant.is_some()) {
            let what = format!(
                "all tenants share the table, and its foreign key `{}` points at rows of `{}`, \
                 which belong to one",
                foreign.name, foreign.target
            );
            findings.push(
                Finding::fatal("foreign_key_of_shared", &table.name, what)
                    .shown_by(foreign_evidence(table, backend))
                    .mended_by(drop_foreign(table, foreign, backend)),
            );
        }
        return;
    };
    for key in &table.keys {
        let contains = key.columns.iter().any(|column| same(column, tenant, backend));
        if contains || declared(entity, key, backend) {
            continue;
        }
        let what = format!(
            "the {} `{}` {:?} does not contain `{tenant}`: it tells a tenant which values others use",
            word(key.sort),
            key.name,
            key.columns
        );
        findings.push(
            Finding::fatal("unique_key", &table.name, what)
                .shown_by(key_evidence(table, backend))
                .mended_by(widen_key(table, key, tenant, backend)),
        );
    }
    for foreign in &table.foreign {
        let Some(theirs) = &foreign.tenant else { continue };
        let joined = foreign
            .from
            .iter()
            .zip(&foreign.to)
            .any(|(from, to)| same(from, tenant, backend) && same(to, theirs, backend));
        if joined {
            continue;
        }
        let what = format!(
            "the foreign key `{}` to `{}` does not join the tenant columns: a row can point at \
             another tenant's{}",
            foreign.name,
            foreign.target,
            if foreign.actions.contains("CASCADE") { ", and its cascade reaches it" } else { "" }
        );
        findings.push(
            Finding::fatal("foreign_key", &table.name, what)
                .shown_by(foreign_evidence(table, backend))
                .mended_by(widen_foreign(table, foreign, tenant, theirs, backend)),
        );
    }
}

/// Whether the entity itself says that the key is one of the whole table, as a UUID or a number
/// drawn by the database is. Its values say nothing that could be asked for.
fn declared(entity: &Entity, key: &Key, backend: DbBackend) -> bool {
    let Some(primary) = entity.keys.first() else { return false };
    key.plain
        && key.columns.len() == primary.len()
        && key.columns.iter().all(|one| primary.iter().any(|other| same(one, other, backend)))
}

fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Primary => "primary key",
        Sort::Unique => "unique key",
        Sort::Index => "unique index",
        Sort::Exclusion => "exclusion constraint",
    }
}

fn list(tenant: &str, columns: &[String], backend: DbBackend) -> String {
    let mut names = vec![quoted(tenant, backend)];
    names.extend(
        columns
            .iter()
            .filter(|name| !same(name, tenant, backend))
            .map(|name| quoted(name, backend)),
    );
    names.join(", ")
}

fn widen_key(table: &Table, key: &Key, tenant: &str, backend: DbBackend) -> String {
    let (name, columns) = (quoted(&key.name, backend), list(tenant, &key.columns, backend));
    let on = &table.name;
    if !key.plain || key.sort == Sort::Exclusion {
        return format!(
            "-- make `{}` again so that it begins with {}",
            key.name,
            quoted(tenant, backend)
        );
    }
    match (backend, key.sort) {
        (DbBackend::Postgres, Sort::Index) => format!(
            "DROP INDEX {};\nCREATE UNIQUE INDEX {name} ON {on} ({columns})",
            beside(table, &name)
        ),
        (DbBackend::Postgres, sort) => {
            let sort = if sort == Sort::Primary { "PRIMARY KEY" } else { "UNIQUE" };
            format!(
                "ALTER TABLE {on} DROP CONSTRAINT {name};\n\
                 ALTER TABLE {on} ADD CONSTRAINT {name} {sort} ({columns})"
            )
        }
        (DbBackend::MySql, Sort::Primary) => {
            format!("ALTER TABLE {on} DROP PRIMARY KEY, ADD PRIMARY KEY ({columns})")
        }
        (DbBackend::MySql, _) => {
            format!("ALTER TABLE {on} DROP INDEX {name}, ADD UNIQUE INDEX {name} ({columns})")
        }
        (_, Sort::Index) => {
            format!("DROP INDEX {name};\nCREATE UNIQUE INDEX {name} ON {on} ({columns})")
        }
        _ => REMAKE.to_owned(),
    }
}

/// An index's name with the schema of its table.
fn beside(table: &Table, name: &str) -> String {
    match table.name.rsplit_once('.') {
        Some((schema, _)) => format!("{schema}.{name}"),
        None => name.to_owned(),
    }
}

fn drop_foreign(table: &Table, foreign: &Foreign, backend: DbBackend) -> String {
    let name = quoted(&foreign.name, backend);
    match backend {
        DbBackend::Postgres => format!("ALTER TABLE {} DROP CONSTRAINT {name}", table.name),
        DbBackend::MySql => format!("ALTER TABLE {} DROP FOREIGN KEY {name}", table.name),
        _ => REMAKE.to_owned(),
    }
}

fn widen_foreign(
    table: &Table,
    foreign: &Foreign,
    tenant: &str,
    theirs: &str,
    backend: DbBackend,
) -> String {
    // A part of a partitioned table has its parent's keys.
    if backend == DbBackend::Sqlite || table.relation == Relation::Part {
        return REMAKE.to_owned();
    }
    format!(
        "{};\nALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}",
        drop_foreign(table, foreign, backend),
        table.name,
        quoted(&foreign.name, backend),
        list(tenant, &foreign.from, backend),
        foreign.target,
        list(theirs, &foreign.to, backend),
        foreign.actions
    )
}

fn key_evidence(table: &Table, backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!(
            "SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index\n\
             WHERE indrelid = {}::pg_catalog.regclass AND (indisunique OR indisexclusion)",
            literal(&table.name)
        ),
        DbBackend::MySql => format!("SHOW INDEX FROM {} WHERE Non_unique = 0", table.name),
        _ => format!(
            "SELECT * FROM pragma_index_list({}) WHERE \"unique\"",
            literal(table.name.trim_matches('"'))
        ),
    }
}

fn foreign_evidence(table: &Table, backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!(
            "SELECT conname, pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint\n\
             WHERE conrelid = {}::pg_catalog.regclass AND contype = 'f'",
            literal(&table.name)
        ),
        DbBackend::MySql => format!("SHOW CREATE TABLE {}", table.name),
        _ => format!(
            "SELECT * FROM pragma_foreign_key_list({})",
            literal(table.name.trim_matches('"'))
        ),
    }
}
