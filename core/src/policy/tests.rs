//! Snapshots of the scripts, one for each type of tenant column.

use super::*;
use crate::catalog::{Class, Entity, KeyKind};

fn catalog(kind: KeyKind) -> Catalog {
    let entity = |table: &str, schema: Option<&str>, class| Entity {
        table: table.into(),
        schema: schema.map(str::to_owned),
        class,
        columns: Vec::new(),
        keys: Vec::new(),
        module: "tests",
    };
    let tenant = |column: &str| Class::Tenant { column: column.into(), kind };
    Catalog::new([
        entity("orders", None, tenant("tenant_id")),
        entity("Line \"items\"", Some("shop's"), tenant("Tenant 100%s")),
        entity("products", None, Class::Shared { writable: false }),
        entity("words", None, Class::Shared { writable: true }),
    ])
    .unwrap()
}

#[test]
fn scripts() {
    for kind in [KeyKind::Uuid, KeyKind::Text, KeyKind::Integer] {
        let catalog = catalog(kind);
        let security = RowSecurity::new(&catalog, RoleName::new("shop-app").unwrap());
        insta::assert_snapshot!(format!("up_{kind}"), security.up());
        insta::assert_snapshot!(format!("down_{kind}"), security.down());
    }
}

#[test]
fn scripts_with_a_signed_context() {
    let catalog = catalog(KeyKind::Uuid);
    let security =
        RowSecurity::new(&catalog, RoleName::new("shop_app").unwrap()).context(Context::Signed);
    insta::assert_snapshot!("up_signed", security.up());
    insta::assert_snapshot!("down_signed", security.down());
}

#[test]
fn no_statement_of_a_script_commits() {
    let catalog = catalog(KeyKind::Text);
    let security = RowSecurity::new(&catalog, RoleName::new("app").unwrap());
    for script in [security.up(), security.down()] {
        for statement in script.statements() {
            assert!(!statement.starts_with("BEGIN") && !statement.starts_with("COMMIT"));
            assert!(!statement.ends_with(';'), "{statement}");
        }
        assert!(script.to_string().ends_with("COMMIT;\n"));
    }
}

#[test]
fn names_cannot_end_their_quotes() {
    assert_eq!(ident("a\"b"), "\"a\"\"b\"");
    assert_eq!(literal("a'b"), "'a''b'");
    assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    assert!(quote::block("$tenancy$").starts_with("DO $_tenancy$\n"));
    for text in ["", "public", "none", "pg_monitor", "a\"b", "a b", "a;b", "a\n", &"a".repeat(64)] {
        assert!(RoleName::new(text).is_err(), "{text}");
    }
}
