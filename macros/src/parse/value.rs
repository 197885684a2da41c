//! The values our keys take.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Ident, LitStr, Path, Type, parse::Parser};

use super::field::last_segment;
use crate::{
    errors::Errors,
    keys::{self, Macro},
};

/// The type a tenant column that we write can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    Text,
    Uuid,
    Integer,
}

/// Where a primary key is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    PerTenant,
    Global,
}

pub(super) fn column(value: &TokenStream, host: &Macro, errors: &mut Errors) -> Option<Ident> {
    let Ok(name) = syn::parse2::<LitStr>(value.clone()) else {
        let example = host.with(keys::COLUMN.example);
        errors.push(value, format!("write the field's name in quotes: `{example}`"));
        return None;
    };
    let parse = |text: &str| syn::parse_str::<Ident>(text);
    match parse(&name.value()).or_else(|_| parse(&format!("r#{}", name.value()))) {
        Ok(mut field) => {
            field.set_span(name.span());
            Some(field)
        }
        Err(_) => {
            errors.push(
                &name,
                format!(
                    "`{}` is not the name of a field; `column` names the struct's field, and \
                     `#[sea_orm(column_name = \"…\")]` on that field names the database's column",
                    name.value()
                ),
            );
            None
        }
    }
}

pub(super) fn key_type(value: TokenStream, errors: &mut Errors) -> Option<(KeyType, TokenStream)> {
    if let Ok(text) = syn::parse2::<LitStr>(value.clone()) {
        errors.push(&text, format!("write the type without quotes: `type = {}`", text.value()));
        return None;
    }
    let name = syn::parse2::<Type>(value.clone()).ok().and_then(|ty| last_segment(&ty));
    let key_type = match name.map(|name| name.to_string()).as_deref() {
        Some("String") => KeyType::Text,
        Some("Uuid") => KeyType::Uuid,
        Some("i64") => KeyType::Integer,
        _ => {
            errors.push(
                &value,
                format!(
                    "`{}` cannot be the type of a tenant column; write `type = Uuid`, \
                     `type = String` or `type = i64`",
                    value.to_token_stream()
                ),
            );
            return None;
        }
    };
    Some((key_type, value))
}

pub(super) fn scope(value: &TokenStream, errors: &mut Errors) -> Option<Scope> {
    match syn::parse2::<LitStr>(value.clone()).map(|text| text.value()).as_deref() {
        Ok("per_tenant") => Some(Scope::PerTenant),
        Ok("global") => Some(Scope::Global),
        _ => {
            errors.push(
                value,
                "write `key = \"per_tenant\"` if two tenants may use the same primary key, or \
                 `key = \"global\"` if it is unique in the whole table",
            );
            None
        }
    }
}

pub(super) fn krate(value: &TokenStream, errors: &mut Errors) -> Option<Path> {
    match Path::parse_mod_style.parse2(value.clone()) {
        Ok(path) => Some(path),
        Err(_) => {
            let example = keys::CRATE.example;
            errors.push(value, format!("write the path of the crate, without quotes: `{example}`"));
            None
        }
    }
}
