//! Statements that write. Each writes the tenant's own rows, and its twin those of others.

use sea_orm::{DbBackend, Value};

use super::{
    attempt::{Attempt, Counts},
    proof::Expected,
    row::{Row, fresh},
    shape::Shape,
    table::{Table, target},
};

/// What is known of both tenants' rows in a table.
pub(super) struct Rows<'a> {
    pub(super) own: &'a [Row],
    pub(super) theirs: &'a [Row],
    /// The tenants' ids, as the column has them.
    pub(super) id: &'a Value,
    pub(super) other: &'a Value,
}

/// Something to try, or why there is nothing.
pub(super) enum Plan {
    Try(Shape),
    Idle(String, String),
    Unshown(String, String),
}

/// How many rows of its own a statement must reach that means all of them.
fn all(table: &Table, rows: &Rows<'_>) -> Expected {
    let count = rows.own.len() as u64;
    // A policy may keep some as they are.
    if table.ruled { Expected::UpTo(count) } else { Expected::Exactly(count) }
}

/// What must happen before the table's own rows can go.
fn cleared(table: &Table) -> Vec<(String, Vec<Value>)> {
    table.clearing.iter().map(|sql| (sql.clone(), Vec::new())).collect()
}

/// Updates and deletes.
pub(super) fn changes(table: &Table, backend: DbBackend, rows: &Rows<'_>) -> Vec<Shape> {
    let (q, t, id) = (&table.sql, &table.tenant, table.place(1));
    let only = format!(" WHERE {t} = {id}");
    let twins = |name: &str, counts: Counts, sql: &dyn Fn(&str) -> String| Shape {
        name: name.to_owned(),
        own: Attempt::new(counts.clone(), sql(""), Vec::new()),
        expected: all(table, rows),
        foreign: Attempt::new(counts, sql(&only), vec![rows.other.clone()]),
    };
    let mut shapes = Vec::new();
    if let Some(plain) = table.plain() {
        let c = table.quoted(plain);
        let update = |which: &str| format!("UPDATE {q} SET {c} = {c}{which}");
        let returning = |which: &str| format!("{} RETURNING {t}", update(which));
        shapes.push(twins("update", Counts::Changed, &update));
        if backend != DbBackend::MySql {
            shapes.push(twins("update returning", Counts::Rows, &returning));
        }
    }
    let moved = |to: &Value| {
        let sql = format!("UPDATE {q} SET {t} = {id}");
        Attempt::new(Counts::Changed, sql, vec![to.clone()])
    };
    shapes.push(Shape {
        name: "move".to_owned(),
        own: moved(rows.id),
        expected: all(table, rows),
        foreign: moved(rows.other),
    });
    let delete = |which: &str| format!("DELETE FROM {q}{which}");
    let returning = |which: &str| format!("{} RETURNING {t}", delete(which));
    let mut deletes = vec![twins("delete", Counts::Changed, &delete)];
    if backend != DbBackend::MySql {
        deletes.push(twins("delete returning", Counts::Rows, &returning));
    }
    for shape in &mut deletes {
        shape.own.before = cleared(table);
        shape.foreign.before = cleared(table);
    }
    shapes.extend(deletes);
    shapes
}

/// A row given back after it was taken away: for its tenant, and for the other one.
pub(super) fn insert(table: &Table, rows: &Rows<'_>) -> Plan {
    let name = "insert".to_owned();
    let theirs = |key: &[String]| -> Vec<Vec<Value>> {
        rows.theirs.iter().filter_map(|row| row.values(key)).collect()
    };
    // Under none of the other's keys, so that nothing but the wall is in the way.
    let free = |row: &Row| {
        table.keys.iter().all(|key| {
            row.values(key).is_none_or(|own| !theirs(key).contains(&own)) || key.is_empty()
        })
    };
    let Some(old) = rows.own.iter().find(|row| free(row)).or(rows.own.first()) else {
        return Plan::Unshown(name, "there is no row to copy".to_owned());
    };
    let mut new = old.clone();
    if !free(&new) {
        new = renewed(table, rows, new);
    }
    if !free(&new) {
        let why =
            "all the tenant's keys are the other's as well; give it a row with one of its own";
        return Plan::Unshown(name, why.to_owned());
    }
    let given = match new.given() {
        Ok(given) => given,
        Err(why) => return Plan::Unshown(name, why),
    };
    let Some(key) = old.values(table.key()) else {
        return Plan::Unshown(name, "the row has no key that is known to the proof".to_owned());
    };
    let mut before = cleared(table);
    if !table.key().is_empty() {
        let gone = format!("DELETE FROM {} WHERE {}", table.sql, table.equal(table.key(), 1));
        before.push((gone, key));
    }
    let insert = |tenant: &Value| {
        let (columns, mut values): (Vec<String>, Vec<Value>) = given.iter().cloned().unzip();
        values.insert(0, tenant.clone());
        let places: Vec<String> = (1..=values.len()).map(|n| table.place(n)).collect();
        let columns = [vec![table.tenant.clone()], vec![table.list(&columns)]].concat();
        let columns: Vec<String> = columns.into_iter().filter(|it| !it.is_empty()).collect();
        let (columns, places) = (columns.join(", "), places.join(", "));
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({places})", table.sql);
        Attempt::new(Counts::Changed, sql, values).after(before.clone())
    };
    Plan::Try(Shape {
        name,
        own: insert(rows.id),
        expected: Expected::Exactly(1),
        foreign: insert(rows.other),
    })
}

/// The row under keys nobody has, as far as they are not references.
fn renewed(table: &Table, rows: &Rows<'_>, mut row: Row) -> Row {
    let refers = |column: &&String| {
        table.references.iter().any(|it| it.pairs.iter().any(|(from, _)| from == *column))
    };
    for key in &table.keys {
        let Some(column) = key.iter().find(|column| !refers(column)) else { continue };
        let all = rows.own.iter().chain(rows.theirs).filter_map(|row| row.get(column).cloned());
        if let Some(value) = fresh(&all.collect::<Vec<_>>()) {
            row = row.with(column, &value);
        }
    }
    row
}

/// A row whose key is taken: by a row of its tenant's, and by one of the other's.
pub(super) fn upsert(table: &Table, backend: DbBackend, rows: &Rows<'_>) -> Plan {
    let name = "upsert".to_owned();
    let plain = table.plain().filter(|column| !table.key().contains(column));
    let (Some(plain), Some(own)) = (plain, rows.own.first()) else {
        return Plan::Idle(name, "the table has no column beside its key".to_owned());
    };
    let known = |key: &Vec<Value>| {
        rows.own.iter().filter_map(|row| row.values(table.key())).any(|own| own == *key)
    };
    let theirs = rows.theirs.iter().filter_map(|row| row.values(table.key()));
    let Some(theirs) = theirs.into_iter().find(|key| !known(key)) else {
        return Plan::Idle(name, "all the other's keys are the tenant's as well".to_owned());
    };
    let mut taken = renewed(table, rows, own.clone());
    for (column, value) in table.key().iter().zip(theirs) {
        taken = taken.with(column, &value);
    }
    let upsert = |row: &Row, counts: Counts| {
        let (columns, values): (Vec<String>, Vec<Value>) = row.given()?.into_iter().unzip();
        let places: Vec<String> = (1..=values.len()).map(|n| table.place(n)).collect();
        let (q, c) = (&table.sql, table.quoted(plain));
        let (columns, places) = (table.list(&columns), places.join(", "));
        let conflict = match backend {
            DbBackend::MySql => format!("ON DUPLICATE KEY UPDATE {c} = VALUES({c})"),
            _ => {
                let key = table.list(&table.conflict);
                format!("ON CONFLICT ({key}) DO UPDATE SET {c} = excluded.{c}")
            }
        };
        let sql = format!("INSERT INTO {q} ({columns}) VALUES ({places}) {conflict}");
        Ok::<_, String>(Attempt::new(counts, sql, values))
    };
    let counts = || Counts::ChangedInstead(table.sql.clone());
    match (upsert(own, counts()), upsert(&taken, counts())) {
        (Ok(own), Ok(foreign)) => {
            Plan::Try(Shape { name, own, expected: Expected::Exactly(1), foreign })
        }
        (Err(why), _) | (_, Err(why)) => Plan::Unshown(name, why),
    }
}

/// References to rows of the tenant's own, and to one that only the other has. `rows_of` finds both
/// tenants' rows of a table.
pub(super) fn references<'a>(
    table: &Table,
    backend: DbBackend,
    rows: &Rows<'_>,
    rows_of: impl Fn(&str) -> Option<(&'a [Row], &'a [Row])>,
) -> Vec<Plan> {
    let mut plans = Vec::new();
    for reference in &table.references {
        let name = format!("reference to {}", reference.target.1);
        let (from, to): (Vec<String>, Vec<String>) = reference.pairs.iter().cloned().unzip();
        let Some((own, theirs)) = rows_of(&target(backend, &reference.target)) else { continue };
        let own: Vec<Vec<Value>> = own.iter().filter_map(|row| row.values(&to)).collect();
        let theirs = theirs.iter().filter_map(|row| row.values(&to));
        let Some(theirs) = theirs.into_iter().find(|key| !own.contains(key)) else {
            let why = "all the other's keys are the tenant's as well";
            plans.push(Plan::Idle(name, why.to_owned()));
            continue;
        };
        let Some(own) = own.into_iter().next() else { continue };
        let unique = table.keys.iter().any(|key| key.iter().all(|column| from.contains(column)));
        let in_key = table.key().iter().any(|column| from.contains(column));
        let one = rows.own.iter().find_map(|row| row.values(table.key()));
        let (Some(one), false, false) = (one, unique, in_key) else {
            let why = "the reference is part of a key, and cannot be changed alone";
            plans.push(Plan::Idle(name, why.to_owned()));
            continue;
        };
        let point = |at: Vec<Value>| {
            let sets = from.iter().enumerate();
            let sets = sets.map(|(n, it)| format!("{} = {}", table.quoted(it), table.place(n + 1)));
            let sets = sets.collect::<Vec<_>>().join(", ");
            let only = table.equal(table.key(), from.len() + 1);
            let sql = format!("UPDATE {} SET {sets} WHERE {only}", table.sql);
            Attempt::new(Counts::Changed, sql, [at, one.clone()].concat())
        };
        plans.push(Plan::Try(Shape {
            name,
            own: point(own),
            expected: Expected::Exactly(1),
            foreign: point(theirs),
        }));
    }
    plans
}

/// Statements that no tenant may run, beside one that it may.
pub(super) fn refused(table: &Table, backend: DbBackend, rows: &Rows<'_>) -> Vec<Shape> {
    let q = &table.sql;
    let own = || Attempt::new(Counts::Rows, format!("SELECT 1 AS n FROM {q}"), Vec::new());
    let refused = |name: &str, sql: String| Shape {
        name: name.to_owned(),
        own: own(),
        expected: Expected::Exactly(rows.own.len() as u64),
        foreign: Attempt::new(Counts::Changed, sql, Vec::new()),
    };
    let t = &table.tenant;
    let mut shapes = vec![refused("truncate", format!("TRUNCATE TABLE {q}"))];
    if backend == DbBackend::Postgres {
        shapes.push(refused("copy", format!("COPY {q} TO STDOUT")));
        let merge = format!(
            "MERGE INTO {q} AS x USING {q} AS y ON x.{t} <> y.{t} WHEN MATCHED THEN DELETE"
        );
        shapes.push(refused("merge", merge));
    } else {
        let replace = format!("REPLACE INTO {q} ({t}) SELECT y.{t} FROM {q} AS y");
        shapes.push(refused("replace", replace));
    }
    shapes
}
