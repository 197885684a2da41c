//! Names and texts in SQL.

use crate::catalog::Entity;

/// A name, quoted.
#[must_use]
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal that reads the same whatever `standard_conforming_strings` is.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// The table of an entity.
pub(super) fn table(entity: &Entity) -> String {
    qualified(entity, &entity.table)
}

/// Something in the schema of an entity's table.
pub(super) fn qualified(entity: &Entity, name: &str) -> String {
    match &entity.schema {
        Some(schema) => format!("{}.{}", ident(schema), ident(name)),
        None => ident(name),
    }
}

/// A block of PL/pgSQL, between marks that do not occur in it.
pub(crate) fn block(body: &str) -> String {
    let mut mark = String::from("$tenancy$");
    while body.contains(&mark) {
        mark.insert(1, '_');
    }
    format!("DO {mark}\n{body}\n{mark}")
}
