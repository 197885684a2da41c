//! The values our keys take.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Ident, LitStr, Path, Type, parse::Parser};

use super::field::last_segment;
use crate::{
    errors::Errors,
    keys::{self, Key, Macro},
};

/// The type a tenant column that we write can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// `String`.
    Text,
    /// `Uuid`.
    Uuid,
    /// `i64`.
    Integer,
}

/// Where a primary key is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Two tenants may use the same.
    PerTenant,
    /// In the whole table.
    Global,
}

/// A text that was written, and where.
#[derive(Debug, Clone)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The literal.
    pub tokens: TokenStream,
}

/// The name of a field.
pub(super) fn field(
    value: &TokenStream,
    key: Key,
    host: &Macro,
    errors: &mut Errors,
) -> Option<Ident> {
    let Ok(name) = syn::parse2::<LitStr>(value.clone()) else {
        let example = host.with(key.example);
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
                    "`{}` is not the name of a field; `{}` names the struct's field, and \
                     `#[sea_orm(column_name = \"…\")]` on that field names the database's column",
                    name.value(),
                    key.name
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

pub(super) fn reason(value: TokenStream, host: &Macro, errors: &mut Errors) -> Option<Text> {
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(text) if !text.value().trim().is_empty() => {
            Some(Text { text: text.value(), tokens: value })
        }
        _ => {
            let example = host.with(keys::REASON.example);
            errors.push(&value, format!("say the reason in quotes: `{example}`"));
            // Somebody meant to give one.
            Some(Text { text: String::new(), tokens: value })
        }
    }
}

pub(super) fn scope(value: TokenStream, errors: &mut Errors) -> Option<(Scope, TokenStream)> {
    match syn::parse2::<LitStr>(value.clone()).map(|text| text.value()).as_deref() {
        Ok("per_tenant") => Some((Scope::PerTenant, value)),
        Ok("global") => Some((Scope::Global, value)),
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
