//! Stand-ins beside errors: they keep the mistakes the only errors, wherever the entity is used.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use tenancy_source::parse::Classification;

/// For an entity that was meant to belong to tenants. `others` have said something too, and
/// implement what they said.
pub(crate) fn tenant(krate: &Path, others: &[Classification]) -> TokenStream {
    let is_there = |other: &Classification| matches!(other, Classification::TenantEntity(_));
    if others.iter().any(is_there) {
        return TokenStream::new();
    }
    let classified = classified(krate, others);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::TenantEntity for Entity {
                type Key = ::std::string::String;

                const KEY_PER_TENANT: ::core::primitive::bool = true;

                fn tenant_column() -> Column {
                    ::core::unreachable!()
                }
            }
            #classified

            #[automatically_derived]
            impl Entity {
                /// The table's row security in PostgreSQL, as constants.
                pub const fn rls() -> #krate::entity::RowSecuritySql {
                    #krate::entity::RowSecuritySql { up: "", down: "" }
                }

                /// The trigger of PostgreSQL that records the table's changes, as constants.
                pub const fn audit() -> #krate::entity::AuditSql {
                    #krate::entity::AuditSql { up: "", down: "" }
                }

                /// The table in a schema, for statements that name it there.
                pub fn table_in(
                    _: &#krate::SchemaName,
                ) -> #krate::__private::sea_orm::sea_query::TableRef {
                    ::core::unreachable!()
                }

                /// What the table is called where a connection's tenant has its rows.
                pub fn qualified_table(_: &#krate::TenantDb) -> ::std::string::String {
                    ::core::unreachable!()
                }

                /// Begins a query for the rows of a connection's tenant.
                pub fn scoped(_: &#krate::TenantDb) -> #krate::repo::RepoSelect<Entity> {
                    ::core::unreachable!()
                }
            }
        };
    }
}

/// For an entity that was meant to be shared.
pub(crate) fn shared(krate: &Path, others: &[Classification]) -> TokenStream {
    let is_there = |other: &Classification| matches!(other, Classification::SharedEntity(_));
    if others.iter().any(is_there) {
        return TokenStream::new();
    }
    let classified = classified(krate, others);
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::SharedEntity for Entity {
                const WRITABLE: ::core::primitive::bool = false;
            }
            #classified
        };
    }
}

fn classified(krate: &Path, others: &[Classification]) -> TokenStream {
    let by_another = others.iter().any(|other| !matches!(other, Classification::TenantScoped(_)));
    if by_another {
        return TokenStream::new();
    }
    quote! {
        #[automatically_derived]
        impl #krate::entity::TenantOrShared for Entity {
            const SIDE: #krate::entity::Side = #krate::entity::Side::MISTAKEN;
        }
    }
}
