//! The tenant column the author left to us.

use quote::quote;
use syn::{Field, FieldsNamed, Path, parse_quote};

use crate::{model::Added, parse::KeyType};

/// Puts the field into the struct.
pub fn insert(fields: &mut FieldsNamed, added: &Added, krate: &Path) {
    fields.named.insert(added.position.min(fields.named.len()), field(added, krate));
}

/// The field. Its type is named absolutely, which hides it from SeaORM's typed columns, so
/// `column_type` says what SeaORM would have read from the short name.
pub fn field(Added { ident, key_type, .. }: &Added, krate: &Path) -> Field {
    let (ty, column_type) = match key_type {
        KeyType::Text => {
            let krate = quote!(#krate).to_string().replace(' ', "");
            let length = format!("{krate}::__private::sea_orm::sea_query::StringLen::None");
            (quote!(::std::string::String), format!("String({length})"))
        }
        KeyType::Uuid => (quote!(#krate::__private::uuid::Uuid), "Uuid".to_owned()),
        KeyType::Integer => (quote!(::core::primitive::i64), "BigInteger".to_owned()),
    };
    parse_quote! {
        /// The tenant this row belongs to, set by the tenant's connection.
        #[sea_orm(column_type = #column_type)]
        pub #ident: #ty
    }
}
