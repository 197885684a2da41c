//! A statement to tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, spanned::Spanned};
use tenancy_core::{
    Dialect,
    catalog::{Class, Entity, KeyKind},
    scope::{
        Action, Bind, Check, Checked, Plan, TableUse,
        fixed::{Body, Piece, Template},
    },
};

use super::model::{Statement, Watched, Written};

/// The value the macro stands for.
pub(super) fn statement(model: &Statement<'_>) -> TokenStream {
    let Statement { krate, written, values, tables, files } = model;
    let names = Names(krate);
    let private = names.private();
    let written = written.iter().map(|written| names.written(written));
    let tables = tables.iter().map(|table| names.table(table));
    let watched = files.iter().map(|file| {
        let path = match file {
            Watched::Relative(path) => {
                quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #path))
            }
            Watched::Absolute(path) => quote!(#path),
        };
        quote! {
            const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
        }
    });
    let values = values.iter().map(|value| {
        let expr = &value.expr;
        let method = if value.is_list { quote!(__list) } else { quote!(__value) };
        quote_spanned!(expr.span()=> .#method(#expr))
    });
    quote! {
        {
            #(#watched)*
            static __TENANCY_SQL: #private::Source = #private::Source {
                written: &[#(#written),*],
                assumed: &[#(#tables),*],
            };
            #krate::TenantSql::__new(&__TENANCY_SQL) #(#values)*
        }
    }
}

/// Writes paths into the runtime.
struct Names<'k>(&'k Path);

impl Names<'_> {
    fn private(&self) -> TokenStream {
        let krate = self.0;
        quote!(#krate::__private)
    }

    fn written(&self, Written { template, rows, placed }: &Written) -> TokenStream {
        let private = self.private();
        let Template { dialect, pieces, slots, lists } = template;
        let dialect = self.dialect(*dialect);
        let pieces = pieces.iter().map(|piece| self.piece(piece));
        let rows = self.plan(rows);
        let placed = match placed {
            Some(plan) => {
                let plan = self.plan(plan);
                quote!(::core::option::Option::Some(#plan))
            }
            None => quote!(::core::option::Option::None),
        };
        quote! {
            #private::Written {
                template: #private::fixed::Template {
                    dialect: #dialect,
                    pieces: #private::Cow::Borrowed(&[#(#pieces),*]),
                    slots: #slots,
                    lists: #private::Cow::Borrowed(&[#(#lists),*]),
                },
                rows: #rows,
                placed: #placed,
            }
        }
    }

    fn plan(&self, plan: &Plan) -> TokenStream {
        let private = self.private();
        let body = match plan.body() {
            Body::Fixed { sql, binds } => {
                let binds = binds.iter().map(|bind| self.bind(*bind));
                quote! {
                    #private::fixed::Body::Fixed {
                        sql: #private::Cow::Borrowed(#sql),
                        binds: #private::Cow::Borrowed(&[#(#binds),*]),
                    }
                }
            }
            Body::Pieces(dialect, pieces) => {
                let dialect = self.dialect(*dialect);
                let pieces = pieces.iter().map(|piece| self.piece(piece));
                quote! {
                    #private::fixed::Body::Pieces(
                        #dialect,
                        #private::Cow::Borrowed(&[#(#pieces),*]),
                    )
                }
            }
        };
        let checks = plan.checks().iter().map(|check| self.check(check));
        let uses = plan.uses().iter().map(|table| self.table_use(table));
        let (slots, lists) = (plan.slots(), plan.lists());
        let absent = plan.absent().iter().map(|name| self.text(name));
        quote! {
            #private::scope::Plan::fixed(
                #body,
                &[#(#checks),*],
                #slots,
                &[#(#lists),*],
                &[#(#uses),*],
                &[#(#absent),*],
            )
        }
    }

    fn text(&self, text: &str) -> TokenStream {
        let private = self.private();
        quote!(#private::Cow::Borrowed(#text))
    }

    fn dialect(&self, dialect: Dialect) -> TokenStream {
        let private = self.private();
        let variant = match dialect {
            Dialect::Sqlite => quote!(Sqlite),
            Dialect::Postgres => quote!(Postgres),
            Dialect::MySql => quote!(MySql),
        };
        quote!(#private::Dialect::#variant)
    }

    fn kind(&self, kind: KeyKind) -> TokenStream {
        let private = self.private();
        let variant = match kind {
            KeyKind::Uuid => quote!(Uuid),
            KeyKind::Text => quote!(Text),
            KeyKind::Integer => quote!(Integer),
        };
        quote!(#private::catalog::KeyKind::#variant)
    }

    fn piece(&self, piece: &Piece) -> TokenStream {
        let private = self.private();
        let piece = match piece {
            Piece::Text(text) => {
                let text = self.text(text);
                quote!(Text(#text))
            }
            Piece::Slot(slot) => quote!(Slot(#slot)),
            Piece::Tenant(kind) => {
                let kind = self.kind(*kind);
                quote!(Tenant(#kind))
            }
            Piece::Place => quote!(Place),
        };
        quote!(#private::fixed::Piece::#piece)
    }

    fn bind(&self, bind: Bind) -> TokenStream {
        let private = self.private();
        match bind {
            Bind::Given(number) => quote!(#private::scope::Bind::Given(#number)),
            Bind::Tenant(kind) => {
                let kind = self.kind(kind);
                quote!(#private::scope::Bind::Tenant(#kind))
            }
        }
    }

    fn check(&self, Check { value, kind, null_allowed, table, column }: &Check) -> TokenStream {
        let private = self.private();
        let value = match value {
            Checked::Given(number) => quote!(Given(#number)),
            Checked::Literal(text) => {
                let text = self.text(text);
                quote!(Literal(#text))
            }
        };
        let (kind, table, column) = (self.kind(*kind), self.text(table), self.text(column));
        quote! {
            #private::scope::Check {
                value: #private::scope::Checked::#value,
                kind: #kind,
                null_allowed: #null_allowed,
                table: #table,
                column: #column,
            }
        }
    }

    fn table_use(&self, TableUse { table, alias, place, action }: &TableUse) -> TokenStream {
        let private = self.private();
        let (table, alias) = (self.text(table), self.text(alias));
        let action = match action {
            Action::FilteredInWhere => quote!(FilteredInWhere),
            Action::FilteredInOn => quote!(FilteredInOn),
            Action::FilteredInSubquery => quote!(FilteredInSubquery),
            Action::Stamped => quote!(Stamped),
            Action::Shared => quote!(Shared),
            // The enum may grow, and this is for people only.
            _ => quote!(Verified),
        };
        quote! {
            #private::scope::TableUse {
                table: #table,
                alias: #alias,
                place: #place,
                action: #private::scope::Action::#action,
            }
        }
    }

    fn table(&self, entity: &Entity) -> TokenStream {
        let private = self.private();
        let option = |value: Option<TokenStream>| match value {
            Some(value) => quote!(::core::option::Option::Some(#value)),
            None => quote!(::core::option::Option::None),
        };
        let Entity { table, schema, class, columns, keys, module: _ } = entity;
        let schema = option(schema.as_ref().map(ToTokens::to_token_stream));
        let (tenant, writable) = match class {
            Class::Tenant { column, kind } => {
                let kind = self.kind(*kind);
                (Some(quote!((#column, #kind))), true)
            }
            Class::Shared { writable } => (None, *writable),
        };
        let tenant = option(tenant);
        let keys = keys.iter().map(|key| quote!(&[#(#key),*]));
        quote! {
            #private::Assumed {
                table: #table,
                schema: #schema,
                tenant: #tenant,
                writable: #writable,
                columns: &[#(#columns),*],
                keys: &[#(#keys),*],
            }
        }
    }
}
