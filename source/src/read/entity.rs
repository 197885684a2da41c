//! One struct, read as `#[tenant_scoped]`, our derives and SeaORM's derive will read it.

use std::collections::BTreeMap;

use syn::{Fields, ItemStruct, Meta};
use tenancy_core::{
    catalog::{Class, Entity},
    policy::Rule,
};

use super::Table;
use crate::{
    Errors,
    check::{self, Written},
    column,
    keys::{SHARED_ENTITY, TENANT_ENTITY, TENANT_SCOPED},
    model::Tenant,
    parse::{Args, Classification, Column, Head, classifications},
};

/// Why an entity that no macro classifies is not in the catalog.
pub const UNCLASSIFIED: &str = "has none of `#[tenant_scoped]`, `TenantEntity` and `SharedEntity`";

/// Reads a struct. `None` if it names no table: SeaORM's expanded format, or no entity at all.
pub(super) fn read(item: &ItemStruct) -> Option<Table> {
    let head = Head::parse(&item.attrs);
    let Fields::Named(fields) = &item.fields else { return None };
    let name = head.table?.value();
    let schema = head.schema.map(|schema| schema.value());
    let written = Written { name: &item.ident, attrs: &item.attrs, fields };
    let read = if head.renames {
        Err("has `rename_all`, which is not read: write `column_name` on its fields instead")
    } else {
        classified(written)
    };
    let (entity, rules, audited) = match read {
        Err(why) => (Err(why), Vec::new(), false),
        Ok(Read { class, columns, keys, rules, audited }) => {
            let columns = columns.iter().map(Column::column_name).collect();
            let entity = Entity {
                table: name.clone(),
                schema: schema.clone(),
                class,
                columns,
                keys,
                module: "",
            };
            (Ok(entity), rules, audited)
        }
    };
    Some(Table { name, schema, secured: entity.clone().ok(), entity, rules, audited })
}

pub(super) struct Read {
    pub(super) class: Class,
    pub(super) columns: Vec<Column>,
    keys: Vec<Vec<String>>,
    pub(super) rules: Vec<Rule>,
    pub(super) audited: bool,
}

pub(super) fn classified(written: Written<'_>) -> Result<Read, &'static str> {
    let mut errors = Errors::new();
    let read = match classifications(written.attrs).as_slice() {
        [Classification::TenantScoped(_)] => Some(scoped(written, &mut errors)),
        [Classification::TenantEntity(_)] => Some(derived(written, &mut errors)),
        [Classification::SharedEntity(_)] => Some(Ok(shared(written, &mut errors))),
        [] => None,
        _ => Some(Err(MISTAKEN)),
    };
    // Whoever made a mistake hears of it from the macro above the struct.
    let mistaken = errors.finish().is_some();
    match read {
        None => Err(UNCLASSIFIED),
        Some(_) if mistaken => Err(MISTAKEN),
        Some(read) => read,
    }
}

const MISTAKEN: &str = "has mistakes in it";

/// An entity under the attribute, with the column that is added to it.
fn scoped(written: Written<'_>, errors: &mut Errors) -> Result<Read, &'static str> {
    let is_ours = |path: &syn::Path| {
        path.segments.last().is_some_and(|it| it.ident == TENANT_SCOPED.attribute)
    };
    let attr = written.attrs.iter().find(|attr| is_ours(attr.path())).ok_or(MISTAKEN)?;
    let tokens = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => proc_macro2::TokenStream::new(),
    };
    let args = Args::parse(tokens, &TENANT_SCOPED, errors);
    let mut columns = check::columns(written.fields);
    let model = match check::added(written.fields, &args, errors) {
        Some(added) => {
            let field = column::field(&added, &check::krate(&args));
            let column = Column::parse(&field).ok_or(MISTAKEN)?;
            columns.insert(added.position.min(columns.len()), column);
            check::tenant_with(&added, written, &args, &TENANT_SCOPED, errors)
        }
        None => check::tenant(written, &args, &TENANT_SCOPED, errors),
    };
    tenants(columns, model.ok_or(MISTAKEN)?, &args)
}

/// An entity whose tenant column the author wrote.
fn derived(written: Written<'_>, errors: &mut Errors) -> Result<Read, &'static str> {
    let args = Args::of_helpers(written.attrs, &TENANT_ENTITY, errors);
    let model = check::tenant(written, &args, &TENANT_ENTITY, errors).ok_or(MISTAKEN)?;
    tenants(check::columns(written.fields), model, &args)
}

fn tenants(mut columns: Vec<Column>, model: Tenant, args: &Args) -> Result<Read, &'static str> {
    columns.retain(Column::is_stored);
    let field = check::tenant_field_name(args);
    let column = columns.iter().find(|column| column.name() == field).ok_or(MISTAKEN)?;
    let kind = check::kind(&column.ty).ok_or(
        "gives its tenant column a type under another name; write `Uuid`, `String` or `i64`",
    )?;
    let name = column.column_name();
    let mut keys = keys(&columns);
    for (position, key) in keys.iter_mut().enumerate() {
        if (position > 0 || model.key_per_tenant) && !key.contains(&name) {
            key.insert(0, name.clone());
        }
    }
    let class = Class::Tenant { kind, column: name };
    Ok(Read { class, columns, keys, rules: model.rules, audited: model.audited })
}

/// An entity all tenants share.
fn shared(written: Written<'_>, errors: &mut Errors) -> Read {
    let args = Args::of_helpers(written.attrs, &SHARED_ENTITY, errors);
    let model = check::shared(written, &args, errors);
    let mut columns = check::columns(written.fields);
    columns.retain(Column::is_stored);
    let keys = keys(&columns);
    let class = Class::Shared { writable: model.writable };
    Read { class, columns, keys, rules: Vec::new(), audited: false }
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
