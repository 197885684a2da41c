//! One struct, read as `#[tenant_scoped]`, our derives and SeaORM's derive will read it.

use std::collections::BTreeMap;

use syn::{Attribute, Fields, FieldsNamed, ItemStruct, LitStr, Meta};
use tenancy_core::catalog::{Class, Entity, KeyKind};

use super::Table;
use crate::{
    check,
    errors::Errors,
    expand,
    keys::{SHARED_ENTITY, TENANT_ENTITY, TENANT_SCOPED},
    parse::{Args, Classification, Column, classifications, last_segment},
};

/// Why an entity that no macro classifies is not in the catalog.
pub(super) const UNCLASSIFIED: &str =
    "has none of `#[tenant_scoped]`, `TenantEntity` and `SharedEntity`";

/// What SeaORM's attribute says of the table.
#[derive(Default)]
struct Head {
    table: Option<String>,
    schema: Option<String>,
    renames: bool,
}

/// Reads a struct. `None` if it names no table: SeaORM's expanded format, or no entity at all.
pub(super) fn read(item: &ItemStruct) -> Option<Table> {
    let head = head(&item.attrs);
    let Fields::Named(fields) = &item.fields else { return None };
    let name = head.table?;
    let entity = if head.renames {
        Err("has `rename_all`, which is not read: write `column_name` on its fields instead")
    } else {
        classified(item, fields, &name, head.schema.as_deref())
    };
    Some(Table { name, schema: head.schema, entity })
}

fn head(attrs: &[Attribute]) -> Head {
    let mut head = Head::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")) {
        // Mistakes are SeaORM's to report.
        let _ = attr.parse_nested_meta(|meta| {
            let text = |meta: &syn::meta::ParseNestedMeta<'_>| {
                syn::Result::Ok(meta.value()?.parse::<LitStr>()?.value())
            };
            if meta.path.is_ident("table_name") {
                head.table = Some(text(&meta)?);
            } else if meta.path.is_ident("schema_name") {
                head.schema = Some(text(&meta)?);
            } else if meta.path.is_ident("rename_all") {
                head.renames = true;
                text(&meta)?;
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            } else if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        });
    }
    head
}

fn classified(
    item: &ItemStruct,
    fields: &FieldsNamed,
    table: &str,
    schema: Option<&str>,
) -> Result<Entity, &'static str> {
    let mut errors = Errors::new();
    let read = match classifications(&item.attrs).as_slice() {
        [Classification::TenantScoped(_)] => scoped(item, fields, &mut errors),
        [Classification::TenantEntity(_)] => {
            let args = Args::of_helpers(&item.attrs, &TENANT_ENTITY, &mut errors);
            let model = check::tenant(fields, &item.ident, &args, &TENANT_ENTITY, &mut errors);
            model.map(|model| (check::columns(fields), Some((args, model.key_per_tenant))))
        }
        [Classification::SharedEntity(_)] => Some((check::columns(fields), None)),
        [] => {
            let _ = errors.finish();
            return Err(UNCLASSIFIED);
        }
        _ => None,
    };
    // Whoever made a mistake hears of it from the macro above the struct.
    let mistaken = errors.finish().is_some();
    let Some((mut columns, tenant)) = read.filter(|_| !mistaken) else {
        return Err("has mistakes in it");
    };
    columns.retain(Column::is_stored);
    let mut keys = keys(&columns);
    let class = match tenant {
        None => {
            let mut unheard = Errors::new();
            let args = Args::of_helpers(&item.attrs, &SHARED_ENTITY, &mut unheard);
            let _ = unheard.finish();
            Class::Shared { writable: args.writable }
        }
        Some((args, key_per_tenant)) => {
            let field = check::tenant_field_name(&args);
            let column = columns.iter().find(|column| column.name() == field);
            let Some(column) = column else { return Err("has mistakes in it") };
            let name = column.column_name();
            for (position, key) in keys.iter_mut().enumerate() {
                if (position > 0 || key_per_tenant) && !key.contains(&name) {
                    key.insert(0, name.clone());
                }
            }
            Class::Tenant { kind: kind(column)?, column: name }
        }
    };
    Ok(Entity {
        table: table.to_owned(),
        schema: schema.map(str::to_owned),
        class,
        columns: columns.iter().map(Column::column_name).collect(),
        keys,
        module: "",
    })
}

type Read = (Vec<Column>, Option<(Args, bool)>);

/// An entity under the attribute, with the column that is added to it.
fn scoped(item: &ItemStruct, fields: &FieldsNamed, errors: &mut Errors) -> Option<Read> {
    let attr = item
        .attrs
        .iter()
        .find(|attr| attr.path().segments.last().is_some_and(|it| it.ident == "tenant_scoped"))?;
    let tokens = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => proc_macro2::TokenStream::new(),
    };
    let args = Args::parse(tokens, &TENANT_SCOPED, errors);
    let mut columns = check::columns(fields);
    let per_tenant = match check::added(fields, &args, errors) {
        Some(added) => {
            let field = expand::field(&added, &check::krate(&args));
            columns.insert(added.position.min(columns.len()), Column::parse(&field)?);
            check::tenant_with(&added, fields, &args, &TENANT_SCOPED, errors).key_per_tenant
        }
        None => check::tenant(fields, &item.ident, &args, &TENANT_SCOPED, errors)?.key_per_tenant,
    };
    Some((columns, Some((args, per_tenant))))
}

/// The unique keys as the columns say them, the primary key first.
fn keys(columns: &[Column]) -> Vec<Vec<String>> {
    let primary = columns.iter().filter(|column| column.primary_key);
    let mut keys: Vec<Vec<String>> = vec![primary.map(Column::column_name).collect()];
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for column in columns {
        if column.unique.is_some() {
            keys.push(vec![column.column_name()]);
        }
        if let Some(key) = column.unique_key() {
            groups.entry(key).or_default().push(column.column_name());
        }
    }
    keys.extend(groups.into_values());
    keys
}

/// The type of a tenant column, as far as its name tells.
fn kind(column: &Column) -> Result<KeyKind, &'static str> {
    match last_segment(&column.ty).map(|name| name.to_string()).as_deref() {
        Some("Uuid") => Ok(KeyKind::Uuid),
        Some("String") => Ok(KeyKind::Text),
        Some("i64") => Ok(KeyKind::Integer),
        _ => Err(
            "gives its tenant column a type under another name; write `Uuid`, `String` or `i64`",
        ),
    }
}
