//! What was written to what is true: one function for each rule, its reason above it.

mod host;
mod key;
mod name;
mod rls;
mod tenant;

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{Attribute, FieldsNamed, Path, Type, ext::IdentExt, parse_quote};
use tenancy_core::catalog::{Class, Entity, KeyKind};

pub use host::{classified_once, makes_entity, model};
pub use tenant::added;

use crate::{
    Errors, column,
    keys::Macro,
    model::{Added, Own, Renamed, Shared, Tenant},
    parse::{Args, Column, Head, last_segment, relations},
};

/// The struct under a macro.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Its name.
    pub name: &'a Ident,
    /// What stands above it.
    pub attrs: &'a [Attribute],
    /// Its fields.
    pub fields: &'a FieldsNamed,
}

/// Where the runtime crate is.
#[must_use]
pub fn krate(args: &Args) -> Path {
    args.krate.clone().unwrap_or_else(|| parse_quote!(::tenancy))
}

/// The columns of a struct.
#[must_use]
pub fn columns(fields: &FieldsNamed) -> Vec<Column> {
    fields.named.iter().filter_map(Column::parse).collect()
}

/// The field that names the tenant.
fn tenant_field(args: &Args) -> Ident {
    args.column.clone().unwrap_or_else(|| format_ident!("tenant_id", span = Span::call_site()))
}

/// The name of the field that names the tenant.
#[must_use]
pub fn tenant_field_name(args: &Args) -> String {
    tenant_field(args).unraw().to_string()
}

/// The type of a tenant column, as far as its name tells.
#[must_use]
pub fn kind(ty: &Type) -> Option<KeyKind> {
    match last_segment(ty)?.to_string().as_str() {
        "Uuid" => Some(KeyKind::Uuid),
        "String" => Some(KeyKind::Text),
        "i64" => Some(KeyKind::Integer),
        _ => None,
    }
}

/// An entity whose tenant column the author wrote.
pub fn tenant(
    written: Written<'_>,
    args: &Args,
    host: &Macro,
    errors: &mut Errors,
) -> Option<Tenant> {
    let columns = columns(written.fields);
    let wanted = tenant_field_name(args);
    let Some(column) = columns.iter().find(|column| column.name() == wanted) else {
        tenant::missing(&columns, written.name, args, errors);
        return None;
    };
    tenant::written(column, &columns, errors);
    if let Some((_, ty)) = &args.key_type {
        errors.push(
            ty,
            format!("`type` says how to write `{wanted}`, but the struct writes it; remove either"),
        );
    }
    let key_per_tenant = column.primary_key || key::per_tenant(&columns, args, host, errors);
    Some(truth(written, &columns, column, key_per_tenant, args, errors))
}

/// An entity whose tenant column we write.
pub fn tenant_with(
    added: &Added,
    written: Written<'_>,
    args: &Args,
    host: &Macro,
    errors: &mut Errors,
) -> Option<Tenant> {
    let mut columns = columns(written.fields);
    let key_per_tenant = key::per_tenant(&columns, args, host, errors);
    let position = added.position.min(columns.len());
    columns.insert(position, Column::parse(&column::field(added, &krate(args)))?);
    Some(truth(written, &columns, columns.get(position)?, key_per_tenant, args, errors))
}

fn truth(
    written: Written<'_>,
    columns: &[Column],
    column: &Column,
    key_per_tenant: bool,
    args: &Args,
    errors: &mut Errors,
) -> Tenant {
    let head = Head::parse(written.attrs);
    name::allowed(&head, columns, errors);
    beside_the_records(&head, args, errors);
    let deleted = rls::deleted(columns, column, args, errors);
    Tenant {
        krate: krate(args),
        variant: column.variant(),
        key: column.ty.to_token_stream(),
        key_per_tenant,
        rules: rls::rules(columns, &head, deleted.as_ref(), args, errors),
        deleted,
        audited: args.audit.is_some(),
        renamed: renamed(columns, args, errors),
        relations: relations(written.fields),
        table: table(&head, columns, column),
    }
}

/// Records are kept beside the tables they are of, and their own entity names no schema.
fn beside_the_records(head: &Head, args: &Args, errors: &mut Errors) {
    if let (Some(audit), Some(schema)) = (&args.audit, &head.schema) {
        errors.push(
            audit,
            format!(
                "records of changes are kept beside the tables of the connection's own schema, and \
                 this entity is in `{}`; remove `schema_name` and let the connection's `search_path` \
                 name the schema, or remove `audit`",
                schema.value()
            ),
        );
    }
}

/// What row security and records must know of the table, if it can all be seen from here.
fn table(head: &Head, columns: &[Column], column: &Column) -> Option<Entity> {
    let table = head.table.as_ref().filter(|_| !head.renames)?.value();
    let class = Class::Tenant { column: column.column_name(), kind: kind(&column.ty)? };
    Some(Entity {
        table,
        schema: head.schema.as_ref().map(syn::LitStr::value),
        class,
        columns: Vec::new(),
        keys: primary_key(columns),
        module: "",
    })
}

/// The primary key as the struct has it; nothing where it stands elsewhere.
fn primary_key(columns: &[Column]) -> Vec<Vec<String>> {
    let key: Vec<String> = columns
        .iter()
        .filter(|column| column.primary_key && column.is_stored())
        .map(Column::column_name)
        .collect();
    if key.is_empty() { Vec::new() } else { vec![key] }
}

/// An entity all tenants share.
pub fn shared(written: Written<'_>, args: &Args, errors: &mut Errors) -> Shared {
    let columns = columns(written.fields);
    name::allowed(&Head::parse(written.attrs), &columns, errors);
    Shared {
        krate: krate(args),
        writable: args.writable,
        renamed: renamed(&columns, args, errors),
        relations: relations(written.fields),
    }
}

/// What was called something else, of columns that are there.
fn renamed(columns: &[Column], args: &Args, errors: &mut Errors) -> Renamed {
    let mut renamed = Renamed { table: args.renamed.table.clone(), columns: Vec::new() };
    for (field, old) in &args.renamed.columns {
        let wanted = field.unraw().to_string();
        let mut stored = columns.iter().filter(|column| column.is_stored());
        if let Some(column) = stored.clone().find(|column| column.name() == wanted) {
            if column.column_name() == *old {
                errors.push(field, format!("`{wanted}` is the column `{old}` still; remove this"));
            }
            renamed.columns.push((column.variant(), old.clone()));
            continue;
        }
        let names: Vec<String> = stored.by_ref().map(Column::name).collect();
        let near = crate::keys::nearest(&wanted, names.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        errors.push(
            field,
            format!(
                "`renamed_from` names a field as it is called now, and there is no `{wanted}`{near}"
            ),
        );
    }
    renamed
}

/// Whose rows those of a tenant's entity are, where only its relations are asked for.
#[must_use]
pub fn own(fields: &FieldsNamed, args: &Args) -> Own {
    let wanted = tenant_field_name(args);
    let variant =
        columns(fields).iter().find(|column| column.name() == wanted).map(Column::variant);
    Own::Tenant(variant.map_or_else(|| "TenantId".to_owned(), |variant| variant.to_string()))
}
