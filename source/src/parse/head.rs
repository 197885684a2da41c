//! What SeaORM's attribute above the struct says of the table.

use syn::{Attribute, LitStr, meta::ParseNestedMeta};

/// What SeaORM's attribute says of the table.
#[derive(Debug, Default)]
pub struct Head {
    /// The name of the table. SeaORM's expanded format does not say it here.
    pub table: Option<LitStr>,
    /// The schema the author placed it in.
    pub schema: Option<LitStr>,
    /// Whether columns are renamed by a rule.
    pub renames: bool,
}

impl Head {
    /// Reads the attributes of a struct. Mistakes in `#[sea_orm(…)]` are SeaORM's to report.
    #[must_use]
    pub fn parse(attrs: &[Attribute]) -> Self {
        let mut head = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")) {
            let _ = attr.parse_nested_meta(|meta| head.read(&meta));
        }
        head
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("table_name") {
            self.table = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("schema_name") {
            self.schema = Some(meta.value()?.parse()?);
        } else {
            self.renames |= meta.path.is_ident("rename_all");
            skip(meta)?;
        }
        Ok(())
    }
}

/// Reads over the value of a key, if it has one.
pub(super) fn skip(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
