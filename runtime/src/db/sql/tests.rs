#![cfg(feature = "sqlite")]

use sea_orm::Value;
use tenancy_core::{
    TenantId,
    catalog::{Catalog, Entity},
};

use super::*;
use crate::{Error, entity::tenant_definition, tenant_sql};

mod drawer {
    use sea_orm::entity::prelude::*;

    #[crate::tenant_scoped(crate = crate)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "drawers")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: i64,
        #[sea_orm(unique_key = "place")]
        pub(super) cabinet: i64,
        #[sea_orm(unique_key = "place")]
        pub(super) height: i64,
        #[sea_orm(unique)]
        pub(super) label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn scoper(change: impl FnOnce(&mut Entity)) -> Scoper {
    let mut entity = tenant_definition::<drawer::Entity>("tests::drawer");
    change(&mut entity);
    Scoper::new(tenancy_core::Dialect::Sqlite, Catalog::new([entity]).unwrap(), 1 << 20)
}

fn bind(sql: TenantSql, scoper: &Scoper) -> Result<(String, Vec<Value>), DbErr> {
    let keys = Keys::new(&TenantId::new("acme").unwrap(), false);
    let statement = sql.scope(&keys, scoper, None, DbBackend::Sqlite)?;
    Ok((statement.stmt.sql, statement.stmt.values.unwrap().0))
}

/// Statements of every kind.
fn statements() -> Vec<TenantSql> {
    vec![
        tenant_sql!(crate = crate, sqlite: "SELECT label FROM drawers WHERE height > ?", 3),
        tenant_sql!(crate = crate, sqlite: "SELECT d.id FROM drawers AS d WHERE d.id IN (?)", ..[1, 2]),
        tenant_sql!(
            crate = crate,
            sqlite: "INSERT INTO drawers (id, cabinet, height, label, tenant_id) VALUES (?, 1, 2, ?, 'acme') \
                     ON CONFLICT (cabinet, height) DO UPDATE SET label = excluded.label RETURNING id",
            7,
            "socks"
        ),
        tenant_sql!(crate = crate, sqlite: "UPDATE drawers SET label = ? WHERE id = ?", "ties", 7),
        tenant_sql!(crate = crate, sqlite: "DELETE FROM drawers WHERE label = ?", "it's"),
        tenant_sql!(
            crate = crate,
            sqlite: "WITH RECURSIVE up AS (SELECT id FROM drawers WHERE id = ?
                     UNION SELECT drawers.id FROM drawers JOIN up ON drawers.id = up.id + 1)
                     SELECT id FROM up",
            1
        ),
    ]
}

#[test]
fn plans_are_those_the_scoper_would_make() {
    for mode in [Mode::Rows, Mode::Prefix] {
        for statement in statements() {
            let scoper = scoper(|_| ()).with_mode(mode.clone());
            let written = &statement.source.written[0];
            let fixed = statement.plan(written, &scoper).unwrap();
            assert_eq!(scoper.plan_count(), 0, "a statement was parsed");
            let ready = written.template.ready(&statement.lengths).unwrap();
            let planned = scoper.plan(&ready.sql).unwrap();
            // A list makes one plan of many texts; what it comes to is the same.
            let text = |plan: &Plan, lengths: &[usize]| {
                let ready = plan.ready(Some("t_acme"), lengths).unwrap();
                (ready.sql.into_owned(), ready.binds.into_owned())
            };
            assert_eq!(text(fixed, &statement.lengths), text(&planned.plan, &planned.lengths));
            assert_eq!(fixed.checks(), planned.plan.checks());
            assert_eq!(fixed.uses(), planned.plan.uses());
            assert_eq!(fixed.absent(), planned.plan.absent());
        }
    }
}

#[test]
fn values_and_the_tenant_are_bound() {
    let scoper = scoper(|_| ());
    let sql = tenant_sql!(
        crate = crate,
        sqlite: "SELECT id FROM drawers WHERE height > ? AND id IN (?) AND label = ?",
        3,
        ..vec![5_i64, 6],
        "x",
    );
    let (sql, values) = bind(sql, &scoper).unwrap();
    assert_eq!(
        sql,
        "SELECT id FROM drawers WHERE drawers.\"tenant_id\" = ? AND (height > ? AND id IN (?, ?) AND \
         label = ?)"
    );
    let expected: [Value; 5] = ["acme".into(), 3.into(), 5_i64.into(), 6_i64.into(), "x".into()];
    assert_eq!(values, expected);
    assert_eq!(scoper.plan_count(), 0, "the statement was parsed");
}

#[test]
fn values_are_evaluated_once_and_in_order() {
    let mut seen = Vec::new();
    let mut note = |value: i64| {
        seen.push(value);
        value
    };
    let sql = "SELECT id FROM drawers WHERE id = ? AND height = ? OR cabinet IN (?)";
    let statement = tenant_sql!(
        crate = crate,
        sqlite: "SELECT id FROM drawers WHERE id = ? AND height = ? OR cabinet IN (?)",
        note(1),
        note(2),
        ..[note(3), note(4)]
    );
    assert_eq!(statement.values, [1_i64, 2, 3, 4].map(Value::from), "{sql}");
    assert_eq!(seen, [1, 2, 3, 4]);
}

/// A catalog that is not the one the program was compiled with: the statement goes through the
/// scoper, and is as safe as any other.
#[test]
fn other_tables_are_scoped_at_run_time() {
    let statement = || {
        tenant_sql!(
            crate = crate,
            sqlite: "SELECT id FROM drawers WHERE height > ? AND id IN (?)", 3, ..[1, 2]
        )
    };
    let wider = scoper(|entity| entity.columns.push("note".into()));
    let (sql, values) = bind(statement(), &wider).unwrap();
    assert_eq!(wider.plan_count(), 1);
    assert_eq!((sql, values), bind(statement(), &scoper(|_| ())).unwrap());

    let org = scoper(|entity| {
        let kind = tenancy_core::catalog::KeyKind::Text;
        entity.class = tenancy_core::catalog::Class::Tenant { column: "label".into(), kind };
    });
    let (sql, _) = bind(statement(), &org).unwrap();
    assert!(sql.contains("drawers.\"label\" = ?"), "{sql}");

    let gone = bind(statement(), &scoper(|entity| entity.table = "chests".into())).unwrap_err();
    assert!(Error::refusal_in(&gone).unwrap().to_string().contains("not in the catalog"), "{gone}");
}

#[test]
fn what_depends_on_the_run_is_scoped_then() {
    let statement = || tenant_sql!(crate = crate, sqlite: "SELECT id FROM drawers");
    let verify = scoper(|_| ()).with_mode(Mode::Verify);
    assert_eq!(bind(statement(), &verify).unwrap().0, "SELECT id FROM drawers");
    assert_eq!(verify.plan_count(), 1);
    // Nothing here knows where a tenant's own tables are.
    let prefix = scoper(|_| ()).with_mode(Mode::Prefix);
    let error = bind(statement(), &prefix).unwrap_err();
    assert_eq!(*Error::refusal_in(&error).unwrap(), Refusal::placeless());
    assert_eq!(prefix.plan_count(), 0);
}

#[test]
fn a_value_of_another_tenant_is_refused() {
    let statement = |tenant: &str| {
        tenant_sql!(
            crate = crate,
            sqlite: "INSERT INTO drawers (id, cabinet, height, label, tenant_id) VALUES (1, 1, 1, 'a', ?)",
            tenant
        )
    };
    let scoper = scoper(|_| ());
    assert!(bind(statement("acme"), &scoper).is_ok());
    let error = bind(statement("globex"), &scoper).unwrap_err();
    let foreign = Refusal::foreign_value("drawers", "tenant_id");
    assert_eq!(*Error::refusal_in(&error).unwrap(), foreign);
}

#[test]
fn an_empty_list_is_refused() {
    let none: [i64; 0] = [];
    let sql = tenant_sql!(crate = crate, sqlite: "SELECT id FROM drawers WHERE id IN (?)", ..none);
    let error = bind(sql, &scoper(|_| ())).unwrap_err();
    assert_eq!(*Error::refusal_in(&error).unwrap(), Refusal::empty_list());
}

#[test]
fn an_engine_without_a_text_is_refused() {
    let sql = tenant_sql!(crate = crate, sqlite: "SELECT id FROM drawers");
    let keys = Keys::new(&TenantId::new("acme").unwrap(), false);
    let error = sql.scope(&keys, &scoper(|_| ()), None, DbBackend::Postgres).unwrap_err();
    let unwritten = Refusal::unwritten(tenancy_core::Dialect::Postgres);
    assert_eq!(*Error::refusal_in(&error).unwrap(), unwritten);
}
