//! Rules for the item a macro stands on.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, FieldsNamed};

use crate::{
    errors::Errors,
    keys::{self, Macro},
    parse::{Classification, classifications, derives_entity},
};

/// SeaORM makes an entity of a struct with named fields called `Model`, and only of that. Anything
/// else has no `Entity` that could be classified.
pub fn model<'a>(
    item: &'a DeriveInput,
    host: &Macro,
    errors: &mut Errors,
) -> Option<&'a FieldsNamed> {
    let shown = host.shown;
    let wanted = "SeaORM's entities are a `pub struct Model { … }` with named fields";
    let fields = match &item.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            errors.push(data.enum_token, format!("`{shown}` cannot stand on an enum: {wanted}"));
            return None;
        }
        Data::Union(data) => {
            errors.push(data.union_token, format!("`{shown}` cannot stand on a union: {wanted}"));
            return None;
        }
    };
    match fields {
        Fields::Named(_) if item.ident != "Model" => {
            errors.push(
                &item.ident,
                format!(
                    "`{shown}` stands on a struct called `Model`, from which SeaORM makes \
                     `Entity`; rename `{}` to `Model` and give it a module of its own",
                    item.ident
                ),
            );
            None
        }
        Fields::Named(fields) => Some(fields),
        other => {
            let tokens = match other {
                Fields::Unnamed(fields) => fields.to_token_stream(),
                _ => item.ident.to_token_stream(),
            };
            errors.push(tokens, format!("`{shown}` needs to see the columns: {wanted}"));
            None
        }
    }
}

/// The attribute has to stand above the derive, or the column it adds comes too late.
pub fn makes_entity(item: &DeriveInput, errors: &mut Errors) -> bool {
    let derives = derives_entity(&item.attrs);
    if !derives {
        errors.push_at(
            Span::call_site(),
            "`#[tenant_scoped]` finds no `DeriveEntityModel` below it; write it above \
             `#[sea_orm::model]` and `#[derive(…, DeriveEntityModel)]`, as the first line",
        );
    }
    derives
}

/// An entity belongs to tenants or is shared, and one macro says so. Returns what else says it.
pub fn classified_once(
    item: &DeriveInput,
    host: &Macro,
    errors: &mut Errors,
) -> Vec<Classification> {
    let others = classifications(&item.attrs);
    let shown = host.shown;
    for other in &others {
        match other {
            Classification::TenantScoped(path) => {
                errors.push(path, format!("`{shown}` classifies this entity already; remove this"));
            }
            Classification::TenantEntity(path) if *host == keys::SHARED_ENTITY => {
                errors.push(path, either("TenantEntity", shown));
            }
            Classification::TenantEntity(path) => {
                errors.push(
                    path,
                    format!("`{shown}` implements `TenantEntity` already; remove this derive"),
                );
            }
            Classification::SharedEntity(path) if *host == keys::SHARED_ENTITY => {
                errors.push(path, "`SharedEntity` is derived twice; remove one of them");
            }
            Classification::SharedEntity(path) => {
                errors.push(path, either("SharedEntity", shown));
            }
        }
    }
    others
}

fn either(derived: &str, shown: &str) -> String {
    format!(
        "an entity's rows belong to one tenant each or are shared by all; remove `{derived}` or \
         `{shown}`"
    )
}
