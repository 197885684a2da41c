use sea_orm::DbBackend;
use tenancy_core::{
    Dialect,
    catalog::{Catalog, Class, Entity},
};

use super::*;
use crate::Error;

const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad90";

fn scoper(kind: KeyKind) -> Scoper {
    let orders = Entity {
        table: "orders".into(),
        schema: None,
        class: Class::Tenant { column: "tenant_id".into(), kind },
        columns: vec!["tenant_id".into(), "id".into(), "total".into()],
        keys: Vec::new(),
        module: "tests",
    };
    Scoper::new(Dialect::Sqlite, Catalog::new([orders]).unwrap(), 1 << 20)
}

fn run(id: &str, kind: KeyKind, sql: &str, values: Vec<Value>) -> Result<Vec<Value>, DbErr> {
    let keys = Keys::new(&TenantId::new(id).unwrap(), false);
    let stmt = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    keys.scope(&scoper(kind), None, DbBackend::Sqlite, stmt)
        .map(|scoped| scoped.stmt.values.unwrap().0)
}

/// Inserts a row that names a tenant; what is bound if it may.
fn insert(id: &str, kind: KeyKind, tenant: impl Into<Value>) -> Result<Vec<Value>, DbErr> {
    let sql = "INSERT INTO orders (id, tenant_id) VALUES (?, ?)";
    run(id, kind, sql, vec![7_i64.into(), tenant.into()])
}

#[test]
fn own_text_passes_and_foreign_text_does_not() {
    let stamped = vec![Value::from(7_i64), Value::from("acme")];
    assert_eq!(insert("acme", KeyKind::Text, "acme").unwrap(), stamped);
    assert_eq!(insert("acme", KeyKind::Text, None::<String>).unwrap(), stamped);
    assert_eq!(insert("acme", KeyKind::Text, None::<i32>).unwrap(), stamped);
    for foreign in ["globex", "ACME", "acme ", ""] {
        let error = insert("acme", KeyKind::Text, foreign).unwrap_err();
        let refusal = Error::refusal_in(&error).unwrap();
        assert_eq!(*refusal, Refusal::foreign_value("orders", "tenant_id"));
    }
    assert!(insert("acme", KeyKind::Text, b"acme".to_vec()).is_err());
    assert!(insert("7", KeyKind::Text, 7_i64).is_err());
}

#[test]
fn integers_compare_by_number() {
    let own: [Value; 6] =
        [7_i8.into(), 7_i16.into(), 7_i32.into(), 7_i64.into(), 7_u32.into(), 7_u64.into()];
    for value in own {
        let bound = insert("7", KeyKind::Integer, value).unwrap();
        assert_eq!(bound[1], Value::from(7_i64));
    }
    for foreign in [Value::from(8_i64), Value::from("7"), Value::from(7.0)] {
        assert!(insert("7", KeyKind::Integer, foreign).is_err());
    }
    // Two's complement must not make a neighbour of a large number.
    assert!(insert("-1", KeyKind::Integer, u64::MAX).is_err());
}

#[test]
fn uuids_compare_as_uuids_or_in_canonical_text() {
    let uuid = uuid::Uuid::parse_str(ID).unwrap();
    for own in [Value::from(uuid), Value::from(ID)] {
        assert_eq!(insert(ID, KeyKind::Uuid, own).unwrap()[1], Value::from(uuid));
    }
    let shouted = ID.to_uppercase();
    for foreign in [Value::from(uuid::Uuid::nil()), shouted.into(), uuid.as_bytes().to_vec().into()]
    {
        assert!(insert(ID, KeyKind::Uuid, foreign).is_err());
    }
}

#[test]
fn an_id_that_does_not_fit_the_column_is_refused() {
    for kind in [KeyKind::Uuid, KeyKind::Integer] {
        let error = run("acme", kind, "SELECT id FROM orders", Vec::new()).unwrap_err();
        assert_eq!(*Error::refusal_in(&error).unwrap(), Refusal::unfit_id(kind));
    }
}

#[test]
fn literals_are_checked_as_values_are() {
    let sql = |tenant: &str| format!("INSERT INTO orders (id, tenant_id) VALUES (1, {tenant})");
    assert!(run("acme", KeyKind::Text, &sql("'acme'"), Vec::new()).is_ok());
    assert!(run("acme", KeyKind::Text, &sql("'globex'"), Vec::new()).is_err());
}

#[test]
fn values_and_placeholders_must_match() {
    let sql = "SELECT id FROM orders WHERE total > ?";
    for values in [Vec::new(), vec![1.into(), 2.into()]] {
        let count = values.len();
        let error = run("acme", KeyKind::Text, sql, values).unwrap_err();
        assert_eq!(*Error::refusal_in(&error).unwrap(), Refusal::parameter_count(1, count));
    }
}

#[test]
fn a_value_used_twice_is_bound_wherever_it_is_named() {
    let sql = "SELECT id FROM orders WHERE total > ?2 AND id < ?1 AND total < ?2";
    let bound = run("acme", KeyKind::Text, sql, vec![1.into(), 2.into()]).unwrap();
    assert_eq!(bound.iter().filter(|value| **value == Value::Bool(None)).count(), 0);
    assert!(bound.contains(&1.into()) && bound.contains(&2.into()));
}

#[test]
fn a_statement_for_another_engine_is_refused() {
    let keys = Keys::new(&TenantId::new("acme").unwrap(), false);
    let stmt = Statement::from_string(DbBackend::Postgres, "SELECT id FROM orders");
    let error = keys.scope(&scoper(KeyKind::Text), None, DbBackend::Sqlite, stmt).unwrap_err();
    assert!(Error::refusal_in(&error).is_some());
}
