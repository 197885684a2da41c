//! What stands above the struct.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Meta, Path, Token, parse::Parser, punctuated::Punctuated};

use crate::keys;

/// A word that classifies the entity, where it is written.
#[derive(Debug)]
pub enum Classification {
    /// `#[tenant_scoped]`.
    TenantScoped(Path),
    /// `#[derive(TenantEntity)]`.
    TenantEntity(Path),
    /// `#[derive(SharedEntity)]`.
    SharedEntity(Path),
}

/// The classifications that can be seen from here: an attribute macro sees all below it, a derive
/// those of later attributes only.
pub fn classifications(attrs: &[Attribute]) -> Vec<Classification> {
    let written = attrs
        .iter()
        .filter(|attr| is_tenant_scoped(attr))
        .map(|attr| Classification::TenantScoped(attr.path().clone()));
    let derived = derives(attrs).into_iter().filter_map(|path| {
        let name = path.segments.last()?.ident.to_string();
        match name.as_str() {
            "TenantEntity" => Some(Classification::TenantEntity(path)),
            "SharedEntity" => Some(Classification::SharedEntity(path)),
            _ => None,
        }
    });
    written.chain(derived).collect()
}

/// Whether SeaORM makes an entity of the struct, seen from an attribute above.
pub fn derives_entity(attrs: &[Attribute]) -> bool {
    derives(attrs).iter().any(|path| {
        path.segments.last().is_some_and(|segment| segment.ident == "DeriveEntityModel")
    })
}

/// The attributes without those of `#[tenant_scoped]` that are mistakes below another.
pub fn without_ours(attrs: Vec<Attribute>) -> Vec<Attribute> {
    let helper = keys::TENANT_ENTITY.attribute;
    let keeps_helper = classifications(&attrs)
        .iter()
        .any(|classification| matches!(classification, Classification::TenantEntity(_)));
    attrs
        .into_iter()
        .filter(|attr| !is_tenant_scoped(attr))
        .filter(|attr| keeps_helper || !attr.path().is_ident(helper))
        .collect()
}

fn is_tenant_scoped(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|segment| segment.ident == keys::TENANT_SCOPED.attribute)
}

/// Everything derived, also where a `cfg_attr` decides.
fn derives(attrs: &[Attribute]) -> Vec<Path> {
    attrs.iter().flat_map(|attr| derived(&attr.meta)).collect()
}

fn derived(meta: &Meta) -> Vec<Path> {
    let Meta::List(list) = meta else { return Vec::new() };
    if list.path.is_ident("derive") {
        let paths = Punctuated::<Path, Token![,]>::parse_terminated.parse2(list.tokens.clone());
        return paths.map(|paths| paths.into_iter().collect()).unwrap_or_default();
    }
    if !list.path.is_ident("cfg_attr") {
        return Vec::new();
    }
    // The condition ends at the first comma.
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ',');
    let rest = list.tokens.clone().into_iter().skip_while(|token| !is_comma(token)).skip(1);
    let metas =
        Punctuated::<Meta, Token![,]>::parse_terminated.parse2(rest.collect::<TokenStream>());
    metas.map(|metas| metas.iter().flat_map(derived).collect()).unwrap_or_default()
}
