//! Snapshots of the triggers, for each engine and place.

use super::*;

fn audited<'a>(dialect: Dialect, place: Option<&'a str>, key: Vec<Key<'a>>) -> Audited<'a> {
    let tenant = Key::tenant("tenant_id", KeyKind::Uuid);
    Audited { dialect, place, table: "orders", tenant, key }
}

#[test]
fn triggers() {
    let id = || vec![Key { column: "id", shape: Shape::Plain }];
    let odd = || {
        vec![
            Key { column: "100%", shape: Shape::Bytes },
            Key { column: "the \"`key`\"", shape: Shape::Uuid },
        ]
    };
    for (name, dialect) in
        [("postgres", Dialect::Postgres), ("mysql", Dialect::MySql), ("sqlite", Dialect::Sqlite)]
    {
        for (what, place, key) in
            [("plain", None, id()), ("placed", Some("t_acme"), odd()), ("alone", None, Vec::new())]
        {
            let audited = audited(dialect, place, key);
            let all: Vec<String> = audited.up().into_iter().chain(audited.down()).collect();
            insta::assert_snapshot!(format!("{name}_{what}"), all.join(";\n\n"));
        }
    }
}

#[test]
fn a_shared_table_and_a_hidden_key_are_not_recorded() {
    let mut order = entity();
    assert!(Audited::on_postgres(&order).is_some_and(|it| it.key.len() == 1));
    order.keys.clear();
    assert!(Audited::on_postgres(&order).is_none());
    order = entity();
    order.class = Class::Shared { writable: true };
    assert!(Audited::on_postgres(&order).is_none());
}

#[test]
fn nobody_writes_records() {
    assert!(!entity().writable());
    let order = Entity { table: "orders".into(), ..entity() };
    assert!(order.writable());
}
