use std::path::PathBuf;

use tenancy_core::catalog::{Class, Entity, KeyKind};

use super::{File, Known, Table, tables};

fn only(text: &str) -> Table {
    match tables(text).as_slice() {
        [table] => table.clone(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn entity(text: &str) -> Entity {
    only(text).entity.unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn an_entity_is_read_with_the_column_that_is_added() {
    let entity = entity(
        "mod order {
            #[tenancy::tenant_scoped(type = Uuid)]
            #[sea_orm::model]
            #[derive(Clone, DeriveEntityModel)]
            #[sea_orm(table_name = \"orders\", schema_name = \"shop\", comment = \"x\")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i64,
                #[sea_orm(unique)]
                pub number: i64,
                #[sea_orm(unique_key = \"a\")]
                pub year: i64,
                #[sea_orm(unique_key = \"a\", column_name = \"in_year\")]
                pub sequence: i64,
                #[sea_orm(ignore)]
                pub shown: bool,
                #[sea_orm(has_many)]
                pub items: HasMany<super::item::Entity>,
            }
        }",
    );
    assert_eq!(entity.schema.as_deref(), Some("shop"));
    let class = Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Uuid };
    assert_eq!((entity.table.as_str(), entity.class), ("orders", class));
    assert_eq!(entity.columns, ["id", "tenant_id", "number", "year", "in_year"]);
    let keys: [&[&str]; 3] =
        [&["tenant_id", "id"], &["tenant_id", "number"], &["tenant_id", "year", "in_year"]];
    assert_eq!(entity.keys, keys);
}

#[test]
fn a_column_of_the_author_is_read_by_its_name_in_the_database() {
    let entity = entity(
        "#[derive(DeriveEntityModel, TenantEntity)]
        #[sea_orm(table_name = \"tags\")]
        #[tenancy(column = \"org\")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            #[sea_orm(enum_name = \"Organisation\")]
            pub org: i64,
            #[sea_orm(enum_name = \"Colour\")]
            pub colourCode: String,
        }",
    );
    let class = Class::Tenant { column: "organisation".into(), kind: KeyKind::Integer };
    assert_eq!(entity.class, class);
    assert_eq!(entity.columns, ["id", "organisation", "colour_code"]);
    assert_eq!(entity.keys, [["id"]]);
}

#[test]
fn shared_entities_are_read() {
    let text = "#[derive(DeriveEntityModel, SharedEntity)] #[shared(writable)]
        #[sea_orm(table_name = \"words\")] pub struct Model { #[sea_orm(primary_key)] pub id: i64 }";
    assert_eq!(entity(text).class, Class::Shared { writable: true });
    let text = text.replace("#[shared(writable)]", "");
    assert_eq!(entity(&text).class, Class::Shared { writable: false });
}

#[test]
fn what_cannot_be_read_says_why() {
    let why = |text: &str| only(text).entity.unwrap_err();
    let model = |above: &str, ty: &str| {
        format!(
            "{above} #[sea_orm(table_name = \"a\")] pub struct Model {{
                #[sea_orm(primary_key)] pub id: i64, pub tenant_id: {ty} }}"
        )
    };
    let none = model("#[derive(DeriveEntityModel)]", "String");
    assert!(why(&none).starts_with("has none of"), "{}", why(&none));
    let derive = "#[derive(DeriveEntityModel, TenantEntity)]";
    assert!(why(&model(derive, "Tenant")).contains("another name"));
    assert_eq!(why(&model(derive, "Option<String>")), "has mistakes in it");
    let renamed = model(&format!("{derive} #[sea_orm(rename_all = \"camelCase\")]"), "String");
    assert!(why(&renamed).contains("rename_all"));
    assert_eq!(tables("pub struct Model { pub id: i64 }"), []);
    assert_eq!(tables("no Rust"), []);
}

/// A file with an entity of `orders`, whose tenant column has this type.
fn file(name: &str, ty: &str, own: bool) -> File {
    let text = format!(
        "#[derive(DeriveEntityModel, TenantEntity)] #[sea_orm(table_name = \"orders\")]
        pub struct Model {{ #[sea_orm(primary_key)] pub id: i64, pub tenant_id: {ty} }}"
    );
    File { name: name.into(), path: PathBuf::new(), tables: tables(&text), own }
}

#[test]
fn an_unclassified_entity_harms_no_other() {
    let text = "#[derive(DeriveEntityModel)] #[sea_orm(table_name = \"orders\")]
        pub struct Model { #[sea_orm(primary_key)] pub id: i64 }";
    let view = File { tables: tables(text), ..file("b.rs", "String", false) };
    let both = Known::new(vec![file("a.rs", "String", false), view.clone()]);
    assert_eq!(both.catalog().iter().count(), 1);
    let alone = Known::new(vec![view]);
    assert_eq!(alone.catalog().iter().count(), 0);
    assert!(alone.doubt("orders").unwrap().contains("`b.rs` has none of"));
}

#[test]
fn the_own_file_stands_before_others() {
    let kinds = |files| {
        let catalog = Known::new(files).catalog();
        catalog.iter().filter_map(Entity::tenant_column).map(|(_, kind)| kind).collect::<Vec<_>>()
    };
    let others = [file("a.rs", "String", false), file("b.rs", "Uuid", false)];
    assert_eq!(kinds(others.to_vec()), []);
    let own = file("c.rs", "i64", true);
    assert_eq!(kinds([&others[..], &[own]].concat()), [KeyKind::Integer]);
    let doubt = Known::new(others.to_vec()).doubt("Orders").unwrap();
    assert_eq!(doubt, "the entities in `a.rs` and `b.rs` describe it differently");
}
