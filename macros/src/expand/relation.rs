//! What relations must satisfy, asked of the compiler at the place where they are written.
//!
//! Only the compiler knows what the entity at the other end is. It evaluates an assertion for each
//! rule, and a failed one is an error with our sentence under the token that is wrong.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{LitStr, Path, spanned::Spanned};
use tenancy_source::{
    model::Own,
    parse::{Columns, Relation},
};

/// The checks for all relations of an entity.
pub(super) fn checks(krate: &Path, own: &Own, relations: &[Relation]) -> TokenStream {
    if relations.is_empty() {
        return TokenStream::new();
    }
    let checks = relations.iter().map(|relation| Checks::new(krate, own, relation).all());
    quote! {
        const _: () = {
            #(#checks)*
        };
    }
}

struct Checks<'a> {
    krate: &'a Path,
    own: &'a Own,
    relation: &'a Relation,
    /// The other entity, as messages show it.
    name: String,
}

impl<'a> Checks<'a> {
    fn new(krate: &'a Path, own: &'a Own, relation: &'a Relation) -> Self {
        let name = relation.entity.to_token_stream().to_string().replace(' ', "");
        Self { krate, own, relation, name }
    }

    fn all(&self) -> TokenStream {
        let Self { krate, relation, .. } = self;
        let entity = &relation.entity;
        let side =
            quote_spanned!(entity.span()=> <#entity as #krate::entity::TenantOrShared>::SIDE);
        let junction = relation.junction.as_ref().map(|module| {
            quote_spanned! {module.span()=>
                let _ = <super::#module::Entity as #krate::entity::TenantOrShared>::SIDE;
            }
        });
        let rules = match &relation.key {
            Some(columns) => self.foreign_key(columns),
            None => return quote!(let _ = #side; #junction),
        };
        quote! {
            let __tenancy_side = #side;
            #rules
            #junction
        }
    }

    fn foreign_key(&self, columns: &Columns) -> TokenStream {
        match self.own {
            Own::Shared => self.not_to_a_tenants(),
            Own::Tenant(variant) => {
                let actions = [
                    ("on_delete", &self.relation.on_delete),
                    ("on_update", &self.relation.on_update),
                ];
                let actions = actions.into_iter().filter_map(|(key, action)| {
                    action.as_ref().map(|action| self.action(key, action))
                });
                let same_kind = self.same_kind();
                let pairs = self.pairs(variant, columns);
                quote!(#(#actions)* #same_kind #pairs)
            }
        }
    }

    /// A row that all tenants see would name a row that one of them has.
    fn not_to_a_tenants(&self) -> TokenStream {
        let message = format!(
            "all tenants share this entity, and a row of `{}` belongs to one tenant: the foreign key \
             would tell the others of it. Write `skip_fk` beside `belongs_to`, or make this entity \
             `#[tenant_scoped]`",
            self.name
        );
        quote_spanned! {self.relation.entity.span()=>
            ::core::assert!(__tenancy_side.is_shared(), #message);
        }
    }

    /// What one row's end does to others stays within a tenant, and never clears whose they are.
    fn action(&self, key: &str, action: &LitStr) -> TokenStream {
        let name = &self.name;
        let said = format!("`{key} = \"{}\"`", action.value());
        let (clears, changes) = match action.value().as_str() {
            "SetNull" | "SetDefault" => (true, true),
            "Cascade" => (false, true),
            _ => return TokenStream::new(),
        };
        let clears = clears.then(|| {
            let message = format!(
                "{said} would clear the tenant column too, which is in the foreign key to `{name}`. \
                 Write `{key} = \"Restrict\"` and clear the reference yourself, or `skip_fk`"
            );
            quote_spanned!(action.span()=> ::core::assert!(__tenancy_side.is_shared(), #message);)
        });
        let shared = (key == "on_delete" && action.value() == "Cascade").then(|| {
            let message = format!(
                "{said}: all tenants share `{name}`, so deleting one of its rows would delete rows \
                 of every tenant. Write `{key} = \"Restrict\"`"
            );
            quote_spanned!(action.span()=> ::core::assert!(!__tenancy_side.is_shared(), #message);)
        });
        let writable = (changes && shared.is_none()).then(|| {
            let message = format!(
                "{said}: every tenant may write `{name}`, so one of them would change rows of the \
                 others. Write `{key} = \"Restrict\"`"
            );
            quote_spanned! {action.span()=>
                ::core::assert!(!__tenancy_side.is_shared_writable(), #message);
            }
        });
        quote!(#clears #shared #writable)
    }

    /// The foreign key compares the tenant columns.
    fn same_kind(&self) -> TokenStream {
        let krate = self.krate;
        let message = format!(
            "the tenant columns of this entity and of `{}` have different types, and the foreign key \
             contains both. Give both the same type",
            self.name
        );
        quote_spanned! {self.relation.entity.span()=>
            ::core::assert!(
                __tenancy_side.fits::<<Entity as #krate::TenantEntity>::Key>(),
                #message
            );
        }
    }

    /// A tenant column that is compared with another column keeps nobody apart.
    fn pairs(&self, variant: &str, columns: &Columns) -> TokenStream {
        let tenant = columns.from.iter().position(|column| column == variant);
        let tenant = match tenant {
            Some(place) => quote!(::core::option::Option::Some(#place)),
            None => quote!(::core::option::Option::None),
        };
        let to = &columns.to;
        let message = format!(
            "`from` and `to` do not pair the tenant column of this entity with that of `{}`. Name \
             both at the same place, or neither: the foreign key contains them anyway",
            self.name
        );
        quote_spanned! {columns.at.span()=>
            ::core::assert!(__tenancy_side.pairs(#tenant, &[#(#to),*]), #message);
        }
    }
}
