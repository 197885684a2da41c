//! Rules for further policies, and for rows that are only marked as deleted.

use quote::ToTokens;
use tenancy_core::policy::{Command, Rule, ident};

use crate::{
    Errors, keys,
    model::Deleted,
    parse::{Args, Column, Head},
};

/// The column that says when a row was deleted.
pub(super) fn deleted(
    columns: &[Column],
    tenant: &Column,
    args: &Args,
    errors: &mut Errors,
) -> Option<Deleted> {
    let named = args.soft_delete.as_ref()?;
    let wanted = syn::ext::IdentExt::unraw(named).to_string();
    let stored = || columns.iter().filter(|column| column.is_stored());
    let Some(column) = stored().find(|column| column.name() == wanted) else {
        let names: Vec<String> = stored().map(Column::name).collect();
        let fix = match keys::nearest(&wanted, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `pub {wanted}: Option<DateTimeUtc>`"),
        };
        errors.push(named, format!("there is no column `{wanted}` to mark rows in; {fix}"));
        return None;
    };
    if column.ident == tenant.ident || column.primary_key {
        errors.push(
            named,
            format!("`{wanted}` is in the key; add a column to mark rows in: `pub deleted_at: Option<DateTimeUtc>`"),
        );
        return None;
    }
    // A row that is there has no time at which it was deleted.
    if column.optional().is_none() {
        let ty = column.ty.to_token_stream();
        errors.push(
            &column.ty,
            format!(
                "a row that was not deleted has no time in `{wanted}`; write `{wanted}: Option<{ty}>`"
            ),
        );
        return None;
    }
    Some(Deleted { variant: column.variant(), ty: column.ty.clone(), name: column.column_name() })
}

/// Conditions speak of the table's own columns.
pub(super) fn rules(
    columns: &[Column],
    head: &Head,
    deleted: Option<&Deleted>,
    args: &Args,
    errors: &mut Errors,
) -> Vec<Rule> {
    let stored = columns.iter().filter(|column| column.is_stored());
    let names: Vec<String> = stored.map(Column::column_name).collect();
    let mut rules = Vec::new();
    for condition in &args.rls.conditions {
        if head.renames {
            errors.push(
                &condition.at,
                "`rename_all` hides what the columns are called; write `column_name` on the fields \
                 instead",
            );
            continue;
        }
        match Rule::new(condition.command, &condition.text, &names) {
            Ok(rule) => rules.push(rule),
            Err(why) => errors.push(&condition.at, format!("this cannot be a policy: {why}")),
        }
    }
    if let Some(word) = &args.rls.soft_delete {
        if let Some(deleted) = deleted {
            let condition = format!("{} IS NOT NULL", ident(&deleted.name));
            // A row that is shown again after its deletion must still be there.
            rules.extend(Rule::new(Command::Delete, &condition, &names));
        } else if args.soft_delete.is_none() {
            errors.push(
                word,
                "no column says which rows are deleted; write `soft_delete = \"deleted_at\"` beside \
                 `rls(…)`",
            );
        }
    }
    rules.sort_by_key(Rule::command);
    rules
}
