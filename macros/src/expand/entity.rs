//! The implementations beside the struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;
use tenancy_core::policy::{Command, Rule};
use tenancy_source::model::{Own, Renamed, Shared, Tenant};

use super::{method, relation};

pub(super) fn tenant(model: &Tenant) -> TokenStream {
    let Tenant { krate, variant, key, key_per_tenant, .. } = model;
    let renamed = renamed(krate, &model.renamed);
    let rules = (!model.rules.is_empty()).then(|| {
        let rules = model.rules.iter().map(|rule| self::rule(model, rule));
        quote! {
            const RULES: &'static [#krate::policy::Rule] = &[#(#rules),*];
        }
    });
    let deleted = model.deleted.as_ref().map(|deleted| {
        let (variant, ty) = (&deleted.variant, &deleted.ty);
        quote! {
            fn deleted_column() -> ::core::option::Option<Column> {
                #krate::entity::deleted_at::<#ty, Column>(Column::#variant)
            }
        }
    });
    let audited = model.audited.then(|| {
        quote! {
            const AUDITED: ::core::primitive::bool = true;
        }
    });
    let name = variant.to_string();
    let methods = method::methods(model);
    let own = Own::Tenant(name.clone());
    let relations = relation::checks(krate, &own, &model.relations);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::TenantEntity for Entity {
                type Key = #key;

                const KEY_PER_TENANT: ::core::primitive::bool = #key_per_tenant;

                #rules

                #audited

                fn tenant_column() -> Column {
                    Column::#variant
                }

                #deleted
            }

            #[automatically_derived]
            impl #krate::entity::TenantOrShared for Entity {
                const SIDE: #krate::entity::Side = #krate::entity::Side::tenant::<Self>(#name);
            }

            #methods

            #krate::__private::inventory::submit! {
                #krate::__private::Registration::tenant::<Entity>(::core::module_path!()) #renamed
            }
        };
        #relations
    }
}

/// What a registration says of names that were others before.
fn renamed(krate: &Path, renamed: &Renamed) -> Option<TokenStream> {
    if renamed.is_empty() {
        return None;
    }
    let table = match &renamed.table {
        Some(old) => quote!(::core::option::Option::Some(#old)),
        None => quote!(::core::option::Option::None),
    };
    let columns = renamed.columns.iter().map(
        |(variant, old)| quote!((|| #krate::sea_orm::IdenStatic::as_str(&Column::#variant), #old)),
    );
    Some(quote!(.renamed_from(#table, &[#(#columns),*])))
}

fn rule(model: &Tenant, rule: &Rule) -> TokenStream {
    let krate = &model.krate;
    let command = match rule.command() {
        Command::Select => quote!(Select),
        Command::Insert => quote!(Insert),
        Command::Update => quote!(Update),
        Command::Delete => quote!(Delete),
    };
    let condition = rule.condition();
    quote!(#krate::policy::Rule::fixed(#krate::policy::Command::#command, #condition))
}

pub(super) fn shared(model: &Shared) -> TokenStream {
    let Shared { krate, writable, renamed, relations } = model;
    let renamed = self::renamed(krate, renamed);
    let relations = relation::checks(krate, &Own::Shared, relations);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::SharedEntity for Entity {
                const WRITABLE: ::core::primitive::bool = #writable;
            }

            #[automatically_derived]
            impl #krate::entity::TenantOrShared for Entity {
                const SIDE: #krate::entity::Side = #krate::entity::Side::shared::<Self>();
            }

            #krate::__private::inventory::submit! {
                #krate::__private::Registration::shared::<Entity>(::core::module_path!()) #renamed
            }
        };
        #relations
    }
}
