use std::path::PathBuf;

use proc_macro2::TokenStream;
use tenancy_core::Dialect;

use super::tenant_sql;
use tenancy_source::read::{File, Known, tables};

const ORDERS: &str = "
    #[tenant_scoped]
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = \"orders\")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub total: i64,
        pub tags: Json,
    }";
const PRODUCTS: &str = "
    #[derive(DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = \"products\")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }";
const SECRETS: &str = "
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = \"secrets\")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }";

const ALL: &[Dialect] = &[Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

fn known() -> Known {
    let file = |(name, text): (&str, &str)| File {
        name: name.into(),
        path: PathBuf::from("/elsewhere").join(name),
        tables: tables(text),
        own: false,
    };
    let files =
        [("src/order.rs", ORDERS), ("src/product.rs", PRODUCTS), ("src/secret.rs", SECRETS)];
    Known::new(files.map(file).into())
}

fn expand(engines: &[Dialect], input: &str) -> TokenStream {
    let input = input.parse().unwrap_or_else(|error| panic!("{input}: {error}"));
    tenant_sql(input, engines, |_| Ok((known(), vec!["`src`".into()])))
}

/// The text of the error an input gets.
#[track_caller]
fn error(engines: &[Dialect], input: &str) -> String {
    let expansion = expand(engines, input);
    let message = syn::parse2::<syn::ExprMacro>(expansion)
        .ok()
        .and_then(|call| syn::parse2::<syn::LitStr>(call.mac.tokens).ok());
    message.unwrap_or_else(|| panic!("{input} has no error")).value()
}

#[test]
fn expansion() -> syn::Result<()> {
    let input = "\"SELECT total FROM orders WHERE id IN (?) AND total > ?\", ..ids, 7";
    let expansion = expand(&[Dialect::Sqlite], input);
    let text = prettyplease::unparse(&syn::parse_quote!(
        fn example() {
            #expansion
        }
    ));
    insta::with_settings!({ description => input, omit_expression => true }, {
        insta::assert_snapshot!(text);
    });
    Ok(())
}

#[test]
fn each_engine_gets_its_plan() {
    let text = expand(ALL, "\"UPDATE orders SET total = ? WHERE id = ?\", 1, 2").to_string();
    for sql in [
        r#""UPDATE orders SET total = ? WHERE orders.\"tenant_id\" = ? AND (id = ?)""#,
        r#""UPDATE orders SET total = $1 WHERE orders.\"tenant_id\" = $2 AND (id = $3)""#,
        r#""UPDATE orders SET total = ? WHERE orders.`tenant_id` = ? AND (id = ?)""#,
    ] {
        assert!(text.contains(sql), "{sql} in {text}");
    }
    // No table of a tenant's own has a name before the tenant is known.
    assert!(text.contains("Piece :: Place"), "{text}");
    let restricted = expand(ALL, "postgres: \"SELECT total FROM orders WHERE tags ? $1\", 'a'");
    assert!(!restricted.to_string().contains("Sqlite"), "{restricted}");
    let several = "sqlite: \"SELECT id FROM orders\", mysql: \"SELECT total FROM orders\",";
    let several = expand(ALL, several).to_string();
    assert!(several.contains("Sqlite") && several.contains("MySql"), "{several}");
}

#[test]
fn only_the_named_tables_are_watched() {
    let text = expand(ALL, "\"SELECT id FROM products\"").to_string();
    assert!(text.contains("include_bytes ! (\"/elsewhere/src/product.rs\")"), "{text}");
    assert!(!text.contains("order.rs") && !text.contains("\"orders\""), "{text}");
}

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let error = error(ALL, input);
    for part in expected {
        assert!(error.contains(part), "{part:?} in {error}");
    }
}

#[test]
fn what_cannot_be_scoped_does_not_compile() {
    check(
        "\"SELECT id FROM orders WHERE\"",
        &["cannot be read as SQLite", "id FROM orders WHERE\n"],
    );
    check("\"SELECT id FROM orderz\"", &["did you mean `orders`?", "in `src`;", "^^^^^^\n"]);
    check("\"SELECT id FROM secrets\"", &["its entity in `src/secret.rs` has none of"]);
    check("\"UPDATE products SET id = 1\"", &["a write to the shared table `products`"]);
    check("\"TRUNCATE orders\"", &["refused the statement `TRUNCATE orders …`"]);
    check(
        "\"SELECT id FROM orders WHERE pg_sleep(1) IS NULL\"",
        &[
            "the function `pg_sleep`",
            "SELECT id FROM orders WHERE pg_sleep(1) IS NULL\n",
            "^^^^^^^^\n",
        ],
    );
}

#[test]
fn values_are_counted() {
    check("\"SELECT id FROM orders WHERE id = ?\"", &["1 place for values, and 0 are given"]);
    check("\"SELECT id FROM orders\", 1", &["0 places for values, and 1 is given"]);
    check("postgres: \"SELECT id FROM orders WHERE id = $2\", 1, 2", &["`$1` is not used"]);
    check(
        "\"SELECT id FROM orders WHERE id = ?\", ..ids",
        &["a list of values outside of IN", "without `..`"],
    );
    check("\"SELECT id FROM orders WHERE id = ?\", 1..2", &["a range is no value"]);
}

#[test]
fn placeholders_are_those_of_the_engine() {
    check("\"SELECT id FROM orders WHERE id = $1\", 1", &["for SQLite: refused", "write `?`"]);
    check("\"SELECT id FROM orders WHERE id = ?1\", 1", &["the parameter `?1`", "write `?`"]);
    check(
        "postgres: \"SELECT id FROM orders WHERE tags ? 'a'\"",
        &["may be PostgreSQL's operator", "jsonb_exists"],
    );
}

#[test]
fn engines_are_named_as_they_are() {
    check("oracle: \"SELECT id FROM orders\"", &["`oracle` is no engine"]);
    check("mysql: \"SELECT 1\", mysql: \"SELECT 2\"", &["two texts for MySQL"]);
    check("text, 1", &["must stand here as a literal"]);
    let off = error(&[Dialect::Sqlite], "postgres: \"SELECT id FROM orders\"");
    assert!(off.contains("switch on tenancy's feature `postgres`"), "{off}");
    let none = error(&[], "\"SELECT id FROM orders\"");
    assert!(none.contains("no engine is on"), "{none}");
}
