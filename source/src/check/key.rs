//! Rules for the primary key.

use proc_macro2::Span;
use quote::ToTokens;

use crate::{
    Errors,
    keys::{Macro, TENANT_SCOPED},
    parse::{Args, Column, Scope, is_uuid},
};

/// Numbers the database gives out and UUIDs are unique over all tenants by themselves. Any other
/// key is one that two tenants may both choose, so the tenant is part of it.
pub(super) fn per_tenant(
    columns: &[Column],
    args: &Args,
    host: &Macro,
    errors: &mut Errors,
) -> bool {
    let keys: Vec<&Column> = columns.iter().filter(|column| column.primary_key).collect();
    let unique_anyway = counted(&keys).is_some() || keys.iter().any(|key| is_uuid(&key.ty));
    if let Some(reason) = &args.reason
        && !matches!(args.scope, Some((Scope::Global, _)))
    {
        errors.push(
            &reason.tokens,
            "`reason` explains `key = \"global\"`, which is not here; remove it",
        );
    }
    match &args.scope {
        Some((Scope::PerTenant, written)) => {
            not_counted(&keys, written, errors);
            return true;
        }
        Some((Scope::Global, written)) => {
            if !unique_anyway && !keys.is_empty() && args.reason.is_none() {
                no_oracle(&keys, host, written, errors);
            }
            return false;
        }
        None => {}
    }
    // Under the attribute SeaORM says that a primary key is missing. A derive may stand on a
    // `Model` whose `PrimaryKey` is written by hand.
    if keys.is_empty() && *host != TENANT_SCOPED {
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
    !unique_anyway
}

/// The database has one counter for a table, and no engine has one for each tenant.
fn not_counted(keys: &[&Column], written: &proc_macro2::TokenStream, errors: &mut Errors) {
    if let Some(key) = counted(keys) {
        let (name, ty) = (key.name(), key.ty.to_token_stream());
        errors.push(
            written,
            format!(
                "the database counts `{name}` up, for all tenants together, so no two of them ever \
                 have the same; remove `key`, or give the numbers out yourself: \
                 `#[sea_orm(primary_key, auto_increment = false)] pub {name}: {ty}`"
            ),
        );
    }
}

/// A key that tenants choose and all share tells each of them what the others have: an insert of
/// it fails.
fn no_oracle(
    keys: &[&Column],
    host: &Macro,
    written: &proc_macro2::TokenStream,
    errors: &mut Errors,
) {
    let names: Vec<String> = keys.iter().map(|key| format!("`{}`", key.name())).collect();
    errors.push(
        written,
        format!(
            "tenants choose {}, and where it is unique among all of them, an insert that fails \
             tells one what another has; write `key = \"per_tenant\"`, or say why that may be: `{}`",
            names.join(" and "),
            host.with("key = \"global\", reason = \"…\""),
        ),
    );
}

/// The primary key, if the database counts it up, decided as SeaORM's derive does.
fn counted<'a>(keys: &[&'a Column]) -> Option<&'a Column> {
    let [key] = keys else { return None };
    let counted = key.auto_increment.unwrap_or_else(|| {
        let ty = key.ty.to_token_stream().to_string();
        !ty.ends_with("String") && !ty.ends_with("Uuid")
    });
    counted.then_some(*key)
}
