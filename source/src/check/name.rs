//! Rules for names in the database.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::{
    Errors,
    parse::{Column, Head},
};

/// PostgreSQL silently cuts off what is longer, and MySQL allows 64.
const LONGEST: usize = 63;

/// Columns PostgreSQL gives each table.
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Schemas that belong to a server.
const SYSTEM_SCHEMAS: [&str; 5] =
    ["information_schema", "mysql", "performance_schema", "sys", "tenancy"];

/// Names mean what they say on every engine, and none is somebody else's.
pub(super) fn allowed(head: &Head, columns: &[Column], errors: &mut Errors) {
    if let Some(table) = &head.table {
        let name = table.value();
        fits("table", &name, "#[sea_orm(table_name = \"…\")]", table.to_token_stream(), errors);
        not_reserved(&name, table.to_token_stream(), errors);
    }
    if let Some(schema) = &head.schema {
        let name = schema.value();
        fits("schema", &name, "#[sea_orm(schema_name = \"…\")]", schema.to_token_stream(), errors);
        if SYSTEM_SCHEMAS.contains(&name.as_str()) || name.starts_with("pg_") {
            errors.push(
                schema,
                format!("the schema `{name}` is not for tables of yours; name another"),
            );
        }
    }
    for column in columns.iter().filter(|column| column.is_stored()) {
        let name = column.column_name();
        let at = match &column.column_name_said {
            Some(said) => said.to_token_stream(),
            None => column.ident.to_token_stream(),
        };
        fits("column", &name, "#[sea_orm(column_name = \"…\")]", at.clone(), errors);
        if SYSTEM_COLUMNS.contains(&name.as_str()) {
            errors.push(
                at,
                format!(
                    "PostgreSQL has a column `{name}` in each table; give this one another name: \
                     `#[sea_orm(column_name = \"{name}_\")]`"
                ),
            );
        }
    }
}

/// What is cut off may be what tells two names apart.
fn fits(what: &str, name: &str, attribute: &str, at: TokenStream, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(at, format!("the name of the {what} is empty; write `{attribute}`"));
    } else if name.len() > LONGEST {
        errors.push(
            at,
            format!(
                "the name of the {what} has {} bytes, and PostgreSQL cuts it off after {LONGEST}; \
                 write a shorter one: `{attribute}`",
                name.len()
            ),
        );
    } else if name.contains('\0') {
        errors.push(at, format!("the name of the {what} has a NUL in it; remove it"));
    }
}

/// Tables that are there already, or that an engine refuses to make.
fn not_reserved(name: &str, at: TokenStream, errors: &mut Errors) {
    let whose = match name.to_ascii_lowercase() {
        name if name.starts_with("tenancy_") => "this library's",
        name if name.starts_with("pg_") => "PostgreSQL's",
        name if name.starts_with("sqlite_") => "SQLite's",
        _ => return,
    };
    let prefix = name.split_inclusive('_').next().unwrap_or_default();
    errors.push(
        at,
        format!(
            "tables whose names begin with `{prefix}` are {whose} own; give this one another name"
        ),
    );
}
