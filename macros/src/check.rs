//! What was written to what is true: one function for each rule, its reason above it.

mod column;
mod host;

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{FieldsNamed, Path, ext::IdentExt, parse_quote};

pub(crate) use column::added;
pub(crate) use host::{classified_once, makes_entity, model};

use crate::{
    errors::Errors,
    expand,
    keys::Macro,
    model::{Added, Shared, Tenant},
    parse::{Args, Column, Scope, is_uuid, relations},
};

/// Where the runtime crate is.
pub(crate) fn krate(args: &Args) -> Path {
    args.krate.clone().unwrap_or_else(|| parse_quote!(::tenancy))
}

/// The columns of a struct.
pub(crate) fn columns(fields: &FieldsNamed) -> Vec<Column> {
    fields.named.iter().filter_map(Column::parse).collect()
}

/// The field that names the tenant.
fn tenant_field(args: &Args) -> Ident {
    args.column.clone().unwrap_or_else(|| format_ident!("tenant_id", span = Span::call_site()))
}

/// The name of the field that names the tenant.
pub(crate) fn tenant_field_name(args: &Args) -> String {
    tenant_field(args).unraw().to_string()
}

/// An entity whose tenant column the author wrote.
pub(crate) fn tenant(
    fields: &FieldsNamed,
    name: &Ident,
    args: &Args,
    host: &Macro,
    errors: &mut Errors,
) -> Option<Tenant> {
    let columns = columns(fields);
    let wanted = tenant_field(args).unraw().to_string();
    let Some(column) = columns.iter().find(|column| column.name() == wanted) else {
        column::missing(&columns, name, args, errors);
        return None;
    };
    column::written(column, &columns, errors);
    if let Some((_, ty)) = &args.key_type {
        errors.push(
            ty,
            format!("`type` says how to write `{wanted}`, but the struct writes it; remove either"),
        );
    }
    Some(Tenant {
        krate: krate(args),
        variant: column.variant(),
        key: column.ty.to_token_stream(),
        key_per_tenant: column.primary_key || key_per_tenant(&columns, args, host, errors),
        related: relations(fields),
    })
}

/// An entity whose tenant column we write.
pub(crate) fn tenant_with(
    added: &Added,
    fields: &FieldsNamed,
    args: &Args,
    host: &Macro,
    errors: &mut Errors,
) -> Tenant {
    let krate = krate(args);
    let field = expand::field(added, &krate);
    Tenant {
        variant: Column::parse(&field)
            .map_or_else(|| format_ident!("TenantId"), |column| column.variant()),
        key: field.ty.to_token_stream(),
        key_per_tenant: key_per_tenant(&columns(fields), args, host, errors),
        related: relations(fields),
        krate,
    }
}

/// An entity all tenants share.
pub(crate) fn shared(fields: &FieldsNamed, args: &Args) -> Shared {
    Shared { krate: krate(args), writable: args.writable, related: relations(fields) }
}

/// Numbers the database gives out and UUIDs are unique over all tenants by themselves. Any other
/// key is one that two tenants may both choose, so the tenant is part of it.
fn key_per_tenant(columns: &[Column], args: &Args, host: &Macro, errors: &mut Errors) -> bool {
    match args.scope {
        Some(Scope::PerTenant) => return true,
        Some(Scope::Global) => return false,
        None => {}
    }
    let keys: Vec<&Column> = columns.iter().filter(|column| column.primary_key).collect();
    // Under the attribute SeaORM says that a primary key is missing. A derive may stand on a
    // `Model` whose `PrimaryKey` is written by hand.
    if keys.is_empty() && *host != crate::keys::TENANT_SCOPED {
        errors.push_at(
            Span::call_site(),
            format!(
                "no field has `#[sea_orm(primary_key)]`; derive `DeriveEntityModel` and mark the \
                 key, or, if you wrote `PrimaryKey` by hand, say `{}` if two tenants may use the \
                 same one and `{}` if not",
                host.with("key = \"per_tenant\""),
                host.with("key = \"global\""),
            ),
        );
    }
    !is_counted(&keys) && !keys.iter().any(|key| is_uuid(&key.ty))
}

/// Whether the database counts the primary key up, decided as SeaORM's derive does.
fn is_counted(keys: &[&Column]) -> bool {
    let [key] = keys else { return false };
    let written = key.auto_increment;
    written.unwrap_or_else(|| {
        let ty = key.ty.to_token_stream().to_string();
        !ty.ends_with("String") && !ty.ends_with("Uuid")
    })
}
