//! The implementations beside the struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, Type};

use crate::model::{Shared, Tenant};

pub(super) fn tenant(model: &Tenant) -> TokenStream {
    let Tenant { krate, variant, key, key_per_tenant, related } = model;
    let related = self::related(krate, related);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::TenantEntity for Entity {
                type Key = #key;

                const KEY_PER_TENANT: ::core::primitive::bool = #key_per_tenant;

                fn tenant_column() -> Column {
                    Column::#variant
                }
            }

            #[automatically_derived]
            impl #krate::entity::TenantOrShared for Entity {}

            #krate::__private::inventory::submit! {
                #krate::__private::Registration::tenant::<Entity>(::core::module_path!())
            }
        };
        #related
    }
}

pub(super) fn shared(model: &Shared) -> TokenStream {
    let Shared { krate, writable, related } = model;
    let related = self::related(krate, related);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::SharedEntity for Entity {
                const WRITABLE: ::core::primitive::bool = #writable;
            }

            #[automatically_derived]
            impl #krate::entity::TenantOrShared for Entity {}

            #krate::__private::inventory::submit! {
                #krate::__private::Registration::shared::<Entity>(::core::module_path!())
            }
        };
        #related
    }
}

/// Asks the compiler whether related entities are classified, at the place where they are named.
pub(super) fn related(krate: &Path, entities: &[Type]) -> TokenStream {
    if entities.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: fn() = || {
            fn __tenancy_related<E: #krate::entity::TenantOrShared>() {}
            #(__tenancy_related::<#entities>();)*
        };
    }
}
