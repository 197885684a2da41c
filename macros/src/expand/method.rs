//! What an entity can be asked for by itself.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use tenancy_core::policy::{self, Context};
use tenancy_source::model::Tenant;

pub(super) fn methods(model: &Tenant) -> TokenStream {
    let krate = &model.krate;
    let rls = model.table.as_ref().map(|table| {
        let up = policy::table(table, &model.rules, Context::Setting).body();
        let doc = doc(&up);
        let (up, down) = (raw(&up), raw(&policy::table_down(table).body()));
        quote! {
            #(#[doc = #doc])*
            #[must_use]
            pub const fn rls() -> #krate::entity::RowSecuritySql {
                #krate::entity::RowSecuritySql { up: #up, down: #down }
            }
        }
    });
    let audit = model.table.as_ref().filter(|_| model.audited).and_then(|table| {
        let up = policy::changes(table).body();
        let down = policy::changes_down(table).body();
        let (up, down) = if up.is_empty() { return None } else { (raw(&up), raw(&down)) };
        Some(quote! {
            /// The trigger of PostgreSQL that records the table's changes in `tenancy_changes`, as
            /// constants.
            #[must_use]
            pub const fn audit() -> #krate::entity::AuditSql {
                #krate::entity::AuditSql { up: #up, down: #down }
            }
        })
    });
    quote! {
        #[automatically_derived]
        impl Entity {
            #rls

            #audit

            /// The table in a schema, for statements that name it there.
            #[inline]
            #[must_use]
            pub fn table_in(
                schema: &#krate::SchemaName,
            ) -> #krate::__private::sea_orm::sea_query::TableRef {
                #krate::entity::table_in::<Entity>(schema)
            }

            /// What the table is called where a connection's tenant has its rows, for SQL by hand that
            /// goes another way.
            #[inline]
            #[must_use]
            pub fn qualified_table(db: &#krate::TenantDb) -> ::std::string::String {
                db.qualified_table::<Entity>()
            }

            /// Begins a query for the rows of a connection's tenant.
            #[inline]
            pub fn scoped(db: &#krate::TenantDb) -> #krate::repo::RepoSelect<Entity> {
                #krate::repo::scoped(db)
            }
        }
    }
}

/// Shows the policies, a line each; what else the script does is in it.
fn doc(up: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        vec![" The table's row security in PostgreSQL, as constants:".into(), String::new()];
    lines.push(" ```sql".into());
    let mut inside = false;
    for line in up.lines() {
        inside |= line.starts_with("CREATE POLICY");
        if inside {
            lines.push(format!(" {line}"));
            inside = !line.ends_with(';');
        }
    }
    lines.extend([" ```".into(), String::new()]);
    lines.push(
        " and what belongs to it: `FORCE`, the column's default, its index, the partitions.".into(),
    );
    lines
}

/// A text as it reads, over several lines.
fn raw(text: &str) -> Literal {
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    let raw = format!("r{hashes}\"{text}\"{hashes}").parse::<Literal>();
    raw.unwrap_or_else(|_| Literal::string(text))
}
