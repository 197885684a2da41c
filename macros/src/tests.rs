//! Expansions of a few representative inputs.

use proc_macro2::TokenStream;

use crate::expand;

/// The expansion as a reader would want it, with the input beside it in the snapshot.
macro_rules! snapshot {
    ($name:ident, $expand:expr, $input:literal) => {
        #[test]
        fn $name() -> syn::Result<()> {
            let expansion: TokenStream = $expand(syn::parse_str($input)?);
            let text = prettyplease::unparse(&syn::parse2(expansion)?);
            insta::with_settings!({ description => $input, omit_expression => true }, {
                insta::assert_snapshot!(text);
            });
            Ok(())
        }
    };
}

fn attribute(args: &str) -> impl Fn(TokenStream) -> TokenStream {
    let args = args.parse().unwrap_or_default();
    move |item| expand::tenant_scoped(TokenStream::clone(&args), &item)
}

snapshot!(
    column_is_added,
    attribute(""),
    "#[sea_orm::model]
#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"orders\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub customer: String,
    #[sea_orm(has_many)]
    pub items: HasMany<super::item::Entity>,
}"
);

snapshot!(
    column_is_added_as_asked,
    attribute("column = \"org_id\", type = Uuid, key = \"global\", crate = crate::deps::tenancy"),
    "#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"tags\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub group: String,
    #[sea_orm(primary_key)]
    pub name: String,
    pub colour: String,
}"
);

snapshot!(
    column_is_written_by_the_author,
    expand::tenant_entity,
    "#[sea_orm(table_name = \"invoices\")]
#[tenancy(column = \"org\")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    #[sea_orm(enum_name = \"Organisation\", column_name = \"organisation_id\")]
    pub org: Uuid,
}"
);

snapshot!(
    shared,
    expand::shared_entity,
    "#[sea_orm(table_name = \"products\")]
#[shared(writable)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
}"
);

snapshot!(
    relations_are_checked,
    attribute("type = i64"),
    "#[sea_orm::model]
#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"items\", rename_all = \"camelCase\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(belongs_to, from = \"(tenant_id, order_id)\", to = \"(tenant_id, id)\", on_delete = \"Cascade\")]
    pub order: BelongsTo<super::order::Entity>,
    #[sea_orm(belongs_to, from = \"currency_id\", to = \"id\", on_delete = \"SetNull\")]
    pub currency: BelongsTo<Option<super::currency::Entity>>,
    #[sea_orm(belongs_to, skip_fk, from = \"word_id\", to = \"id\")]
    pub word: BelongsTo<Option<super::word::Entity>>,
    #[sea_orm(has_many, via = \"item_tag\")]
    pub tags: HasMany<super::tag::Entity>,
}"
);

snapshot!(
    shared_relations_are_checked,
    expand::shared_entity,
    "pub struct ModelEx {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(belongs_to, from = \"order_id\", to = \"id\")]
    pub order: BelongsTo<super::order::Entity>,
}"
);

snapshot!(
    further_policies_and_marked_rows,
    attribute("soft_delete = \"deleted_at\", rls(update = \"open\", soft_delete)"),
    "#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"orders\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub open: bool,
    pub deleted_at: Option<DateTimeUtc>,
}"
);

snapshot!(
    changes_are_recorded,
    attribute("audit, type = Uuid"),
    "#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"orders\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub year: i32,
    #[sea_orm(primary_key, column_name = \"no\")]
    pub number: i32,
}"
);

snapshot!(
    mistakes_stand_beside_the_struct,
    attribute("colum = \"org_id\", type = u8, key = \"both\""),
    "#[derive(Clone, DeriveEntityModel)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique, ignore)]
    pub tenant_id: Option<String>,
}"
);

/// Whether the expansion says that two tenants may use one primary key.
fn check_key(fields: &str, expected: bool) {
    let item = format!("#[derive(DeriveEntityModel)] pub struct Model {{ {fields} }}");
    let item: TokenStream = item.parse().unwrap_or_default();
    let expansion = expand::tenant_scoped(TokenStream::new(), &item).to_string();
    let said = format!("KEY_PER_TENANT : :: core :: primitive :: bool = {expected}");
    assert!(expansion.contains(&said), "{fields}: {expansion}");
}

#[test]
fn key_is_per_tenant_unless_unique_by_itself() {
    // Counted by the database.
    check_key("#[sea_orm(primary_key)] id: i64", false);
    check_key("#[sea_orm(primary_key)] id: OrderId", false);
    check_key("#[sea_orm(primary_key, auto_increment = true)] id: String", false);
    // Unique everywhere.
    check_key("#[sea_orm(primary_key)] id: uuid::Uuid", false);
    check_key("#[sea_orm(primary_key, auto_increment = false)] id: Uuid", false);
    check_key("#[sea_orm(primary_key)] a: Uuid, #[sea_orm(primary_key)] b: i64", false);
    // Chosen by the tenant.
    check_key("#[sea_orm(primary_key)] id: String", true);
    check_key("#[sea_orm(primary_key, auto_increment = false)] id: i64", true);
    check_key("#[sea_orm(primary_key)] a: i64, #[sea_orm(primary_key)] b: i64", true);
    // The tenant is in it.
    check_key("#[sea_orm(primary_key)] tenant_id: Uuid, #[sea_orm(primary_key)] id: Uuid", true);
    check_key("#[sea_orm(primary_key)] tenant_id: i64", true);
}

/// The variant of `Column` the expansion names.
fn check_variant(field: &str, expected: &str) {
    let item = format!("pub struct Model {{ #[sea_orm(primary_key)] id: i64, {field}: String }}");
    let name = field.rsplit(' ').next().unwrap_or_default().trim_start_matches("r#");
    let item = format!("#[tenancy(column = \"{name}\")] {item}");
    let expansion = expand::tenant_entity(item.parse().unwrap_or_default()).to_string();
    assert!(expansion.contains(&format!("Column :: {expected} ")), "{field}: {expansion}");
}

#[test]
fn variant_is_named_as_sea_orm_does() {
    check_variant("org_id", "OrgId");
    check_variant("orgID", "OrgId");
    check_variant("r#ref", "Ref");
    check_variant("self_", "Self_");
    check_variant("tenant_2_id", "Tenant2Id");
    check_variant("#[sea_orm(enum_name = \"Organisation\")] org", "Organisation");
}

#[test]
fn model_ex_repeats_nothing() {
    let model_ex = "pub struct ModelEx { #[sea_orm(primary_key)] id: i64 }";
    let parse = || model_ex.parse().unwrap_or_default();
    assert!(expand::tenant_entity(parse()).is_empty());
    assert!(expand::shared_entity(parse()).is_empty());
    let repeated = expand::tenant_scoped(TokenStream::new(), &parse()).to_string();
    assert!(repeated.contains("tenant_id") && !repeated.contains("impl"), "{repeated}");
}
