//! Operators and types that look at nothing but their operands.

use sqlparser::ast::{ArrayElemTypeDef, BinaryOperator, DataType, Ident, ObjectNamePart};

use super::{
    mark::Mark,
    mode::Mode,
    walker::{Result, Walker},
};
use crate::Dialect;

/// Whether an operator is one of the engines' own. Operators of a user's making call functions of
/// a user's making; an assignment changes the session.
pub(super) fn known(op: &BinaryOperator) -> bool {
    !matches!(
        op,
        BinaryOperator::Custom(_)
            | BinaryOperator::PGCustomBinaryOperator(_)
            | BinaryOperator::Assignment
            | BinaryOperator::DuckIntegerDivide
    )
}

impl Walker<'_> {
    /// Puts the place of a tenant's enumerations into the name of one. Other types keep theirs.
    pub(super) fn place_type(&self, data_type: &mut DataType) {
        if self.dialect != Dialect::Postgres || !matches!(self.mode, Mode::Schema { .. }) {
            return;
        }
        match data_type {
            DataType::Array(
                ArrayElemTypeDef::AngleBracket(inner)
                | ArrayElemTypeDef::SquareBracket(inner, _)
                | ArrayElemTypeDef::Parenthesis(inner),
            ) => self.place_type(inner),
            DataType::Custom(name, _) => {
                let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return };
                let plain = match ident.quote_style {
                    Some(_) => ident.value.clone(),
                    None => ident.value.to_ascii_lowercase(),
                };
                if self.catalog.has_enumeration(&plain) {
                    let quote = self.dialect.quote();
                    name.0 = [Mark::Place.to_string(), plain]
                        .map(|part| ObjectNamePart::Identifier(Ident::with_quote(quote, part)))
                        .into();
                }
            }
            _ => {}
        }
    }

    /// Lets through the types that only say how a value is read. PostgreSQL's `reg…` types look
    /// into its catalog, and composite, enumerated-in-place and table types have no place in a cast.
    pub(super) fn data_type(&self, data_type: &DataType) -> Result {
        match data_type {
            DataType::Array(
                ArrayElemTypeDef::AngleBracket(inner)
                | ArrayElemTypeDef::SquareBracket(inner, _)
                | ArrayElemTypeDef::Parenthesis(inner),
            ) => self.data_type(inner),
            // An enumeration of the user's own, as SeaORM casts to.
            DataType::Custom(name, modifiers) => {
                let known = match name.0.as_slice() {
                    [part] => part.as_ident().is_some_and(|ident| {
                        let name = ident.value.to_ascii_lowercase();
                        !name.starts_with("reg")
                            && !name.starts_with("pg_")
                            && !["oid", "xid", "xid8", "cid", "tid"].contains(&name.as_str())
                    }),
                    _ => false,
                };
                let plain = |text: &String| text.chars().all(|c| c.is_ascii_alphanumeric());
                if known && modifiers.iter().all(plain) {
                    Ok(())
                } else {
                    Err(self.unknown(format!("the type `{data_type}`")))
                }
            }
            DataType::Table(_)
            | DataType::NamedTable { .. }
            | DataType::Regclass
            | DataType::Map(..)
            | DataType::Tuple(_)
            | DataType::Nested(_)
            | DataType::Enum(..)
            | DataType::Set(_)
            | DataType::Struct(..)
            | DataType::Union(_)
            | DataType::Nullable(_)
            | DataType::LowCardinality(_)
            | DataType::Datetime64(..)
            | DataType::Unspecified
            | DataType::Trigger
            | DataType::AnyType
            | DataType::Array(_) => Err(self.unknown(format!("the type `{data_type}`"))),
            _ => Ok(()),
        }
    }
}
