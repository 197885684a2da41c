//! Rules for the tenant column.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{FieldsNamed, ext::IdentExt};

use super::{columns, tenant_field};
use crate::{
    errors::Errors,
    keys,
    model::Added,
    parse::{Args, Column, KeyType},
};

/// The column to add, if the author did not write it.
pub fn added(fields: &FieldsNamed, args: &Args, errors: &mut Errors) -> Option<Added> {
    let ident = tenant_field(args);
    let columns = columns(fields);
    let wanted = ident.unraw().to_string();
    if columns.iter().any(|column| column.name() == wanted) {
        return None;
    }
    // Adding it would give the table the column twice, the author's one unguarded.
    for column in columns.iter().filter(|column| column.is_stored()) {
        if column.column_name() == wanted {
            errors.push(
                &column.ident,
                format!(
                    "this field is the column `{wanted}` already; write \
                     `#[tenant_scoped(column = \"{}\")]` to make it the tenant column",
                    column.name()
                ),
            );
        }
    }
    let after_keys = columns.iter().rposition(|column| column.primary_key);
    Some(Added {
        ident,
        key_type: args.key_type.as_ref().map_or(KeyType::Text, |(key_type, _)| *key_type),
        position: after_keys.map_or(0, |last| last + 1),
    })
}

/// A derive adds no column, so there has to be one.
pub(super) fn missing(columns: &[Column], name: &Ident, args: &Args, errors: &mut Errors) {
    if args.column.is_none() && errors.any() {
        // Whoever misspells `column = "…"` has named the column.
        return;
    }
    let wanted = tenant_field(args).unraw().to_string();
    let stored = columns.iter().filter(|column| column.is_stored());
    let names: Vec<String> = stored.clone().map(Column::name).collect();
    let renamed = stored.clone().find(|column| column.column_name() == wanted).map(Column::name);
    let fix = if let Some(renamed) = renamed {
        format!("it is the field `{renamed}`, so write `#[tenancy(column = \"{renamed}\")]`")
    } else if let Some(near) = keys::nearest(&wanted, names.iter().map(String::as_str)) {
        format!("did you mean `{near}`? Rename it, or write `#[tenancy(column = \"{near}\")]`")
    } else {
        format!(
            "add `pub {wanted}: String`, name the field you have with \
             `#[tenancy(column = \"…\")]`, or replace the derive by `#[tenant_scoped]`, which \
             adds the column"
        )
    };
    let at = args.column.as_ref().unwrap_or(name);
    errors.push(at, format!("the entity has no tenant column `{wanted}`; {fix}"));
}

/// Everything that can be wrong with a column the author wrote, except its type, which the
/// compiler judges.
pub(super) fn written(column: &Column, all: &[Column], errors: &mut Errors) {
    not_nullable(column, errors);
    not_ignored(column, errors);
    not_unique(column, errors);
    not_converted(column, errors);
    not_repeated(column, all, errors);
}

/// A row without a tenant would belong to nobody, or to everybody.
fn not_nullable(column: &Column, errors: &mut Errors) {
    let reason = "a tenant column cannot be nullable, because every row belongs to a tenant";
    if let Some(inner) = column.optional() {
        let (name, inner) = (column.name(), inner.to_token_stream());
        errors.push(&column.ty, format!("{reason}; write `{name}: {inner}`"));
    }
    if let Some(nullable) = &column.nullable {
        errors.push(nullable, format!("{reason}; remove `nullable`"));
    }
}

/// A field SeaORM ignores is in no statement, so nothing would tell whose a row is.
fn not_ignored(column: &Column, errors: &mut Errors) {
    if let Some(ignore) = &column.ignore {
        errors.push(
            ignore,
            "the tenant column must be in the table, or no row would say whose it is; remove \
             `ignore`",
        );
    }
}

/// The scoper compares the column with the tenant as it is bound, so it must be stored like that.
fn not_converted(column: &Column, errors: &mut Errors) {
    if let Some(converted) = &column.converted {
        errors.push(
            converted,
            "the tenant column is compared with the tenant's id as it is stored; remove `save_as` \
             and `select_as`",
        );
    }
}

/// Unique by itself, it would give each tenant one row.
fn not_unique(column: &Column, errors: &mut Errors) {
    if let Some(unique) = &column.unique {
        errors.push(
            unique,
            "a unique tenant column allows each tenant a single row; remove `unique`. Write \
             `primary_key` if that is what you want, or `unique_key = \"…\"` to make it unique \
             together with other columns",
        );
    }
}

/// The scoper reads and writes the tenant through one column; a second name for it would escape.
fn not_repeated(column: &Column, all: &[Column], errors: &mut Errors) {
    let name = column.column_name();
    let others = all.iter().filter(|other| other.is_stored() && other.ident != column.ident);
    for other in others.filter(|other| other.column_name() == name) {
        errors.push(
            &other.ident,
            format!(
                "`{}` is the column `{name}` a second time; the tenant column is `{}`, remove \
                 this field",
                other.name(),
                column.name()
            ),
        );
    }
}
