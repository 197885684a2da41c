//! SeaORM's expanded format: the parts of an entity, written by hand in one module.

use syn::{Block, Expr, ExprLit, Fields, ImplItem, Item, ItemStruct, Lit, Stmt};
use tenancy_core::catalog::{Class, Entity};

use super::{
    Table,
    entity::{UNCLASSIFIED, classified},
};
use crate::{
    case,
    check::Written,
    parse::{Column, Head},
};

/// Why such an entity is not one that statements may name.
const EXPANDED: &str = "is in SeaORM's expanded format, of which the columns and keys are not read";

/// Reads a struct whose table is named elsewhere in its module. `None` if it is nowhere.
pub(super) fn read(item: &ItemStruct, module: &[Item]) -> Option<Table> {
    let Fields::Named(fields) = &item.fields else { return None };
    let head = head(module)?;
    let written = Written { name: &item.ident, attrs: &item.attrs, fields };
    let (name, schema) = head;
    let table = |entity, secured, rules, audited| {
        Some(Table { name: name.clone(), schema: schema.clone(), entity, secured, rules, audited })
    };
    match classified(written) {
        Err(why) if why == UNCLASSIFIED => table(Err(UNCLASSIFIED), None, Vec::new(), false),
        Err(why) => table(Err(why), None, Vec::new(), false),
        Ok(mut read) => {
            if let Class::Tenant { column, .. } = &mut read.class
                && let Some(field) = read.columns.iter().find(|it| it.column_name() == *column)
            {
                *column = column_name(field, module);
            }
            let secured = Entity {
                table: name.clone(),
                schema: schema.clone(),
                class: read.class,
                columns: Vec::new(),
                keys: primary_key(&read.columns, module),
                module: "",
            };
            table(Err(EXPANDED), Some(secured), read.rules, read.audited)
        }
    }
}

/// The table and its schema, from an attribute on `Entity` or from `impl EntityName for Entity`.
fn head(module: &[Item]) -> Option<(String, Option<String>)> {
    module.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Entity" => {
            let head = Head::parse(&item.attrs);
            Some((head.table?.value(), head.schema.map(|schema| schema.value())))
        }
        Item::Impl(item) => {
            let (_, path, _) = item.trait_.as_ref()?;
            (path.segments.last()?.ident == "EntityName").then_some(())?;
            let says = |name: &str| {
                item.items.iter().find_map(|it| match it {
                    ImplItem::Fn(it) if it.sig.ident == name => text(&it.block),
                    _ => None,
                })
            };
            Some((says("table_name")?, says("schema_name")))
        }
        _ => None,
    })
}

/// The text a function returns: `"orders"` or `Some("shop")`.
fn text(block: &Block) -> Option<String> {
    let Some(Stmt::Expr(last, None)) = block.stmts.last() else { return None };
    match last {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        Expr::Call(call) => match call.args.first()? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The columns that `enum PrimaryKey` names; nothing if there is none.
fn primary_key(columns: &[Column], module: &[Item]) -> Vec<Vec<String>> {
    let found = module.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "PrimaryKey" => Some(&item.variants),
        _ => None,
    });
    let Some(variants) = found else { return Vec::new() };
    let field = |name: &syn::Ident| columns.iter().find(|column| column.variant() == *name);
    let key: Option<Vec<String>> = variants
        .iter()
        .map(|variant| field(&variant.ident).map(|field| column_name(field, module)))
        .collect();
    key.into_iter().collect()
}

/// The name in the database of the column behind a field, as `enum Column` has it.
fn column_name(field: &Column, module: &[Item]) -> String {
    let variant = field.variant();
    let said = module.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "Column" => {
            let found = item.variants.iter().find(|it| it.ident == variant)?;
            let as_field = syn::Field {
                attrs: found.attrs.clone(),
                vis: syn::Visibility::Inherited,
                mutability: syn::FieldMutability::None,
                ident: Some(found.ident.clone()),
                colon_token: None,
                ty: syn::parse_quote!(()),
            };
            Some(Column::parse(&as_field)?.column_name_said?.value())
        }
        _ => None,
    });
    said.unwrap_or_else(|| case::snake(&variant.to_string()))
}
