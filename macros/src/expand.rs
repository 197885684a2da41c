//! What is true to tokens.

mod entity;
mod method;
mod relation;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, FieldsNamed};

use tenancy_source::{
    Errors,
    check::{self, Written},
    column,
    keys::{SHARED_ENTITY, TENANT_ENTITY, TENANT_SCOPED},
    model::Own,
    parse::{Args, Classification, relations, without_ours},
};

use crate::fallback;

/// `#[tenant_scoped]`: the struct with its tenant column, and the implementation beside it.
pub(crate) fn tenant_scoped(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let Ok(mut item) = syn::parse2::<DeriveInput>(item.clone()) else {
        errors.push(item, "`#[tenant_scoped]` stands on the `struct Model` of a SeaORM entity");
        let errors = errors.finish();
        return quote!(#item #errors);
    };
    let args = Args::parse(args, &TENANT_SCOPED, &mut errors);
    if is_model_ex(&item) {
        // `#[sea_orm::model]` stood above and repeats us on its second struct, which needs the
        // column too. All mistakes are reported at `Model`.
        let _ = errors.finish();
        let mut unheard = Errors::new();
        if let Data::Struct(data) = &mut item.data
            && let Fields::Named(fields) = &mut data.fields
            && let Some(added) = check::added(fields, &args, &mut unheard)
        {
            column::insert(fields, &added, &check::krate(&args));
        }
        let _ = unheard.finish();
        let related = related(&item, &args, check::own);
        return quote!(#item #related);
    }
    let impls = scope(&mut item, &args, &mut errors);
    let errors = errors.finish();
    let output = match (&impls, &errors) {
        (Some(Output { stub, .. }), Some(_)) => stub,
        (Some(Output { impls, .. }), None) => impls,
        (None, _) => &TokenStream::new(),
    };
    quote!(#item #output #errors)
}

/// What to write beside the struct: the truth, or a stand-in if there were mistakes.
struct Output {
    impls: TokenStream,
    stub: TokenStream,
}

fn scope(item: &mut DeriveInput, args: &Args, errors: &mut Errors) -> Option<Output> {
    check::model(item, &TENANT_SCOPED, errors)?;
    let others = check::classified_once(item, &TENANT_SCOPED, errors);
    let is_entity = check::makes_entity(item, errors);
    if let Some(helper) = item.attrs.iter().find(|attr| attr.path().is_ident("tenancy"))
        && !others.iter().any(|other| matches!(other, Classification::TenantEntity(_)))
    {
        errors.push(helper.path(), "move these keys into `#[tenant_scoped(…)]`");
    }
    item.attrs = without_ours(std::mem::take(&mut item.attrs));
    let Data::Struct(data) = &mut item.data else { return None };
    let Fields::Named(fields) = &mut data.fields else { return None };
    let model = match check::added(fields, args, errors) {
        Some(added) => {
            let written = Written { name: &item.ident, attrs: &item.attrs, fields };
            let model = check::tenant_with(&added, written, args, &TENANT_SCOPED, errors);
            if is_entity {
                column::insert(fields, &added, &check::krate(args));
            }
            model
        }
        None => {
            let written = Written { name: &item.ident, attrs: &item.attrs, fields };
            check::tenant(written, args, &TENANT_SCOPED, errors)
        }
    };
    if !is_entity {
        return None;
    }
    let impls = model.as_ref().map(entity::tenant).unwrap_or_default();
    let krate = check::krate(args);
    Some(Output { impls, stub: fallback::tenant(&krate, &others) })
}

/// `#[derive(TenantEntity)]`.
pub(crate) fn tenant_entity(item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let host = &TENANT_ENTITY;
    let Ok(item) = syn::parse2::<DeriveInput>(item) else { return finish(errors) };
    let args = Args::of_helpers(&item.attrs, host, &mut errors);
    if is_model_ex(&item) {
        let _ = errors.finish();
        return related(&item, &args, check::own);
    }
    let Some(fields) = check::model(&item, host, &mut errors) else { return finish(errors) };
    let others = check::classified_once(&item, host, &mut errors);
    let written = Written { name: &item.ident, attrs: &item.attrs, fields };
    let model = check::tenant(written, &args, host, &mut errors);
    match (errors.finish(), model) {
        (None, Some(model)) => entity::tenant(&model),
        // Nothing here makes an entity, so a stand-in would only add errors.
        (errors, _) if !speaks_to_sea_orm(&item) => errors.unwrap_or_default(),
        (errors, _) => {
            let stub = fallback::tenant(&check::krate(&args), &others);
            quote!(#stub #errors)
        }
    }
}

/// `#[derive(SharedEntity)]`.
pub(crate) fn shared_entity(item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let host = &SHARED_ENTITY;
    let Ok(item) = syn::parse2::<DeriveInput>(item) else { return finish(errors) };
    let args = Args::of_helpers(&item.attrs, host, &mut errors);
    if is_model_ex(&item) {
        let _ = errors.finish();
        return related(&item, &args, |_, _| Own::Shared);
    }
    let Some(fields) = check::model(&item, host, &mut errors) else { return finish(errors) };
    let others = check::classified_once(&item, host, &mut errors);
    let written = Written { name: &item.ident, attrs: &item.attrs, fields };
    let model = check::shared(written, &args, &mut errors);
    match errors.finish() {
        None => entity::shared(&model),
        errors => {
            let stub = fallback::shared(&model.krate, &others);
            quote!(#stub #errors)
        }
    }
}

/// `#[sea_orm::model]` makes `ModelEx` beside `Model`, with the same attributes and derives. It
/// keeps the relations, which `Model` loses.
fn is_model_ex(item: &DeriveInput) -> bool {
    item.ident == "ModelEx"
}

/// A derive cannot see `DeriveEntityModel` beside it, but what is written for that.
fn speaks_to_sea_orm(item: &DeriveInput) -> bool {
    item.attrs.iter().any(|attr| attr.path().is_ident("sea_orm"))
}

/// What the relations of a `ModelEx` must satisfy.
fn related(
    item: &DeriveInput,
    args: &Args,
    own: impl FnOnce(&FieldsNamed, &Args) -> Own,
) -> TokenStream {
    match &item.data {
        Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) => {
            relation::checks(&check::krate(args), &own(fields, args), &relations(fields))
        }
        _ => TokenStream::new(),
    }
}

fn finish(errors: Errors) -> TokenStream {
    errors.finish().unwrap_or_default()
}
